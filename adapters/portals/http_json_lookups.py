"""What stands at a portal that a table describes: looked up by key, read by id, listed by month, and never believed of a stranger's answer."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.portals.http_json_calls import Calls, StepAnswer, says
from adapters.portals.http_json_lists import every_entry
from adapters.portals.http_json_posts import PostReader
from adapters.portals.http_json_settings import Find, HttpJsonSettings, When
from adapters.portals.http_json_templates import Templates
from adapters.portals.http_json_values import ValueSpec, plain, same
from syncd.domain.model import SourceKey
from syncd.ports.clock import Clock
from syncd.ports.portal import PortalPost


class Lookups:
    """The reading steps of one portal. May be shared by threads."""

    def __init__(self, settings: HttpJsonSettings, *, posts: PostReader, templates: Templates, clock: Clock) -> None:
        self._settings = settings
        self._posts = posts
        self._templates = templates
        self._clock = clock
        self._proved_at: float | None = None

    def listed(self, calls: Calls, start: datetime, end: datetime) -> Iterator[PortalPost]:
        """Every post that the step `list` gives for a span of time."""
        step = self._settings.list
        if not step.authenticated:
            self.prove(calls)
        for answer, entry in every_entry(calls, step, {"from": start, "to": end}):
            if self._posts.tells_all(step):
                yield self._posts.seen(calls, answer, step, entry)
            elif (post := self.read(calls, answer.value(step.id, entry))) is not None:  # else deleted since
                yield post

    def found(self, calls: Calls, key: SourceKey) -> PortalPost | None:
        """The post that carries the key; one that `create` has still to finish is not there yet."""
        found = self.looked_up(calls, key)
        return None if found is None or self.is_unfinished(found[1]) else found[0]

    def looked_up(self, calls: Calls, key: SourceKey) -> tuple[PortalPost, Any] | None:
        """The post that carries the key, finished or not, and the document that tells of it."""
        step = self._settings.find
        if step is None:
            return None
        if not step.authenticated:
            self.prove(calls)
        values = {"key": key}
        absent = step.absent if isinstance(step.absent, When) else When(status=step.absent)
        for answer, entry in self._hits(calls, step, values, absent):
            if not self._confirmed(step, values, entry):
                continue
            post, item = self._of_hit(calls, step, answer, entry)
            # searches answer with near misses too, and a text may quote another's key; an address made of the key is the
            # post's, also where an editor renamed it
            if post is not None and (post.key == key or step.single):
                return replace(post, key=key), item
        return None

    def is_unfinished(self, item: Any) -> bool:
        """Whether a post was made and the step of `create.then` is still to come."""
        waiting = self._settings.create.unfinished
        return waiting is not None and says(item, waiting.equals)

    def _of_hit(self, calls: Calls, step: Find, answer: StepAnswer, entry: Any) -> tuple[PortalPost | None, Any]:
        if self._posts.tells_all(step):
            return self._posts.seen(calls, answer, step, entry), entry
        told = self.told(calls, answer.value(step.id, entry))
        return (None, None) if told is None else told

    def _hits(
        self, calls: Calls, step: Find, values: Mapping[str, Any], absent: When
    ) -> Iterator[tuple[StepAnswer, Any]]:
        if step.item and not step.single and not absent.status:
            yield from every_entry(calls, step, values)
            return
        answer = calls.do(step, values, writes=False, told=(absent,))
        if answer is None or answer.fits(absent):
            return
        entries = ValueSpec.of(step.item).all(answer.document) if step.item else [answer.document]
        yield from ((answer, entry) for entry in entries)

    def _confirmed(self, step: Find, values: Mapping[str, Any], entry: Any) -> bool:
        return all(
            self._templates.text(wanted, values) in plain(ValueSpec.of(path).first(entry))
            for path, wanted in step.confirm.items()
        )

    def read(self, calls: Calls, portal_id: str) -> PortalPost | None:
        """The post of an id; None when it is gone."""
        told = self.told(calls, portal_id)
        return None if told is None else told[0]

    def told(self, calls: Calls, portal_id: str) -> tuple[PortalPost, Any] | None:
        """The post of an id, and the document that tells of it."""
        step = self._settings.read
        if not step.authenticated:
            self.prove(calls)
        answer = calls.do(step, {"id": portal_id}, writes=False, told=(step.gone,))
        if answer is None or answer.fits(step.gone):
            return None
        return self._posts.seen(calls, answer, step, None, id=portal_id), answer.item(step.item)

    def prove(self, calls: Calls) -> None:
        """An answer to a stranger may look like an empty portal: so the portal must have known us a moment ago."""
        now = self._clock.monotonic()
        if self._proved_at is None or now - self._proved_at > self._settings.probe_seconds:
            self.probe(calls)

    def probe(self, calls: Calls) -> StepAnswer:
        """The step `verify`, with what it requires. Raises PortalError unless the portal knows us."""
        step = self._settings.verify
        self._proved_at = None
        answer = calls.do(step, {}, writes=False)
        assert answer is not None
        for path, wanted in step.require.items():
            if not any(same(found, wanted) for found in ValueSpec.of(path).all(answer.document)):
                raise calls.api.fail(
                    f"does not grant what portal.verify requires: {path} is not {plain(wanted) or wanted}",
                    kind="forbidden",
                    hint="give the account that right there, or correct portal.verify.require",
                )
        self._proved_at = self._clock.monotonic()
        return answer
