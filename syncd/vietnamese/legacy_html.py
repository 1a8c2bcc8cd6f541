"""Old encodings within markup: the text is converted, the tags and addresses stay as they are.

`decode_page` is what reads a page or any other document with markup: decoding and conversion in one.
Markup tells one thing that the text does not: TCVN3 draws its capitals by a font of its own (`.VnTimeH`).
"""

import html
import re
from dataclasses import dataclass

from syncd.vietnamese.legacy import Modern, convert_lines, is_damaged
from syncd.vietnamese.legacy_signs import Legacy
from syncd.vietnamese.legacy_signs import may_hold_legacy as may_hold_legacy
from syncd.vietnamese.text import decode

_TAG = re.compile(r"""</?[a-zA-Z!?](?:[^<>"']|"[^"<>]*"|'[^'<>]*')*>""")
_UNREAD = re.compile(r"<(script|style)\b", re.IGNORECASE)
_END = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("script", "style")}
_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]*)")
_WORDS_OF_TAG = re.compile(r"""\b(?:alt|title)\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')""", re.IGNORECASE)
_FONT = re.compile(r"(?:face\s*=\s*[\"']?|font-family\s*:\s*[\"']?)\s*(\.vn\w+)", re.IGNORECASE)
_VOID = frozenset("area base br col embed hr img input link meta source wbr".split())  # noqa: SIM905 - a list of names
# Only references to what is no markup are resolved: "&reg;" is a letter of TCVN3, "&lt;" stays.
_REFERENCE = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[a-zA-Z]{2,10}\d{0,2});")
_BY_BYTES = {each.lower(): each for each in Legacy if each is not Legacy.CP1258}
_MAX_CHARS = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedPage:
    """A page's text in Unicode. `encoding` is that of its bytes, `notes` what a person should know of the reading."""

    text: str
    encoding: str
    notes: tuple[str, ...] = ()


def decode_page(body: bytes, *, content_type: str = "") -> DecodedPage:
    """Decode a document with markup, and convert what of it is in an old Vietnamese encoding. Never raises."""
    decoded = decode(body, content_type=content_type)
    done = modern_html(decoded.text)
    notes = [f"{decoded.replaced} broken characters in {decoded.encoding}"] if decoded.replaced else []
    if done.note:
        notes.append(done.note)
    elif decoded.encoding in _BY_BYTES:
        notes.append(f"converted from {_BY_BYTES[decoded.encoding]}")
    return DecodedPage(text=done.text, encoding=decoded.encoding, notes=tuple(notes))


def modern_html(source: str, *, hint: Legacy | None = None) -> Modern:
    """The same markup with its text in Unicode. What is in no old encoding comes back unchanged, to the character."""
    if len(source) > _MAX_CHARS or not (may_hold_legacy(source) or (hint and not source.isascii())):
        return Modern(text=source)
    parts = _split(source)
    texts = [_resolved(part) for part in parts[::2]]
    words = [_resolved(match[1] or match[2] or "") for tag in parts[1::2] for match in _WORDS_OF_TAG.finditer(tag)]
    lines = [line.replace("\n", "\x01") for line in (*texts, *words)]
    converted, encoding = convert_lines(lines, hint)
    if encoding is None:
        return Modern(text=source)
    shown = dict(zip(lines, converted, strict=True))
    stack: list[tuple[str, bool]] = []
    done = []
    for at, part in enumerate(parts):
        if at % 2:
            _follow(part, stack)
            done.append(_WORDS_OF_TAG.sub(lambda found: _retold(found, shown), part))
        else:
            line = texts[at // 2].replace("\n", "\x01")
            text = shown[line].replace("\x01", "\n")
            if shown[line] == line:
                done.append(part)
            else:
                done.append(_upper(text) if stack and stack[-1][1] and encoding is Legacy.TCVN3 else text)
    return Modern(text="".join(done), encoding=encoding, damaged=is_damaged("\n".join(lines), encoding))


def _split(source: str) -> list[str]:
    """Text, tag, text, tag ... text. A script or a comment is one tag, and ends with the document where nothing ends it."""
    parts: list[str] = []
    start, at = 0, source.find("<")
    while at != -1:
        end = _end_of_tag(source, at)
        if end > at:
            parts += source[start:at], source[at:end]
            start = end
        at = source.find("<", max(end, at + 1))
    return [*parts, source[start:]]


def _end_of_tag(source: str, at: int) -> int:
    """Where the tag that begins here ends; `at` itself where none begins."""
    if source.startswith("<!--", at):
        end = source.find("-->", at)
        return end + 3 if end != -1 else len(source)
    if unread := _UNREAD.match(source, at):
        closed = _END[unread[1].lower()].search(source, at)
        return closed.end() if closed else len(source)
    tag = _TAG.match(source, at)
    return tag.end() if tag else at


def _resolved(text: str) -> str:
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(reference: re.Match[str]) -> str:
    character = html.unescape(reference[0])
    return character if len(character) == 1 and character > "\x7f" else reference[0]


def _retold(attribute: re.Match[str], shown: dict[str, str]) -> str:
    value = attribute[1] or attribute[2] or ""
    line = _resolved(value).replace("\n", "\x01")
    new = shown.get(line, line)
    return attribute[0] if new == line else attribute[0].replace(value, new.replace("\x01", "\n"))


def _upper(text: str) -> str:
    """Capitals, but for references such as `&amp;`."""
    return _REFERENCE.sub(lambda found: found[0].lower(), text.upper())


def _follow(tag: str, stack: list[tuple[str, bool]]) -> None:
    """Keep the open elements, each with whether its font is one of capitals."""
    match = _NAME.match(tag)
    if match is None or match[2].lower() in _VOID or tag.endswith("/>"):
        return
    name = match[2].lower()
    if match[1]:
        for depth in range(len(stack) - 1, max(-1, len(stack) - 50), -1):
            if stack[depth][0] == name:
                del stack[depth:]
                return
        return
    font = _FONT.search(tag)
    stack.append((name, font[1].lower().endswith("h") if font else bool(stack) and stack[-1][1]))
