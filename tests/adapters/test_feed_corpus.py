"""Every feed of the corpus through `parse_feed`; docs/feeds.md names the misses and gives the figures."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.html import absolute, title_text
from adapters.sources.feed_documents import NotAFeed, ParsedFeed, parse_feed

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
BASE = "http://example.org/"
# relative addresses under an xml:base of the item's own: RFC 3986 gives another address than the bare string
OWN_BASE = {
    "feeds/node-feedparser__rss-with-item-scoped-html-base.xml",
    "feeds/node-feedparser__rss-with-relative-html-urls.xml",
}


@pytest.fixture(scope="module")
def documents() -> dict[str, tuple[Any, ParsedFeed | None]]:
    path = CORPUS / "expected" / "feeds.json"
    if not path.exists():
        pytest.skip(f"the corpus is not beside this checkout: {path}")
    read: dict[str, tuple[Any, ParsedFeed | None]] = {}
    for name, expected in json.loads(path.read_text()).items():
        try:
            read[name] = expected, parse_feed((CORPUS / name).read_bytes(), base_url=BASE)
        except NotAFeed:
            read[name] = expected, None
    return read


def test_items_of_every_document_are_found(documents: dict[str, tuple[Any, ParsedFeed | None]]) -> None:
    misses = {n for n, (e, feed) in documents.items() if (feed.total if feed else 0) != e["expected_items"]}
    assert misses == set()
    holding = [name for name, (expected, _) in documents.items() if expected["expected_items"]]
    assert len(documents) >= 355
    assert len(holding) >= 262


def test_no_instant_is_wrong_where_the_corpus_decides_it(documents: dict[str, tuple[Any, ParsedFeed | None]]) -> None:
    wrong, compared = [], 0
    by_eye = {
        case["raw"]: case["iso"]
        for case in json.loads((CORPUS / "expected" / "dates.json").read_text())
        if "hint" not in case and not case["source"].startswith("html")
    }
    for name, (expected, feed) in documents.items():
        if feed is None:
            continue
        posts = {post.url: post for post in feed.posts}
        in_step = not feed.skipped and len(feed.posts) >= len(expected["items"])
        for at, item in enumerate(expected["items"]):
            raw = item.get("raw_date")
            if not raw or not (item.get("iso") or raw in by_eye):
                continue
            post = feed.posts[at] if in_step else posts.get(absolute(item.get("link") or "", BASE))
            if post is None:
                continue
            iso = item.get("iso") or by_eye[raw]
            compared += 1
            if post.published.instant != (datetime.fromisoformat(iso) if iso else None):
                wrong.append((name, raw, iso, str(post.published.instant)))
    assert wrong == []
    assert compared >= 1_825


def test_first_title_and_address_are_right(documents: dict[str, tuple[Any, ParsedFeed | None]]) -> None:
    wrong = []
    for name, (expected, feed) in documents.items():
        if feed is None or not expected["items"] or not feed.total:
            continue
        first = expected["items"][0]
        title = title_text(first.get("title") or "")
        found = {post.title for post in feed.posts} | {skipped.item for skipped in feed.skipped}
        if title and not feed.skipped and feed.posts[0].title != title:
            wrong.append((name, title, feed.posts[0].title))
        if title and feed.skipped and not {title, title[:80]} & found:
            wrong.append((name, title, str(found)[:100]))
        url = absolute(first["link"], BASE) if first.get("link") else ""
        if url and not feed.skipped and feed.posts[0].url != url and name not in OWN_BASE:
            wrong.append((name, url, feed.posts[0].url))
    assert wrong == []
