"""Hands a unit's missing months to an outside ranking engine: one signed PUT per figure.

The contract is ours (docs/ranking-contract.md, figure in syncd/ranking.schema.json); no foreign product or version is
assumed. Absolute figures with versions make a repeated PUT harmless, so a lost answer is simply asked again.

Signature: `X-Syncd-Timestamp` holds Unix seconds, `X-Syncd-Signature` the hex HMAC-SHA256 over `<timestamp>.<body>`. The
engine should refuse timestamps more than five minutes off, and compare in constant time.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from adapters.http.client import HttpFailure, PoliteClient, retry_after
from syncd.domain.ledger import canonical
from syncd.errors import RankingError
from syncd.ports.clock import Clock
from syncd.ports.ranking import RankingFigure
from syncd.ports.secret import Secret
from syncd.ports.source import Exchange

_TRANSIENT = {408, 425, 429}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRankingSettings:
    """`url` holds `{unit}`, and `{assessment}` where the engine wants it in the path."""

    url: str
    secret: Secret
    allow_addresses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if "{unit}" not in self.url:
            raise ValueError("the address of the ranking engine must hold {unit}")


class HttpRanking:
    """Put figures to an outside engine over HTTP. May be used by one thread at a time."""

    Settings = HttpRankingSettings
    name = "http"

    def __init__(self, settings: HttpRankingSettings, *, http: PoliteClient, clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock

    def put(self, figure: RankingFigure) -> dict[str, Any]:
        """Hand one figure over and return the engine's acknowledgement.

        Raises:
            RankingError: not acknowledged. `permanent` where the same figure will be refused again until somebody acts.
        """
        url = self._address(figure)
        body = figure_body(figure)
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-Syncd-Timestamp": timestamp,
            "X-Syncd-Signature": signature(self._settings.secret, timestamp, body),
        }
        try:
            with self._http.visit(
                allow_ports=_ports(self._settings.url), allow_addresses=self._settings.allow_addresses, spacing_s=0.0
            ) as visit:
                answer = visit.send("PUT", url, headers=headers, body=body)
        except HttpFailure as err:
            raise RankingError(
                f"ranking engine did not take {_label(figure)}: {err.message}",
                kind=err.kind,
                permanent=err.permanent,
                retry_after=err.retry_after,
                subject=figure.unit,
                hint=err.hint,
            ) from err
        if 200 <= answer.status < 300:
            return _acknowledged(figure, answer)
        raise self._refused(figure, answer)

    def _address(self, figure: RankingFigure) -> str:
        url = self._settings.url.replace("{unit}", quote(figure.unit, safe=""))
        return url.replace("{assessment}", quote(figure.assessment, safe=""))

    def _refused(self, figure: RankingFigure, answer: Exchange) -> RankingError:
        status = answer.status
        if status == 409:
            return _conflict(figure, answer)
        hint = _HINTS.get(status) or (
            "the engine moved: put its new address in [ranking] url" if 300 <= status < 400 else None
        )
        return RankingError(
            f"ranking engine refused {_label(figure)}: HTTP {status}",
            kind="http_status",
            permanent=status < 500 and status not in _TRANSIENT,
            retry_after=retry_after(answer),
            subject=figure.unit,
            hint=hint,
        )


_HINTS = {
    401: "the engine knows another secret: compare [ranking] secret on both sides, and both clocks",
    403: "the engine knows another secret: compare [ranking] secret on both sides, and both clocks",
    404: "the engine knows no such unit or assessment: compare the ids, and [ranking] url",
    422: "the engine does not understand the figure: compare docs/ranking-contract.md",
}


def figure_body(figure: RankingFigure) -> bytes:
    """The exact bytes that are sent and signed: canonical JSON (RFC 8785)."""
    return canonical(
        {
            "assessment": figure.assessment,
            "unit": figure.unit,
            "name": figure.unit_name,
            "group": figure.group,
            "version": figure.version,
            "missing": figure.missing,
            "undetermined": figure.undetermined,
            "final": figure.final,
            "months": dict(figure.months),
            "ruleset": figure.ruleset,
            "ledger": {"size": figure.ledger_size, "root": figure.ledger_root},
        }
    )


def signature(secret: Secret, timestamp: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over `<timestamp>.<body>`."""
    return hmac.new(secret.reveal().encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _acknowledged(figure: RankingFigure, answer: Exchange) -> dict[str, Any]:
    acknowledgement = _json_object(answer)
    version = acknowledgement.get("version") if acknowledgement else None
    if acknowledgement is None or version != figure.version or isinstance(version, bool):
        raise RankingError(
            f"ranking engine answered {answer.status} to {_label(figure)} but acknowledged version {version!r}",
            kind="protocol",
            subject=figure.unit,
            hint='the engine must answer with JSON {"version": <the version it was sent>}',
        )
    return acknowledgement


def _conflict(figure: RankingFigure, answer: Exchange) -> RankingError:
    held = (_json_object(answer) or {}).get("version")
    return RankingError(
        f"ranking engine refused {_label(figure)}: it holds version {held!r}",
        kind="version_conflict",
        permanent=True,
        subject=figure.unit,
        hint="another installation, or this one before a restore, sent newer figures: find out which figures are right",
    )


def _json_object(answer: Exchange) -> dict[str, Any] | None:
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _ports(url: str) -> tuple[int, ...]:
    """The port written in the address: whoever wrote it there allowed it."""
    try:
        port = urlsplit(url).port
    except ValueError:
        return ()
    return () if port is None else (port,)


def _label(figure: RankingFigure) -> str:
    return f"version {figure.version} of {figure.unit}"
