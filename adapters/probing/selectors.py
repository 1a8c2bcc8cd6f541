"""CSS selectors for a set of elements: short ones that will find tomorrow's entries too, tried on the page they were learned on.

No position (`:nth-child`), no counted id, no class that names one post. What is written here is a small part of CSS, so that
a candidate can be tried in microseconds.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from adapters.probing.tree import Element, children, is_stable, may_serve, stable_classes, up

_MAX_TRIED = 400
_PLAIN_TAG = re.compile(r"[a-z][a-z0-9-]*")
_TELLING = frozenset(
    {"td", "a", "h1", "h2", "h3", "h4", "h5", "time", "font", "b", "strong", "i", "em", "small", "img", "p"}
)


@dataclass(frozen=True, slots=True)
class Compound:
    """`li.tin:has(> span.ngay)`: one element by tag, id, classes, and a child it must have; `links`: True adds `:has(a)`, False `:not(:has(a))`."""

    tag: str = ""
    id: str = ""
    classes: tuple[str, ...] = ()
    child: "Compound | None" = None
    links: bool | None = None

    def __str__(self) -> str:
        text = self.tag + (f"#{self.id}" if self.id else "") + "".join(f".{name}" for name in self.classes)
        text += f":has(> {self.child})" if self.child else ""
        return (text or "*") + {None: "", True: ":has(a)", False: ":not(:has(a))"}[self.links]

    def fits(self, element: Element) -> bool:
        if self.tag and element.tag != self.tag:
            return False
        if self.id and element.get("id") != self.id:
            return False
        if self.classes:
            own = _classes_of(element.get("class") or "")
            if not all(name in own for name in self.classes):
                return False
        if self.links is not None and self.links is (next(element.iterdescendants("a"), None) is None):
            return False
        return self.child is None or any(self.child.fits(child) for child in children(element))


@dataclass(frozen=True, slots=True)
class Selector:
    """Compounds from the outside in, `direct[i]` where the i-th must be the parent of the next. `cost` grows with how likely it breaks."""

    compounds: tuple[Compound, ...]
    direct: tuple[bool, ...] = field(default=())
    cost: float = 0.0

    def __str__(self) -> str:
        text = str(self.compounds[0])
        for direct, compound in zip(self.direct, self.compounds[1:], strict=True):
            text += f"{' > ' if direct else ' '}{compound}"
        return text

    def find(self, within: Element) -> list[Element]:
        """What it finds below an element, in page order, as `select` would."""
        last = self.compounds[-1]
        below = (element for element in within.iterdescendants(last.tag or None) if isinstance(element.tag, str))
        return self.among(below, {})

    def among(self, elements: Iterable[Element], memo: "Memo") -> list[Element]:
        """Those of the elements that it finds; `memo` keeps what was asked of their ancestors, for the next selector."""
        last = self.compounds[-1]
        return [each for each in elements if last.fits(each) and self._under(each, len(self.compounds) - 2, memo)]

    def _under(self, element: Element, index: int, memo: "Memo") -> bool:
        if index < 0:
            return True
        compound = self.compounds[index]
        known = memo.setdefault(compound, {})
        for above in element.iterancestors():
            if (fits := known.get(above)) is None:
                fits = known[above] = compound.fits(above)
            if fits and self._under(above, index - 1, memo):
                return True
            if self.direct[index]:
                return False
        return False


Memo = dict[Compound, dict[Element, bool]]


@lru_cache(maxsize=8192)
def _classes_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


def for_all(elements: Sequence[Element], root: Element, judge: Callable[[list[Element]], float]) -> Selector | None:
    """The cheapest selector that finds all of the elements; `judge` says what is wrong with what it finds beside them (0: nothing)."""
    wanted = set(elements)
    best: Selector | None = None
    memo: Memo = {}
    index: dict[str, list[Element]] = defaultdict(list)
    for element in root.iter(elements[0].tag):
        index[element.tag].append(element)
    for tried, candidate in enumerate(sorted(_candidates(elements), key=lambda each: each.cost)):
        if tried > _MAX_TRIED or (best is not None and candidate.cost >= best.cost):
            break
        found = candidate.among(index[candidate.compounds[-1].tag], memo)
        if not wanted <= set(found):
            continue
        fault = judge([element for element in found if element not in wanted])
        total = replace(candidate, cost=candidate.cost + fault)
        if best is None or total.cost < best.cost:
            best = total
    return best


def inside(paths: Collection[tuple[Element, Element]]) -> Iterator[Selector]:
    """Selectors that may find, within each entry, its wanted element; cheapest first. Pairs of entry and wanted element."""
    wanted = [element for _, element in paths]
    lasts = _compounds(wanted, plain=True)
    candidates = [Selector((last,), cost=cost) for last, cost in lasts]
    holders = [list(_between(entry, element)) for entry, element in paths]
    depth = min(map(len, holders), default=0)
    for level in range(depth):
        for outer, outer_cost in _compounds([chain[level] for chain in holders], plain=False):
            for last, cost in lasts:
                candidates.append(Selector((outer, last), (level == 0,), cost + outer_cost + 1 + 0.1 * level))
    if wanted:
        tags = {element.tag for element in wanted}
        if len(tags) == 1 and _PLAIN_TAG.fullmatch(next(iter(tags))):
            candidates.append(Selector((Compound(tag=tags.pop(), links=False),), cost=2.5))
    yield from sorted(candidates, key=lambda each: each.cost)


def _between(entry: Element, element: Element) -> Iterator[Element]:
    for above in element.iterancestors():
        if above is entry:
            return
        yield above


def _candidates(elements: Sequence[Element]) -> Iterator[Selector]:
    lasts = list(_compounds(elements, plain=True))
    lasts += [(replace(last, child=child), cost + 1.5) for last, cost in lasts for child in _common_children(elements)]
    if elements[0].tag != "a":
        lasts += [(replace(last, links=True), cost + 1.4) for last, cost in lasts if last.child is None]
    for last, cost in lasts:
        yield Selector((last,), cost=cost)
    parents = [element.getparent() for element in elements]
    grand = [parent.getparent() for parent in parents]
    for above, direct in ((parents, True), (grand, False)):
        if all(each is not None and each.tag not in ("body", "html") for each in above):
            for outer, outer_cost in _compounds(above, plain=direct):
                for last, cost in lasts:
                    yield Selector((outer, last), (direct,), cost + outer_cost + 1)
    for steps, holder in enumerate(_common_ancestors(elements)):
        for outer, outer_cost in _compounds([holder], plain=False):
            for last, cost in lasts:
                yield Selector((outer, last), (False,), cost + outer_cost + 1.2 + 0.1 * steps)


def _common_ancestors(elements: Sequence[Element]) -> list[Element]:
    common = list(up(elements[0]))
    for element in elements[1:]:
        own = set(up(element))
        common = [above for above in common if above in own]
    return common[:8]


def _common_children(elements: Sequence[Element]) -> list[Compound]:
    """What each of the elements has a child of, named by class; for tables also the plain cell."""
    shared: set[tuple[str, str]] | None = None
    for element in elements:
        own = {(child.tag, name) for child in children(element) for name in stable_classes(child)}
        own = {(tag, name) for tag, name in own if _PLAIN_TAG.fullmatch(tag)}
        own |= {(child.tag, "") for child in children(element) if child.tag in _TELLING}
        shared = own if shared is None else shared & own
    return [Compound(tag=tag, classes=(name,) if name else ()) for tag, name in sorted(shared or ())]


def _compounds(elements: Sequence[Element], *, plain: bool) -> list[tuple[Compound, float]]:
    """Ways to name all of the elements at once, with their cost; `plain`: by the bare tag too."""
    tags = {element.tag for element in elements}
    tag = tags.pop() if len(tags) == 1 else ""
    if not _PLAIN_TAG.fullmatch(tag):  # `<o:p>` of a word processor
        tag, plain = "", False
    stable = _shared(stable_classes(element) for element in elements)
    found = [(Compound(tag=tag, classes=(name,)), 1.0 + _dullness(name)) for name in sorted(stable)]
    if len(stable) > 1:
        found.append((Compound(tag=tag, classes=tuple(sorted(stable))[:3]), 2.0))
    served = _shared({name for name in (element.get("class") or "").split() if may_serve(name)} for element in elements)
    found += [(Compound(tag=tag, classes=(name,)), 4.0) for name in sorted(served - stable)]
    ids = {element.get("id") or "" for element in elements}
    if len(ids) == 1 and (id := ids.pop()) and is_stable(id):
        found.append((Compound(id=id), 1.5))
    if tag and plain:
        found.append((Compound(tag=tag), 2.0 if tag in ("time", "article", "h2", "h3", "h4") else 3.0))
    return found


def _shared(sets: Iterable[Collection[str]]) -> set[str]:
    shared: set[str] | None = None
    for each in sets:
        shared = set(each) if shared is None else shared & set(each)
        if not shared:
            return set()
    return shared or set()


def _dullness(name: str) -> float:
    """Classes of a grid or of typography name a look, not a thing."""
    dull = (
        "col-",
        "row",
        "container",
        "text-",
        "d-",
        "p-",
        "m-",
        "mb-",
        "mt-",
        "pt-",
        "pb-",
        "normal",
        "font",
        "box",
        "wrap",
    )
    return 1.0 if name.startswith(dull) else 0.0
