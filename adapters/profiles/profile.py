"""What is known of one kind of website. Values only: the tables beside this module fill them, no kind has code of its own."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit, urlunsplit

from adapters.articles.article import ArticleRules
from syncd.vietnamese.readings import DayOrder
from syncd.vietnamese.text import nfc

Minutes = Literal["reliable", "unreliable", "auto"]
_SEARCHED_CHARS = 200_000  # of a page; what its software writes of itself stands in its head and frame
_MAX_ADDRESS = 600  # characters; a longer one is no post's, and patterns take time by its square
_GENERATOR = re.compile(r"<meta\b[^>]{0,200}?\bname\s*=\s*[\"']?generator[\"']?[^>]{0,300}>", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """How a kind of site shows itself: patterns, searched without regard to case.

    One of `generator` (in the page's generator tag), `headers` (in a line `name: value`) or `addresses` (in the page's own address)
    is enough; of `markup` (in the page's source, comments cut) it takes two different ones, or one beside another sign.
    """

    generator: tuple[re.Pattern[str], ...] = ()
    addresses: tuple[re.Pattern[str], ...] = ()
    headers: tuple[re.Pattern[str], ...] = ()
    markup: tuple[re.Pattern[str], ...] = ()

    def found(self, page: "PageFacts") -> tuple[int, list[str]]:
        """How much speaks for this kind, and each sign in words."""
        weight = 0
        reasons: list[str] = []
        for points, where, patterns, texts in (
            (8, "generator", self.generator, page.generators),
            (6, "header", self.headers, page.headers),
            (4, "address", self.addresses, (page.address,)),
            (2, "markup", self.markup, (page.source,)),
        ):
            for pattern in patterns:
                match = next((found for text in texts if (found := pattern.search(text))), None)
                if match is not None:
                    weight += points
                    reasons.append(f'{where} "{" ".join(match[0].split())[:60]}"')
        return weight, reasons


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What of a page the signs are looked for in."""

    address: str
    source: str
    generators: tuple[str, ...]
    headers: tuple[str, ...]

    @classmethod
    def of(cls, page_text: str, url: str, headers: Iterable[tuple[str, str]]) -> "PageFacts":
        source = _COMMENT.sub(" ", page_text[:_SEARCHED_CHARS])
        return cls(
            address=unquote(url),
            source=source,
            generators=tuple(_GENERATOR.findall(source)),
            headers=tuple(f"{name.lower()}: {value}" for name, value in headers),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRules:
    """One layout of a list page, by CSS selectors: `item` finds the entries, the others look within one.

    An element that holds another `item` is no entry, nor is one without anything that `holds` finds on the page (as `:has()`, at a cost that no
    nesting raises). `title` empty: the text of the link. `date` empty: the list prints none.
    `not_a_date` marks what looks like one.
    """

    item: str
    holds: str = ""
    link: str = "a"
    title: str = ""
    date: str = ""
    not_a_date: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerRules:
    """How the pages behind a list page are addressed.

    `links`: patterns of addresses with the page's number (or offset) as their group; the next page is the link with the smallest number above
    the present one. `first` is the number of the list page itself. `next`: selectors of the link to the next page, where numbers are not
    printed. `address`: how the next address is made where no link is found: a query (`?page={page}`) or a path put behind the list's own
    (`page/{page}/`). `by`: whether the number counts pages or entries.
    """

    links: tuple[re.Pattern[str], ...] = ()
    next: tuple[str, ...] = ()
    address: str = ""
    first: int = 1
    by: Literal["pages", "entries"] = "pages"

    def step(self, entries: int) -> int:
        """How much further the next page's number is, after a page of so many entries."""
        return entries if self.by == "entries" else 1

    def number_of(self, url: str) -> int:
        """The number of the page at this address."""
        for pattern in self.links:
            if match := pattern.search(url):
                return int(match[1])
        return self.first

    def made(self, list_url: str, number: int) -> str:
        """The address of the page with this number; empty where none can be made."""
        if not self.address:
            return ""
        wanted = self.address.replace("{page}", str(number))
        parts = urlsplit(list_url)
        if wanted.startswith("?"):
            added = parse_qsl(wanted[1:], keep_blank_values=True)
            names = {name for name, _ in added}
            kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in names]
            return urlunsplit(parts._replace(query=urlencode([*kept, *added]), fragment=""))
        folder = parts.path if parts.path.endswith("/") else f"{parts.path}/"
        return urljoin(urlunsplit(parts._replace(path=folder, query="", fragment="")), wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of website. `feeds` and `sitemaps` are addresses to be tried against the page's own: those with `/` in front at the site's root.

    `window`: how many items its feeds show at most, None where that differs. `lists`: the first layout that finds posts is used.
    `minutes`, `day_order` and `article.zone` say what its printed dates are worth. `not_posts` are addresses within the site that are copies of a post
    or no post at all (print pages, files, tags). `notes` tell a person what to mind.
    """

    name: str
    product: str
    signs: Signs
    feeds: tuple[str, ...] = ()
    feed_pager: PagerRules | None = None
    sitemaps: tuple[str, ...] = ()
    window: int | None = None
    lists: tuple[ListRules, ...] = ()
    pager: PagerRules = field(default_factory=PagerRules)
    article: ArticleRules = field(default_factory=ArticleRules)
    minutes: Minutes = "auto"
    day_order: DayOrder = "day-first"
    keys: tuple[re.Pattern[str], ...] = ()
    not_posts: tuple[re.Pattern[str], ...] = ()
    strip_title: tuple[re.Pattern[str], ...] = ()
    notes: tuple[str, ...] = ()

    def key_of(self, url: str) -> str | None:
        """The post's own number (or name) in this kind of address, the same under every host and path; None where there is none."""
        if len(url) > _MAX_ADDRESS:
            return None
        address = nfc(unquote(url))
        for pattern in self.keys:
            if match := pattern.search(address):
                return f"{self.name}:{'/'.join(part.lower() for part in match.groups() if part)}"
        return None

    def is_post(self, url: str) -> bool:
        """Whether the address may be a post of its own."""
        address = unquote(url[:_MAX_ADDRESS])
        return not any(pattern.search(address) for pattern in self.not_posts)

    def title_of(self, printed: str) -> str:
        """The title without what the software puts before or behind it."""
        for pattern in self.strip_title:
            printed = pattern.sub("", printed).strip() or printed
        return printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A page's kind, and why: `generator "NukeViet v4.5", markup "/themes/..."`."""

    profile: Profile
    reason: str
