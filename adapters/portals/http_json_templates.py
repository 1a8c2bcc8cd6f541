"""Templates of a request: a tree whose text leaves hold `{{ names }}`, rendered into the same tree with the values in place.

What is put in is never read as a template again, so a post may say what it likes. Only names, members, filters, comparisons and sums
are allowed: no calls, no loops, no powers, so that an answer's size is that of the values in it (Jinja's sandbox alone makes
`{{ 'A' * 10**8 }}`).
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import quote

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_RENDERED = 40 * 1024 * 1024  # characters of one leaf: a picture of 15 MB in base64 fits
IF = "$if"  # a mapping with this member is left out where its value is empty
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Filter,
    nodes.Test, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub,
    nodes.Mul, nodes.Neg, nodes.Concat, nodes.If,
)  # fmt: skip
_TYPED = ("int", "bool", "json", "float")  # a leaf that ends in one of these keeps its type
_TESTS = frozenset(("defined", "none"))


class BadTemplate(ValueError):
    """A template that cannot be used; `hint` is the way out."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the templates of one step may name: each name, with its members where it has some."""

    known: Mapping[str, frozenset[str] | None]


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(("*", "+", "-"))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not isinstance(left, int) or not isinstance(right, int) or max(abs(left), abs(right)) > 10**9:
            raise TemplateError(f"{operator} is for numbers only")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A member of what is not there (a picture, say) is not there either."""
        return None if obj is None else super().getattr(obj, attribute)


def _int(value: Any) -> int | None:
    return None if value is None or value == "" else int(value)


def _float(value: Any) -> float | None:
    return None if value is None or value == "" else float(value)


def _bool(value: Any) -> bool:
    return value.strip().lower() in ("1", "true", "yes", "on") if isinstance(value, str) else bool(value)


def _moved(value: Any, by: timedelta) -> Any:
    return value + by if isinstance(value, datetime) else value


def _b64(value: Any) -> str | None:
    if value is None:
        return None
    return base64.b64encode(value if isinstance(value, bytes) else str(value).encode()).decode()


def _html(value: Any) -> str:
    return "" if value is None else escape(str(value), quote=False)


def _path(value: Any) -> str:
    """Keeps its slashes, and cannot lead out of where it stands."""
    parts = [part for part in ("" if value is None else str(value)).split("/") if part not in ("", ".", "..")]
    return "/".join(quote(part, safe="") for part in parts)


def _line(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def _first(value: Any) -> Any:
    return next(iter(value), None)


def _cut(value: Any, length: int) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= length else text[: max(length - 1, 0)] + "…"


def _filters(zone: tzinfo) -> dict[str, Callable[..., Any]]:
    def local(value: Any) -> Any:
        return value.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S") if isinstance(value, datetime) else value

    def utc(value: Any) -> Any:
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") if isinstance(value, datetime) else value

    def form(value: Any, pattern: str) -> Any:
        return value.astimezone(zone).strftime(pattern) if isinstance(value, datetime) else value

    return {
        "local": local,
        "utc": utc,
        "format": form,
        "epoch": lambda value: int(value.timestamp()) if isinstance(value, datetime) else value,
        "minus1s": lambda value: _moved(value, -timedelta(seconds=1)),
        "minus1m": lambda value: _moved(value, -timedelta(minutes=1)),
        "plus1s": lambda value: _moved(value, timedelta(seconds=1)),
        "int": _int,
        "float": _float,
        "bool": _bool,
        "json": lambda value: value,
        "b64": _b64,
        "html": _html,
        "amp": lambda value: str(value).replace("&", "&amp;"),
        "line": _line,
        "path": _path,
        "quote": lambda value: quote(str(value), safe=""),
        "first": _first,
        "join": lambda value, sign=", ": str(sign).join(str(each) for each in value),
        "lower": lambda value: str(value).lower(),
        "upper": lambda value: str(value).upper(),
        "cut": _cut,
        "default": lambda value, other="": other if value is None or value == "" else value,
    }


FILTERS = frozenset(_filters(UTC))


class Templates:
    """Renders trees in one portal's zone. May be shared by threads; keeps what it compiled."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._plain = self._environment(escaped=False)
        self._escaped = self._environment(escaped=True)
        self._compiled = lru_cache(maxsize=512)(self._compile)
        self._expression = lru_cache(maxsize=512)(self._compile_expression)

    def _environment(self, *, escaped: bool) -> _Sandbox:
        def shown(value: Any) -> Any:
            if isinstance(value, datetime):
                return value.astimezone(self._zone).isoformat(timespec="seconds")
            return "" if value is None else value

        made = _Sandbox(undefined=StrictUndefined, autoescape=escaped, keep_trailing_newline=True, finalize=shown)
        made.filters.clear()
        made.filters.update(_filters(self._zone))
        return made

    def tree(self, tree: Any, values: Mapping[str, Any]) -> Any:
        """The tree with its values in place. A leaf that is nothing but `{{ … }}` and gives no value is left out of what holds it.

        Raises:
            BadTemplate: a value cannot be put where it should.
        """
        if isinstance(tree, str):
            return self._leaf(tree, values)
        if isinstance(tree, Mapping):
            if IF in tree and not self._leaf(str(tree[IF]), values):
                return None
            members = ((name, self.tree(member, values)) for name, member in tree.items() if name != IF)
            return {name: member for name, member in members if member is not None}
        if isinstance(tree, list | tuple):
            return [made for each in tree if (made := self.tree(each, values)) is not None]
        return tree

    def text(self, template: str, values: Mapping[str, Any], *, escaped: bool = False) -> str:
        """One text; `escaped`: the values are escaped for HTML and XML."""
        return self._rendered(template, values, escaped=escaped)

    def url_path(self, template: str, values: Mapping[str, Any]) -> str:
        """An address's path: each value percent-encoded, its slashes too unless it went through `path`.

        Raises:
            BadTemplate: also for an empty value, since `/posts/` is another address than a post's.
        """
        parts = []
        for text, is_value in _split(template):
            made = self._rendered(text, values)
            if is_value and made in ("", ".", ".."):
                raise BadTemplate(f"{text} gives {made!r} for a path")
            through_path = is_value and re.search(r"\|\s*(path|quote)\s*}}$", text)
            parts.append(quote(made, safe="") if is_value and not through_path else made)
        return "".join(parts)

    def _leaf(self, leaf: str, values: Mapping[str, Any]) -> Any:
        alone = _alone(leaf)
        if alone is None:
            return self._rendered(leaf, values)
        try:
            value = self._expression(alone)(**values)
        except (TemplateError, ValueError, TypeError, ArithmeticError) as err:
            raise BadTemplate(f"{leaf!r} cannot be filled in: {err}") from err
        if isinstance(value, StrictUndefined):
            raise BadTemplate(f"{leaf!r} cannot be filled in: there is no such value")
        if value is None or _typed(alone):
            return value
        if isinstance(value, datetime):
            return value.astimezone(self._zone).isoformat(timespec="seconds")
        return str(value)

    def _rendered(self, text: str, values: Mapping[str, Any], *, escaped: bool = False) -> str:
        if "{" not in text:
            return text
        try:
            made: str = self._compiled(text, escaped).render(**values)
        except (TemplateError, ValueError, TypeError, ArithmeticError) as err:
            raise BadTemplate(f"{text[:80]!r} cannot be filled in: {err}") from err
        if len(made) > MAX_RENDERED:
            raise BadTemplate(f"{text[:80]!r} makes {len(made)} signs, more than {MAX_RENDERED}")
        return made

    def _compile(self, text: str, escaped: bool) -> Any:
        return (self._escaped if escaped else self._plain).from_string(text)

    def _compile_expression(self, text: str) -> Any:
        return self._plain.compile_expression(text, undefined_to_none=False)


