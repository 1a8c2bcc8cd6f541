"""Our key inside a post's text, the links that lead out of it, and marks kept from being carried out: the same for every portal that keeps HTML."""

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from syncd.domain.identity import visible_lines
from syncd.domain.model import SourceKey

_KEY = re.compile(r"syncd-[0-9a-f]{32}")
_MARKER = re.compile(r"<!--\s*(syncd-[0-9a-f]{32})\s*-->")
# what content systems carry out within a text: [gallery], {{ 7*7 }}, ${7*7}, {% if %}, Joomla's {loadposition x}
_MARK = re.compile(r"\[(?=[\w/\[])|\{")
_SOURCE = re.compile(
    r"^\W*(?:theo nguồn|nguồn tin|nguồn|theo|tin, ảnh|tin, bài|bài, ảnh|tin|bài)\s*:\s*", re.IGNORECASE
)
_CREDIT_WORDS = 20
_TAIL = 2_000  # characters in which a last line lies
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def is_key(text: str) -> bool:
    """Whether `text` is one of our keys and nothing more."""
    return _KEY.fullmatch(text) is not None


def with_marker(html: str, key: SourceKey) -> str:
    """The text with our key at its end, as a comment: WordPress keeps comments for every role, and scripts for none."""
    return f"{html.rstrip()}\n<!-- {key} -->"


def inert(html: str) -> str:
    """The same text to a reader's eye, without a mark that a portal's shortcodes or templates would carry out."""
    return _MARK.sub(lambda mark: f"&#{ord(mark[0])};", html)


def without_control(text: str) -> str:
    """The text without what no XML document can hold: control characters, half surrogates."""
    return _NOT_XML.sub("", text)


def find_marker(html: str) -> SourceKey | None:
    """The key a text carries; the last one, since ours stands at the end and a quoted text may bring its own."""
    found = _MARKER.findall(html)
    return SourceKey(found[-1]) if found else None


# Tags and comments as we write them ourselves; within those that hold no markup nothing is a tag.
_PLAIN = re.compile(r"""<(?:(/?[a-z][a-z0-9]*)((?:\s+[a-z-]+="[^"]*")*)\s*/?|!-- [\w.-]+ --)>""")
_HREF = re.compile(r'\shref="([^"]*)"')
_NO_MARKUP = frozenset(("script", "style", "template", "noscript", "textarea", "title", "iframe", "xmp", "plaintext"))


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, None] = {}  # keeps the order, drops repetitions

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if tag == "a" and name == "href" and value:
                self.found[value.strip()] = None


def outgoing_links(html: str, *, own_url: str) -> tuple[str, ...]:
    """The http addresses a text links to, in order, each once, without those on the portal's own host."""
    found = _links_of_plain(html)
    if found is None:
        parser = _Links()
        parser.feed(html)
        parser.close()
        found = parser.found
    own_host = _host(own_url)
    return tuple(link for link in found if (host := _host(link)) and host != own_host)


def _links_of_plain(html: str) -> dict[str, None] | None:
    """What `_Links` would find, in a tenth of its time; None where the text is not of the plain form we write ourselves."""
    tags = _PLAIN.findall(html)
    if len(tags) != html.count("<") or not _NO_MARKUP.isdisjoint([name for name, _ in tags]):
        return None
    values = [unescape(value).strip() for name, about in tags if name == "a" for value in _HREF.findall(about)]
    return dict.fromkeys(filter(None, values))


def credited(html: str) -> str:
    """Whom the last line of a text names as its source ("Nguồn: Ban A"), or the line itself where it is short; empty where neither."""
    if len(html) > _TAIL:  # every post of a census is asked
        html = html[html.find("<", len(html) - _TAIL) :]
    lines = visible_lines(html)
    if not lines or len(lines[-1].split()) > _CREDIT_WORDS:
        return ""
    return _SOURCE.sub("", lines[-1]).strip(" ().,;")


def _host(url: str) -> str:
    """Host and port of an http address; empty for anything else, text that is no address included."""
    try:
        parts = urlsplit(url)
        return parts.netloc.lower() if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""
