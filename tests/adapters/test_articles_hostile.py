"""Pages made to hurt a reader: each is refused by name or read within its bounds."""

import time
from datetime import UTC, datetime

import pytest

from adapters.articles.article import ArticleData, ArticleFault, ArticleRules
from adapters.articles.reading import read_article

NOW = datetime(2026, 11, 1, tzinfo=UTC)
WITHIN_S = 10.0  # of CPU; the worker's own bound


def _read(body: bytes, url: str = "https://xa-a.vidu.example/bai") -> ArticleData:
    return read_article(body, content_type="text/html", url=url, rules=ArticleRules(), fetched_at=NOW)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<div>" * 200_000, "too_large"),
        (b"<p>abc</p>" * 1_500_000, "too_large"),
        (b"<table><tr><td>" * 13_000, "too_large"),
        (b"<b>" * 3_000, "too_large"),
        (b"<p>" + b"&#60;" * 3_000_000, "too_large"),
        (b"<style>" + b"<" * 1_000_000, "too_large"),
        (b"%PDF-1.7 <p>x</p>", "not_html"),
        (b"PK\x03\x04 <p>x</p>", "not_html"),
        (b"no markup at all", "not_html"),
        (b"", "not_html"),
    ],
    ids=["depth", "length", "tables", "inline depth", "references", "brackets", "pdf", "docx", "plain", "empty"],
)
def test_page_that_is_none_is_refused_by_name(body: bytes, kind: str) -> None:
    started = time.process_time()
    with pytest.raises(ArticleFault) as caught:
        _read(body)
    assert caught.value.kind == kind
    assert time.process_time() - started < WITHIN_S / 5


@pytest.mark.parametrize(
    "body",
    [
        b"<p x='" + b"a" * 1_000_000 + b"'>text</p>",
        b"<div class='" + b"sidebar " * 100_000 + b"'>text</div>",
        b"<h1>Tin</h1><span>" + b"1/" * 100_000,
        b"<script type='application/ld+json'>" + b"[" * 200_000 + b"</script><p>x",
        b"<script type='application/ld+json'>" + b'{"a":' * 100_000 + b"</script><p>x",
        b"<p>a\0b\x01\xff\xfe</p>" * 300,
        b"<p>\xed\xa0\x80 &#xD800; &#0; &#x1F; &bad; <![CDATA[x]]> <?php x ?></p>",
        b"<!DOCTYPE html [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]><p>&c;</p>",
        b"<html><frameset><frame src=a></frameset></html>",
        b"<base href='javascript:x'><link rel=canonical href='//['><a href='http://['>x</a><p>text",
        b"<title>" + b"a | " * 20_000 + b"</title><h1>a</h1><p>text",
    ],
    ids=[
        "attribute",
        "class",
        "dates",
        "json depth",
        "json objects",
        "control",
        "references",
        "entities",
        "frames",
        "addresses",
        "title",
    ],
)
def test_page_that_hurts_is_read_within_bounds(body: bytes) -> None:
    started = time.process_time()
    article = _read(body)
    assert time.process_time() - started < WITHIN_S / 5
    assert "<script" not in article.html
    assert article.published.instant is None


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        b"<body><article>" + (b"<p>" + b"same words again and again here " * 3 + b"</p>") * 39_000,
        b"<a href=x>text</a> " * 39_000,
        b"<body>" + b"word<br>" * 39_000,
        b"<ul>" + b"<li>word word word" * 39_000,
        b"<h1>Tin</h1><p>" + b"word " * 500 + b"<img src=a.jpg>" * 38_000,
        b"<title>Tin tuc hom nay</title><h1>Tin tuc hom nay</h1>" + b"<p>05/12/2022 word word word word" * 38_000,
        b"<p>" + b"1/" * 700_000,
    ],
    ids=["same blocks", "links", "lines", "list", "images", "dates", "slashes"],
)
def test_largest_pages_that_are_read_stay_within_the_workers_bound(body: bytes) -> None:
    started = time.process_time()
    _read(body)
    assert time.process_time() - started < WITHIN_S
