"""Which post is which: keys, addresses, and the text as a reader sees it.

A post is recognised by what its source calls it (guid), where it stands (address) and what it says (text). Its key is made once, at
first sight, and never again: it is also the post's identity on the portal.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser
from itertools import chain
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from syncd.domain.model import SourceKey, UnitId
from syncd.vietnamese.fold import fold, fold_words

CREDIT_CLASS = "syncd-credit"
ALIKE_SHARE = 0.8  # of the different words of two texts
STORY_WORDS = 25  # a shorter text ("Xem chi tiết tại đây") proves nothing without its title

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_UNSEEN = frozenset(("script", "style", "template", "noscript", "head", "title"))
# A tag as our own cleaning writes it. What is not of this form is left to the parser.
_CLEAN_TAG = re.compile(r"""</?([a-z][a-z0-9]*)(?:\s+[a-z-]+="[^"]*")*\s*/?>""")
# What we put behind a text: attachments and credit line, which are not seen, and the key.
_BEHIND = re.compile(
    rf"""(?:<(p|ul) class="{CREDIT_CLASS}">(?:[^<]|</?(?!(?:p|ul|script|style|template|noscript|head|title)\b)[a-z][a-z0-9]*(?:\s+[a-z-]+="[^"]*")*\s*/?>)*</\1>\s*)*"""
    r"(?:<!-- syncd-[0-9a-f]{32} -->\s*)?"
)
_BEGINS_BEHIND = (f'<ul class="{CREDIT_CLASS}">', f'<p class="{CREDIT_CLASS}">', "<!-- syncd-")
_TRACKING = re.compile(
    r"(?:utm_.*|fbclid|gclid|dclid|msclkid|yclid|zarsrc|mc_[ce]id|_ga|phpsessid|sid)\Z", re.IGNORECASE
)
# What needs nothing but its scheme, `www.` and trailing slash dropped.
_PLAIN_URL = re.compile(
    r"https?://(?:www\.)?(?!www\.)((?:[a-z0-9-]+\.)+[a-z0-9-]+(?:/[\w.~!$&'()*+,=:@/-]*)?)", re.ASCII
)
_INDEX = re.compile(r"/(?:index|default|home)\.(?:html?|php|aspx?|jsp)\Z", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_CREDIT = re.compile(r"\(?(?:nguồn|nguồn tin|theo nguồn)\s*:\s*\S.*", re.IGNORECASE)
_CREDIT_WORDS = 20
_CITED = re.compile(
    r"\(?\s*(?:(?:bài, ảnh|tin, ảnh|tin|bài|ảnh)\s*:?\s*)?(?:nguồn(?: tin)?\s*:|theo\b)\s*:?\s*(?P<outlet>.+?)\s*\)?\.?",
    re.IGNORECASE,
)
_CITED_WORDS = 12
_PRESS = tuple(
    fold(name)
    for name in (
        "báo", "tạp chí", "đài", "ttxvn", "thông tấn xã", "vov", "vtv", "vietnamplus", "vnexpress", "vietnamnet", "dân trí",
        "tuổi trẻ", "thanh niên", "tiền phong", "lao động online", "nhandan", "chinhphu.vn", "dangcongsan.vn",
    )
)  # fmt: skip
_escaped = json.encoder.encode_basestring_ascii
_HOST = re.compile(r"\b(?:[\w-]+\.)+(?:vn|com|net|org)\b")


# --- addresses and keys ----------------------------------------------------------------------------


@lru_cache(maxsize=1_000)  # one look asks for each of its addresses several times
def normal_url(url: str) -> str:
    """An address for comparing, never for fetching: one form for what is one page.

    Dropped: the scheme's difference (http, https), `www.`, default port, fragment, tracking parameters, trailing slash, index.html.
    Percent-encoding is undone into NFC; the order of other parameters stays, for sites that depend on it.
    """
    if (plain := _PLAIN_URL.fullmatch(url)) and not _INDEX.search(url):
        return f"//{plain[1].rstrip('/')}"
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url.strip()
    if parts.scheme.lower() not in _PORTS or not parts.hostname:
        return url.strip()
    host = parts.hostname.rstrip(".").removeprefix("www.")
    if port is not None and port != _PORTS[parts.scheme.lower()]:
        host = f"{host}:{port}"
    path = _INDEX.sub("/", _decoded(parts.path)).rstrip("/")
    query = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(name)
    ]
    return f"//{host}{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")


def host_of(url: str) -> str:
    """The host without `www.` and port; empty where there is none."""
    try:
        host = urlsplit(url.strip()).hostname
    except ValueError:
        return ""
    return (host or "").rstrip(".").removeprefix("www.")


def _decoded(path: str) -> str:
    return unicodedata.normalize("NFC", unquote(path, errors="replace"))


def scoped_guid(guid: str, source_url: str) -> str:
    """A guid that can be compared within a unit.

    NukeViet's `news_12` is unique within one module of one site only, so a guid that is no address or tag is bound to its feed.
    """
    guid = guid.strip()
    if guid.lower().startswith(("http://", "https://")):
        return normal_url(guid)
    if guid.lower().startswith(("urn:uuid:", "tag:")):
        return guid
    return f"{normal_url(source_url)} {guid}"


def source_key(unit: UnitId, identity: str) -> SourceKey:
    """The key of a post, from the unit and its scoped guid or normal address at first sight."""
    return SourceKey("syncd-" + hashlib.sha256(f"{unit}\n{identity}".encode("utf-8", "replace")).hexdigest()[:32])


