"""What an answer tells of a post, by the paths of a table."""

from datetime import datetime, tzinfo
from typing import Any

from adapters.portals.content import credited, find_marker, is_key, outgoing_links
from adapters.portals.http_json_calls import Calls, StepAnswer
from adapters.portals.http_json_lists import TermNames
from adapters.portals.http_json_settings import HttpJsonSettings, ListStep, Read, Step
from adapters.portals.http_json_values import ValueSpec, instant, plain
from syncd.domain.identity import text_sha256
from syncd.domain.model import SourceKey
from syncd.ports.clock import Clock
from syncd.ports.portal import PortalPost, PortalState

FIELDS = frozenset(
    ("id", "key", "url", "title", "state", "date", "version", "author", "author_name", "categories", "text", "locked")
)
_STATES = {
    "draft": PortalState.DRAFT,
    "pending": PortalState.PENDING,
    "live": PortalState.PUBLIC,
    "scheduled": PortalState.SCHEDULED,
    "private": PortalState.PRIVATE,
    "trash": PortalState.TRASH,
}


class PostReader:
    """Reads posts of one portal. May be shared by threads."""

    def __init__(
        self,
        settings: HttpJsonSettings,
        *,
        zone: tzinfo,
        clock: Clock,
        categories: TermNames | None,
        authors: TermNames | None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._zone = zone
        self._categories = categories
        self._authors = authors
        self._states = {word: state for name, state in _STATES.items() for word in settings.states.words(name)}

    def tells_all(self, step: ListStep) -> bool:
        """Whether an entry of this step's answer shows its post, so that it need not be read by itself."""
        return step.whole or ({"state", "date"} <= step.fields.keys() and bool({"text", "key"} & step.fields.keys()))

    def seen(self, calls: Calls, answer: StepAnswer, step: Step, entry: Any, *, id: str = "") -> PortalPost:
        """The post an answer shows, or an entry of it. `id` where it is known.

        Raises:
            PortalError: no id or state stands there, or a date that is none.
        """
        item = answer.item(step.item) if entry is None else entry
        fields = self._fields(step)
        id = id or answer.value(step.id, item) or self._text(fields, "id", item)
        word = self._text(fields, "state", item)
        if not id or not word:
            raise calls.api.fail(
                f"answered {step.request} without the post's {'state' if id else 'id'}",
                unknown=not isinstance(step, Read | ListStep),
                hint="check the step's id, and fields.state of portal.read",
            )
        html = self._text(fields, "text", item)
        state = self._states.get(word, PortalState.PENDING)
        if self._text(fields, "locked", item) not in ("", "false", "0") and state is PortalState.PUBLIC:
            state = PortalState.PRIVATE  # it opens by password only
        date = self._date(calls, fields, item, step)
        ahead = self._settings.states.dated_ahead and date is not None and date > self._clock.now()
        if ahead and state is PortalState.PUBLIC:
            state = PortalState.SCHEDULED
        author, author_name = self._author(calls, fields, item)
        return PortalPost(
            id=id,
            key=self._key(fields, item, html),
            url=answer.value(step.url, item) or self._text(fields, "url", item),
            title=self._text(fields, "title", item),
            state=state,
            published_at=date,
            version=self._text(fields, "version", item),
            author=author,
            author_name=author_name,
            categories=self._category_names(calls, fields, item),
            content_sha256=text_sha256(html) if html else "",
            links=outgoing_links(html, own_url=self._settings.url),
            credit=credited(html),
        )

    def _fields(self, step: Step) -> dict[str, str]:
        own = step.fields if isinstance(step, ListStep | Read) and not step.whole else {}
        return own or self._settings.read.fields

    def _text(self, fields: dict[str, str], name: str, item: Any) -> str:
        return plain(ValueSpec.of(fields[name]).first(item)) if name in fields else ""

    def _key(self, fields: dict[str, str], item: Any, html: str) -> SourceKey | None:
        if "key" in fields:
            text = self._text(fields, "key", item)
            return SourceKey(text) if is_key(text) else None
        return find_marker(html)

    def _date(self, calls: Calls, fields: dict[str, str], item: Any, step: Step) -> datetime | None:
        if "date" not in fields:
            return None
        try:
            return instant(ValueSpec.of(fields["date"]).first(item), self._zone)
        except ValueError as err:
            raise calls.api.fail(
                f"prints a date in {step.request} that is none: {err}", unknown=not isinstance(step, Read | ListStep)
            ) from err

    def _author(self, calls: Calls, fields: dict[str, str], item: Any) -> tuple[str, str]:
        author, name = self._text(fields, "author", item), self._text(fields, "author_name", item)
        if self._authors is not None and author:
            term = self._authors.term(calls, author)
            return term.alias or term.name or author, name or term.name
        return author, name

    def _category_names(self, calls: Calls, fields: dict[str, str], item: Any) -> tuple[str, ...]:
        if "categories" not in fields:
            return ()
        found = ValueSpec.of(fields["categories"]).all(item)
        values = [plain(each) for value in found for each in (value if isinstance(value, list) else [value])]
        if self._categories is not None:
            values = [self._categories.term(calls, value).name or value for value in values if value]
        return tuple(dict.fromkeys(value for value in values if value))