def leaves(tree: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a tree, with its place: `title`, `categories[0]`."""
    if isinstance(tree, str):
        yield at, tree
    elif isinstance(tree, Mapping):
        for name, member in tree.items():
            yield from leaves(member, f"{at}.{name}" if at else str(name))
    elif isinstance(tree, list | tuple):
        for number, member in enumerate(tree):
            yield from leaves(member, f"{at}[{number}]")


def check(text: str, names: Names) -> None:
    """Read a template without filling it in.

    Raises:
        BadTemplate: it is none, or holds what is not allowed, or names what is not known in its step.
    """
    if "{{" not in text and "{%" not in text and "{#" not in text:
        return
    tree = _tree_of(text)
    for node in tree.find_all(nodes.Node):
        if isinstance(node, nodes.Filter):
            _known(node.name, FILTERS, "filter")
        elif isinstance(node, nodes.Test):
            _known(node.name, _TESTS, "test")
        elif isinstance(node, nodes.Name):
            _known(node.name, names.known, "name")
        elif isinstance(node, nodes.Getattr):
            if not isinstance(node.node, nodes.Name):
                raise BadTemplate(
                    f"there is no member {node.attr!r} here", hint="names, members of names, and filters are"
                )
            members = names.known.get(node.node.name, frozenset())
            if node.node.name not in names.known:
                continue
            if members is None:
                raise BadTemplate(f"{node.node.name!r} has no member {node.attr!r}", hint="it is a single value")
            _known(node.attr, members, f"member of {node.node.name!r}")
        elif not isinstance(node, (*_ALLOWED, nodes.Keyword)):
            what = type(node).__name__.lower()
            raise BadTemplate(
                f"{what} is not allowed in a template",
                hint="names, members, filters, comparisons, sums and {% if %} are",
            )


def used_names(tree: Any) -> frozenset[str]:
    """The names that the templates of a tree use; those of a broken template are none."""
    found = set()
    for _, text in leaves(tree):
        try:
            found |= {node.name for node in _tree_of(text).find_all(nodes.Name)}
        except BadTemplate:
            continue
    return frozenset(found)


_PARSER = _Sandbox()


def _tree_of(text: str) -> nodes.Template:
    try:
        return _PARSER.parse(text)
    except TemplateError as err:
        raise BadTemplate(
            f"{text[:80]!r} is no template: {err}", hint="a value is written {{ name }} or {{ name|filter }}"
        ) from err


def _known(name: str, known: Any, what: str) -> None:
    if name in known:
        return
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    hint = f'did you mean "{near[0]}"?' if near else f"known here: {', '.join(sorted(known))}"
    raise BadTemplate(f"there is no {what} {name!r} here", hint=hint)


@lru_cache(maxsize=1024)
def _alone(leaf: str) -> str | None:
    """The expression of a leaf that is nothing but `{{ … }}`; None for any other."""
    found = re.fullmatch(r"\s*\{\{((?:(?!\}\}|\{\{).)*)\}\}\s*", leaf, re.S)
    return found[1].strip() if found else None


def _typed(expression: str) -> bool:
    return re.search(rf"\|\s*(?:{'|'.join(_TYPED)})\s*$", expression) is not None


@lru_cache(maxsize=256)
def _split(template: str) -> tuple[tuple[str, bool], ...]:
    """An address's template in its fixed parts and its values."""
    parts = re.split(r"(\{\{.*?\}\})", template)
    return tuple((part, number % 2 == 1) for number, part in enumerate(parts) if part)


def as_json_bytes(tree: Any) -> bytes:
    """JSON in UTF-8; a half surrogate, which no wire takes, becomes a question mark."""
    return json.dumps(tree, ensure_ascii=False).encode("utf-8", "replace")
