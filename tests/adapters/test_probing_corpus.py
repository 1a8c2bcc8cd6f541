"""The probe on saved pages of real sites: posts where there are any, all that a person listed, within its time."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.articles.reading import DirectReader
from adapters.http.client import HttpSettings, PoliteClient
from adapters.probing.report import probe_site
from adapters.site_profiles import load_profiles
from syncd.errors import SourceError
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite
from syncd.vietnamese.text import one_line

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
PAGES = sorted(path.name for path in (CORPUS / "html").glob("*.html"))
MAX_CPU_S = 2.0
# what a person sees on the pages that list no posts
NO_LISTS = {
    "hanoi-ict-chien-luoc-quy-hoach84a0.html": "single links",  # one article, with six of the same section beneath
    "hanoi-ict-chuc-nang-nhiem-vu.html": "article",
    "hanoi-ict-cong-nghe-thong-tin1.html": "article",
    "hanoi-ict-qlttps.html": "documents",
    "hanoi-ict-qlttps1377.html": "documents",
    "hanoi-ict-qlttps511b.html": "documents",
    "vnexpress-4954454.html": "article",
}
FEW = {"hanoi-ict-chi-dao-dieu-hanh.html": 1, "hanoi-ict-chuyen-doi-ipv6.html": 1, "hanoi-ict-luatthudo511b.html": 1}
DAILY = ("toaan-gov-vn-home.html", "hanoi-ict-ke-hoach.html", "hanoi-ict-qlttps.html")

pytestmark = pytest.mark.skipif(not PAGES, reason=f"the corpus is not beside this checkout: {CORPUS}")


@pytest.fixture(scope="module")
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        yield site


def _probe(site: LocalSite, name: str) -> dict[str, Any]:
    path = f"/{name.removesuffix('.html')}/trang/danh-sach"
    site.page(path, (CORPUS / "html" / name).read_bytes(), content_type="text/html")
    clock = FakeClock(datetime(2026, 11, 22, tzinfo=UTC))
    http = PoliteClient(HttpSettings(spacing_s=0, allow_addresses=("127.0.0.0/8",)), clock=clock)
    return probe_site(http, site.url(path), clock, DirectReader())


def _check(site: LocalSite, name: str) -> None:
    if name in NO_LISTS:
        with pytest.raises(SourceError) as caught:
            _probe(site, name)
        assert NO_LISTS[name] in (caught.value.hint or "")
        return
    document = _probe(site, name)
    posts = document["posts"]
    assert len(posts) >= FEW.get(name, 3)
    read = {(post["title"], post["published_at"], post["url"].rpartition("/")[2]) for post in posts}
    for entry in json.loads((CORPUS / "expected" / "html_lists.json").read_text()).get(f"html/{name}", []):
        instant = datetime.fromisoformat(entry["iso"]).astimezone(UTC).isoformat() if entry.get("iso") else None
        assert (one_line(entry["title"]), instant, entry["href"].rpartition("/")[2]) in read


@pytest.mark.parametrize("name", DAILY)
def test_saved_page_is_probed_as_by_eye(site: LocalSite, name: str) -> None:
    _check(site, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_every_saved_page_is_probed_as_by_eye(site: LocalSite, name: str) -> None:
    _check(site, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_probe_of_a_saved_page_takes_less_than_its_time(site: LocalSite, name: str) -> None:
    load_profiles()  # once a process
    started = time.process_time()
    try:
        _probe(site, name)
    except SourceError:
        assert name in NO_LISTS
    assert time.process_time() - started < MAX_CPU_S
