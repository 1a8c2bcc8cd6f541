"""Markup bombs: tags with so many attributes that HTML parsers take a time that grows with the square of their number.

libxml2 2.14 takes 17 s for 100,000 attributes of one tag (1 MB), html5ever 2.5 s. A tag that a parser sees may end far from
where it seems to, behind quoted `>`; so a doubtful text is not judged but written anew, tag by tag, in a form that leaves
no parser a choice.
"""

import re
from itertools import islice

_LONG = 2_000  # characters of a tag that raise doubt: at most some 500 attributes, which take 0.3 ms
_KEPT = 60
_QUOTED_END = re.compile(r"""=\s*+(?:"[^">]*+>|'[^'>]*+>)""")
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<[!?][^>]*+>?|<(/?[a-zA-Z][^\s/>]*+)"
    r"""((?:[\s/]++|=?[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?)?)*+)>?""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""(=?[^\s/>=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+))?)?""")
_NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9:_.-]{0,60}")


def tamed(source: str) -> str:
    """The same markup with at most 60 attributes a tag; without comments, where it had to be written anew."""
    return _written_anew(source) if is_doubtful(source) else source


def most_attributes(source: str) -> int:
    """How many attributes the fullest tag seems to have; 0 where none is long enough to matter."""
    if not is_doubtful(source):
        return 0
    return max((sum(1 for _ in _ATTRIBUTE.finditer(token[2] or "")) for token in _TOKEN.finditer(source)), default=0)


def is_doubtful(source: str) -> bool:
    """Whether a tag of the text may have more attributes than parsers bear, so that `tamed` writes it anew."""
    if len(source) <= _LONG:
        return False
    if any(len(piece) > _LONG and -1 < piece.find("<") < len(piece) - _LONG for piece in source.split(">")):
        return True
    return _QUOTED_END.search(source) is not None


def _written_anew(source: str) -> str:
    parts = []
    at = 0
    for token in _TOKEN.finditer(source):
        parts += [source[at : token.start()].replace("<", "&lt;"), _tag(token)]
        at = token.end()
    parts.append(source[at:].replace("<", "&lt;"))
    return "".join(parts)


def _tag(token: re.Match[str]) -> str:
    name = token[1]
    if name is None or not _NAME.fullmatch(name):
        return ""
    attributes = []
    for found in islice(_ATTRIBUTE.finditer(token[2]), _KEPT):
        if _NAME.fullmatch(found[1]):
            value = found[2] or found[3] or found[4] or ""
            attributes.append(
                f' {found[1]}="{value.replace("<", "&lt;").replace(">", "&gt;").replace(chr(34), "&quot;")}"'
            )
    return f"<{name}{''.join(attributes)}>"
