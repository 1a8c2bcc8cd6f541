"""The polite client as a probe uses it: no address is asked for twice, and no site more often than a probe needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from adapters.http.client import HttpFailure, PoliteClient, Visit
from adapters.sources.visits import SiteVisitor
from syncd.domain.model import UnitId
from syncd.errors import SourceError
from syncd.ports.source import Exchange, Known

UNIT = UnitId("probe")
_MAX_REQUESTS = 30


class RememberingClient:
    """Gives out visits of another client; what was answered once is answered again from memory. For one thread."""

    def __init__(self, http: PoliteClient) -> None:
        self._http = http
        self._answers: dict[str, Exchange | HttpFailure] = {}

    @property
    def as_client(self) -> PoliteClient:
        """For sources, which ask a client for nothing but visits."""
        return cast(PoliteClient, self)

    @contextmanager
    def visit(self, **allowed: Any) -> Iterator[Visit]:
        with self._http.visit(**allowed) as visit:
            yield cast(Visit, _RememberedVisit(visit, self._answers))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._http, name)


class _RememberedVisit:
    def __init__(self, visit: Visit, answers: dict[str, Exchange | HttpFailure]) -> None:
        self._visit = visit
        self._answers = answers

    def get(self, url: str, *, known: Known | None = None, **options: Any) -> Exchange:
        found = self._answers.get(url)
        if found is None:
            if len(self._answers) >= _MAX_REQUESTS:
                raise HttpFailure(f"{url}: not asked for, after {_MAX_REQUESTS} others", url=url, kind="too_many")
            try:
                found = self._visit.get(url, known=known, **options)
            except HttpFailure as failure:
                found = failure
            self._answers[url] = found
        if isinstance(found, HttpFailure):
            raise found
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._visit, name)


def get(http: PoliteClient, url: str) -> Exchange:
    """One page.

    Raises:
        SourceError: it could not be had, or answered with an error of its own.
    """
    return SiteVisitor(unit=UNIT, url=url, http=http).get(url)


def get_if_there(http: PoliteClient, url: str) -> Exchange | None:
    """One page that need not be there."""
    try:
        return get(http, url)
    except SourceError:
        return None
