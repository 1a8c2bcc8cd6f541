"""The ranking engine over HTTP, against a server on loopback that checks signatures as an engine should."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.ranking.http import HttpRanking, HttpRankingSettings, figure_body
from syncd.domain.model import UnitId
from syncd.errors import RankingError
from syncd.ports.ranking import RankingFigure
from syncd.ports.secret import Secret
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite, Page, SeenRequest

SECRET = "bí mật của hai bên"
SCHEMA = Path(__file__).parents[2] / "syncd" / "ranking.schema.json"


def figure(**more: Any) -> RankingFigure:
    facts: dict[str, Any] = {
        "assessment": "2026",
        "unit": UnitId("ban-a"),
        "unit_name": "Ban A Tỉnh ủy Ví Dụ",
        "group": "ban",
        "version": 2,
        "missing": 1,
        "undetermined": 0,
        "final": True,
        "months": {"2026-10": "missing", "2026-09": "met"},
        "ruleset": "vi-du",
        "ledger_size": 42,
        "ledger_root": "ab" * 32,
    }
    return RankingFigure(**{**facts, **more})


class Engine:
    """Keeps the highest version per unit and checks the signature, as the contract asks of an engine."""

    def __init__(self) -> None:
        self.held: dict[str, int] = {}

    def answer(self, request: SeenRequest) -> Page:
        timestamp = request.headers["x-syncd-timestamp"]
        expected = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + request.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["x-syncd-signature"]):
            return Page(status=403, body=b"{}")
        sent = json.loads(request.body)
        held = self.held.get(sent["unit"], 0)
        if sent["version"] < held:
            return Page(status=409, body=json.dumps({"version": held}).encode())
        self.held[sent["unit"]] = sent["version"]
        return Page(status=200, body=json.dumps({"version": sent["version"]}).encode(), content_type="application/json")


@pytest.fixture
def ranking_at(local_site: LocalSite, clock: FakeClock) -> Callable[..., HttpRanking]:
    def make(path: str = "/api/{assessment}/units/{unit}", *, secret: str = SECRET) -> HttpRanking:
        settings = HttpRankingSettings(
            url=local_site.url(path), secret=Secret(secret), allow_addresses=("127.0.0.0/8",)
        )
        return HttpRanking(settings, http=PoliteClient(HttpSettings(total_timeout_s=2.0), clock=clock), clock=clock)

    return make


def test_figure_is_put_signed_and_acknowledged(
    local_site: LocalSite, clock: FakeClock, ranking_at: Callable[..., HttpRanking]
) -> None:
    engine = Engine()
    local_site.answer("/api/2026/units/ban-a", engine.answer)

    acknowledged = ranking_at().put(figure())

    request = local_site.last()
    assert (acknowledged, engine.held) == ({"version": 2}, {"ban-a": 2})
    assert (request.method, request.headers["content-type"]) == ("PUT", "application/json")
    assert request.headers["x-syncd-timestamp"] == str(int(clock.now().timestamp()))
    assert json.loads(request.body) == {
        "assessment": "2026",
        "unit": "ban-a",
        "name": "Ban A Tỉnh ủy Ví Dụ",
        "group": "ban",
        "version": 2,
        "missing": 1,
        "undetermined": 0,
        "final": True,
        "months": {"2026-09": "met", "2026-10": "missing"},
        "ruleset": "vi-du",
        "ledger": {"size": 42, "root": "ab" * 32},
    }


def test_body_is_canonical_and_names_exactly_what_the_schema_names() -> None:
    body = figure_body(figure())
    schema = json.loads(SCHEMA.read_bytes())
    assert body.startswith(b'{"assessment":"2026","final":true,"group":"ban"')
    assert set(json.loads(body)) == set(schema["required"]) == set(schema["properties"])


def test_putting_the_same_figure_twice_changes_nothing(
    local_site: LocalSite, ranking_at: Callable[..., HttpRanking]
) -> None:
    engine = Engine()
    local_site.answer("/api/2026/units/ban-a", engine.answer)
    ranking = ranking_at()
    assert ranking.put(figure()) == ranking.put(figure())
    assert engine.held == {"ban-a": 2}


def test_wrong_secret_is_permanent_and_says_what_to_compare(
    local_site: LocalSite, ranking_at: Callable[..., HttpRanking]
) -> None:
    local_site.answer("/api/2026/units/ban-a", Engine().answer)
    with pytest.raises(RankingError, match="HTTP 403") as refused:
        ranking_at(secret="khác").put(figure())
    assert refused.value.permanent
    assert "secret" in (refused.value.hint or "")
    assert "khác" not in str(refused.value)


def test_engine_that_holds_a_higher_version_is_a_conflict(
    local_site: LocalSite, ranking_at: Callable[..., HttpRanking]
) -> None:
    engine = Engine()
    engine.held["ban-a"] = 7
    local_site.answer("/api/2026/units/ban-a", engine.answer)
    with pytest.raises(RankingError, match="it holds version 7") as refused:
        ranking_at().put(figure())
    assert (refused.value.kind, refused.value.permanent) == ("version_conflict", True)
    assert "restore" in (refused.value.hint or "")


@pytest.mark.parametrize(
    "body",
    [b'{"version": 1}', b'{"version": true}', b"{}", b"[2]", b"OK", b"<html>2</html>", b"", b"\xff\xfe"],
    ids=["older", "boolean", "none", "list", "text", "html", "empty", "garbage"],
)
def test_answer_that_acknowledges_another_version_is_no_acknowledgement(
    local_site: LocalSite, ranking_at: Callable[..., HttpRanking], body: bytes
) -> None:
    local_site.page("/api/2026/units/ban-a", body)
    with pytest.raises(RankingError, match="acknowledged version") as failed:
        ranking_at().put(figure())
    assert (failed.value.kind, failed.value.permanent) == ("protocol", False)


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(301, True), (400, True), (404, True), (422, True), (429, False), (500, False), (503, False)],
)
def test_refusals_tell_whether_a_retry_can_help(
    local_site: LocalSite, ranking_at: Callable[..., HttpRanking], status: int, permanent: bool
) -> None:
    local_site.page("/api/2026/units/ban-a", b"", status=status, headers={"Retry-After": "90"})
    with pytest.raises(RankingError, match=f"HTTP {status}") as failed:
        ranking_at().put(figure())
    assert failed.value.permanent is permanent
    assert failed.value.retry_after == timedelta(seconds=90)
    assert failed.value.subject == "ban-a"


def test_lost_answer_is_a_failure_to_retry(local_site: LocalSite, ranking_at: Callable[..., HttpRanking]) -> None:
    local_site.reset("/api/2026/units/ban-a")
    with pytest.raises(RankingError, match="did not take version 2 of ban-a") as failed:
        ranking_at().put(figure())
    assert not failed.value.permanent


def test_unit_and_assessment_are_escaped_in_the_address(
    local_site: LocalSite, ranking_at: Callable[..., HttpRanking]
) -> None:
    local_site.answer("/api/*", Engine().answer)
    ranking_at().put(figure(assessment="2026/đợt 1"))
    assert local_site.last().target == "/api/2026%2F%C4%91%E1%BB%A3t%201/units/ban-a"


def test_address_without_the_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="must hold"):
        HttpRankingSettings(url="https://xephang.vidu.example/api", secret=Secret(SECRET))
