"""A stand-in website with an archive behind its list."""

from dataclasses import dataclass, field
from datetime import datetime

from syncd.errors import SourceError
from syncd.ports.source import ArchivePage, PostData
from tests.application.collecting import ExampleOffice, ShelfSource


@dataclass
class ArchivedSource(ShelfSource):
    """`archived` are pages of older posts, newest first; `dies_at` raises at that page once, as a crash or the network would."""

    archived: list[list[PostData]] = field(default_factory=list)
    dies_at: int | None = None
    death: BaseException | None = None
    asked: list[str | None] = field(default_factory=list)
    tells_reach: bool = True
    endless: bool = False

    def archive(self, since: datetime, at: str | None) -> ArchivePage:
        self.asked.append(at)
        number = int(at or 0)
        if not self.archived:
            raise SourceError(
                "nothing behind this list", unit=self.unit, url=self.url, kind="no_archive", permanent=True
            )
        if number == self.dies_at and self.death is not None:
            self.dies_at = None
            raise self.death
        posts = self.archived[number]
        last = number == len(self.archived) - 1
        instants = [post.published.instant for post in posts if post.published.instant]
        reach = min(instants, default=None) if self.tells_reach else None
        following = "0" if self.endless else (None if last else str(number + 1))
        return ArchivePage(
            exchange=self._answer(f"{self.url}archive?page={number}", repr(posts).encode()),
            posts=tuple(posts),
            next=following,
            complete_from=since if last and self.tells_reach else reach,
        )


def with_archive(office: ExampleOffice, source: str, archived: list[list[PostData]]) -> ArchivedSource:
    """Give a site of the office an archive."""
    site = office.site(source)
    made = ArchivedSource(id=site.id, unit=site.unit, clock=office.clock, url=site.url, archived=archived)
    made.posts, made.full = site.posts, site.full
    office.sites[site.id] = made
    return made
