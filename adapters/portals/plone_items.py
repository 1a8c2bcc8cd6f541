"""Plone's news items: how one is written for it, and what one that stands there tells.

Manual: plonerestapi.readthedocs.io, "Content manipulation", "Search", "Workflow".
"""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from adapters.portals.content import credited, is_key, outgoing_links, without_control
from adapters.portals.json_api import JsonApi
from syncd.domain.identity import text_sha256
from syncd.domain.model import SourceKey
from syncd.ports.portal import FileToPush, PortalPost, PortalState, PostToPush

PAGE_SIZE = 50
# the states of the workflows that Plone brings along
_STATES = {
    "private": PortalState.DRAFT,
    "pending": PortalState.PENDING,
    "published": PortalState.PUBLIC,
    "external": PortalState.PUBLIC,
    "visible": PortalState.PUBLIC,
    "internal": PortalState.PRIVATE,
    "internally_published": PortalState.PRIVATE,
}
_WRAPPED = re.compile(r'\s*<div class="(syncd-[0-9a-f]{32})">')


def members_of(post: PostToPush, key: SourceKey) -> dict[str, object]:
    """What an update sends. The key wraps the text as a class besides being the id, which editors rename."""
    html = f'<div class="{key}">{without_control(post.html)}</div>'
    return {
        # Plone refuses a title with a line break
        "title": " ".join(without_control(post.title).split()),
        "description": without_control(post.summary),
        # plone.restapi (10.0.4) decodes each entity once before it reads the text as HTML: without this, &lt;script&gt; becomes
        # a script and takes the rest of the text with it. It can go when the contract's text with `a &lt; b` fails with it
        "text": {"data": html.replace("&", "&amp;"), "content-type": "text/html"},
    }


def picture_of(file: FileToPush) -> dict[str, object]:
    """The members of a picture within a post."""
    return {"image": blob(file), "image_caption": " ".join(without_control(file.caption).split())}


def blob(file: FileToPush) -> dict[str, str]:
    """Bytes, as Plone takes them inside JSON."""
    return {
        "data": base64.b64encode(file.data).decode(),
        "encoding": "base64",
        "filename": file.filename,
        "content-type": file.content_type,
    }


def has_picture(item: Mapping[str, Any], file: FileToPush) -> bool:
    """Whether a post shows this very picture: its name holds its hash."""
    image = item.get("image")
    return isinstance(image, dict) and image.get("filename") == file.filename


def is_item(payload: Any) -> bool:
    """Whether an answer is an object of Plone's with all that we ask of one."""
    return isinstance(payload, dict) and {"@id", "UID", "id", "review_state", "effective", "modified"} <= payload.keys()


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReader:
    """Reads items of the site at `public_url`. `states` are the site's own, `folders` the category of each folder that has one."""

    public_url: str
    states: Mapping[str, PortalState]
    folders: Mapping[str, str]
    default_folder: str

    def _path(self, item: Mapping[str, Any]) -> str:
        """Where it stands below the site."""
        return unquote(str(item["@id"]).removeprefix(self.public_url)).strip("/")

    def seen(self, item: Mapping[str, Any], now: datetime) -> PortalPost:
        """The post that an item is."""
        text = item.get("text")
        html = str(text.get("data", "")) if isinstance(text, dict) else ""
        creators = item.get("creators") or [""]
        return PortalPost(
            id=str(item["UID"]),
            key=_key(str(item["id"]), html),
            url=str(item["@id"]),
            title=str(item.get("title") or ""),
            state=self._state(item, now),
            published_at=instant(item["effective"]),
            version=str(item["modified"]),
            author=str(creators[0]),
            categories=self._categories(item),
            content_sha256=text_sha256(html),
            links=outgoing_links(html, own_url=self.public_url),
            credit=credited(html),
        )

    def _state(self, item: Mapping[str, Any], now: datetime) -> PortalState:
        name = item["review_state"]
        # without a workflow a post is seen by whoever sees its folder; a state that is the site's own counts as waiting
        known = PortalState.PUBLIC if name is None else _STATES.get(str(name), PortalState.PENDING)
        state = self.states.get(str(name), known)
        if state is not PortalState.PUBLIC:
            return state
        appears, expires = instant(item["effective"]), instant(item.get("expires"))
        if expires is not None and expires <= now:
            return PortalState.PRIVATE  # Plone takes it out of every list
        return PortalState.SCHEDULED if appears is not None and appears > now else PortalState.PUBLIC

    def _categories(self, item: Mapping[str, Any]) -> tuple[str, ...]:
        """The subjects, and the folder unless it is the one where posts of all categories go."""
        named = [str(subject) for subject in item.get("subjects") or []]
        folder = self._path(item).rpartition("/")[0]
        if folder != self.default_folder:
            named.append(self.folders.get(folder, folder))
        return tuple(dict.fromkeys(name for name in named if name))


def every_item(api: JsonApi, url: str, query: Mapping[str, str | Sequence[str]]) -> Iterator[dict[str, Any]]:
    """Every item that a search finds, over all its pages, whole, ordered by UID.

    By UID, not by date: between equal dates the catalogue chooses anew for each page, so that a post is shown twice and another never
    (86 different ones of 99, seen in 6.2.2).

    Raises:
        PortalError: a page was short, an item came twice, or the total changed under way; what was yielded is not all.
    """
    # show_inactive: else posts that are scheduled or expired are kept even from editors
    all_of_them = {**query, "fullobjects": "1", "show_inactive": "1", "sort_on": "UID", "b_size": str(PAGE_SIZE)}
    seen: set[str] = set()
    total = -1
    while total < 0 or len(seen) < total:
        payload = api.get(url, query={**all_of_them, "b_start": str(len(seen))}).payload
        if not isinstance(payload, dict) or not isinstance(payload.get("items"), list):
            raise api.fail(f"answered {url} with no list")
        items, now_total = payload["items"], payload.get("items_total")
        if not isinstance(now_total, int) or total not in (-1, now_total):
            raise api.fail(f"changed while it was read: {url} held {total}, now {now_total}", kind="incomplete")
        total = now_total
        if len(items) != min(PAGE_SIZE, total - len(seen)):
            raise api.fail(
                f"listed {len(items)} of {total - len(seen)} from {len(seen)} on in {url}",
                kind="incomplete",
                hint="the catalogue there names what does not exist: rebuild it (Site Setup, Management, portal_catalog)",
            )
        for item in items:
            if not is_item(item) or item["UID"] in seen:
                raise api.fail(f"listed an item twice or not whole in {url}", kind="incomplete")
            seen.add(item["UID"])
            yield item


def instant(value: object) -> datetime | None:
    """An instant as Plone writes it; one without zone is UTC there."""
    try:
        read = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
    return read and (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def _key(item_id: str, html: str) -> SourceKey | None:
    if is_key(item_id):
        return SourceKey(item_id)
    wrapped = _WRAPPED.match(html)
    return SourceKey(wrapped[1]) if wrapped else None
