"""What is doubtful about a finding: everything that a person should look at before the source is trusted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from adapters.probing.blocks import host_of
from adapters.probing.finding import Finding
from adapters.probing.places_to_read import Place
from syncd.domain.model import Precision
from syncd.ports.source import PostData
from syncd.vietnamese.dates import order_evidence
from syncd.vietnamese.hosts import host_doubt

_FEW = 5
_SHORT_WINDOW = 15
_QUIET = timedelta(days=60)
_PLAIN_ENCODINGS = ("utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One thing to look at, by name, with what its sentence tells. `person` marks what must not be left as it is."""

    kind: str
    facts: Mapping[str, str | int] = field(default_factory=dict)
    person: bool = False


def doubts_of(finding: Finding, now: datetime) -> list[Doubt]:
    """Everything doubtful, the gravest first."""
    found = [*_of_dates(finding), *_of_the_list(finding, now), *_of_the_address(finding)]
    return sorted(found, key=lambda doubt: not doubt.person)


def _of_dates(finding: Finding) -> Iterator[Doubt]:
    posts = finding.place.reading.posts
    undated = sum(post.published.instant is None for post in posts)
    if undated:
        sampled = [sample for sample in finding.samples if sample.article.published.instant is not None]
        facts: dict[str, str | int] = {"count": undated, "total": len(posts)}
        if sampled and undated == len(posts):
            date = sampled[0].article.published
            yield Doubt(kind="dates_on_articles", facts={**facts, "raw": date.raw, "sampled": len(sampled)})
        else:
            yield Doubt(kind="no_dates", facts=facts, person=undated == len(posts))
    evidence = Counter(order_evidence(post.published.raw) for post in posts)
    if evidence["either"] and not evidence["day-first"] and not evidence["month-first"]:
        yield Doubt(
            kind="ambiguous_order", facts={"count": evidence["either"], "raw": _first_ambiguous(posts)}, person=True
        )
    elif evidence["month-first"]:
        yield Doubt(kind="month_first", facts={"count": evidence["month-first"]}, person=True)
    dated = [post.published for post in posts if post.published.instant is not None]
    if dated and all(date.precision in (Precision.DAY, Precision.MONTH) for date in dated):
        yield Doubt(kind="days_only", facts={"count": len(dated)})
    if future := sum(date.doubt == "future" for date in dated):
        yield Doubt(kind="future", facts={"count": future}, person=True)
    if len(dated) > _FEW and len({date.instant for date in dated}) == 1:
        yield Doubt(kind="one_date_for_all", facts={"raw": dated[0].raw}, person=True)


def _first_ambiguous(posts: Sequence[PostData]) -> str:
    return next((post.published.raw for post in posts if order_evidence(post.published.raw) == "either"), "")


def _of_the_list(finding: Finding, now: datetime) -> Iterator[Doubt]:
    place, posts = finding.place, finding.place.reading.posts
    if not posts:
        yield Doubt(kind="empty", person=True)
        return
    if len(posts) < _FEW:
        yield Doubt(kind="few", facts={"count": len(posts)})
    elif place.kind == "feed" and len(posts) <= _SHORT_WINDOW:
        yield Doubt(kind="short_window", facts={"count": len(posts)})
    titles = Counter(post.title for post in posts)
    if twice := sum(count - 1 for count in titles.values() if count > 1):
        yield Doubt(kind="same_titles", facts={"count": twice})
    if cut := sum(post.title.rstrip().endswith(("…", "...")) for post in posts):
        yield Doubt(kind="cut_titles", facts={"count": cut})
    newest = max((post.published.instant for post in posts if post.published.instant is not None), default=None)
    if newest is not None and now - newest > _QUIET:
        yield Doubt(kind="quiet", facts={"days": (now - newest).days})
    if foreign := [post for post in posts if _is_foreign(post.url, finding)]:
        yield Doubt(kind="other_hosts", facts={"count": len(foreign), "host": host_of(foreign[0].url)})
    for name in place.doubts:
        if name != "no_dates_in_list":  # said with the number of posts
            yield Doubt(kind=name, person=name == "documents")
    if place.kind == "sitemap":
        yield Doubt(kind="sitemap_only", person=True)
    yield from _compared(place, finding.other)


def _is_foreign(url: str, finding: Finding) -> bool:
    own, host = host_of(finding.page.final_url), host_of(url)
    return not (host == own or host.endswith(f".{own}") or own.endswith(f".{host}"))


def _compared(place: Place, other: Place | None) -> Iterator[Doubt]:
    """What the source that was not chosen shows about the chosen one."""
    if other is None:
        return
    if place.kind == "feed":
        read = {_trimmed(post.url) for post in place.reading.posts}
        oldest = min((post.published.instant for post in place.reading.posts if post.published.instant), default=None)
        missing = [
            post
            for post in other.reading.posts
            if _trimmed(post.url) not in read
            and post.published.instant is not None
            and oldest is not None
            and post.published.instant > oldest
        ]
        if missing:
            yield Doubt(kind="feed_hides_posts", facts={"count": len(missing), "title": missing[0].title}, person=True)
    elif not other.reading.posts:
        yield Doubt(kind="feed_empty", facts={"url": other.url})
    else:
        yield Doubt(kind="feed_poorer", facts={"url": other.url, "count": len(other.reading.posts)})


def _trimmed(url: str) -> str:
    parts = urlsplit(url)
    return f"{host_of(url)}{parts.path.rstrip('/')}?{parts.query}"


def _of_the_address(finding: Finding) -> Iterator[Doubt]:
    page = finding.page
    if finding.tls_fault is not None:
        fault = finding.tls_fault
        yield Doubt(kind="tls_fault", facts={"fault": fault.message, "mend": fault.hint or ""}, person=True)
    elif urlsplit(finding.place.url).scheme == "http":
        yield Doubt(kind="no_https")
    if finding.kept_out:
        yield Doubt(kind="robots", facts={"address": finding.kept_out}, person=True)
    if host_of(page.final_url) != host_of(finding.asked):
        yield Doubt(kind="moved", facts={"host": host_of(page.final_url)}, person=True)
    host = urlsplit(page.final_url).hostname or ""
    if why := host_doubt(host):
        yield Doubt(kind="odd_host", facts={"host": host, "why": why}, person=True)
    if finding.encoding.lower() not in _PLAIN_ENCODINGS:
        yield Doubt(kind="encoding", facts={"encoding": finding.encoding})
    for note in finding.place.reading.notes:
        if not note.startswith("profile: "):  # told above the list already
            yield Doubt(kind="note", facts={"note": note})
