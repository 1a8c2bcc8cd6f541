"""Paths into a JSON document: `data.items`, `author.name`, `images[0].url`, `terms[*].name`.

A path is names joined by dots. Behind a name may stand an index in brackets, from 0, or from the end with a minus; `*` is each member of a list or
object, as a name or in brackets. A name with a dot, bracket or star in it is quoted: `"gd.title"`. An empty path is the document itself.
As other tools write it, a path may begin with `$`, and a name may stand in brackets and quotes: `$[*]`, `$.items`, `$['@id']`.
"""

import re
from dataclasses import dataclass
from typing import Any

_STEP = re.compile(
    r'"((?:[^"\\]|\\.)*)"|\[\s*(-?\d{1,9}|\*)\s*\]|([^.\[\]"*]+|\*)'
    r"|\[\s*'((?:[^'\\]|\\.)*)'\s*\]|\[\s*\"((?:[^\"\\]|\\.)*)\"\s*\]"
)
_ROOT = re.compile(r"\$(?=[.\[]|$)\.?")
_MOST = 10_000  # values that one path may find: more is no list of posts


@dataclass(frozen=True, slots=True)
class JsonPath:
    """One path. `steps`: names, indices, or None for each member."""

    text: str
    steps: tuple[str | int | None, ...]

    @classmethod
    def of(cls, text: str) -> "JsonPath":
        """Read a path. Raises ValueError, with the place, for what is none."""
        steps: list[str | int | None] = []
        root = _ROOT.match(text)
        at = root.end() if root else 0
        if root and text == "$.":
            raise ValueError(f"{text!r} is no path: it ends with a dot")
        while at < len(text):
            match = _STEP.match(text, at)
            if match is None:
                raise ValueError(f"{text!r} is no path: {text[at:][:20]!r} is not understood")
            quoted, index, name, *bracketed = match.groups()
            quoted = next((each for each in (quoted, *bracketed) if each is not None), None)
            if quoted is not None:
                steps.append(re.sub(r"\\(.)", r"\1", quoted))
            elif index is not None:
                steps.append(None if index == "*" else int(index))
            else:
                steps.append(
                    None if name == "*" else int(name) if name.isascii() and name.isdecimal() else name.strip()
                )
            at = match.end()
            if at < len(text) and text[at] == ".":
                at += 1
                if at == len(text):
                    raise ValueError(f"{text!r} is no path: it ends with a dot")
            elif at < len(text) and text[at] != "[":
                raise ValueError(f"{text!r} is no path: a dot is missing before {text[at:][:20]!r}")
        return cls(text, tuple(steps))

    def all(self, document: Any) -> list[Any]:
        """Everything the path finds, in the document's order; what is not there is left out."""
        found = [document]
        for step in self.steps:
            found = [value for each in found for value in _below(each, step)][:_MOST]
        return found

    def first(self, document: Any) -> Any:
        """The first thing the path finds that is not null; None where there is none."""
        return next((value for value in self.all(document) if value is not None), None)


def _below(value: Any, step: str | int | None) -> list[Any]:
    if step is None:
        return value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    if isinstance(value, dict):
        return [value[str(step)]] if str(step) in value else []
    if isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
        return [value[step]]
    return []
