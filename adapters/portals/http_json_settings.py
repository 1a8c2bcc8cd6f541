"""The `[portal]` table of kind `http_json`: one step for each thing a portal is asked for, and how its answer is read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.portals.logins.settings import LoginSettings
from syncd.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """An answer to be known again: every part that is given must fit. `equals`: path -> value; `match`: a regular expression in the body."""

    status: tuple[int, ...] = ()
    equals: dict[str, Any] = field(default_factory=dict)
    match: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(When):
    """An answer that says no though its status does not: nothing was done. `permanent`: the same call will never do better."""

    kind: str = "refused"
    permanent: bool = False
    message: str = ""  # path to the portal's own words


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value stands in an answer: a path, or a header, and the part of it that a regular expression's first group takes."""

    path: str = ""
    header: str = ""
    regex: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """How a list goes on; `first` is the number of the first page, `size` the entries of a full one.

    `header`, `count`: how many pages there are. `total`, `total_header`: how many entries. `next`, `next_header`: where the next page is, an
    address or a cursor. With `size` alone the first short page is the last.
    """

    first: int = 1
    size: int | None = None
    header: str = ""
    count: str = ""
    total: str = ""
    total_header: str = ""
    next: str = ""
    next_header: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request, and what its answer proves. `whole`: it shows a post as `read` does. `authenticated`: it is refused to whom the portal does not know.

    `item`: the path to the posts in a list, or to the one post of any other answer; `id`, `url` and fields start there.
    `html`: the answer is a page, of which `select` (CSS) finds the entries. `writes`: whether it changes anything, where the method does not tell.
    """

    request: str
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None
    form: dict[str, Any] | None = None
    multipart: dict[str, Any] | None = None
    body: str = ""
    body_template: str = ""
    content_type: str = ""
    expect: When | None = None
    refused: tuple[Refusal, ...] = ()
    retry_on: tuple[int, ...] = ()
    writes: bool | None = None
    html: bool = False
    whole: bool = False
    authenticated: bool = False
    select: str = ""
    item: str = ""
    id: str | Place = ""
    url: str | Place = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify(Step):
    """`require`: path -> value, what must be so; `who`: the path to our name there."""

    require: dict[str, Any] = field(default_factory=dict)
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStep(Step):
    """`fields`: what each entry tells of its post, where it is not `whole`."""

    fields: dict[str, str] = field(default_factory=dict)
    pages: Pages | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Find(ListStep):
    """`single`: the answer is the entry. `absent`: what else than an empty list says that there is none."""

    single: bool = False
    confirm: dict[str, str] = field(default_factory=dict)
    absent: When | tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(Step):
    """`upsert`: the same call again changes nothing but that post. `exists`: how the portal says that it has our key.

    `then`: approval -> a further step, which makes of the post what it is to be. `unfinished`: how a post reads that still waits for that step.
    """

    upsert: bool = False
    exists: When | None = None
    then: dict[str, Step] = field(default_factory=dict)
    unfinished: When | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Step):
    """`fields`: what is read of a post, path by name. `gone`: how the portal says that there is no such post."""

    fields: dict[str, str] = field(default_factory=dict)
    gone: When = field(default_factory=lambda: When(status=(404,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Media(Step):
    """Files apart from posts. `describe`: what writes caption and alternative text; `fields`: where `find` shows them."""

    find: Find | None = None
    describe: Step | None = None
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(ListStep):
    """A portal's numbers for names (categories, authors): the list of them, and `create` where a missing one may be made.

    `alias`: another name for the same, such as a login; it is preferred where a post's author is told.
    """

    name: str = "$.name"
    alias: str = ""
    create: Create | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """The portal's words for each state: the first is sent, all are understood. What is none of them counts as waiting.

    `dated_ahead`: a live post is shown from its date on, so that one dated ahead is scheduled.
    """

    draft: str | tuple[str, ...] = ()
    pending: str | tuple[str, ...] = ()
    live: str | tuple[str, ...] = ()
    scheduled: str | tuple[str, ...] = ()
    private: str | tuple[str, ...] = ()
    trash: str | tuple[str, ...] = ()
    dated_ahead: bool = False

    def words(self, name: str) -> tuple[str, ...]:
        value: str | tuple[str, ...] = getattr(self, name)
        return (value,) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpJsonSettings:
    """`url`: what every request's path is put behind. `timezone`: of dates without a zone, as `+07:00` or a name.

    `parallel`: how many posts it takes side by side. `probe_seconds`: how long an answer to `verify` vouches for others.
    """

    url: str
    auth: LoginSettings
    verify: Verify
    create: Create
    read: Read
    list: ListStep
    states: States
    find: Find | None = None
    update: Step | None = None
    withdraw: Step | None = None
    media: Media | None = None
    category_terms: Terms | None = None
    author_terms: Terms | None = None
    headers: dict[str, str] = field(default_factory=dict)
    timezone: str = "+07:00"
    sees_unpublished: bool = True
    lists_trash: bool = True
    parallel: int = 1
    probe_seconds: float = 10.0
    client_certificate: Path | None = None
    client_key: Path | None = None
    ca_file: Path | None = None
    allow_addresses: tuple[str, ...] = ()

    def problems(self) -> Iterator[ConfigError]:
        """Everything that no single value tells; `key` is relative to the table."""
        from adapters.portals.http_json_checks import problems_of  # it imports this module

        yield from problems_of(self)
