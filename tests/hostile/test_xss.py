"""Nothing that a post brings with it acts: the 64 texts, from every field of a post into every place that shows posts.

That a place holds the post at all is shown by the harmless words at the head of its title.
"""

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen
from xml.etree import ElementTree

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.wordpress import WordPressPortal, WordPressSettings
from adapters.sources.feed_documents import parse_feed
from syncd.application.evidence import dossier
from syncd.application.letters import prepare
from syncd.application.publishing.files import PostFiles
from syncd.application.publishing.payload import payload_of
from syncd.application.publishing.publish import publish
from syncd.delivery.web import create_app
from syncd.domain.model import PeriodId, UnitId
from syncd.ports.portal import PostToPush
from syncd.ports.records import PostRecord
from syncd.ports.secret import Secret
from syncd.testing.clock import FakeClock
from syncd.testing.local_portal import LocalPortal
from tests.delivery.test_web import serving
from tests.hostile.office import KINDS, PERIOD, HostileOffice, hostile_office, token, unit_of
from tests.hostile.residue import residues
from tests.hostile.xss_vectors import NAMES, VECTORS, Vector

SHOWN = "trang"  # lists print titles raw, feeds escape them: what is shown comes from the former
named = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
residues_of = cache(residues)


@dataclass(frozen=True)
class Places:
    """Everything that shows posts, with the hostile office's posts in it."""

    office: HostileOffice
    letters: dict[str, tuple[str, str]]  # unit -> text, HTML
    web: str

    def post(self, vector: Vector) -> PostRecord:
        return self.office.posts[SHOWN, vector.name]

    def page(self, path: str) -> str:
        return _read(self.web + path)[1]

    def portal_page(self, vector: Vector) -> str:
        return self._portal(f"bai/{self.post(vector).key}.html")

    def portal_list(self, vector: Vector) -> str:
        return self._portal("thang-2026-10.html")

    def dashboard_list(self, vector: Vector) -> str:
        return self.page(f"/units/{unit_of(vector, SHOWN)}/{PERIOD}")

    def dashboard_post(self, vector: Vector) -> str:
        return self.page(f"/posts/{self.post(vector).id}")

    def letter(self, vector: Vector) -> str:
        return self.letters[unit_of(vector, SHOWN)][1]

    def dossier(self, vector: Vector) -> str:
        return _report(self.office, unit_of(vector, SHOWN))

    def _portal(self, name: str) -> str:
        return (self.office.folder / "portal" / name).read_text(encoding="utf-8")


SINKS: dict[str, Callable[[Places, Vector], str]] = {
    "portal page": Places.portal_page,
    "portal list": Places.portal_list,
    "dashboard list": Places.dashboard_list,
    "dashboard post": Places.dashboard_post,
    "letter": Places.letter,
    "dossier": Places.dossier,
}


@cache
def _read(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as err:
        with err:
            return err.code, err.read().decode()


def _report(office: HostileOffice, unit: str) -> str:
    out = office.folder / f"{unit}.zip"
    if not out.exists():
        dossier.build(office.services, UnitId(unit), [PeriodId(PERIOD)], out)
    with zipfile.ZipFile(out) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith("report.html"))
        return packed.read(name).decode()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    with hostile_office(tmp_path_factory.mktemp("hostile")) as office:
        letters = {
            letter.unit or "": (letter.letter.text, letter.letter.html or "")
            for name in ("statement", "summary")
            for letter in prepare(office.services, name, PeriodId(PERIOD))
        }
        for unit in {unit_of(vector, SHOWN) for vector in VECTORS}:
            publish(office.services, unit=UnitId(unit))
        with serving(create_app(office.services)) as port:
            yield Places(office, letters, f"http://127.0.0.1:{port}")


def test_every_named_vector_is_tried() -> None:
    assert [vector.name for vector in VECTORS] == NAMES.read_text(encoding="utf-8").split()
    assert len(set(VECTORS)) == 64


def test_a_vector_that_acts_is_seen_by_the_check_itself() -> None:
    harmless = {"escaped-once", "escaped-twice", "title-single-quote", "guid", "link", "src-with-script"}
    marks = {vector.name for vector in VECTORS if vector.field in ("mark", "json")}
    for vector in VECTORS:
        assert residues(f"<p>a</p>{vector.text}") or vector.name in harmless | marks, vector.name


@named
def test_what_is_kept_of_a_post_holds_nothing_that_acts(vector: Vector, places: Places) -> None:
    for kind in KINDS:
        if kind == "rss" and vector.field == "link":
            continue  # skipped: see below
        post = places.office.posts[kind, vector.name]
        assert token(vector, kind) in post.html
        assert residues(post.html) == []
        assert post.url.startswith(places.office.site.base_url)


