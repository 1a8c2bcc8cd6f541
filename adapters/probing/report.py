"""What `syncd probe` says of a site, as one document of plain values. Sentences for people are put together by the command line."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from adapters.articles.article import ArticleReader
from adapters.http.client import PoliteClient
from adapters.probing.articles import read_article
from adapters.probing.doubts import doubts_of
from adapters.probing.drafting import proposed_id, proposed_name, unit_block
from adapters.probing.finding import Finding, find
from syncd.domain.model import LOCAL, ReadDate
from syncd.ports.clock import Clock
from syncd.ports.source import PostData


def probe_site(
    http: PoliteClient,
    url: str,
    clock: Clock,
    articles: ArticleReader,
    *,
    unit: Mapping[str, str] | None = None,
    taken: Collection[str] = (),
) -> dict[str, Any]:
    """What would be read at an address. `unit` gives the id, name and group where they are known; `taken` are ids that must not be proposed.

    Raises:
        SourceError: nothing can be read there; the hint says what was seen.
    """
    given = unit or {}
    finding = find(http, url, clock, articles)
    id = given.get("id") or proposed_id(finding.asked, taken)
    name = given.get("name") or proposed_name(finding, id)
    place = finding.place
    return {
        "url": url,
        "kind": place.kind,
        "feed_url": place.url if place.kind == "feed" else None,
        "source_url": place.url,
        "found_by": place.how,
        "profile": finding.profile.profile.product if finding.profile is not None else None,
        "title": finding.title,
        "unit": {"id": id, "name": name},
        "posts": [_post(post) for post in place.reading.posts],
        "months": _months(finding),
        "articles": [
            {
                "title": sample.article.title or sample.post.title,
                "url": sample.post.url,
                **_date(sample.article.published),
                "found_by": sample.article.found_by,
                "characters": len(sample.article.text),
                "images": len(sample.article.images),
            }
            for sample in finding.samples
        ],
        "skipped": [{"item": item.item, "reason": item.reason} for item in place.reading.skipped],
        "notes": list(place.reading.notes),
        "doubtful": [
            {"kind": doubt.kind, "person": doubt.person, **doubt.facts} for doubt in doubts_of(finding, clock.now())
        ],
        "config": unit_block(finding, id=id, name=name, group=given.get("group") or "don-vi").rstrip("\n"),
    }


def probe_article(http: PoliteClient, url: str, clock: Clock, articles: ArticleReader) -> dict[str, Any]:
    """What one article's page tells.

    Raises:
        SourceError: it cannot be read.
    """
    read = read_article(http, url, clock, articles)
    article = read.article
    return {
        "title": article.title,
        "url": read.page.final_url,
        "canonical_url": article.canonical_url,
        **_date(article.published),
        "author": article.author,
        "categories": list(article.categories),
        "text": article.text,
        "html": article.html,
        "images": [{"url": image.url, "alt": image.alt, "caption": image.caption} for image in article.images],
        "attachments": [{"url": each.url, "title": each.title} for each in article.attachments],
        "found_by": article.found_by,
        "profile": read.profile.profile.product if read.profile is not None else None,
        "notes": list(article.notes),
    }


def _post(post: PostData) -> dict[str, Any]:
    return {
        "title": post.title,
        "url": post.url,
        **_date(post.published),
        "author": post.author,
        "categories": list(post.categories),
    }


def _date(date: ReadDate) -> dict[str, Any]:
    return {
        "published_at": _instant(date.instant),
        "precision": date.precision.value,
        "date_raw": date.raw,
        "date_source": date.origin,
        "date_doubt": date.doubt,
    }


def _instant(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat() if instant is not None else None


def _months(finding: Finding) -> dict[str, int]:
    """Posts by local month, the newest first; those without a date under an empty name."""
    months = Counter(
        f"{post.published.instant.astimezone(LOCAL):%Y-%m}" if post.published.instant is not None else ""
        for post in finding.place.reading.posts
    )
    return {month: months[month] for month in sorted(months, reverse=True)}
