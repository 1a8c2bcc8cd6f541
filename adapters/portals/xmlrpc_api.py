"""Calls to a portal that speaks XML-RPC, and what each kind of answer proves.

Specification: xmlrpc.com/spec.md. The standard library writes and reads the values; the parser in front of it takes no document type, so
no entity of a stranger's is ever opened, and only the elements of the specification. What an HTTP answer proves is judged as for
JSON portals; a fault is a refusal that did nothing, but for 5xx and below -32300, where something broke on the way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from http import HTTPStatus
from typing import Any, NoReturn
from xml.parsers import expat
from xmlrpc.client import DateTime, Fault, ResponseError, Unmarshaller, dumps

from adapters.portals.content import without_control
from adapters.portals.json_api import PortalCalls
from syncd.ports.secret import Secret

_ELEMENTS = frozenset(
    [
        "methodResponse",
        "params",
        "param",
        "value",
        "fault",
        "array",
        "data",
        "struct",
        "member",
        "name",
        "string",
        "int",
        "i1",
        "i2",
        "i4",
        "i8",
        "biginteger",
        "boolean",
        "double",
        "bigdecimal",
        "float",
        "nil",
        "base64",
        "dateTime.iso8601",
    ]
)
_MAX_DEPTH = 40
# a post typed by hand may hold them, and WordPress writes them out as they are
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_BAD_VALUES = (ValueError, TypeError, LookupError, OverflowError)  # what the standard library's reader lets through


class _NotXmlRpc(Exception):
    """The bytes are no answer of XML-RPC; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultAnswer:
    """The portal's own refusal: a number and words."""

    code: int
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlRpcApi(PortalCalls):
    """The calls of one visit to the end point `url`. Name and password travel inside each call."""

    url: str
    username: str
    password: Secret
    is_known: Callable[["XmlRpcApi"], bool]  # whether the portal takes our name and password at all

    @property
    def login(self) -> tuple[str, str]:
        return self.username, self.password.reveal()

    def call(self, method: str, *params: object, writes: bool = False, expect: tuple[int, ...] = ()) -> Any:
        """What the method gives; a FaultAnswer for a fault whose code is in `expect`.

        Raises:
            PortalError: no such answer came; `unknown` where `writes` and the call may have taken effect.
        """
        body = dumps(tuple(_sendable(value) for value in params), methodname=method, encoding="utf-8").encode()
        headers = {"accept": "text/xml", "content-type": "text/xml; charset=utf-8"}
        exchange = self.exchange("POST", self.url, headers=headers, body=body, writes=writes)
        if exchange.status >= HTTPStatus.MULTIPLE_CHOICES:
            if exchange.status in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED):
                raise self.fail(
                    f"answered {exchange.status} at {self.url}: XML-RPC is not available there",
                    kind="forbidden" if exchange.status == HTTPStatus.FORBIDDEN else "not_found",
                    hint="is portal.url the address of xmlrpc.php itself? Web hosts, firewalls and security plugins often switch it off",
                )
            self.refuse("POST", exchange, writes=writes)
        try:
            answer = _read(exchange.body)
        except _NotXmlRpc as err:
            raise self.fail(
                f"answered {method} at {self.url} with {exchange.status} and no XML-RPC"
                f" ({exchange.content_type or 'no type'}, {len(exchange.body)} bytes): {err}",
                unknown=writes,
                hint="a login page, a firewall's page or a PHP notice stands where the answer is due; open the address and see",
            ) from err
        if isinstance(answer, FaultAnswer) and answer.code not in expect:
            self._fault(method, answer, writes=writes)
        return answer

    def _fault(self, method: str, fault: FaultAnswer, *, writes: bool) -> NoReturn:
        broken = fault.code >= HTTPStatus.INTERNAL_SERVER_ERROR or -32499 <= fault.code <= -32300
        kind, hint, permanent = "http_status", None, False
        if fault.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            kind, hint = (
                "forbidden",
                "the account lacks a right there; see docs/portals/xmlrpc.md for the rights needed",
            )
            if not self.is_known(self):
                kind, hint = "unauthorized", "name or password is wrong or withdrawn"
        elif fault.code == HTTPStatus.NOT_FOUND:
            kind, permanent = "gone", True
        elif fault.code == HTTPStatus.METHOD_NOT_ALLOWED:
            kind, hint = "forbidden", "XML-RPC is switched off in the portal's settings"
        elif fault.code == HTTPStatus.CONFLICT:
            kind = "conflict"
        elif fault.code == -32601:
            kind, hint = (
                "not_found",
                'the portal does not know this method: is portal.dialect right ("wp" or "metaweblog")?',
            )
        elif not broken:
            permanent = True
        raise self.fail(
            f"refused {method}: {fault.code} {fault.said}",
            kind=kind,
            unknown=writes and broken,
            permanent=permanent,
            hint=hint,
        )


def instant_of(value: object) -> datetime | None:
    """A date of an answer, which is in UTC wherever we ask for one; None for WordPress's empty dates and what is no date."""
    text = str(value).rstrip("Z") if isinstance(value, DateTime | str) else ""
    for form in ("%Y%m%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def naive_date(instant: datetime, *, zone: tzinfo = UTC) -> DateTime:
    """An instant as this protocol writes dates: whole seconds of `zone`, which is not told."""
    return DateTime(instant.astimezone(zone).replace(tzinfo=None, microsecond=0))


def _sendable(value: object) -> Any:
    """The same value, without what no XML document can hold."""
    if isinstance(value, str):
        return without_control(value)
    if isinstance(value, Mapping):
        return {name: _sendable(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_sendable(member) for member in value]
    return value


def _read(body: bytes) -> Any:
    """The one value of an answer, or its fault.

    Raises:
        _NotXmlRpc: it is anything else.
    """
    reader, parser, depth = Unmarshaller(use_builtin_types=False), expat.ParserCreate(), 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if tag not in _ELEMENTS or depth > _MAX_DEPTH:
            raise _NotXmlRpc(f"element {tag[:40]!r} at depth {depth}")
        reader.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        reader.end(tag)

    def doctype(*_: object) -> None:
        raise _NotXmlRpc("a document type")

    reader.xml("", None)  # else it takes text for bytes
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, reader.data
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body.lstrip().translate(None, _CONTROL), True)
        values = reader.close()
    except Fault as err:
        return _fault_of(err)
    except (expat.ExpatError, ResponseError, *_BAD_VALUES) as err:
        raise _NotXmlRpc(str(err)[:200] or type(err).__name__) from err
    if len(values) != 1 or reader.getmethodname() is not None:
        raise _NotXmlRpc(f"{len(values)} values")
    return values[0]


def _fault_of(err: Fault) -> FaultAnswer:
    try:
        return FaultAnswer(code=int(err.faultCode), said=str(err.faultString)[:200])
    except (ValueError, TypeError) as wrong:
        raise _NotXmlRpc("a fault without a number") from wrong
