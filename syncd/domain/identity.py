"""Which post is which: keys, addresses, and the text as a reader sees it.

A post is recognised by what its source calls it (guid), where it stands (address) and what it says (text). Its key is made once, at
first sight, and never again: it is also the post's identity on the portal.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache
from html.parser import HTMLParser
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from syncd.domain.model import SourceKey, UnitId
from syncd.vietnamese.fold import fold

CREDIT_CLASS = "syncd-credit"
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
_TRACKING = re.compile(
    r"(?:utm_.*|fbclid|gclid|dclid|msclkid|yclid|zarsrc|mc_[ce]id|_ga|phpsessid|sid)\Z", re.IGNORECASE
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
_HOST = re.compile(r"\b(?:[\w-]+\.)+(?:vn|com|net|org)\b")


# --- addresses and keys ----------------------------------------------------------------------------


def normal_url(url: str) -> str:
    """An address for comparing, never for fetching: one form for what is one page.

    Dropped: the scheme's difference (http, https), `www.`, default port, fragment, tracking parameters, trailing slash, index.html.
    Percent-encoding is undone into NFC; the order of other parameters stays, for sites that depend on it.
    """
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


def visible_lines(html: str) -> list[str]:
    """The text a reader sees, a line for each paragraph; comments, scripts and our own credit line are not seen."""
    return list(_kept_lines(html) if len(html) <= _KEPT_CHARS else _lines_of(html))


def _lines_of(html: str) -> tuple[str, ...]:
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    return tuple(line for line in (" ".join(line.split()) for line in "".join(reader.parts).split("\n")) if line)


# Each post of a list is asked for its lines and its hash some five times while one look is written down, by eight looks
# at a time. Longer texts are rare, and would make what is kept large.
_KEPT_CHARS, _KEPT = 30_000, 300
_kept_lines = lru_cache(maxsize=_KEPT)(_lines_of)


def text_sha256(html: str) -> str:
    """Hash what a post says: the same for other markup, spacing, case, tone placement, marker or trailing credit line.

    Empty where nothing is visible: no text equals no other.
    """
    return _kept_sha256(html) if len(html) <= _KEPT_CHARS else _text_sha256(html)


def _text_sha256(html: str) -> str:
    lines = visible_lines(html)
    if len(lines) > 1 and len(lines[-1].split()) <= _CREDIT_WORDS and _CREDIT.fullmatch(lines[-1]):
        lines.pop()
    return _sha256(fold(" ".join(lines))) if lines else ""


_kept_sha256 = lru_cache(maxsize=_KEPT)(_text_sha256)


def text_alias(title: str, html: str) -> str | None:
    """What recognises the same story within a unit; a short text is recognised together with its title only."""
    text = text_sha256(html)
    if not text:
        return None
    return text if count_words(html) >= STORY_WORDS else _sha256(f"{fold(title)}\n{text}")


def same_story(title: str, words: int | None, other_title: str) -> bool:
    """Whether two posts with equal texts are one story: a short text needs equal titles too."""
    return (words or 0) >= STORY_WORDS or fold(title) == fold(other_title)


def data_sha256(title: str, html: str, images: Iterable[str]) -> str:
    """Hash a post as its list gave it: another hash later is an edit."""
    return _sha256(json.dumps([title, html, list(images)], ensure_ascii=True))


def title_sha256(title: str) -> str:
    """Hash a title for a leaf: provable, and it publishes nothing."""
    return _sha256(title)


def count_words(html: str) -> int:
    """How many words are visible; in Vietnamese a word here is a syllable, as editors count."""
    return sum(len(line.split()) for line in visible_lines(html))


def reprint_of(html: str, *, unit_name: str, own_hosts: Collection[str]) -> str | None:
    """The press outlet that a source line at the head or foot names ("Nguồn: Báo Ví Dụ", "(Theo TTXVN)"), or None.

    A hint for a person: only short lines of their own count, and never one that names the unit or its own site.
    """
    lines = visible_lines(html)
    own = fold(unit_name)
    for line in dict.fromkeys([*lines[:1], *lines[-3:]]):
        cited = _CITED.fullmatch(line)
        if not cited or len(line.split()) > _CITED_WORDS:
            continue
        outlet = fold(cited["outlet"])
        hosts = [host.removeprefix("www.") for host in _HOST.findall(outlet)]
        if outlet in own or own in outlet or any(host in own_hosts for host in hosts):
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
