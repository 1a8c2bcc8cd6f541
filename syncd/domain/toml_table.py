"""Strict reading of a table of data: every problem is noted with its key path and a way out, none stops the reading."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from syncd.errors import ConfigError

_Choice = TypeVar("_Choice", bound=StrEnum)


class Table:
    """One table at a key path. Values are taken by name; `finish` notes the keys that nobody took.

    A value of the wrong kind is noted and its default given back, so that the reading goes on to the next problem.
    """

    def __init__(self, data: Mapping[str, Any], path: str, problems: list[ConfigError]) -> None:
        self.data = data
        self._path = path
        self._problems = problems
        self._known: set[str] = set()

    def key(self, name: str) -> str:
        return f"{self._path}{name}"

    def problem(self, name: str, message: str, hint: str) -> None:
        self._problems.append(ConfigError(message, key=self.key(name), value=self.data.get(name), hint=hint))

    def raw(self, name: str) -> Any:
        self._known.add(name)
        return self.data.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """A string; required where there is no default."""
        value = self.raw(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not (value or default == ""):
            self.problem(name, f"{name} must be text, not {value!r}", f'write {name} = "..."')
            return default or ""
        return value

    def whole(self, name: str, default: int, *, low: int = 0, high: int = 1_000_000) -> int:
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.problem(name, f"{name} must be a whole number from {low} to {high}, not {value!r}", f"e.g. {default}")
            return default
        return value

    def number(self, name: str, default: float | None, *, low: float, high: float) -> float | None:
        """A number; required where the default is None."""
        value = self.raw(name)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            seen = (
                f"must be a number from {low:,.0f} to {high:,.0f}, not {value!r}" if value is not None else "is missing"
            )
            self.problem(name, f"{name} {seen}", f"write {name} = and a number")
            return default
        return float(value)

    def truth(self, name: str, default: bool) -> bool:
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.problem(name, f"{name} must be true or false, not {value!r}", f"write {name} = true")
            return default
        return value

    def day(self, name: str) -> date | None:
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            self.problem(name, f"{name} must be a day, not {value!r}", f"write {name} = 2026-01-31, without quotes")
            return None
        return value

    def choice(self, name: str, default: _Choice) -> _Choice:
        """One word of a closed set: the enumeration of the default."""
        found = self.choice_or_none(name, type(default))
        return default if found is None else found

    def choice_or_none(self, name: str, words: type[_Choice]) -> _Choice | None:
        value = self.raw(name)
        if value is None:
            return None
        allowed = [word.value for word in words]
        if value not in allowed:
            self.problem(name, f"{name} cannot be {value!r}", nearest(str(value), allowed))
            return None
        return words(value)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.raw(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.problem(name, f"{name} must be a list of texts", f'write {name} = ["...", "..."]')
            return ()
        return tuple(value)

    def table(self, name: str) -> "Table | None":
        """A table below this one; None where it is absent."""
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.problem(name, f"{name} must be a table", f"write [{name}] and its keys below")
            return None
        return Table(value, f"{self.key(name)}.", self._problems)

    def tables(self, name: str) -> list["Table"]:
        """A list of tables, `[[name]]`; empty where it is absent."""
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            self.problem(name, f"{name} must be a list of tables", f"write [[{name}]] before each")
            return []
        return [Table(item, f"{self.key(name)}[{n}].", self._problems) for n, item in enumerate(value)]

    def wholes(self, *, low: int = 0) -> dict[str, int]:
        """Every key of this table with its whole number."""
        return {name: self.whole(name, max(low, 1), low=low) for name in self.data}

    def finish(self) -> None:
        """Note the keys that this table does not have."""
        for name in self.data:
            if name not in self._known:
                self.problem(name, f"unknown key {name}", nearest(name, self._known))


def nearest(word: str, known: Collection[str]) -> str:
    """A hint that names the nearest known word, or all of them."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(sorted(known))}"
