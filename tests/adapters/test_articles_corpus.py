"""Extraction over the labelled pages of the corpus: a sample each day, the whole of it where slow tests run."""

import gzip
import importlib.util
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from adapters.articles.article import ArticleData, ArticleRules
from adapters.articles.reading import read_article
from syncd.domain.model import LOCAL, ReadDate
from syncd.vietnamese.text import one_line

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason=f"the corpus is not beside this checkout: {CORPUS}")
VISIT = datetime(2026, 11, 1, tzinfo=UTC)
SAMPLE = 9  # every so many pages by day


def _expected(name: str) -> dict[str, dict[str, Any]]:
    data: dict[str, dict[str, Any]] = json.loads((CORPUS / "expected" / f"{name}.json").read_text())
    return data


def _sample(pages: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: pages[name] for name in sorted(pages)[::SAMPLE]}


def _article(name: str, url: str) -> ArticleData:
    body = (CORPUS / name).read_bytes()
    body = gzip.decompress(body) if name.endswith(".gz") else body
    return read_article(body, content_type="", url=url, rules=ArticleRules(), fetched_at=VISIT)


def _metric() -> ModuleType:
    spec = importlib.util.spec_from_file_location("corpus_metric", CORPUS / "metric.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _printed_day(date: ReadDate) -> str | None:
    """The day as the page prints it: in the zone it names, else in ours."""
    if date.instant is None:
        return None
    offset = re.search(r"(?:Z|([+-])(\d\d):?(\d\d))$", date.raw)
    zone = LOCAL
    if offset:
        minutes = int(offset[2] or 0) * 60 + int(offset[3] or 0)
        zone = timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    return date.instant.astimezone(zone).date().isoformat()


def _days(pages: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str | None]]:
    return {name: (page["date"], _printed_day(_article(name, page["url"]).published)) for name, page in pages.items()}


def test_days_of_a_sample_are_right_or_absent() -> None:
    found = _days(_sample(_expected("extraction_htmldate")))
    assert {name: days for name, days in found.items() if days[1] not in (days[0], None)} == {}
    assert sum(days[1] is not None for days in found.values()) >= 8


def test_texts_of_a_sample_are_those_a_person_cut_out() -> None:
    pages = _sample(_expected("extraction_aeb"))
    _, _, f1 = _metric().aeb([(page["articleBody"], _article(name, page["url"]).text) for name, page in pages.items()])
    assert f1 >= 0.94


def test_vietnamese_newspaper_article_with_its_address_instant_and_picture() -> None:
    page = _expected("articles")["html/vnexpress-4954454.html"]
    article = _article("html/vnexpress-4954454.html", page["canonical"])
    assert article.canonical_url == page["canonical"]
    assert article.published.instant == datetime.fromisoformat(page["published"])
    body = page["upstream"]["V1"]["body"]
    caption = article.images[0].caption
    told = [*body["summary"], *(text for section in body["sections"] for text in section["paragraphs"])]
    assert [text[:60] for text in told if one_line(text)[:200] not in one_line(article.text) and text != caption] == []
    assert article.author == "Lê Phương"
    assert [image.caption for image in article.images] == ["Y bác sĩ nội soi cho bệnh nhân. Ảnh: Bệnh viện cung cấp"]


@pytest.mark.slow
def test_publication_days_of_the_whole_corpus() -> None:
    found = _days(_expected("extraction_htmldate"))
    right = sum(day == truth for truth, day in found.values())
    wrong = {name: days for name, days in found.items() if days[1] not in (days[0], None)}
    assert right >= 0.8 * len(found)
    assert len(wrong) <= 0.02 * len(found), wrong


@pytest.mark.slow
def test_texts_of_the_whole_corpus() -> None:
    pages = _expected("extraction_aeb")
    _, _, f1 = _metric().aeb([(page["articleBody"], _article(name, page["url"]).text) for name, page in pages.items()])
    assert f1 >= 0.955
    passages = _expected("extraction_trafilatura")
    sums = _metric().passages(
        [(page["with"], page["without"], _article(name, page["url"]).text) for name, page in passages.items()]
    )
    assert sums["f1"] >= 0.915, sums


@pytest.mark.slow
def test_every_page_of_the_corpus_is_read_without_a_fault() -> None:
    for folder in ("html", "extraction/htmldate", "extraction/trafilatura"):
        for path in sorted((CORPUS / folder).iterdir()):
            article = _article(f"{folder}/{path.name}", "https://don-vi.vidu.example/bai")
            assert article.published.doubt is None
            assert "<script" not in article.html
