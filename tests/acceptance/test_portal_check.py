"""`syncd portal check`: what it would do, what it finds on a portal that is well, and on one that is not. The tables of docs/portals within config.toml."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from syncd.application.publishing.portal_check import check_portal
from syncd.clock import SystemClock
from syncd.testing.local_portal import Fault, LocalPortal
from syncd.testing.local_site import Page
from tests.acceptance.commands import Answer, syncd
from tests.http_json_tables import TABLES, portal_of, table


@pytest.fixture
def server() -> Iterator[LocalPortal]:
    with LocalPortal() as portal:
        yield portal


@pytest.fixture
def config(own_demo: Callable[[], Path], server: LocalPortal) -> Path:
    """The demo's configuration with the table for WordPress in place of its own `[portal]`."""
    place = own_demo()
    text = (TABLES / "http_json-wordpress.toml").read_text(encoding="utf-8")
    changes = {
        '"https://cong.vidu.example/wp-json/wp/v2"': f'"{server.url}/wp-json/wp/v2"\nallow_addresses = ["127.0.0.0/8"]',
        '"secrets/wordpress-app-password"': '"secret"',
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (place.parent / "secret").write_text(server.password)
    parts = re.split(r"(?m)^(?=\[)", place.read_text(encoding="utf-8"))
    others = [part for part in parts if not part.startswith("[portal")]
    place.write_text("".join(others) + "\n" + text, encoding="utf-8")
    return place


def check(config: Path, *options: str) -> Answer:
    return syncd("portal", "check", *options, "-c", config)


def failed(answer: Answer) -> dict[str, str]:
    return {step["step"]: step["detail"] for step in answer.document["steps"] if step["ok"] is False}


def test_without_yes_nothing_is_written_and_the_steps_are_told(config: Path, server: LocalPortal) -> None:
    answer = check(config)
    assert (answer.code, server.posts()) == (0, ())
    assert "Tạo một bài nháp" in answer.out
    assert check(config, "--json").document["would"][0] == "verify"
    assert check(config, "khac").code == 2


def test_portal_that_is_well_passes_and_keeps_one_draft_named_as_such(config: Path, server: LocalPortal) -> None:
    answer = check(config, "--yes", "--json")
    assert (answer.code, answer.document["ok"], failed(answer)) == (0, True, {})
    assert all(step["ok"] for step in answer.document["steps"])
    (draft,) = server.posts()
    assert (draft.status, len(server.state.media)) == ("draft", 1)
    assert "xin xóa (test post, please remove)" in draft.title
    assert answer.document["left"]["id"] == str(draft.id)
    shown = check(config, "--yes", "cong")
    assert (shown.code, len(server.state.media)) == (0, 1)
    for words in ("Cổng làm đúng như mong đợi", "tra được theo mã", "phần mềm tra trước khi gửi", "chỉ lưu một tệp"):
        assert words in shown.out


def test_wrong_password_is_told_with_the_way_out_and_the_rest_is_not_tried(config: Path, server: LocalPortal) -> None:
    (config.parent / "secret").write_text("sai")
    answer = check(config, "--yes", "--json")
    assert (answer.code, list(failed(answer)), server.posts()) == (3, ["verify"], ())
    assert [step["ok"] for step in answer.document["steps"]][1:] == [None] * 8
    assert "password" in answer.document["steps"][0]["hint"]


@pytest.fixture
def client() -> Iterator[PoliteClient]:
    made = PoliteClient(HttpSettings(), clock=SystemClock())
    yield made
    made.abort()


def broken_step(server: LocalPortal, client: PoliteClient, **create: str) -> tuple[str, str, bool]:
    """The first step that does not hold, what is said of it, and whether the portal could be worked with at all."""
    auth = {"username": server.username, "password": server.password}
    values = table("wordpress", url=f"{server.url}/wp-json/wp/v2", auth=auth)
    values["create"]["json"] |= create
    report = check_portal(portal_of(values, client), SystemClock())
    (step,) = (step for step in report.steps if step.ok is False)
    return step.name, step.detail, not report.unreachable


def test_portal_that_strips_the_key_is_told_at_once(server: LocalPortal, client: PoliteClient) -> None:
    server.state.strips_comments = True
    name, detail, _ = broken_step(server, client)
    assert name == "create"
    assert "marker_lost" in detail


def test_portal_that_publishes_a_draft_is_told(server: LocalPortal, client: PoliteClient) -> None:
    name, detail, reachable = broken_step(server, client, status="publish")
    assert (name, reachable) == ("create", True)
    assert "take it off at once" in detail


def test_portal_that_changes_what_it_is_sent_is_told(server: LocalPortal, client: PoliteClient) -> None:
    name, detail, reachable = broken_step(server, client, date_gmt="2020-01-01T00:00:00")
    assert (name, reachable) == ("list", True)
    assert "is not among the 0 posts of these days" in detail


def test_answer_that_is_a_page_is_told(server: LocalPortal, client: PoliteClient) -> None:
    server.inject(Fault(page=Page(body=b"<h1>Captive portal</h1>")))
    name, detail, reachable = broken_step(server, client)
    assert (name, reachable) == ("create", False)
    assert "text/html" in detail
