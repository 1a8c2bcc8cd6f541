"""A portal described by a table alone: requests as templates, answers read by paths, one of nine kinds of login. docs/portals/http_json.md.

Written for portals that no adapter of ours knows. Tried with the tables in docs/portals on WordPress 6.1.9 and Plone 6 (tests/portals),
and on a stand-in for NukeViet.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from adapters.http.client import PoliteClient
from adapters.http.tls import SharedContext
from adapters.portals.content import inert
from adapters.portals.http_json_calls import Calls, StepAnswer
from adapters.portals.http_json_files import FilePlaces, file_values
from adapters.portals.http_json_lists import TermNames
from adapters.portals.http_json_lookups import Lookups
from adapters.portals.http_json_posts import PostReader
from adapters.portals.http_json_settings import Create, HttpJsonSettings, Step
from adapters.portals.http_json_templates import Templates, used_names
from adapters.portals.http_json_values import ValueSpec, plain, zone_of
from adapters.portals.json_api import PortalCalls
from adapters.portals.logins.kinds import login_of
from syncd.domain.model import Approval, SourceKey
from syncd.errors import ConfigError, PortalError
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

_STATE = {Approval.AUTO: "live", Approval.PENDING: "pending", Approval.DRAFT: "draft"}
_SHOWN = (PortalState.PUBLIC, PortalState.SCHEDULED)
_MISSING = ("gone", "not_found")
_Told = TypeVar("_Told")


class HttpJsonPortal:
    """Publish posts through a portal's own interface, as `HttpJsonSettings` describes it. One writer; `list` may run beside it."""

    Settings = HttpJsonSettings

    def __init__(
        self, settings: HttpJsonSettings, *, name: str, http: PoliteClient, clock: Clock, settle: timedelta
    ) -> None:
        """Raises ConfigError for settings that cannot be used, as `syncd check` tells them."""
        for problem in settings.problems():
            raise problem
        self.name = name
        self._settings = settings
        self._http = http
        zone = zone_of(settings.timezone)
        self._templates = Templates(zone)
        self._login = login_of(settings.auth, base_url=settings.url.rstrip("/"), clock=clock, templates=self._templates)
        self._tls = _own_context(settings)
        self._categories = TermNames(settings.category_terms) if settings.category_terms else None
        self._authors = TermNames(settings.author_terms) if settings.author_terms else None
        self._posts = PostReader(settings, zone=zone, clock=clock, categories=self._categories, authors=self._authors)
        self._places = FilePlaces(settings.media) if settings.media else None
        self._lookups = Lookups(settings, posts=self._posts, templates=self._templates, clock=clock)
        steps = [settings.create, *settings.create.then.values(), *([settings.update] if settings.update else [])]
        named = used_names([_templates_of(step) for step in steps])
        self.capabilities = Capabilities(
            delivery_class=delivery_class(settings),
            settle=settle,
            conditional_update="current" in (used_names(_templates_of(settings.update)) if settings.update else ()),
            sees_unpublished=settings.sees_unpublished,
            files=settings.media is not None,
            image_inside="file" in named,
            at_once=settings.parallel,
            trash=Trash.NONE
            if not settings.states.words("trash")
            else Trash.LISTED
            if settings.lists_trash
            else Trash.FOUND,
        )

    # --- the port -----------------------------------------------------------------------------------

    def verify(self) -> str:
        """As the port says: the step `verify`, with what it requires."""
        for names in (self._categories, self._authors):
            if names is not None:
                names.forget()
        with self._calls() as calls:
            answer = self._lookups.probe(calls)
            who = (
                plain(ValueSpec.of(self._settings.verify.who).first(answer.document))
                if self._settings.verify.who
                else ""
            )
        host = urlsplit(self._settings.url).netloc
        name = who or self._settings.auth.username or self._settings.auth.kind
        return f"{host} as {name!r}, class {self.capabilities.delivery_class}"

    def find(self, key: SourceKey) -> PortalPost | None:
        """As the port says. Without a step `find` always None: the portal itself then refuses or replaces what stands there already."""
        with self._calls(key) as calls:
            return self._lookups.found(calls, key)

    def create(self, post: PostToPush, key: SourceKey) -> PortalPost:
        """As the port says. What follows the creating call (`then`) is done again where the post stands there already."""
        step = self._settings.create
        with self._calls(key) as calls:
            values = self._values(calls, post, key)
            standing: list[PortalPost] = []

            def absent() -> bool:
                found = self._lookups.found(calls, key)
                standing.extend([found] if found else [])
                return found is None

            may_repeat = absent if self._settings.find or step.upsert or step.exists else None
            with self._forbidden_or_unknown_to(calls):
                answer = calls.do(
                    step, values, writes=True, told=(step.exists,), file=post.image_inside, again=may_repeat
                )
            if answer is None:
                return standing[0]
            if answer.fits(step.exists):
                found, item = self._already_there(calls, answer, key)
                return self._finished(calls, found, post, values) if self._lookups.is_unfinished(item) else found
            return self._made(calls, answer, post, key, values)

    def update(self, portal_id: str, post: PostToPush, key: SourceKey) -> PortalPost:
        """As the port says."""
        step = self._settings.update
        with self._calls(key) as calls:
            if step is None:
                raise calls.api.fail(
                    "has no step to change a post", kind="not_configured", permanent=True, hint="add [portal.update]"
                )
            values = {**self._values(calls, post, key), "id": portal_id}
            values |= self._current(calls, step, portal_id)
            return self._changed(calls, step, portal_id, values, file=post.image_inside)

    def withdraw(self, portal_id: str, key: SourceKey) -> PortalPost:
        step = self._settings.withdraw
        with self._calls(key) as calls:
            standing = self._lookups.read(calls, portal_id)
            if standing is None:
                raise _gone(calls, portal_id)
            if standing.state not in _SHOWN:
                return standing
            if step is None:
                raise calls.api.fail(
                    "has no step to withdraw a post",
                    kind="not_configured",
                    permanent=True,
                    hint="add [portal.withdraw]",
                )
            values = {"key": key, "id": portal_id, "current": self._shown(standing), **self._words()}
            return self._changed(calls, step, portal_id, values)

    def put_file(self, file: FileToPush) -> PlacedFile:
        with self._calls() as calls:
            if self._places is None:
                raise calls.api.fail("takes no files", kind="file_refused", permanent=True, hint="add [portal.media]")
            return self._places.put(calls, file, proved=lambda: self._lookups.prove(calls))

    def read(self, portal_id: str) -> PortalPost | None:
        with self._calls() as calls:
            return self._lookups.read(calls, portal_id)

    def list(self, start: datetime, end: datetime) -> Iterator[PortalPost]:
        """As the port says; the whole list is read before the first post is given. A post without a date belongs to no month."""
        with self._calls() as calls:
            posts = [
                post
                for post in self._lookups.listed(calls, start, end)
                if post.published_at is not None and start <= post.published_at < end
            ]
        yield from sorted(posts, key=lambda post: (post.published_at or start, len(post.id), post.id))

    # --- writing --------------------------------------------------------------------------------------

    def _made(
        self, calls: Calls, answer: StepAnswer, post: PostToPush, key: SourceKey, values: Mapping[str, Any]
    ) -> PortalPost:
        step = self._settings.create
        id = answer.value(step.id, answer.item(step.item))
        if not id and step.id:
            raise calls.api.fail("answered without the new post's id", unknown=True, hint="check portal.create.id")
        if step.whole:
            made: PortalPost | None = self._posts.seen(calls, answer, step, None, id=id)
        else:
            made = self._after_write(
                calls, lambda: self._lookups.read(calls, id) if id else self._lookups.found(calls, key)
            )
        if made is None:
            raise calls.api.fail("does not show the post it has just taken", unknown=True)
        if made.key != key:
            raise calls.api.fail(
                f"removed our key from post {made.id}, so it could never be found again",
                kind="marker_lost",
                permanent=True,
                hint="the key must stand in what portal.read.fields names as key or text, and portal.create must send it",
            )
        return self._finished(calls, made, post, values)

    def _finished(self, calls: Calls, made: PortalPost, post: PostToPush, values: Mapping[str, Any]) -> PortalPost:
        """The post after the step that its approval asks for."""
        step = self._settings.create.then.get(post.approval.value)
        if step is None:
            return made
        told = {**values, "id": made.id, "url": made.url, "current": self._shown(made)}
        self._after_write(calls, lambda: calls.do(step, told, writes=True, again=lambda: True))
        done = self._after_write(calls, lambda: self._lookups.read(calls, made.id))
        if done is None:
            raise calls.api.fail("does not show the post it has just taken", unknown=True)
        return replace(done, key=made.key)

    def _already_there(self, calls: Calls, answer: StepAnswer, key: SourceKey) -> tuple[PortalPost, Any]:
        step = self._settings.create
        id = answer.value(step.id, answer.item(step.item))
        found = (
            self._lookups.looked_up(calls, key)
            if self._settings.find
            else self._lookups.told(calls, id)
            if id
            else None
        )
        if found is None:
            raise calls.api.fail(
                "says that it has the post, and does not show it",
                unknown=True,
                hint="a deleted post may still hold our key: look into the portal's trash",
            )
        return found

    def _changed(
        self, calls: Calls, step: Step, portal_id: str, values: Mapping[str, Any], *, file: FileToPush | None = None
    ) -> PortalPost:
        try:
            with self._forbidden_or_unknown_to(calls):
                answer = calls.do(
                    step, values, writes=True, file=file, again=lambda: self._lookups.read(calls, portal_id) is not None
                )
        except PortalError as err:
            if err.kind in _MISSING and self._lookups.read(calls, portal_id) is None:
                raise _gone(calls, portal_id) from err
            raise
        if answer is None:
            raise _gone(calls, portal_id)
        if step.whole:
            return self._posts.seen(calls, answer, step, None, id=portal_id)
        changed = self._after_write(calls, lambda: self._lookups.read(calls, portal_id))
        if changed is None:
            raise _gone(calls, portal_id)
        return changed

    @contextmanager
    def _forbidden_or_unknown_to(self, calls: Calls) -> Iterator[None]:
        """Tells a portal that says 401 where it means "not you, not this" from a login that does not hold."""
        try:
            yield
        except PortalError as err:
            if err.kind != "unauthorized":
                raise
            self._lookups.probe(calls)  # raises where reading fails as well
            raise calls.api.fail(
                f"knows us and does not let us do this: {err.message}",
                kind="forbidden",
                hint="the account lacks a right for it, or the web server drops our login from writing requests",
            ) from err

    def _after_write(self, calls: Calls, call: Callable[[], _Told]) -> _Told:
        """What follows a write that took effect: whatever fails now, the post may stand there."""
        try:
            return call()
        except PortalError as err:
            raise calls.api.fail(
                f"took the post, and then: {err.message}",
                kind=err.kind,
                unknown=True,
                retry_after=err.retry_after,
                hint=err.hint,
            ) from err

    # --- values -----------------------------------------------------------------------------------------

    def _words(self) -> dict[str, Any]:
        states = self._settings.states
        return {
            "states": {
                name: next(iter(states.words(name)), None) for name in ("draft", "pending", "live", "private", "trash")
            }
        }

    def _values(self, calls: Calls, post: PostToPush, key: SourceKey) -> dict[str, Any]:
        """What templates of a write may name."""
        categories: list[str] = list(post.categories)
        if self._categories is not None:
            found = (self._categories.id_of(calls, name) for name in post.categories)
            categories = [id for id in found if id is not None]
        author = post.author
        if self._authors is not None and author is not None:
            author = self._authors.id_of(calls, author)
        numbers = self._categories is not None
        return {
            "key": key,
            "post": {
                "title": post.title,
                "html": inert(post.html),
                "summary": post.summary,
                "date": post.published_at,
                "unit": post.unit_name,
                "source_url": post.source_url,
                "approval": post.approval.value,
            },
            "state": next(iter(self._settings.states.words(_STATE[post.approval])), None),
            "categories": [int(id) if numbers and id.isdecimal() else id for id in categories],
            "category": next(iter(categories), None),
            "author": author,
            "media_id": post.image.id if post.image else None,
            "media_url": post.image.url if post.image else None,
            "file": file_values(post.image_inside) if post.image_inside else None,
            **self._words(),
        }

    def _current(self, calls: Calls, step: Step, portal_id: str) -> dict[str, Any]:
        if "current" not in used_names(_templates_of(step)):
            return {}
        standing = self._lookups.read(calls, portal_id)
        if standing is None:
            raise _gone(calls, portal_id)
        return {"current": self._shown(standing)}

    def _shown(self, post: PortalPost) -> dict[str, Any]:
        path = post.url.removeprefix(self._settings.url.rstrip("/")).strip("/")
        return {
            "version": post.version,
            "state": post.state.value,
            "url": post.url,
            "path": path if "://" not in path else None,
            "title": post.title,
        }

    @contextmanager
    def _calls(self, key: SourceKey | None = None) -> Iterator[Calls]:
        settings = self._settings
        places = (settings.url, settings.auth.token_url, settings.auth.login_page, settings.auth.submit_to)
        ports = {_port(place) for place in places if "://" in place}
        # no pause between two requests: this is the office's own portal, and one delivery takes several
        with self._http.visit(
            allow_ports=tuple(ports), allow_addresses=settings.allow_addresses, spacing_s=0.0, tls=self._tls
        ) as visit:
            api = PortalCalls(visit=visit, portal=self.name, key=key)
            yield Calls(api, settings, login=self._login, templates=self._templates)


def delivery_class(settings: HttpJsonSettings) -> DeliveryClass:
    """A where the portal itself refuses or replaces a second post with our key, else B."""
    create: Create = settings.create
    return DeliveryClass.A if create.upsert or create.exists is not None else DeliveryClass.B


def _templates_of(step: Step) -> list[Any]:
    return [step.request, step.query, step.headers, step.json, step.form, step.multipart, step.body_template]


def _gone(calls: Calls, portal_id: str) -> PortalError:
    return calls.api.fail(f"has no post {portal_id} any more", kind="gone", permanent=True)


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _own_context(settings: HttpJsonSettings) -> SharedContext | None:
    """A TLS context of this portal's own, where it wants a certificate from us or has an authority of its own."""
    if settings.client_certificate is None and settings.ca_file is None:
        return None
    context = SharedContext([str(settings.ca_file)] if settings.ca_file else [])
    if settings.client_certificate is not None:
        key = str(settings.client_key) if settings.client_key else None
        try:
            context.load_cert_chain(str(settings.client_certificate), key)
        except (OSError, ValueError) as err:
            raise ConfigError(
                f"cannot be used: {err}",
                key="portal.client_certificate",
                hint="a PEM file with the certificate, and client_key with its key, without a password",
            ) from err
    return context
