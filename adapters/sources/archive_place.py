"""Where a backfill stands, as the text that an archive page calls `next`; and the way through a site's sitemaps, for lists without pages."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from urllib.parse import urljoin

from adapters.sources.sitemap_walk import USUAL_PLACES, PostChoice, SitemapWalk, folder_of, named_in_robots
from adapters.sources.visits import SiteVisitor
from syncd.ports.source import ArchivePage, PostData

_MAX_FOLDERS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`page`: the number of the next page, at `url` where it was linked; `steps`: how many were read; `seen`: the hash of the last one.

    `kind`: the profile that numbers them. `walk`: what is left of the sitemaps, of which only addresses in `folders` are taken: a site may carry
    the pages of many units. With neither page nor walk, the site's robots.txt is next.
    """

    page: int | None = None
    url: str = ""
    steps: int = 0
    seen: str = ""
    kind: str = ""
    folders: tuple[str, ...] = ()
    walk: str | None = None

    @classmethod
    def beside(cls, posts: Sequence[PostData]) -> "Place":
        """At the sitemaps, for more posts in the folders of these."""
        return cls(folders=tuple(dict.fromkeys(folder_of(post.url) for post in posts))[:_MAX_FOLDERS])

    @classmethod
    def of_text(cls, text: str, site: SiteVisitor) -> "Place":
        """Raises SourceError (`bad_token`) for what is none."""
        try:
            data = json.loads(text)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise site.error(
                "this is no place in the archive of a list", kind="bad_token", permanent=True, hint="begin anew"
            )
        page, steps, walk = data.get("page"), data.get("steps"), data.get("walk")
        return cls(
            page=page if isinstance(page, int) else None,
            url=str(data.get("url", "")),
            steps=steps if isinstance(steps, int) else 0,
            seen=str(data.get("seen", "")),
            kind=str(data.get("kind", "")),
            folders=tuple(map(str, data.get("folders") or ())),
            walk=walk if isinstance(walk, str) else None,
        )

    def as_text(self) -> str:
        values = {
            "page": self.page,
            "url": self.url,
            "steps": self.steps,
            "seen": self.seen,
            "kind": self.kind,
            "folders": list(self.folders),
            "walk": self.walk,
        }
        return json.dumps({name: value for name, value in values.items() if value}, ensure_ascii=False)


def among_sitemaps(site: SiteVisitor, place: Place, since: datetime, *, zone: tzinfo | None) -> ArchivePage:
    """The next step there: robots.txt, which may name them, or one of them.

    Raises:
        SourceError: it cannot be read; kind `no_archive` where there are none.
    """
    if place.walk is None:
        exchange = site.get(urljoin(site.url, "/robots.txt"), accept="text/plain, */*;q=0.1", as_answer=range(400, 500))
        named = named_in_robots(exchange)
        guesses = tuple(urljoin(site.url, path) for path in USUAL_PLACES)
        walk = SitemapWalk(maps=named or guesses, guessed=not named)
        return ArchivePage(exchange=exchange, posts=(), next=replace(place, walk=walk.as_text()).as_text())
    try:
        walk = SitemapWalk.of_text(place.walk)
    except ValueError as err:
        raise site.error(
            "this is no place among sitemaps", kind="bad_token", permanent=True, hint="begin anew"
        ) from err
    found = walk.step(site, PostChoice(zone=zone, folders=frozenset(place.folders)), since)
    return replace(found, next=replace(place, walk=found.next).as_text() if found.next else None)
