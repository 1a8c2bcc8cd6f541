"""Where a post goes on the portal: its categories there, its author, and whether it waits for an editor, by ordered rules.

Of each of the three the first rule that fits and speaks of it decides. What is compared is folded, so accents' encoding, case and spacing
make no difference; there are no patterns, so no rule can take long.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from syncd.domain.model import Approval, Unit, UnitId
from syncd.vietnamese.fold import fold

REST = "*"  # the name under which `[portal.categories]` puts what fits nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRule:
    """Every condition that is given must hold; of one condition any value may. A rule without conditions fits every post.

    `categories` are the unit's own; each of `title_words` is a word or a phrase, found in a title as whole words. What is not said (empty,
    None) is left to the rules after it.
    """

    units: frozenset[UnitId] = frozenset()
    groups: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    title_words: tuple[str, ...] = ()
    to_categories: tuple[str, ...] = ()
    to_author: str | None = None
    approval: Approval | None = None
    _names: frozenset[str] = field(init=False, repr=False)
    _phrases: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", frozenset(map(fold, self.categories)))
        object.__setattr__(self, "_phrases", tuple(map(in_words, self.title_words)))

    def fits(self, unit: Unit, names: frozenset[str], title: str) -> bool:
        """Whether it speaks of a post with these folded categories and this title `in_words`."""
        return (
            (not self.units or unit.id in self.units)
            and (not self.groups or unit.group in self.groups)
            and (not self._names or not self._names.isdisjoint(names))
            and (not self._phrases or any(phrase in title for phrase in self._phrases))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What was decided, and by what: `mapping[0]` (the first rule), `categories`, `authors`, `*`, or nothing.

    `unmapped`: no rule speaks of the post's categories, so it stands under the rest, or under none. `approval` None: as its unit's posts are put.
    """

    categories: tuple[str, ...] = ()
    author: str | None = None
    approval: Approval | None = None
    unmapped: bool = False
    categories_by: str = ""
    author_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalMapping:
    """`rules` in their order; after them `by_name`, the unit's category -> the portal's, `*` for the rest, and `authors`, unit -> name there."""

    rules: tuple[MappingRule, ...] = ()
    by_name: Mapping[str, str] = field(default_factory=dict)
    authors: Mapping[UnitId, str] = field(default_factory=dict)

    @property
    def says_more_than_the_rest(self) -> bool:
        """Whether categories are told apart at all: an office that puts everything under one has nothing unmapped."""
        return any(rule.to_categories for rule in self.rules) or any(name != REST for name in self.by_name)

    @property
    def reads_titles(self) -> bool:
        """Whether a post's categories there may depend on its title."""
        return any(rule.title_words and rule.to_categories for rule in self.rules)

    def place(self, unit: Unit, categories: Iterable[str], title: str) -> Placement:
        """The same post of the same unit is placed the same, whenever it is asked."""
        own = tuple(map(fold, categories))
        fitting = self._fitting(unit, frozenset(own), title)
        author = next(((rule.to_author, by) for rule, by in fitting if rule.to_author is not None), None)
        approval = next((rule.approval for rule, _ in fitting if rule.approval is not None), None)
        if author is None and unit.id in self.authors:
            author = (self.authors[unit.id], "authors")
        there, by = self._categories(fitting, own)
        return Placement(
            categories=there,
            author=author[0] if author else None,
            approval=approval,
            unmapped=by in ("", REST),
            categories_by=by,
            author_by=author[1] if author else "",
        )

    def _fitting(self, unit: Unit, names: frozenset[str], title: str) -> list[tuple[MappingRule, str]]:
        if not self.rules:
            return []
        words = in_words(title)
        return [(rule, f"mapping[{n}]") for n, rule in enumerate(self.rules) if rule.fits(unit, names, words)]

    def _categories(self, fitting: list[tuple[MappingRule, str]], own: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
        for rule, by in fitting:
            if rule.to_categories:
                return rule.to_categories, by
        names = {fold(name): target for name, target in self.by_name.items() if name != REST}
        if found := tuple(dict.fromkeys(names[name] for name in own if name in names)):
            return found, "categories"
        return ((self.by_name[REST],), REST) if REST in self.by_name else ((), "")


def in_words(text: str) -> str:
    """The folded words of a text with one space around each, so that a phrase is found in it as whole words only."""
    folded = fold(text)
    parted = "".join(char if char.isalnum() or unicodedata.combining(char) else " " for char in folded)
    return f" {' '.join(parted.split())} "
