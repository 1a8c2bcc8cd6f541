"""The day an article was published, from where its page names it: never from the page at large.

Candidates come from JSON-LD, from metas, from `time` elements and printed bylines beside the heading, and from the
address. Each speaks with the weight of its place; days that contradict one another leave no date, unless one side
weighs clearly more. Comments, side columns, lists of other posts, footers and clocks are never looked at.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from adapters.articles.article import ArticleRules
from adapters.articles.page import ArticlePage, Element, text_of, value_of
from adapters.articles.places import Asides, Heading
from adapters.articles.stated import Stated
from syncd.domain.model import LOCAL, NO_DATE, Precision, ReadDate
from syncd.vietnamese.date_patterns import find_days, fold_date_text, rewrite_odd_iso
from syncd.vietnamese.dates import parse_date
from syncd.vietnamese.page_clocks import is_clock

_PUBLISHED_METAS = (
    "article:published_time", "og:article:published_time", "og:published_time", "article:published", "datepublished",
    "rnews:datepublished", "dc.date.issued", "dcterms.issued", "dcterms.date.issued", "citation_publication_date",
    "citation_online_date", "prism.publicationdate", "parsely-pub-date", "sailthru.date", "pubdate", "publishdate",
    "publish-date", "publish_date", "published_date", "publication_date", "publicationdate", "originalpublicationdate",
    "article_date_original", "article.published", "cxenseparse:recs:publishtime", "cxenseparse:publishtime", "bt:pubdate",
    "ptime", "pub_date", "published", "published_time", "vr:published_time",
)  # fmt: skip
_WEAK_METAS = (
    "date", "dc.date", "dcterms.date", "dcterms.created", "dc.date.created", "dcterms.available", "citation_date",
    "created", "datecreated", "article:created", "displaydate", "content_create_date", "timestamp",
)  # fmt: skip
_DATE_NAME = re.compile(
    r"date|datum|fecha|(?:^|[-_ ])(?:day|time|thoi-?gian|meta(?=$|[-_ ]))|publi|pub(?:time|day)|posted|byline|ngay|created|timestamp|erstellt|release",
    re.IGNORECASE,
)
_UPDATED_NAME = re.compile(r"updat|modif|lastmod|last-?chang|capnhat|cap-nhat", re.IGNORECASE)
_PUBLISHED_NAME = re.compile(r"publish|entry-date|post-date|pubdate|posted", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:ngay dang|dang ngay|dang luc|tin dang|xuat ban|phat hanh|ngay tao|ngay viet|published|posted|veroffentlicht|"
    r"erstellt|publie|publicado|pubblicato|opublikowan|nachricht vom|pressemitteilung vom|meldung vom|created|date)[^\d]{0,40}$"
)
_UPDATED_LABEL = re.compile(
    r"(?:updated|modified|aktualisiert|geandert|mis a jour|actualizado|stand|stand vom)[^\d]{0,25}$"
)
# a document's own day ("Số: 12-NQ/HU, ngày …"), a meeting's ("Thời gian: 7h30 ngày …"), a picture's
_OF_OTHER = re.compile(
    r"(?:\d{1,5}\s?[/\-](?:\d{4}[/\-])?[a-z][a-z&/\-]{1,20}\W{0,3}(?:ngay\s{0,2})?"
    r"|(?:thoi gian|bat dau|tu)[^\d]{0,20}\d{1,2}\s?(?:h|g|:|gio)[^/]{0,20}ngay\s{0,2}"
    r"|(?:event|meeting|hearing|start|end)(?: date)?\W{1,3}|\bwhen\W{1,3}|\bchup[^\d]{0,15}|\bphoto(?:graphed| taken)[^\d]{0,15})$"
)
_HIDDEN = re.compile(r"(?:^|\s)(?:hidden|hide|d-none|sr-only|visually-?hidden|screen-reader-text)(?:\s|$)")
_NOT_SHOWN = re.compile(r"display\s*:\s*none")
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_TIME_WORDS = re.compile(r"\b(?:thu|chu nhat|ngay|luc|gmt|utc|uhr|am|pm|sa|ch|luot xem|views?|by|von|vom|par|le)\b")
_KNOWN_LIAR = re.compile(r"nukeviet", re.IGNORECASE)  # datePublished holds the time of the last edit (theme.php of 4.x)
_SEGMENT_DATE = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<s>[-/_.]?)(?P<m>0[1-9]|1[0-2])(?P=s)(?P<d>0[1-9]|[12]\d|3[01])(?![\d])"
    r"|(?<!\d)(?P<d2>0[1-9]|[12]\d|3[01])(?P<s2>[-_.])(?P<m2>0[1-9]|1[0-2])(?P=s2)(?P<y2>(?:19|20)\d\d)(?!\d)"
    r"|/(?P<y3>(?:19|20)\d\d)/(?P<m3>[1-9]|1[0-2])/(?P<d3>[1-9]|[12]\d|3[01])/"
)
_ARCHIVE = re.compile(r"^/web/\d{4,14}[a-z_]*/(?=https?:)")
_SAME_DAY = timedelta(hours=36)  # two zones, or a day without its time, apart
_STRONG = 3
_MAX_BYLINE_CHARS = 140
_MAX_OTHER_LETTERS = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One day that the page names, and how much its place is worth."""

    date: ReadDate
    weight: float

    @property
    def instant(self) -> datetime:
        assert self.date.instant is not None  # only such dates become candidates
        return self.date.instant


