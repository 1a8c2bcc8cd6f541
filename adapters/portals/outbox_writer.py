"""Keeps the outbox's pages in line with its public posts, writing only what a change touches."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from adapters.portals.outbox_files import OutboxEntry, write_over
from adapters.portals.outbox_site import empty_page, feed, month_page, page_name, post_page, style
from syncd.domain.model import local_month


class SiteWriter:
    """The site in `root`. One writer at a time: the caller holds the folder's lock.

    Nothing here is forced to disk: a page lost with the power is made again by the next `show_all`.
    """

    def __init__(self, root: Path, *, base_url: str, title: str, hubs: Sequence[str] = ()) -> None:
        self._root = root
        self._base_url = base_url
        self._title = title
        self._hubs = tuple(hubs)
        self._entries: dict[str, OutboxEntry] = {}
        self._months: dict[str, dict[str, OutboxEntry]] = {}

    def show_all(self, entries: Mapping[str, OutboxEntry]) -> None:
        """Make every page anew from the public posts, and remove pages of others; a file that is right is not touched."""
        self._entries = dict(entries)
        self._months = {}
        for name, entry in entries.items():
            self._months.setdefault(local_month(entry.published_at), {})[name] = entry
            self._put(page_name(name), post_page(entry, title=self._title))
        self._put("style.css", style())
        self._put_lists(self._months)
        wanted = {page_name(name) for name in entries} | {_month_file(month) for month in self._months}
        for pattern in ("bai/*.html", "thang-*.html"):
            for path in self._root.glob(pattern):
                if path.relative_to(self._root).as_posix() not in wanted:
                    path.unlink(missing_ok=True)

    def show(self, name: str, entry: OutboxEntry) -> None:
        """Make the pages that one new or changed public post touches; its printed date is the one it had before, if any."""
        month = local_month(entry.published_at)
        is_new_month = month not in self._months
        self._entries[name] = entry
        self._months.setdefault(month, {})[name] = entry
        self._put(page_name(name), post_page(entry, title=self._title))
        # every month's page leads to every other month
        self._put_lists(self._months if is_new_month else (month,))

    def _put_lists(self, changed: Mapping[str, object] | tuple[str, ...]) -> None:
        months = sorted(self._months, reverse=True)
        latest = months[0] if months else None
        for month in changed:
            page = month_page(month, self._months[month], months, title=self._title)
            self._put(_month_file(month), page)
            if month == latest:
                self._put("index.html", page)
        if latest is None:
            self._put("index.html", empty_page(title=self._title))
        self._put("feed.xml", feed(self._entries, base_url=self._base_url, title=self._title, hubs=self._hubs))

    def _put(self, relative: str, data: bytes) -> None:
        path = self._root / relative
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_bytes() != data:
            write_over(path, data, durable=False, mode=0o644)


def _month_file(month: str) -> str:
    return f"thang-{month}.html"
