"""The read-only pages, over a real server on loopback."""

import json
import re
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast
from urllib.error import HTTPError

import pytest
import uvicorn
from fastapi import FastAPI

from syncd.application.figures.quota_table import quota_table
from syncd.delivery.web import create_app
from syncd.domain.model import PeriodId, PostId
from tests.application.figures_world import World, closing, local, unit
from tests.application.letters_world import make_full_world, october

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><svg/onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{7*7}} {% raw %}",
    "<iframe srcdoc=x>",
    "\u202egnp.exe",
]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str


class Site:
    def __init__(self, world: World, port: int) -> None:
        self.world = world
        self._base = f"http://127.0.0.1:{port}"

    def get(self, path: str, method: str = "GET") -> Answer:
        request = urllib.request.Request(self._base + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return Answer(answer.status, dict(answer.headers.items()), answer.read().decode())
        except HTTPError as err:
            with err:
                return Answer(err.code, dict(err.headers.items()), err.read().decode())


@contextmanager
def serving(app: FastAPI) -> Iterator[int]:
    """The port on which `app` is served, by uvicorn as in the daemon."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and thread.is_alive():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(timeout=20)


@contextmanager
def site_in(folder: Path) -> Iterator[Site]:
    world = make_full_world(folder)
    october(world)
    with serving(create_app(world.services)) as port:
        yield Site(world, port)
    closing(world)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Shared: tests only look at it."""
    with site_in(tmp_path_factory.mktemp("site")) as made:
        yield made


@dataclass
class Outline(HTMLParser):
    """What a page is made of."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    return found


def post_named(world: World, title: str) -> PostId:
    with world.services.db.read() as uow:
        posts = uow.posts.in_window(local(9, 1), local(12, 1))
    return next(post.id for post in posts if title in post.title and post.id is not None)


def pages(site: Site) -> list[str]:
    hostile = post_named(site.world, "<script>")
    return [
        "/",
        "/pushes",
        "/units/ban-a",
        "/units/ban-b",
        "/units/ban-c",
        "/units/ban-a/2026-10",
        "/units/ban-c/2026-10",
        f"/posts/{hostile}",
    ]


def test_overview_shows_units_by_periods_worst_first(site: Site) -> None:
    page = site.get("/")
    text = outline(page.text).text
    assert page.status == 200
    names = [text.index(f"{name} Tỉnh ủy Ví Dụ") for name in ("Ban-B", "Ban-A", "Ban-C")]
    assert names == sorted(names)
    assert "11/12" in text
    assert "Đang trong kỳ" in text
    assert "tháng 10/2026" in text


def test_overview_shows_the_assessment_and_the_latest_periods_when_asked(tmp_path: Path) -> None:
    world = make_full_world(tmp_path, unit("ban-a"), window=("2026-07", "2026-09"))
    with serving(create_app(world.services)) as port:
        ended = outline(Site(world, port).get("/").text).text
        recent = outline(Site(world, port).get("/?recent=1").text).text
        own = outline(Site(world, port).get("/units/ban-a").text).text
    closing(world)
    assert "Đợt thẩm định 2026, từ tháng 07/2026 đến tháng 09/2026" in ended
    assert "Từ tháng 06/2026 đến tháng 11/2026" in recent
    assert "Tháng 11/2026" in own


def test_period_page_explains_each_post(site: Site) -> None:
    text = outline(site.get("/units/ban-a/2026-10").text).text
    assert "tính được 11" in text or "được tính 11/12" in " ".join(text.split())
    assert "Chưa đọc được Trang của đơn vị trong 9 ngày" in text
    assert "Không tính: tin dẫn lại từ nguồn khác" in text


def test_unit_page_shows_periods_and_sources(site: Site) -> None:
    text = outline(site.get("/units/ban-a").text).text
    assert "http://ban-a.example/rss" in text
    assert "Tháng 10/2026" in text


def test_post_page_tells_what_happened_and_when(site: Site) -> None:
    with site.world.services.db.read() as uow:
        [post] = [post for post in uow.posts.in_window(local(10, 5), local(10, 6)) if post.unit == "ban-c"]
    text = outline(site.get(f"/posts/{post.id}").text).text
    for said in (
        "08:00 05/10/2026",
        "Cổng tiếp nhận",
        "09:00 05/10/2026",
        "Rà soát thấy trên Cổng lần đầu",
        "Đọc thấy tin, bài lần đầu",
        "Kết quả gửi lên Cổng: lần thứ 1, Cổng đã nhận",
        "Gửi lên Cổng: lần thứ 1",
        post.page_capture or "",
    ):
        assert said in text, said


def test_api_gives_the_document_of_the_command_line(site: Site) -> None:
    answer = site.get("/api/quota?period=2026-10")
    expected = quota_table(site.world.services, [PeriodId("2026-10")]).as_json()
    assert json.loads(answer.text) == json.loads(json.dumps(expected))
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(site.get("/api/quota?assessment=2026").text)["units"]
    assert site.get("/api/quota?assessment=1999").status == 404
    assert site.get("/api/quota?period=nonsense").status == 404


def test_healthz_says_that_the_database_answers(site: Site) -> None:
    document = json.loads(site.get("/healthz").text)
    assert (document["ok"], document["ledger_size"]) == (True, 9)


@pytest.mark.parametrize(
    "path",
    [
        "/units/ban-x", "/units/ban-a/2026-13", "/units/ban-x/2026-10", "/posts/999999", "/posts/abc", "/posts/-1",
        "/posts/99999999999999999999", "/nothing", "/?assessment=1999", "/units/%3Cscript%3E", "/units/%00", "/docs", "/openapi.json",
        "/static/../web/layout.html", "/static/other.css",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_404_page_in_vietnamese(site: Site, path: str) -> None:
    page = site.get(path)
    assert page.status == 404
    assert "Không tìm thấy" in page.text
    assert "content-security-policy" in page.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_only_get_is_answered(site: Site, method: str) -> None:
    for path in ("/", "/units/ban-a", "/api/quota", "/healthz"):
        assert site.get(path, method).status == 405


def test_every_answer_carries_strict_headers(site: Site) -> None:
    for path in (*pages(site), "/static/syncd.css", "/healthz", "/api/quota", "/nothing"):
        headers = site.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_pages_hold_no_script_style_or_foreign_thing(site: Site) -> None:
    for path in pages(site):
        for tag, attributes in outline(site.get(path).text).tags:
            assert tag not in {"script", "style", "iframe", "object", "embed", "form", "img", "base"}, (path, tag)
            assert not [name for name in attributes if name.startswith("on") or name == "style"], (path, attributes)
            if tag == "link":
                assert attributes["href"] == "/static/syncd.css"


def test_pages_are_built_for_every_reader(site: Site) -> None:
    for path in pages(site):
        page = outline(site.get(path).text)
        tags = [tag for tag, _ in page.tags]
        assert ("html", {"lang": "vi"}) in page.tags
        assert tags.count("h1") == 1
        assert tags.count("main") == 1
        assert any(tag == "meta" and attributes.get("name") == "viewport" for tag, attributes in page.tags)
        headers = [attributes for tag, attributes in page.tags if tag == "th"]
        assert all(attributes.get("scope") in ("col", "row") for attributes in headers)
    style = site.get("/static/syncd.css").text
    assert "focus-visible" in style
    assert "sticky" in style
    # a state is never told by colour alone
    cells = re.findall(r'<td class="(?:met|missing|open|undetermined|exempt)">.*?</td>', site.get("/").text, re.S)
    assert cells
    assert all(re.search(r"Đạt|Thiếu|Đang trong kỳ|Chưa xác định|Được miễn", cell) for cell in cells)


def test_what_comes_from_outside_stays_text_everywhere(tmp_path: Path) -> None:
    with site_in(tmp_path) as site:
        number = post_named(site.world, "<script>")
        for text in HOSTILE:
            spoil(site.world, number, text)
            for path in ("/units/ban-c/2026-10", "/pushes", f"/posts/{number}"):
                page = site.get(path)
                assert page.status == 200
                found = outline(page.text)
                assert text.replace("\u202e", "⟦U+202E⟧") in found.text
                for tag, attributes in found.tags:
                    assert tag not in {"script", "iframe", "img", "svg"}
                    assert not any(name.startswith("on") for name in attributes)
                    assert not (attributes.get("href") or "").startswith(("javascript:", "data:"))


def spoil(world: World, number: PostId, text: str) -> None:
    """Put `text` wherever a site or portal could put it."""
    with world.services.db.write() as uow:
        post = uow.posts.get(number)
        push = uow.pushes.get("cong", number)
        assert post is not None
        assert push is not None
        uow.posts.update(
            replace(
                post,
                title=text,
                url="javascript:alert(1)//" + text,
                author=text,
                date_raw=text,
                date_doubt=text,
                categories=(text,),
            )
        )
        uow.pushes.update(replace(push, error=text, hint=text, portal_url="data:text/html," + text))
        uow.commit()


def test_an_unforeseen_error_is_a_plain_page_without_its_details(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def read(self) -> Any:
            raise RuntimeError("secret detail")

    world = make_full_world(tmp_path, unit("ban-a"))
    with serving(create_app(replace(world.services, db=cast(Any, Broken())))) as port:
        answer = Site(world, port).get("/")
    closing(world)
    assert answer.status == 500
    assert "Lỗi của hệ thống" in answer.text
    assert "secret detail" not in answer.text
    assert "secret detail" in caplog.text
    assert "content-security-policy" in answer.headers
