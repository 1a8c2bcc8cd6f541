"""Whose a hand-typed post on the portal is: rules in a fixed order, the first that names exactly one unit decides."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from syncd.domain.identity import host_of
from syncd.domain.model import Unit, UnitId
from syncd.ports.portal import PortalPost
from syncd.ports.records import SourceState
from syncd.vietnamese.fold import fold

BY_KEY = "key"
BY_PERSON = "person"


class Attribution:
    """The rules of one office: the author there, the category there, a link to the unit's own site, the unit's name as the byline or in the last line.

    A rule that fits several units says nothing, and the next one is asked.
    """

    def __init__(self, units: Iterable[Unit], sources: Iterable[SourceState]) -> None:
        self._authors: dict[str, set[UnitId]] = defaultdict(set)
        self._categories: dict[str, set[UnitId]] = defaultdict(set)
        self._hosts: dict[str, set[UnitId]] = defaultdict(set)
        self._names: dict[str, set[UnitId]] = defaultdict(set)
        for unit in units:
            for author in unit.portal_authors:
                self._authors[fold(author)].add(unit.id)
            for category in unit.portal_categories:
                self._categories[fold(category)].add(unit.id)
            self._names[fold(unit.name)].add(unit.id)
        for state in sources:
            self._hosts[host_of(state.url)].add(state.unit)

    def unit_of(self, post: PortalPost) -> tuple[UnitId | None, str | None]:
        """The unit and the rule that named it; nothing where no rule did."""
        bylines = [post.author, post.author_name]
        rules: list[tuple[str, Mapping[str, set[UnitId]], list[str]]] = [
            ("author", self._authors, [fold(name) for name in bylines]),
            ("category", self._categories, [fold(name) for name in post.categories]),
            ("link", self._hosts, [host_of(link) for link in post.links]),
            ("byline", self._names, [fold(name) for name in bylines]),
            ("credit", self._names, [fold(post.credit)]),
        ]
        for rule, owners, found in rules:
            units = {unit for name in found if name for unit in owners.get(name, ())}
            if len(units) == 1:
                return units.pop(), rule
        return None, None
