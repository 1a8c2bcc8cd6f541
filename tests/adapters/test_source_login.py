"""Sites behind a login: what is sent, to whom, how often, and what is never told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest

from adapters.articles.reading import DirectReader
from adapters.http.client import HttpSettings, PoliteClient
from adapters.sources.feed import FeedSettings, FeedSource
from adapters.sources.login import Login
from syncd.domain.model import SourceId, UnitId
from syncd.errors import SourceError
from syncd.ports.secret import Secret
from syncd.ports.source import Known
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite, Page, SeenRequest

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        yield site


def _http() -> PoliteClient:
    return PoliteClient(HttpSettings(spacing_s=0, allow_addresses=("127.0.0.0/8",)), clock=FakeClock(NOW))


def test_a_private_header_does_not_follow_a_redirect_to_another_place() -> None:
    with LocalSite() as site, LocalSite() as other:
        site.redirect("/a", "/b")
        site.redirect("/b", other.url("/c"))
        other.page("/c", "đến nơi")
        with _http().visit(allow_ports=(site.port, other.port)) as visit:
            answer = visit.get(site.url("/a"), private={"Cookie": "s=1"})
        assert answer.body.decode() == "đến nơi"
        assert [seen.headers.get("cookie") for seen in site.requests] == ["s=1", "s=1"]
        assert "cookie" not in other.last().headers


FEED = "<rss version='2.0'><channel><item><title>Bài</title><link>/1</link></item></channel></rss>"
FORM = """<html><body><form action="/tim"><input name=q></form>
<form method=post action="/vao"><input type=hidden name=csrf value="x&amp;1"><input name=ten><input type=password name=mk>
<input type=submit name=nut value="Vào"></form></body></html>"""


def _source(site: LocalSite, login: Login) -> FeedSource:
    settings = FeedSettings(url=site.url("/rss"), login=login)
    return FeedSource(
        settings,
        id=SourceId("ban-a/1"),
        unit=UnitId("ban-a"),
        http=_http(),
        clock=FakeClock(NOW),
        articles=DirectReader(),
    )


def _guarded(site: LocalSite, name: str, value: str) -> None:
    def answer(request: SeenRequest) -> Page:
        return Page(body=FEED.encode()) if request.headers.get(name) == value else Page(status=401, body=b"ai?")

    site.answer("/rss", answer)


def test_a_header_and_basic_open_the_site(site: LocalSite) -> None:
    _guarded(site, "x-token", "bi-mat")
    assert _source(site, Login(kind="header", header="X-Token", value=Secret("bi-mat"))).read(Known()).posts
    _guarded(site, "authorization", "Basic c3luY2Q6beG6rXQ=")
    assert _source(site, Login(kind="basic", username="syncd", password=Secret("mật"))).read(Known()).posts


def _form_site(site: LocalSite, *, password: str = "mk-dung") -> None:
    def enter(request: SeenRequest) -> Page:
        sent = parse_qs(request.body.decode())
        right = sent == {"csrf": ["x&1"], "ten": ["syncd"], "mk": [password], "nut": ["Vào"]}
        if not right or request.headers.get("cookie") != "phien=tam":
            return Page(body=FORM.encode())
        return Page(status=302, headers={"Location": "/", "Set-Cookie": "phien=that; Path=/; HttpOnly"})

    def listed(request: SeenRequest) -> Page:
        inside = request.headers.get("cookie") == "phien=that"
        return Page(body=FEED.encode()) if inside else Page(body=FORM.encode())

    site.page("/dang-nhap", FORM, headers={"Set-Cookie": "phien=tam; Path=/"})
    site.answer("/vao", enter)
    site.answer("/rss", listed)
    site.page("/1", "<html><body><article><p>Toàn văn</p></article></body></html>")


def test_a_form_is_filled_in_once_a_visit_and_its_cookie_kept(site: LocalSite) -> None:
    _form_site(site)
    login = Login(kind="form", url=site.url("/dang-nhap"), username="syncd", password=Secret("mk-dung"))
    source = _source(site, login)
    source.complete(source.read(Known()).posts[0])
    assert site.count("/vao") == 1
    assert site.last().headers["cookie"] == "phien=that"


def test_a_refused_login_is_a_fault_that_tells_no_secret(site: LocalSite) -> None:
    _form_site(site)
    login = Login(kind="form", url=site.url("/dang-nhap"), username="syncd", password=Secret("mk-sai-roi"))
    with pytest.raises(SourceError) as caught:
        _source(site, login).read(Known())
    assert (caught.value.kind, caught.value.permanent) == ("login", False)
    assert "mk-sai-roi" not in f"{caught.value} {caught.value.hint} {caught.value.subject} {login!r}"


def test_being_logged_out_is_noticed(site: LocalSite) -> None:
    _form_site(site)
    site.page("/rss", FORM)
    login = Login(kind="form", url=site.url("/dang-nhap"), username="syncd", password=Secret("mk-dung"))
    with pytest.raises(SourceError, match="asks for a login again") as caught:
        _source(site, login).read(Known())
    assert caught.value.kind == "login"


def test_a_form_that_leads_to_another_host_gets_no_password(site: LocalSite) -> None:
    with LocalSite() as other:
        site.page("/dang-nhap", FORM.replace('action="/vao"', f'action="{other.url("/vao")}"'))
        login = Login(kind="form", url=site.url("/dang-nhap"), username="syncd", password=Secret("mk-dung"))
        with pytest.raises(SourceError, match="another host"):
            _source(site, login).read(Known())
        assert other.count() == 0


def test_another_host_gets_neither_header_nor_cookie(site: LocalSite) -> None:
    with LocalSite() as other:
        _guarded(site, "x-token", "bi-mat")
        other.page("/1", "<html><body><article><p>Toàn văn</p></article></body></html>")
        source = _source(site, Login(kind="header", header="X-Token", value=Secret("bi-mat")))
        post = source.read(Known()).posts[0]
        with pytest.raises(SourceError):  # another port than the unit's own is not dialled at all
            source.complete(replace(post, url=other.url("/1")))
        assert all("x-token" not in seen.headers for seen in other.requests)


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "header"},
        {"kind": "basic", "username": "a"},
        {"kind": "form", "username": "a", "password": Secret("b")},
        {"kind": "header", "header": "X Y", "value": Secret("b")},
    ],
)
def test_a_login_that_cannot_work_is_refused_at_once(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Login(**values)