def publication_day(
    page: ArticlePage, stated: Stated, heading: Heading | None, rules: ArticleRules, fetched_at: datetime
) -> ReadDate:
    """When the article was published, with the text that says so; `NO_DATE` where the page does not say it, or contradicts itself."""
    reading = _Reader(rules, fetched_at)
    excluded = set(page.find_all(rules.not_a_date)) if rules.not_a_date else set()
    for element in page.find(rules.date) if rules.date else ():
        if element not in excluded and (given := reading.read(value_of(element), "article")) is not None:
            return given
    candidates = [*_stated(page, stated, reading), *_metas(page, reading)]
    if not _is_certain(candidates):
        candidates += [*_printed(page, heading, excluded, reading), *_address(page.url, reading)]
    return _settle(candidates)


def _is_certain(candidates: list[Candidate]) -> bool:
    """Whether two full statements agree, so that nothing printed could outweigh them."""
    strong = [each for each in candidates if each.weight >= _STRONG]
    return (
        len(strong) == len(candidates) >= 2
        and all(abs(each.instant - strong[0].instant) <= _SAME_DAY for each in strong)
        and any(each.date.precision is not Precision.DAY for each in strong)
    )


class _Reader:
    """Reads dates by the site's rules."""

    def __init__(self, rules: ArticleRules, fetched_at: datetime) -> None:
        self._rules = rules
        self._fetched_at = fetched_at

    def read(self, raw: str, origin: str) -> ReadDate | None:
        """The date, where it names a day that has come."""
        date = parse_date(
            raw,
            default_zone=self._rules.zone,
            day_order=self._rules.day_order,
            fetched_at=self._fetched_at,
            origin=origin,
        )
        usable = date.instant is not None and date.precision is not Precision.MONTH and date.doubt is None
        return date if usable else None

    def is_clock(self, raw: str) -> bool:
        """Whether it only tells when the page was fetched, as a clock in the page's head does."""
        return is_clock(raw, self._fetched_at, zone=self._rules.zone or LOCAL, day_order=self._rules.day_order)

    def candidate(self, raw: str, origin: str, weight: float) -> Iterator[Candidate]:
        if raw and (date := self.read(raw, origin)) is not None:
            yield Candidate(date=date, weight=weight)


def _stated(page: ArticlePage, stated: Stated, reading: _Reader) -> Iterator[Candidate]:
    if stated.published and not (_is_liar(page) and stated.published == stated.modified):
        yield from reading.candidate(stated.published, "jsonld", 4 if stated.of_article else 3)
    elif stated.created:
        yield from reading.candidate(stated.created, "jsonld", 2.5)


def _is_liar(page: ArticlePage) -> bool:
    return _KNOWN_LIAR.search(page.meta("generator")) is not None


def _metas(page: ArticlePage, reading: _Reader) -> Iterator[Candidate]:
    for names, weight in ((_PUBLISHED_METAS, 4.0), (_WEAK_METAS, 2.5)):
        for raw in filter(None, [page.meta(*names)]):
            yield from reading.candidate(raw, "meta", weight)


