"""Lists of a portal, over all their pages, and the names behind its numbers: categories and authors."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize
from urllib.parse import urljoin

from adapters.portals.http_json_calls import Calls, StepAnswer
from adapters.portals.http_json_settings import ListStep, Pages, Terms
from adapters.portals.http_json_values import ValueSpec, plain

_MOST_PAGES = 2_000
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*?\brel\s*=\s*"?[^",;]*\bnext\b', re.I)


def every_entry(calls: Calls, step: ListStep, values: Mapping[str, Any]) -> Iterator[tuple[StepAnswer, Any]]:
    """Every entry of a list, with the answer it stood in.

    Raises:
        PortalError: an answer is missing, a page was short, an entry came twice, or the total changed: what was yielded is not all.
    """
    pages = step.pages or Pages()
    count = _Count(calls, step)
    number, cursor, at = pages.first, "", None
    for _ in range(_MOST_PAGES):
        told = {**values, "page": number, "offset": count.seen, "cursor": cursor}
        answer = calls.do(step, told, writes=False, at=at)
        if answer is None:
            return
        entries = ValueSpec.of(step.item).all(answer.document) if step.item else [answer.document]
        if step.item == "" and isinstance(answer.document, list):
            entries = answer.document
        count.take(answer, entries)
        yield from ((answer, entry) for entry in entries)
        if step.pages is None:
            return
        going = _going_on(calls, pages, answer, len(entries), number, count)
        if going is None:
            count.check_whole()
            return
        number, cursor, at = number + 1, *going
    raise calls.api.fail(f"lists more than {_MOST_PAGES} pages of {step.request}", kind="incomplete")


class _Count:
    """What was listed so far, and how much there should be."""

    def __init__(self, calls: Calls, step: ListStep) -> None:
        self._calls = calls
        self._step = step
        self._ids: set[str] = set()
        self.seen = 0
        self.total: int | None = None

    def take(self, answer: StepAnswer, entries: list[Any]) -> None:
        self.seen += len(entries)
        for entry in entries:
            id = answer.value(self._step.id, entry)
            if id and id in self._ids:
                raise self._calls.api.fail(f"listed entry {id} twice in {self._step.request}", kind="incomplete")
            self._ids.add(id)
        pages = self._step.pages
        if pages is None or not (pages.total or pages.total_header):
            return
        header = (answer.exchange.header(pages.total_header.lower()) or "") if pages.total_header else ""
        text = header.strip() or (plain(ValueSpec.of(pages.total).first(answer.document)) if pages.total else "")
        if not text.isdecimal():
            raise self._calls.api.fail(f"does not say how much {self._step.request} lists", kind="incomplete")
        if self.total not in (None, int(text)):
            raise self._calls.api.fail(
                f"changed while it was read: {self._step.request} held {self.total}, now {text}", kind="incomplete"
            )
        self.total = int(text)

    def check_whole(self) -> None:
        if self.total is not None and self.seen != self.total:
            raise self._calls.api.fail(
                f"listed {self.seen} of {self.total} in {self._step.request}",
                kind="incomplete",
                hint="the account does not see every post, or the step's pages do not fit the portal",
            )


def _going_on(
    calls: Calls, pages: Pages, answer: StepAnswer, entries: int, number: int, count: _Count
) -> tuple[str, str | None] | None:
    """The cursor and the address of the next page; None where this one was the last."""
    if pages.next or pages.next_header:
        return _next_of(calls, pages, answer)
    if pages.header or pages.count:
        header = (answer.exchange.header(pages.header.lower()) or "") if pages.header else ""
        text = header.strip() or (plain(ValueSpec.of(pages.count).first(answer.document)) if pages.count else "")
        if not text.isdecimal():
            raise calls.api.fail("does not say how many pages there are", kind="incomplete")
        return ("", None) if number - pages.first + 1 < int(text) else None
    if count.total is not None:
        return ("", None) if entries and count.seen < count.total else None
    return ("", None) if pages.size is not None and entries >= pages.size else None


def _next_of(calls: Calls, pages: Pages, answer: StepAnswer) -> tuple[str, str | None] | None:
    if pages.next_header:
        lines = ", ".join(value for name, value in answer.exchange.headers if name == pages.next_header.lower())
        found = _NEXT.search(lines)
        text = found[1] if found else ""
    else:
        text = plain(ValueSpec.of(pages.next).first(answer.document))
    if not text:
        return None
    if text.startswith(("http://", "https://", "/", "?")):
        return "", calls.own_address(urljoin(answer.exchange.url, text))
    return text, None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    id: str
    name: str
    alias: str


def folded(name: str) -> str:
    """A name as people take it to be the same: composed, without case, spaces evened."""
    return " ".join(normalize("NFC", name).casefold().split())


class TermNames:
    """The terms of one kind, read once and kept until `forget`. May be shared by threads: the map is replaced whole."""

    def __init__(self, step: Terms) -> None:
        self._step = step
        self._terms: dict[str, Term] | None = None

    def forget(self) -> None:
        self._terms = None

    def term(self, calls: Calls, id: str) -> Term:
        """What stands behind a number; the number itself where the portal does not tell."""
        terms = self._known(calls)
        if id not in terms:
            self.forget()  # made since
            terms = self._known(calls)
            self._terms = terms = {**terms, id: terms.get(id) or Term(id=id, name="", alias="")}
        return terms[id]

    def id_of(self, calls: Calls, name: str) -> str | None:
        """The number of a name or alias; made where the step may make one, and None where it may not.

        Raises:
            PortalError: it is missing and was not made.
        """
        found = self._among(calls, name)
        create = self._step.create
        if found is not None or create is None:
            return found
        answer = calls.do(create, {"name": name}, writes=True, told=(create.exists,), again=lambda: True)
        self.forget()
        id = answer.value(create.id) if answer is not None and not answer.fits(create.exists) else ""
        id = id or self._among(calls, name) or ""
        if not id:
            raise calls.api.fail(
                f"has no category {name!r} and did not make it",
                kind="category_missing",
                hint=f"make the category {name!r} there, or map to another one in [portal.categories]",
            )
        return id

    def _among(self, calls: Calls, name: str) -> str | None:
        wanted, terms = folded(name), self._known(calls).values()
        by_alias = [term.id for term in terms if term.alias and folded(term.alias) == wanted]
        by_name = [term.id for term in terms if term.name and folded(term.name) == wanted]
        # a name that two bear says nothing
        return by_alias[0] if by_alias else by_name[0] if len(by_name) == 1 else None

    def _known(self, calls: Calls) -> dict[str, Term]:
        if self._terms is None:
            made: dict[str, Term] = {}
            for answer, entry in every_entry(calls, self._step, {}):
                id = answer.value(self._step.id, entry)
                alias = answer.value(self._step.alias, entry) if self._step.alias else ""
                made[id] = Term(id=id, name=answer.value(self._step.name, entry), alias=alias)
            self._terms = made
        return self._terms