# --- text ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a reader sees of a post: a line for each paragraph; comments, scripts and our own credit line are not seen.

    `words` counts as editors do: in Vietnamese a word here is a syllable. `sha256` hashes what the post says: it is the same for other
    markup, spacing, case, tone placement, marker or trailing credit line, and empty where nothing is visible: no text equals no other.
    """

    lines: tuple[str, ...]
    words: int
    sha256: str


def read_text(html: str) -> Text:
    """A post's text out of its html, in one walk."""
    lines = _words_by_line(html)
    shown = tuple([" ".join(words) for words in lines])
    told = lines
    if len(lines) > 1 and len(lines[-1]) <= _CREDIT_WORDS and _CREDIT.fullmatch(shown[-1]):
        told = lines[:-1]
    return Text(
        lines=shown,
        words=sum(map(len, lines)),
        sha256=_sha256(fold_words(chain.from_iterable(told))) if told else "",
    )


def visible_lines(html: str) -> list[str]:
    """The lines of a text."""
    return [" ".join(words) for words in _words_by_line(html)]


def text_sha256(html: str) -> str:
    """The hash of a text."""
    return read_text(html).sha256


def _words_by_line(html: str) -> list[list[str]]:
    shown = _shown_of_clean(html)
    if shown is None:
        reader = _TextReader()
        reader.feed(html)
        reader.close()
        shown = "".join(reader.parts)
    return list(filter(None, map(str.split, shown.split("\n"))))


def _shown_of_clean(html: str) -> str | None:
    """What `_TextReader` would gather, in a tenth of its time; None where the html is not of the plain form we write ourselves."""
    if "syncd-" in html:
        starts = [start for begin in _BEGINS_BEHIND if (start := html.find(begin)) >= 0]
        if starts and _BEHIND.fullmatch(html, min(starts)):
            html = html[: min(starts)]
        if CREDIT_CLASS in html:
            return None
    # Line breaks in the markup are spaces to a reader.
    texts = _CLEAN_TAG.split(html.replace("\n", " ").replace("\r", " "))
    names = texts[1::2]
    if len(names) != html.count("<") or not _UNSEEN.isdisjoint(names):
        return None
    texts[1::2] = ["\n" if name in _BLOCKS else "" for name in names]
    if "&" in html:
        texts[::2] = [unescape(text).replace("\n", " ").replace("\r", " ") for text in texts[::2]]
    return "".join(texts)


def text_alias(title: str, text: Text) -> str | None:
    """What recognises the same story within a unit; a short text is recognised together with its title only."""
    if not text.sha256:
        return None
    return text.sha256 if text.words >= STORY_WORDS else _sha256(f"{fold(title)}\n{text.sha256}")


def same_story(title: str, words: int | None, other_title: str) -> bool:
    """Whether two posts with equal texts are one story: a short text needs equal titles too."""
    return (words or 0) >= STORY_WORDS or fold(title) == fold(other_title)


def alike(html: str, other: str) -> bool:
    """Whether two texts share most of their words, so that the one is the other, edited. Short texts prove nothing."""
    one, two = (set(fold(" ".join(visible_lines(text))).split()) for text in (html, other))
    return min(len(one), len(two)) >= STORY_WORDS and len(one & two) >= ALIKE_SHARE * len(one | two)


def data_sha256(title: str, html: str, images: Iterable[str]) -> str:
    """Hash a post as its list gave it: another hash later is an edit.

    It is of the JSON list `[title, html, [images]]` as `json.dumps` writes it, put together here in half its time.
    """
    listed = ", ".join(map(_escaped, images))
    return _sha256(f"[{_escaped(title)}, {_escaped(html)}, [{listed}]]")


def title_sha256(title: str) -> str:
    """Hash a title for a leaf: provable, and it publishes nothing."""
    return _sha256(title)


def reprint_of(text: Text, *, unit_name: str, own_hosts: Callable[[], Collection[str]]) -> str | None:
    """The press outlet that a source line at the head or foot names ("Nguồn: Báo Ví Dụ", "(Theo TTXVN)"), or None.

    A hint for a person: only short lines of their own count, and never one that names the unit or its own site. `own_hosts` is asked
    only where a line names a host.
    """
    for line in dict.fromkeys([*text.lines[:1], *text.lines[-3:]]):
        if line.count(" ") >= _CITED_WORDS or not (cited := _CITED.fullmatch(line)):
            continue
        own, outlet = fold(unit_name), fold(cited["outlet"])
        hosts = [host.removeprefix("www.") for host in _HOST.findall(outlet)]
        if outlet in own or own in outlet or (hosts and not set(hosts).isdisjoint(own_hosts())):
            continue
        if hosts or any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", outlet) for name in _PRESS):
            return cited["outlet"]
    return None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


class _TextReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden: list[str] = []  # open elements from the outermost unseen one on

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")
        if tag in _VOID:
            return
        ours = any(name == "class" and CREDIT_CLASS in (value or "").split() for name, value in attrs)
        if self._hidden or tag in _UNSEEN or ours:
            self._hidden.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            # An element left open inside ends with the one around it.
            while self._hidden.pop() != tag:
                pass
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            # Line breaks in the markup are spaces to a reader.
            self.parts.append(data.replace("\n", " ").replace("\r", " "))
