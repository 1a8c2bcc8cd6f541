"""Extraction of articles: text and day against the labelled pages, CPU against trafilatura alone, memory of the worker.

The pages are those of the corpus beside the checkout (`../shared/corpus`); without it there is nothing to measure.
"""

import gzip
import importlib.util
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trafilatura
from yardstick.measure import memory_mb, show

from adapters.articles.article import ArticleData, ArticleRules
from adapters.articles.reading import read_article
from adapters.articles.worker import ArticleWorker
from syncd.clock import SystemClock

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
VISIT = datetime(2026, 11, 1, tzinfo=UTC)
ROUNDS = 3  # each page by both ways in turn, the quickest of each counts: other work on the machine falls out


def main() -> None:
    if not CORPUS.exists():
        sys.stderr.write(f"articles: the corpus is not beside this checkout: {CORPUS}\n")
        return
    pages = bodies("extraction_aeb")
    ours, theirs = cpu_ms(pages)
    texts = {name: ours_of(body, name) for name, body in pages.items()}
    passages = {name: ours_of(body, name) for name, body in bodies("extraction_trafilatura").items()}
    plain = {name: trafilatura.extract(body, include_comments=False) for name, body in pages.items()}
    parent, worker = memory(list(pages.values())[:30])
    truth = expected("extraction_aeb")
    score = metric()
    sums = score.passages(
        [
            (page["with"], page["without"], passages[name].text)
            for name, page in expected("extraction_trafilatura").items()
        ]
    )
    show(
        f"Articles, {len(pages)} pages of article-extraction-benchmark, {len(passages)} of trafilatura",
        ["", "syncd", "trafilatura alone"],
        [
            [
                "F1 of the text",
                f1(score, truth, {name: each.text for name, each in texts.items()}),
                f1(score, truth, plain),
            ],
            ["CPU ms a page", round(ours, 1), round(theirs, 1)],
            ["CPU ratio", f"{ours / theirs:.2f}", "1.00"],
            ["passages that must stand", f"{sums['tp']} of {sums['tp'] + sums['fn']}", ""],
            ["passages that must not", f"{sums['fp']} of {sums['fp'] + sums['tn']}", ""],
            ["MB of the worker, started and after 30 pages", worker, ""],
            ["MB of its owner", parent, ""],
        ],
    )


def expected(name: str) -> dict[str, dict[str, Any]]:
    data: dict[str, dict[str, Any]] = json.loads((CORPUS / "expected" / f"{name}.json").read_text())
    return data


def bodies(name: str) -> dict[str, bytes]:
    files = {page: (CORPUS / page).read_bytes() for page in expected(name)}
    return {page: gzip.decompress(body) if page.endswith(".gz") else body for page, body in files.items()}


def metric() -> Any:
    spec = importlib.util.spec_from_file_location("corpus_metric", CORPUS / "metric.py")
    if spec is None or spec.loader is None:
        raise SystemExit("the corpus has no metric.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def f1(score: Any, truth: dict[str, dict[str, Any]], answers: dict[str, str | None]) -> str:
    figure: float = score.aeb([(page["articleBody"], answers[name]) for name, page in truth.items()])[2]
    return f"{figure:.4f}"


def ours_of(body: bytes, name: str) -> ArticleData:
    return read_article(
        body, content_type="", url=f"https://vidu.example/{name}", rules=ArticleRules(), fetched_at=VISIT
    )


def cpu_ms(pages: dict[str, bytes]) -> tuple[float, float]:
    """Mean CPU of a page, ours and trafilatura's."""
    sums = [0.0, 0.0]
    for name, body in pages.items():
        ways: tuple[Callable[[], object], ...] = (
            lambda body=body, name=name: ours_of(body, name),
            lambda body=body: trafilatura.extract(body, include_comments=False),
        )
        best = [float("inf")] * len(ways)
        for _ in range(ROUNDS):
            for at, way in enumerate(ways):
                started = time.process_time()
                way()
                best[at] = min(best[at], time.process_time() - started)
        sums = [each + quickest for each, quickest in zip(sums, best, strict=True)]
    return sums[0] * 1000 / len(pages), sums[1] * 1000 / len(pages)


def memory(pages: list[bytes]) -> tuple[str, str]:
    """MB of this process and of the worker: when it has read one page, and after all of them."""
    reader = ArticleWorker(clock=SystemClock())
    figures = []
    try:
        for number, body in enumerate(pages):
            reader.read(
                body, content_type="", url=f"https://vidu.example/{number}", rules=ArticleRules(), fetched_at=VISIT
            )
            if number in (0, len(pages) - 1) and reader.process_id is not None:
                figures.append(f"{memory_mb(reader.process_id):.0f}")
    finally:
        reader.close()
    return f"{memory_mb():.0f}", ", ".join(figures)


if __name__ == "__main__":
    main()