@pytest.mark.parametrize("sink", SINKS)
@named
def test_no_place_shows_anything_that_acts(vector: Vector, sink: str, places: Places) -> None:
    page = SINKS[sink](places, vector)
    assert token(vector, SHOWN) in page
    assert residues_of(page, whole_page=True) == []


@named
def test_error_page_says_nothing_of_what_was_asked_for(vector: Vector, places: Places) -> None:
    asked = quote(vector.text, safe="")
    for path in (f"/units/{asked}/{asked}", f"/?assessment={asked}"):
        status, page = _read(places.web + path)
        assert status == 404
        assert residues_of(page, whole_page=True) == []
        assert "alert(1)" not in page


def test_title_that_is_markup_is_shown_as_the_words_it_is_made_of(places: Places) -> None:
    for name, words in (
        ("script", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("braces", "{{7*7}}"),
        ("php", "&lt;?php echo 1; ?&gt;"),
    ):
        vector = next(vector for vector in VECTORS if vector.name == name)
        for sink in SINKS.values():
            assert f"{token(vector, SHOWN)} {words}" in sink(places, vector)


def test_letters_in_plain_text_stand_alone_and_end_where_they_end(places: Places) -> None:
    text, _ = places.letters["trang-4"]
    assert "Mẫu trang số 64" in text
    assert "\u2028" not in text
    assert text.isprintable() or not [c for c in text if not c.isprintable() and c != "\n"]


def test_portal_feed_holds_nothing_that_acts_for_its_readers_either(places: Places) -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    entries = ElementTree.fromstring((places.office.folder / "portal" / "feed.xml").read_bytes()).findall(
        f"{atom}entry"
    )
    assert len(entries) == 50
    for entry in entries:
        assert residues_of(entry.findtext(f"{atom}content") or "") == []
        links = [link.get("href", "") for link in entry.iter(f"{atom}link")]
        assert [link for link in links if not link.startswith("http://127.0.0.1")] == []


def test_error_of_a_site_is_text_on_the_dashboard_and_in_the_office_s_letter(places: Places) -> None:
    for page in (places.page("/units/hong"), places.letters[""][1]):
        assert "&lt;script&gt; stands where a feed is due" in page
        assert residues_of(page, whole_page=True) == []


def test_figures_as_json_cannot_be_taken_for_a_page(places: Places) -> None:
    with urlopen(f"{places.web}/api/quota?period={PERIOD}", timeout=20) as answer:
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert json.load(answer)


def test_item_whose_address_is_a_script_is_skipped_with_its_reason() -> None:
    for vector in VECTORS:
        if vector.field == "link":
            feed = parse_feed(f"<rss><channel><item><title>t</title><link>{vector.text}</link></item></channel></rss>")
            assert [skipped.reason for skipped in feed.skipped] == ["no web address"]


@named
def test_json_feed_holds_nothing_that_acts(vector: Vector) -> None:
    item = {
        "url": "/1",
        "title": f"Tin {vector.text}",
        "content_html": f"<p>Tin</p>{vector.text}<p>hết</p>",
        "tags": [vector.text],
    }
    (post,) = parse_feed(json.dumps({"items": [item]}), base_url="https://a.example/").posts
    assert post.title.startswith("Tin")
    assert "<p>Tin</p>" in post.html
    assert residues(post.html) == []


@pytest.fixture(scope="module")
def wordpress() -> Iterator[tuple[WordPressPortal, LocalPortal]]:
    with LocalPortal() as there:
        clock = FakeClock()
        http = PoliteClient(HttpSettings(spacing_s=0, allow_addresses=("127.0.0.0/8",)), clock=clock)
        settings = WordPressSettings(url=there.url, username=there.username, password=Secret(there.password))
        yield WordPressPortal(settings, name="cong", http=http, clock=clock, settle=timedelta(seconds=120)), there


@named
def test_wordpress_is_sent_nothing_that_acts_or_that_it_would_carry_out(
    vector: Vector, places: Places, wordpress: tuple[WordPressPortal, LocalPortal]
) -> None:
    portal, there = wordpress
    post = places.post(vector)
    made = portal.create(_payload(places, post), post.key)
    (stored,) = there.copies(post.key)
    assert residues(stored.content) == []
    assert residues(stored.excerpt) == []
    assert residues(stored.title) == []
    assert not re.search(r"\[/?(?:gallery|embed)|\{|<\?|<!-- wp:", stored.content)
    assert made.content_sha256 == portal.read(made.id).content_sha256


def _payload(places: Places, post: PostRecord) -> PostToPush:
    services = places.office.services
    with services.db.read() as uow:
        push = uow.pushes.get(services.portal.name, post.id)
    return payload_of(services, services.units[post.unit], post, push, PostFiles())
