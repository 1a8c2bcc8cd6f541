"""Clean HTML brought down to the tags that a portal keeps, without losing a word or its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

from syncd.domain.identity import CREDIT_CLASS

Kept = Mapping[str, frozenset[str]]  # tag -> its attributes that are kept

_VOID = frozenset(("br", "col", "hr", "img"))
_BLOCKS = frozenset(
    (
        "blockquote", "caption", "colgroup", "dd", "div", "dl", "dt", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
        "ol", "p", "pre", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    )
)  # fmt: skip
_CELLS = frozenset(("td", "th"))
_HOLDS_BLOCKS = frozenset(("blockquote", "dd", "div", "figcaption", "figure", "li", "td", "th"))
_INSTEAD = {"b": "strong", "i": "em", "h1": "h2", "strong": "b", "em": "i"}
_LOOKS = {"figcaption": "em", "caption": "strong", **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "strong")}


def reduced(html: str, keep: Kept) -> str:
    """The same words in the same order and paragraphs, in no other tags than these.

    A tag that is not kept is replaced where another means the same, and else goes; its text stays. What stood in a block of its own gets a
    paragraph: a row of a table is one, its cells a wide space apart; captions and headings keep their look. Of credit line and list of
    attachments the class stays, by which they are told from the text.
    """
    reducer = _Reducer(keep)
    reducer.feed(html)
    reducer.close()
    return reducer.result()


@dataclass(slots=True)
class _Frame:
    """One kept element that is open, or the whole text. `gone`: the tags of blocks within it that are not kept and open; `paragraph`: one of ours is open."""

    tag: str = ""
    gone: list[str] = field(default_factory=list)
    paragraph: bool = False
    looks: tuple[str, ...] = ()  # of the open paragraph

    @property
    def takes_paragraphs(self) -> bool:
        return not self.tag or self.tag in _HOLDS_BLOCKS


class _Reducer(HTMLParser):
    def __init__(self, keep: Kept) -> None:
        super().__init__(convert_charrefs=False)  # what is written as a reference stays one
        self._keep = keep
        self._out: list[str] = []
        self._frames = [_Frame()]
        self._bare = False  # text stands last, with no block's edge behind it
        self._line_end = "<br>" if "br" in keep else "\n"

    def result(self) -> str:
        while len(self._frames) > 1:
            self._close_frame()
        self._end_paragraph()
        return "".join(self._out)

    # --- what the parser finds ------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = self._name(tag)
        if name is None:
            self._open_gone(tag)
            return
        if name in _BLOCKS:
            self._end_paragraph()
            self._bare = False
        else:
            self._begin_paragraph()
        self._out.append(f"<{name}{self._attributes(name, attrs)}>")
        if name not in _VOID:
            self._frames.append(_Frame(tag=tag))

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if self._name(tag) is not None:
            if any(frame.tag == tag for frame in self._frames):
                while self._close_frame() != tag:
                    pass
            return
        frame = self._frames[-1]
        if tag in frame.gone:
            while frame.gone.pop() != tag:
                pass
            if tag not in _CELLS:
                self._break()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self._begin_paragraph()
            self._bare = True
        elif self._frames[-1].gone and not self._frames[-1].paragraph and self._frames[-1].takes_paragraphs:
            return  # between the parts of a table
        self._out.append(data)

    def handle_entityref(self, name: str) -> None:
        self._reference(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._reference(f"&#{name};")

    def _reference(self, written: str) -> None:
        self._begin_paragraph()
        self._bare = True
        self._out.append(written)

    def handle_comment(self, data: str) -> None:
        self._out.append(f"<!--{data}-->")

    # --- what becomes of it -----------------------------------------------------------------------------

    def _name(self, tag: str) -> str | None:
        if tag in self._keep:
            return tag
        instead = _INSTEAD.get(tag)
        return instead if instead in self._keep else None

    def _attributes(self, name: str, attrs: list[tuple[str, str | None]]) -> str:
        kept = [
            (attribute, value or "")
            for attribute, value in attrs
            if attribute in self._keep[name] or (attribute, value) == ("class", CREDIT_CLASS)
        ]
        return "".join(f' {attribute}="{escape(value)}"' for attribute, value in kept)

    def _open_gone(self, tag: str) -> None:
        if tag == "br":
            self._out.append(" ")
        if tag not in _BLOCKS:
            return
        frame = self._frames[-1]
        if tag in _CELLS and frame.paragraph:
            self._out.append("&emsp;")
        elif tag in _CELLS and not frame.takes_paragraphs:
            self._out.append(" ")
        elif tag not in _CELLS:
            self._break()
        if tag not in _VOID:
            frame.gone.append(tag)

    def _break(self) -> None:
        self._end_paragraph()
        if self._bare:
            self._out.append(self._line_end)
            self._bare = False

    def _begin_paragraph(self) -> None:
        """Where a block has gone, its text stands in a paragraph of its own."""
        frame = self._frames[-1]
        if frame.gone and frame.takes_paragraphs and not frame.paragraph:
            looks = (self._name(_LOOKS[tag]) for tag in frame.gone if tag in _LOOKS)
            frame.looks = tuple(dict.fromkeys(look for look in looks if look is not None))
            frame.paragraph = True
            self._out.append("<p>" if "p" in self._keep else "")
            self._out.extend(f"<{look}>" for look in frame.looks)

    def _end_paragraph(self) -> None:
        frame = self._frames[-1]
        if frame.paragraph:
            self._out.extend(f"</{look}>" for look in reversed(frame.looks))
            self._out.append("</p>" if "p" in self._keep else self._line_end)
            frame.paragraph = self._bare = False

    def _close_frame(self) -> str:
        self._end_paragraph()
        tag = self._frames.pop().tag
        self._bare = self._bare and tag not in _BLOCKS
        self._out.append(f"</{self._name(tag)}>")
        return tag
