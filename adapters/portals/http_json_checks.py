"""What can be wrong with a table of kind `http_json`, told before anything is sent: where, what, and the way out."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from adapters.portals.http_json_calls import FILE
from adapters.portals.http_json_pages import expression
from adapters.portals.http_json_posts import FIELDS
from adapters.portals.http_json_settings import (
    Find,
    HttpJsonSettings,
    ListStep,
    Media,
    Place,
    Read,
    Step,
    Verify,
    When,
)
from adapters.portals.http_json_templates import BadTemplate, Names, check, leaves, used_names
from adapters.portals.http_json_values import ValueSpec, zone_of
from adapters.portals.logins.signing import secret_bytes
from syncd.domain.model import Approval
from syncd.errors import ConfigError

_REQUEST = re.compile(r"(?:GET|POST|PUT|PATCH|DELETE) /\S.*|(?:GET|POST|PUT|PATCH|DELETE) /", re.S)
_HOST_IN_PATH = re.compile(r"\S+ //")
_POST = frozenset(("title", "html", "summary", "date", "unit", "source_url", "approval"))
_FILE = frozenset(("name", "stem", "type", "sha256", "size", "b64", "alt", "caption", "title"))
_CURRENT = frozenset(("version", "state", "url", "path", "title"))
_STATES = frozenset(("draft", "pending", "live", "private", "trash"))
_Known = dict[str, frozenset[str] | None]

_KEY: _Known = {"key": None}
_WRITE: _Known = {
    "key": None, "post": _POST, "state": None, "category": None, "categories": None, "author": None, "media_id": None,
    "media_url": None, "file": _FILE, "states": _STATES,
}  # fmt: skip
_CHANGE: _Known = {**_WRITE, "id": None, "current": _CURRENT}
_PAGE: _Known = {"page": None, "offset": None, "cursor": None}
_SIGNING = (
    "method", "path", "query", "target", "timestamp", "timestamp_ms", "date", "nonce", "body_sha256", "body_md5_b64",
    "content_type", "key_id",
)  # fmt: skip


def problems_of(settings: HttpJsonSettings) -> Iterator[ConfigError]:
    """Every problem, each at its key relative to the table."""
    yield from _of_the_whole(settings)
    for key, step, known in _steps(settings):
        yield from _of_step(key, step, known)
    yield from _of_login(settings)


def _of_the_whole(settings: HttpJsonSettings) -> Iterator[ConfigError]:
    parts = urlsplit(settings.url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        yield ConfigError(
            "is no web address that paths can be put behind", key="url", hint="such as https://cong.vidu.example/api"
        )
    try:
        zone_of(settings.timezone)
    except ValueError as err:
        yield ConfigError(str(err), key="timezone", hint='such as "+07:00" or "Asia/Ho_Chi_Minh"')
    create = settings.create
    if settings.find is None and create.exists is None and not create.upsert:
        yield ConfigError(
            "cannot be made safe: after a lost answer nobody could tell whether the post stands there",
            key="create",
            hint="add [portal.find] (a look-up by our key), or create.exists (how the portal refuses a key it has),"
            " or create.upsert = true where the same call again replaces the same post",
        )
    fields = settings.read.fields
    if "state" not in fields or "title" not in fields or not {"text", "key"} & fields.keys():
        yield ConfigError(
            "tells too little of a post",
            key="read.fields",
            hint="it needs state, title, date, and text or key (text too, where there is one)",
        )
    if "date" not in fields:
        yield ConfigError("has no date", key="read.fields", hint='add date = "$.…": no month could be counted without')
    if not settings.list.id and "id" not in settings.list.fields:
        yield ConfigError("is missing", key="list.id", hint="the path to an entry's id")
    if "{{ key }}" not in str([text for _, text in leaves(_tree(create))]) and "key" not in used_names(_tree(create)):
        yield ConfigError(
            "does not send our key", key="create", hint="put {{ key }} into the text, the id or a field of its own"
        )
    for name in create.then:
        if name not in {approval.value for approval in Approval}:
            yield ConfigError(f'"{name}" is no approval', key=f"create.then.{name}", hint="auto, pending or draft")
    used = used_names([_tree(step) for _, step, _ in _steps(settings)])
    if "state" in used:
        for name in ("draft", "pending", "live"):
            if not settings.states.words(name):
                yield ConfigError(
                    "is missing", key=f"states.{name}", hint="the portal's word, since templates send {{ state }}"
                )
    if settings.probe_seconds < 0 or settings.probe_seconds > 60:
        yield ConfigError("must lie between 0 and 60", key="probe_seconds", hint="10 is usual")
    if not 1 <= settings.parallel <= 16:
        yield ConfigError(
            "must lie between 1 and 16", key="parallel", hint="how many posts the portal takes side by side"
        )
    if settings.client_key is not None and settings.client_certificate is None:
        yield ConfigError("needs client_certificate", key="client_key", hint="give both, PEM files")


def _steps(settings: HttpJsonSettings) -> Iterator[tuple[str, Step, _Known]]:
    yield "verify", settings.verify, {}
    yield "create", settings.create, _WRITE
    for name, step in settings.create.then.items():
        yield f"create.then.{name}", step, {**_CHANGE, "url": None}
    yield "read", settings.read, {"id": None}
    yield "list", settings.list, {"from": None, "to": None, **_PAGE}
    if settings.find is not None:
        yield "find", settings.find, {**_KEY, **_PAGE}
    if settings.update is not None:
        yield "update", settings.update, _CHANGE
    if settings.withdraw is not None:
        yield "withdraw", settings.withdraw, {**_KEY, "id": None, "current": _CURRENT, "states": _STATES}
    if settings.media is not None:
        yield "media", settings.media, {"file": _FILE}
        if settings.media.find is not None:
            yield "media.find", settings.media.find, {"file": _FILE, **_PAGE}
        if settings.media.describe is not None:
            yield "media.describe", settings.media.describe, {"file": _FILE, "id": None}
    for key, terms in (("category_terms", settings.category_terms), ("author_terms", settings.author_terms)):
        if terms is not None:
            yield key, terms, _PAGE
            if terms.create is not None:
                yield f"{key}.create", terms.create, {"name": None}


def _of_step(key: str, step: Step, known: _Known) -> Iterator[ConfigError]:
    if not _REQUEST.fullmatch(step.request) or _HOST_IN_PATH.match(step.request):
        yield ConfigError(
            "is no request",
            key=f"{key}.request",
            hint='a method and a path behind portal.url, such as "GET /posts/{{ id }}"',
        )
    if "?" in re.sub(r"\{\{.*?\}\}", "", step.request):
        yield ConfigError(
            "has a query in it", key=f"{key}.request", hint=f"put it into {key}.query, where it is encoded"
        )
    names = Names(known=known)
    for place, text in leaves(_tree(step)):
        try:
            check(text, names)
        except BadTemplate as err:
            yield ConfigError(str(err), key=f"{key}.{place}", hint=err.hint or None)
    bodies = [name for name in ("json", "form", "multipart", "body", "body_template") if getattr(step, name)]
    if len(bodies) > 1:
        yield ConfigError(f"has several bodies: {', '.join(bodies)}", key=key, hint="give one of them")
    if step.body and (step.body != FILE or not isinstance(step, Media)):
        yield ConfigError("is not understood", key=f"{key}.body", hint='only portal.media has body = "file"')
    if step.request.startswith("GET") and (bodies or step.writes):
        yield ConfigError("changes something by GET", key=f"{key}.request", hint="use POST, PUT or PATCH")
    for place, path in _paths(step):
        yield from _of_path(f"{key}.{place}", path)
    for place, pattern in _patterns(step):
        try:
            re.compile(pattern)
        except re.error as err:
            yield ConfigError(f"is no regular expression: {err}", key=f"{key}.{place}", hint='such as "/(\\\\d+)$"')
    for fields in _field_tables(step):
        for name in fields.keys() - FIELDS - ({"alt", "caption"} if isinstance(step, Media) else frozenset()):
            yield ConfigError(
                f'there is no field "{name}"', key=f"{key}.fields.{name}", hint=f"known: {', '.join(sorted(FIELDS))}"
            )
    if isinstance(step, Find) and not (step.item or step.single or step.absent or step.html):
        yield ConfigError(
            "does not say where its entries stand", key=key, hint='give item = "$[*]", or single = true with absent'
        )
    pages = step.pages if isinstance(step, ListStep) else None
    if pages is not None and not any(
        (pages.size, pages.header, pages.count, pages.total, pages.total_header, pages.next, pages.next_header)
    ):
        yield ConfigError(
            "says nothing", key=f"{key}.pages", hint="give header, count, total, next, next_header or size"
        )


def _of_path(key: str, path: str) -> Iterator[ConfigError]:
    try:
        ValueSpec.of(path)
    except ValueError as err:
        yield ConfigError(str(err), key=key, hint="such as $.title.raw|text; see docs/adapters.md, Paths into JSON")


def _of_login(settings: HttpJsonSettings) -> Iterator[ConfigError]:
    auth = settings.auth
    found = auth.problems(url=settings.url, has_certificate=settings.client_certificate is not None)
    yield from (_below("auth", problem) for problem in found)
    own: _Known = {"username": None, "password": None}
    trees: list[tuple[str, Any, _Known]] = [
        ("json", auth.json, own),
        ("fields", auth.fields, own),
        ("string_to_sign", auth.string_to_sign, dict.fromkeys(_SIGNING)),
        ("headers", auth.headers, dict.fromkeys((*_SIGNING, "signature"))),
        ("header", auth.header, {"token": None}),
    ]
    for key, tree, known in trees:
        for place, text in leaves(tree):
            try:
                check(text, Names(known=known))
            except BadTemplate as err:
                yield ConfigError(str(err), key=f"auth.{key}{'.' if place else ''}{place}", hint=err.hint or None)
    if auth.request and not _REQUEST.fullmatch(auth.request):
        yield ConfigError("is no request", key="auth.request", hint='such as "POST /@login"')
    if auth.token_path:
        yield from _of_path("auth.token_path", auth.token_path)
    for name in ("csrf", "success", "logged_out", "csrf_write", "human"):
        try:
            expression(getattr(auth, name))
        except ValueError as err:
            yield ConfigError(
                str(err), key=f"auth.{name}", hint="a CSS selector, or a regular expression between slashes"
            )
    for name in ("login_page", "submit_to"):
        place = getattr(auth, name)
        if "://" in place and urlsplit(place).netloc != urlsplit(settings.url).netloc:
            yield ConfigError(
                "is another host than portal.url", key=f"auth.{name}", hint="give a path of the same host"
            )
    encoding = auth.secret_encoding or ("hex" if auth.kind == "jwt_hs256" else "text")
    try:
        secret_bytes(auth.secret, encoding)
    except ValueError:
        yield ConfigError(
            f"is not written in {encoding}", key="auth.secret", hint="set auth.secret_encoding: text, hex or base64"
        )


def _tree(step: Step) -> dict[str, Any]:
    """Everything of a step that holds templates, by key."""
    tree: dict[str, Any] = {"request": step.request.partition(" ")[2]}
    for name in ("query", "headers", "json", "form", "multipart", "body_template"):
        if getattr(step, name):
            tree[name] = getattr(step, name)
    if isinstance(step, Find):
        tree["confirm"] = step.confirm
    return tree


def _paths(step: Step) -> Iterator[tuple[str, str]]:
    yield "item", step.item
    for name in ("id", "url"):
        place = getattr(step, name)
        yield (f"{name}.path", place.path) if isinstance(place, Place) else (name, place)
    conditions = _conditions(step)
    for name, when in conditions:
        yield from ((f"{name}.equals.{path}", path) for path in when.equals)
    for number, refusal in enumerate(step.refused):
        yield f"refused[{number}].message", refusal.message
    for fields in _field_tables(step):
        yield from ((f"fields.{name}", path) for name, path in fields.items())
    if isinstance(step, Verify):
        yield from ((f"require.{path}", path) for path in step.require)
        yield "who", step.who
    if isinstance(step, Find):
        yield from ((f"confirm.{path}", path) for path in step.confirm)
    pages = step.pages if isinstance(step, ListStep) else None
    if pages is not None:
        yield from ((f"pages.{name}", getattr(pages, name)) for name in ("count", "total", "next"))
    for name in ("name", "alias"):
        if hasattr(step, name):
            yield name, getattr(step, name)


def _patterns(step: Step) -> Iterator[tuple[str, str]]:
    for name in ("id", "url"):
        place = getattr(step, name)
        if isinstance(place, Place):
            yield f"{name}.regex", place.regex
    yield from ((f"{name}.match", when.match) for name, when in _conditions(step))


def _conditions(step: Step) -> Iterable[tuple[str, When]]:
    for name in ("expect", "exists", "gone", "absent", "unfinished"):
        when = getattr(step, name, None)
        if isinstance(when, When):
            yield name, when
    yield from ((f"refused[{number}]", refusal) for number, refusal in enumerate(step.refused))


def _field_tables(step: Step) -> Iterator[Mapping[str, str]]:
    if isinstance(step, ListStep | Read | Media):
        yield step.fields


def _below(table: str, problem: ConfigError) -> ConfigError:
    return ConfigError(problem.message, key=f"{table}.{problem.key}", hint=problem.hint)
