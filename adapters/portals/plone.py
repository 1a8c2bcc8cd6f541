"""Plone over plone.restapi, stock: no add-on is needed on the portal.

Plone 6 with plone.restapi. Tried against Plone 6.2.2 with plone.restapi 10.0.4, see docs/portals/plone.md and tests/portals.
Manual: plonerestapi.readthedocs.io (content manipulation, searching, workflow, types, users).

A post's id in its folder is our key, and Plone makes no second item of an id: of several creates at once one is answered 201, the
others 400 "already in use". So within one folder the key is enforced, whoever writes: class A. Ids are unique per folder only, so
where categories have folders of their own the key is also looked up over the whole site before it is used: class B.
A post is made private and without a date, and gets both by one step of the workflow; until then it is reported absent, and
`create`, called again, goes on where it was broken off.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Literal
from urllib.parse import quote, urlsplit

from adapters.http.client import PoliteClient
from adapters.portals.content import is_key
from adapters.portals.plone_calls import Item, PloneCalls
from adapters.portals.plone_items import ItemReader, every_item, has_picture, members_of, picture_of
from syncd.domain.model import Approval, SourceKey
from syncd.errors import PortalError
from syncd.ports.clock import Clock
from syncd.ports.portal import (
    Capabilities,
    DeliveryClass,
    FileToPush,
    PlacedFile,
    PortalPost,
    PortalState,
    PostToPush,
    Trash,
)
from syncd.ports.secret import Secret

_SEES_ALL = {"Editor", "Reader", "Manager", "Site Administrator"}
_PUBLISHES = {"Reviewer", "Manager", "Site Administrator"}
_SHOWN = (PortalState.PUBLIC, PortalState.SCHEDULED)
_WITHDRAWN_BY = (
    "retract",
    "reject",
    "hide",
    "make_private",
    "show_internally",
)  # Plone's own workflows, the mildest first


@dataclass(frozen=True, slots=True, kw_only=True)
class PloneSettings:
    """`url` is the site's address, with Volto `https://.../++api++`; folders are paths below it.

    `folder` takes the posts; `folders` gives categories folders of their own. `media_folder` takes pictures in the text and attachments,
    by default `folder`. `login_by`: each call with name and password (`basic`), or a token first (`token`). `publish` and `submit` are
    the workflow's transitions, `states` what its own states mean: draft, pending, public or private.
    """

    url: str
    username: str
    password: Secret
    folder: str
    folders: dict[str, str] = field(default_factory=dict)
    media_folder: str = ""
    content_type: str = "News Item"
    login_by: Literal["basic", "token"] = "basic"
    publish: str = "publish"
    submit: str = "submit"
    states: dict[str, PortalState] = field(default_factory=dict)
    allow_addresses: tuple[str, ...] = ()


class PlonePortal:
    """Publish posts through plone.restapi. One writer; `list` may run beside it."""

    Settings = PloneSettings

    def __init__(
        self, settings: PloneSettings, *, name: str, http: PoliteClient, clock: Clock, settle: timedelta
    ) -> None:
        self.name = name
        self._settings = settings
        self._http = http
        self._clock = clock
        self._base = settings.url.rstrip("/")
        self._public_url = self._base.removesuffix("/++api++")  # with Volto, what readers see of it
        self._folder = settings.folder.strip("/")
        self._folders = {category: folder.strip("/") for category, folder in settings.folders.items()}
        self._media = settings.media_folder.strip("/") or self._folder
        self._items = ItemReader(
            public_url=self._public_url,
            states=settings.states,
            folders={folder: category for category, folder in self._folders.items()},
            default_folder=self._folder,
        )
        self._post_folders = tuple(dict.fromkeys((self._folder, *self._folders.values())))
        self.capabilities = Capabilities(
            delivery_class=DeliveryClass.A if len(self._post_folders) == 1 else DeliveryClass.B,
            settle=settle,
            image_inside=True,
            shows_picture=True,
            trash=Trash.NONE,
        )

    # --- the port -----------------------------------------------------------------------------------

    def verify(self) -> str:
        """Who we are there, with which roles.

        Raises:
            PortalError: also where a folder is missing, or the account may not add posts to it or see those of others.
        """
        name = self._settings.username
        with self._calls() as calls:
            calls.prove()
            for folder in self._post_folders:
                calls.addable(folder, (self._settings.content_type,))
            calls.addable(self._media, ("Image", "File"))
            site = calls.get(self._base).payload
            # where people sign in by e-mail, the account's own id is another name: Plone does not tell of it then
            told = calls.get(
                f"{self._base}/@users/{quote(name, safe='')}", expect=(HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND)
            ).payload
            if not isinstance(site, dict) or not isinstance(told, dict):
                raise calls.fail("does not say who we are there")
            if str(site.get("@id", "")).rstrip("/") not in (self._base, self._public_url):
                raise calls.fail(
                    f"calls itself {site.get('@id')}, and is asked at {self._base}",
                    hint="set portal.url to the site's own address, or mend the virtual host in front of it",
                )
            roles = {str(role) for role in told.get("roles") or ()} - {"Member", "Authenticated"}
            listed = ", ".join(sorted(roles)) or "no role"
            if "roles" in told and _SEES_ALL.isdisjoint(roles):
                raise calls.fail(
                    f"lets {name!r} do too little: with {listed} it does not see what others have not published",
                    kind="forbidden",
                    hint="give the account the role Editor in Site Setup, Users",
                )
        may = "may publish" if _PUBLISHES & roles else "may not publish: approval must be pending or draft"
        shown = f"({listed}), {may}" if "roles" in told else "(with which roles, it does not say)"
        return f"Plone {site.get('title', '')!r}, as {name!r} {shown}"

    def find(self, key: SourceKey) -> PortalPost | None:
        """As the port says, over the whole site: an editor may have moved it to another folder, or renamed it."""
        with self._calls(key) as calls:
            item = calls.standing(key, self._post_folders)
            calls.prove()
            # one that was made and not handed on is not delivered yet: `create` goes on with it
            if item is None or calls.is_unfinished(item):
                return None
        return replace(self._seen(item), key=key)

    def create(self, post: PostToPush, key: SourceKey) -> PortalPost:
        with self._calls(key) as calls:
            item = calls.standing(key, self._post_folders) if len(self._post_folders) > 1 else None
            item = item or self._make(calls, post, key)
            if calls.is_unfinished(item):
                item = self._hand_on(calls, item, post)
        return replace(self._seen(item), key=key)

    def update(self, portal_id: str, post: PostToPush, key: SourceKey) -> PortalPost:
        """As the port says. Author, date, subjects and folder stay as an editor may have set them.

        Raises:
            PortalError: kind `awaits_review` where the post waits for an editor and the account may not change it meanwhile; kind
                `locked` while a person has it open.
        """
        with self._calls(key) as calls:
            item = calls.present(portal_id)
            members = members_of(post, key)
            if post.image_inside is not None and not has_picture(item, post.image_inside):
                members |= picture_of(post.image_inside)
            try:
                changed = calls.change(calls.place(item), members)
            except PortalError as err:
                raise self._not_changed(calls, item, err) from err
        return self._seen(changed)

    def withdraw(self, portal_id: str, key: SourceKey) -> PortalPost:
        with self._calls(key) as calls:
            item = calls.present(portal_id)
            if self._seen(item).state in _SHOWN:
                offered = calls.offered(item)
                item = calls.step(item, next((name for name in _WITHDRAWN_BY if name in offered), "retract"))
        return self._seen(item)

    def put_file(self, file: FileToPush) -> PlacedFile:
        """As the port says. Its id there is made of its hash, and Plone makes no second item of an id."""
        stem = file.filename.rpartition(".")[0]
        with self._calls() as calls:
            item = calls.put(self._media, stem, file)
        url = f"{item['@id']}/{'@@images/image' if file.is_image else '@@download/file'}"
        return PlacedFile(sha256=file.sha256, id=str(item["UID"]), url=url, alt=file.alt, caption=file.caption)

    def read(self, portal_id: str) -> PortalPost | None:
        with self._calls() as calls:
            item = calls.by_uid(portal_id)
            calls.prove()
        return None if item is None else self._seen(item)

    def list(self, start: datetime, end: datetime) -> Iterator[PortalPost]:
        """As the port says; the whole list is read, and proved whole, before the first post is given.

        A post that nobody handed on has no date: it is listed by the day it was made, and without `published_at`; one of ours is not
        listed before that, as it is not found.
        """
        dated = {"effective.query": _range(start, end), "effective.range": "min:max"}
        # Plone's catalogue gives a post without a date one in 1969
        undated = {
            "created.query": _range(start, end),
            "created.range": "min:max",
            "effective.query": "1970-01-02T00:00:00+00:00",
            "effective.range": "max",
        }
        kind = {"portal_type": self._settings.content_type}
        with self._calls() as calls:
            searches = (every_item(calls, f"{self._base}/@search", {**kind, **query}) for query in (dated, undated))
            items = [item for items in searches for item in items]
            found = [self._seen(item) for item in items if not (is_key(str(item["id"])) and calls.is_unfinished(item))]
            calls.prove()
        posts = {post.id: post for post in found if post.published_at is None or start <= post.published_at < end}
        yield from sorted(posts.values(), key=lambda post: (post.published_at or start, post.id))

    # --- steps ----------------------------------------------------------------------------------------

    @contextmanager
    def _calls(self, key: SourceKey | None = None) -> Iterator[PloneCalls]:
        parts, settings = urlsplit(self._base), self._settings
        port = parts.port or (443 if parts.scheme == "https" else 80)
        # no pause between two requests: this is the office's own portal, and one delivery takes several
        with self._http.visit(allow_ports=(port,), allow_addresses=settings.allow_addresses, spacing_s=0.0) as visit:
            calls = PloneCalls(
                visit=visit,
                portal=self.name,
                auth=(settings.username, settings.password) if settings.login_by == "basic" else None,
                key=key,
                base=self._base,
                public_url=self._public_url,
            )
            yield calls if settings.login_by == "basic" else calls.signed_in(settings.username, settings.password)

    def _make(self, calls: PloneCalls, post: PostToPush, key: SourceKey) -> Item:
        folder = next((self._folders[name] for name in post.categories if name in self._folders), self._folder)
        members = {"@type": self._settings.content_type, "id": key, **members_of(post, key)}
        members["subjects"] = list(post.categories)
        if post.author:
            members["creators"] = [post.author]
        if post.image_inside is not None:
            members |= picture_of(post.image_inside)
        if post.approval is Approval.DRAFT:
            members["effective"] = post.published_at.isoformat()
        return calls.make(folder, members)

    def _hand_on(self, calls: PloneCalls, item: Item, post: PostToPush) -> Item:
        """Give a post its date and its state at once, so that no crash leaves it between the two."""
        dated = {"effective": post.published_at.isoformat()}
        if post.approval is Approval.DRAFT or item["review_state"] is None:
            return calls.change(calls.place(item), dated)
        step = self._settings.publish if post.approval is Approval.AUTO else self._settings.submit
        return calls.step(item, step, dated)

    def _not_changed(self, calls: PloneCalls, item: Item, err: PortalError) -> PortalError:
        """Why a post could not be changed; Plone says 401 for a wrong password and for a right that is missing."""
        if err.kind == "forbidden" and "locked" in err.message:
            return calls.fail(
                f"keeps {item['@id']} locked: a person has it open",
                kind="locked",
                hint="it is tried again; Plone lifts a forgotten lock after ten minutes",
            )
        if err.kind != "unauthorized":
            return err
        calls.prove()
        if self._seen(item).state is PortalState.PENDING:
            return calls.fail(
                f"keeps {item['@id']} from being changed while it waits for an editor",
                kind="awaits_review",
                hint="the change goes out when an editor has published or returned it; with the role Reviewer it could at once",
            )
        return calls.fail(
            f"does not let {self._settings.username!r} change {item['@id']}",
            kind="forbidden",
            hint="give the account the role Editor in Site Setup, Users",
        )

    def _seen(self, item: Item) -> PortalPost:
        return self._items.seen(item, self._clock.now())


def _range(start: datetime, end: datetime) -> tuple[str, str]:
    """The bounds of a search, both included; the catalogue there knows minutes only."""
    return start.replace(second=0, microsecond=0).isoformat(), end.isoformat()