def _printed(
    page: ArticlePage, heading: Heading | None, excluded: set[Element], reading: _Reader
) -> Iterator[Candidate]:
    """The marked publication time of the article, and the best byline beside its heading."""
    itemprops = set() if _is_liar(page) else {"datePublished", "dateCreated"}
    asides = heading.asides if heading is not None else Asides()
    marked = [
        element
        for element in page.root.xpath("//time | //*[@itemprop]")
        if (element.get("itemprop") in itemprops and element.tag != "meta")
        or (
            element.tag == "time"
            and (element.get("pubdate") is not None or _PUBLISHED_NAME.search(element.get("class") or ""))
        )
    ]
    marked = [element for element in marked if element not in asides and element not in excluded]
    named = [found for element in marked for found in reading.candidate(_moment(element), "time", 4)]
    if named and all(abs(each.instant - named[0].instant) <= _SAME_DAY for each in named):
        yield named[0]
        return
    if heading is None:
        return
    best: tuple[int, Candidate] | None = None
    for element, place in heading.around():
        if element in excluded or any(above in excluded for above in element.iterancestors()):
            continue
        if place == "before" and reading.is_clock(text_of(element)):
            continue
        worth = _byline_weight(element, place)
        if worth and (best is None or worth > best[0]):
            origin = "time" if element.tag == "time" and element.get("datetime") else "byline"
            for found in reading.candidate(_moment(element), origin, worth):
                best = (worth, found)
    if best is not None:
        yield best[1]


def _moment(element: Element) -> str:
    return str(element.get("datetime") or element.get("content") or text_of(element))


def _byline_weight(element: Element, place: str) -> int:
    """How surely a short text beside the heading prints the article's day: 0 not at all."""
    text = text_of(element)
    if len(text) > _MAX_BYLINE_CHARS or element.get("itemprop") == "dateModified" or _is_hidden(element):
        return 0
    _, bare = fold_date_text(text)
    days = [day for day in find_days(rewrite_odd_iso(bare)) if not day.ranged]
    if not days:
        return 2 if element.tag == "time" and element.get("datetime") else 0
    day = next((each for each in days if each.published), days[0])
    if _OF_OTHER.search(bare[: day.start]):
        return 0
    rest = _TIME_WORDS.sub("", bare[: day.start] + " " + bare[day.end :])
    other = len(_NOT_LETTERS.sub("", rest))
    names = f"{element.get('class') or ''} {element.get('id') or ''} {element.getparent().get('class') or ''}"
    label = day.published or _LABEL.search(bare[: day.start]) is not None
    updated = (
        (day.updated and not day.published)
        or _UPDATED_LABEL.search(bare[: day.start]) is not None
        or _UPDATED_NAME.search(names)
    )
    named = element.tag == "time" or _DATE_NAME.search(names) is not None
    if other > (_MAX_OTHER_LETTERS if named or label else _MAX_OTHER_LETTERS // 2):
        return 0
    if not (named or label) and _is_in_prose(element):
        return 0
    if updated and not label:
        return 2
    if place == "before" and not (label or named):
        return 2 if other == 0 or not bare[: day.start].strip() else 0
    return 4 if label else 3


def _is_in_prose(element: Element) -> bool:
    """Whether a paragraph mentions it: the words around it are more than a byline has."""
    around = element.getparent()
    own = [around.text, *(child.tail for child in around)]
    return sum(len(words.strip()) for words in own if words) > _MAX_BYLINE_CHARS


def _is_hidden(element: Element) -> bool:
    return bool(_HIDDEN.search(element.get("class") or "") or _NOT_SHOWN.search(element.get("style") or ""))


def _address(url: str, reading: _Reader) -> Iterator[Candidate]:
    path = _ARCHIVE.sub("", urlsplit(url).path)
    days = {
        f"{m['y'] or m['y2'] or m['y3']}-{int(m['m'] or m['m2'] or m['m3']):02}-{int(m['d'] or m['d2'] or m['d3']):02}"
        for m in _SEGMENT_DATE.finditer(unquote(path))
    }
    if len(days) == 1:
        yield from reading.candidate(days.pop(), "address", 2.5)


def _settle(candidates: Iterable[Candidate]) -> ReadDate:
    """The most trusted day: alone, or clearly heavier than the days that contradict it; with the finest time printed for it."""
    sides: list[list[Candidate]] = []
    for candidate in sorted(candidates, key=lambda each: -each.weight):
        side = next((side for side in sides if abs(side[0].instant - candidate.instant) <= _SAME_DAY), None)
        if side is None:
            sides.append([candidate])
        else:
            side.append(candidate)
    sides.sort(key=lambda side: -sum(each.weight for each in side))
    if not sides or (len(sides) > 1 and _weight(sides[0]) - _weight(sides[1]) < 1.5):
        return NO_DATE
    return max(sides[0], key=lambda each: each.weight - (2 if each.date.precision is Precision.DAY else 0)).date


def _weight(side: list[Candidate]) -> float:
    return sum(each.weight for each in side)
