"""The calls of Drupal's JSON:API, and what its answers prove: who we are, whether a list is whole, what a refusal is about."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeGuard
from urllib.parse import urlencode, urlsplit

from adapters.http.client import PoliteClient
from adapters.portals.drupal_names import DrupalNames, StoredFile
from adapters.portals.drupal_posts import MEDIA_TYPE, DrupalWorkflow, included_of, is_uuid, omits, seen_post
from adapters.portals.json_api import Answer, JsonApi
from adapters.portals.json_parts import member, objects, text
from adapters.portals.logins.settings import LoginSettings
from adapters.portals.reduced import Kept, reduced
from adapters.portals.signed_api import SignedPortal, login_problems
from syncd.domain.model import SourceKey
from syncd.errors import ConfigError, PortalError
from syncd.ports.clock import Clock
from syncd.ports.portal import FileToPush, PortalPost

_FILE_REFUSED = {"too_large", "http_status", "forbidden", "conflict", "gone", "not_found"}
_JSON = {"content-type": MEDIA_TYPE}
_UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY
_EXPLAINED = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.CONFLICT,
    _UNPROCESSABLE,
)
# what Drupal says of the account or the set-up, not of the post: words of the refusal -> the way out
_ABOUT_US = (
    ("accept only read operations", "switch JSON:API to accept all operations: /admin/config/services/jsonapi there"),
    (
        "administer nodes",
        "the account needs the permission 'Administer content': date, author and state of a post ask for it",
    ),
    (
        "working copy",
        "an editor has a draft of this post that is not published: it can be changed when that is settled",
    ),
    (".format:", "the account may not use the text format of portal.text_format, or there is none of that name"),
    (
        "moderation_state",
        "portal.workflow must name states of that content type's workflow, and the account be allowed their transitions",
    ),
    (
        "does not exist on the",
        "a field that [portal] names is not there: body_field, image_field, tags_field, or workflow without its module",
    ),
)

_NONE: frozenset[str] = frozenset()
# what the text format Basic HTML of Drupal 10's standard profile lets through to visitors; from general knowledge, not tried on a real one
BASIC_HTML: Kept = {
    **dict.fromkeys(("br", "cite", "code", "dd", "dl", "dt", "em", "h2", "h3", "h4", "h5", "h6", "li", "p", "strong", "ul"), _NONE),
    "a": frozenset(("href", "hreflang")),
    "blockquote": frozenset(("cite",)),
    "ol": frozenset(("start", "type")),
    "img": frozenset(("src", "alt", "height", "width")),
}  # fmt: skip
_OF_CELLS = frozenset(("colspan", "rowspan"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DrupalSettings:
    """`url` is the site's address without the interface's, which is `api_path`. `auth`: `basic` for the module HTTP Basic Authentication, `oauth2_client_credentials` for Simple OAuth, `bearer` or `api_key` for others.

    Fields are named as JSON:API names them; an empty `image_field`, `file_field` or `tags_field` says that there is none.
    `keep_tags` are those that `basic_html` keeps there besides Drupal's own (`table`, `tr`, `td` …); another format is taken to keep everything.
    """

    url: str
    auth: LoginSettings
    api_path: str = "/jsonapi"
    content_type: str = "article"
    body_field: str = "body"
    text_format: str = "basic_html"
    keep_tags: tuple[str, ...] = ()
    image_field: str = "field_image"
    file_field: str = ""
    tags_field: str = "field_tags"
    vocabulary: str = "tags"
    language: str = ""
    workflow: DrupalWorkflow | None = None
    allow_addresses: tuple[str, ...] = ()

    def problems(self) -> Iterator[ConfigError]:
        """What no single value tells; `key` is relative to the table."""
        yield from login_problems(self.auth, url=self.url)

    def kept(self, html: str) -> str:
        """The text in what visitors are shown of it."""
        if self.text_format != "basic_html":
            return html
        more = {tag: _OF_CELLS if tag in ("td", "th") else _NONE for tag in self.keep_tags}
        return reduced(html, {**more, **BASIC_HTML})


class DrupalCalls:
    """The calls of one site, each made with an `api` that `visit` gives. May be shared by threads."""

    def __init__(self, settings: DrupalSettings, *, name: str, http: PoliteClient, clock: Clock) -> None:
        self._settings = settings
        self._portal = SignedPortal(
            settings.auth,
            url=settings.url,
            name=name,
            http=http,
            clock=clock,
            allow_addresses=settings.allow_addresses,
            headers={"accept": MEDIA_TYPE},
        )
        self.base = settings.url.rstrip("/")
        self.root = f"{self.base}/{settings.api_path.strip('/')}"
        self.nodes = f"{self.root}/node/{settings.content_type}"
        self.names = DrupalNames(self.root, vocabulary=settings.vocabulary)

    def visit(self, key: SourceKey | None = None) -> AbstractContextManager[JsonApi]:
        """Calls as the account."""
        return self._portal.visit(key)

    def prove(self, api: JsonApi) -> str:
        """Our own UUID there: the entry point tells it to those it knows, and nothing to visitors."""
        payload = api.get(self.root).payload
        me = member(payload, "meta", "links", "me", "meta", "id")
        if not isinstance(me, str):
            raise api.fail(
                "takes us for a visitor",
                kind="unauthorized",
                hint="name or password is wrong, the account blocked (also for a while, after wrong passwords), the module for"
                " this kind of login not installed, or the web server drops the Authorization header",
            )
        return me

    def page(self, api: JsonApi, query: Mapping[str, str]) -> dict[str, Any]:
        refusals = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
        answer = api.get(
            self.nodes, query={"sort": "drupal_internal__nid", **self._included(), **query}, expect=refusals
        )
        if answer.status in refusals:
            raise api.fail(
                f"does not list {self.nodes}: {_detail(answer)}",
                kind="not_found",
                hint="do portal.content_type and portal.tags_field name what is there?",
            )
        payload = answer.payload
        if not isinstance(payload, dict) or not all(_is_node(item) for item in _items(payload)):
            raise api.fail(f"answered {self.nodes} with no list of posts")
        if omits(payload, urlsplit(self.nodes).path):
            raise api.fail(
                f"left posts out of {self.nodes} that this account may not see",
                kind="incomplete",
                hint="the account needs the permission 'Bypass content access control', or to view all unpublished content",
            )
        return payload

    def _included(self) -> dict[str, str]:
        names = {
            "include": ",".join(filter(None, ("uid", self._settings.tags_field))),
            "fields[user--user]": "name,display_name",
        }
        return {**names, f"fields[taxonomy_term--{self._settings.vocabulary}]": "name"}

    def standing(self, api: JsonApi, uuid: str) -> PortalPost | None:
        """The post of that UUID, for sure: who we are is asked as well, since a visitor is answered too."""
        self.prove(api)
        if not is_uuid(uuid):
            return None
        answer = api.get(f"{self.nodes}/{uuid}", query=self._included(), expect=(HTTPStatus.NOT_FOUND,))
        if answer.status != HTTPStatus.NOT_FOUND:
            return self.seen(api, answer)
        if _detail(answer).startswith("No route found"):
            raise api.fail(
                f"knows no address {self.nodes}", kind="not_found", hint="does portal.content_type name what is there?"
            )
        return None

    def seen(self, api: JsonApi, answer: Answer, *, writes: bool = False) -> PortalPost:
        payload = answer.payload
        item = payload.get("data") if isinstance(payload, dict) else None
        if not _is_node(item):
            raise api.fail("answered without the post's id and attributes", unknown=writes)
        return self.post(item, included_of(payload), api.key)

    def post(
        self, item: dict[str, Any], included: Mapping[tuple[str, str], Mapping[str, Any]], key: SourceKey | None
    ) -> PortalPost:
        settings = self._settings
        return seen_post(
            item,
            included,
            base=self.base,
            body_field=settings.body_field,
            tags_field=settings.tags_field,
            workflow=settings.workflow,
            key=key,
        )

    def write(
        self,
        api: JsonApi,
        method: str,
        uuid: str,
        attributes: Mapping[str, object],
        relationships: Mapping[str, object],
    ) -> Answer:
        """Make or change the node; the answer is not 2xx where the UUID is taken.

        Raises:
            PortalError: any other refusal, `permanent` where it is about this very post and not about the account or the set-up.
        """
        if not is_uuid(uuid):
            raise api.fail(f"has no post {uuid}", kind="gone", permanent=True)
        url = self.nodes if method == "POST" else f"{self.nodes}/{uuid}"
        data: dict[str, object] = {"type": f"node--{self._settings.content_type}", "id": uuid, "attributes": attributes}
        if relationships:
            data["relationships"] = relationships
        answer = api.send(
            method, f"{url}?{urlencode(self._included())}", members={"data": data}, headers=_JSON, expect=_EXPLAINED
        )
        if answer.status < HTTPStatus.BAD_REQUEST:
            return answer
        if answer.status == HTTPStatus.FORBIDDEN:
            self.prove(api)  # raises where it is the login that is wrong, and not a permission that is missing
        said, image = _detail(answer), self._settings.image_field
        if answer.status == HTTPStatus.CONFLICT or (answer.status == _UNPROCESSABLE and "uuid" in said.lower()):
            return answer
        if answer.status == _UNPROCESSABLE and image in relationships and image in said:
            # the file is gone or is none that the field takes: the post goes out without its picture
            others = {name: value for name, value in relationships.items() if name != image}
            return self.write(api, method, uuid, attributes, others)
        about_us = next((hint for words, hint in _ABOUT_US if words in said), None)
        ours = about_us is not None or answer.status in (HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED)
        raise api.fail(
            f"refused {method} of {uuid}: {answer.status} {said}",
            kind="forbidden" if ours else "http_status",
            permanent=not ours,
            hint=about_us or ("the account lacks a permission; see docs/portals/drupal.md" if ours else None),
        )

    def upload(self, api: JsonApi, file: FileToPush, field: str) -> StoredFile:
        headers = {
            "content-type": "application/octet-stream",
            "content-disposition": f'file; filename="{file.filename}"',
        }
        try:
            answer = api.post(f"{self.nodes}/{field}", body=file.data, headers=headers)
        except PortalError as err:
            if err.kind not in _FILE_REFUSED:
                raise
            raise api.fail(
                f"does not take file {file.filename} into {field}: {err.message}",
                kind="file_refused",
                permanent=True,
                hint=err.hint,
            ) from err
        made = self.names.keep(file.filename, answer.payload.get("data") if isinstance(answer.payload, dict) else None)
        if made is None:
            raise api.fail("answered an upload without the file's id and address", unknown=True)
        return made


def _items(payload: Mapping[str, Any]) -> list[Any]:
    data = payload.get("data")
    return data if isinstance(data, list) else [None]


def _is_node(item: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(item, dict) and isinstance(item.get("id"), str) and isinstance(item.get("attributes"), dict)


def _detail(answer: Answer) -> str:
    """What Drupal says of a refusal, cut to a length that can be read."""
    told = objects(answer.payload, "errors")
    return "; ".join(text(error, "detail") or text(error, "title") for error in told)[:400]
