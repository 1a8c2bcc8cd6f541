"""The socket through which commands reach the daemon."""

import socket
import stat
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from syncd.delivery.control import ControlServer, answers, call
from syncd.errors import PortalError, StorageError, UsageError


def perform(operation: str, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    match operation:
        case "echo":
            return {"got": dict(arguments)}, 1
        case "refuse":
            raise UsageError('there is no unit "x"', hint="units: ban-a")
        case "portal":
            raise PortalError("portal answered 503", portal="cong")
        case _:
            raise ZeroDivisionError("a defect")


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    server = ControlServer(tmp_path / "syncd.sock", perform)
    server.start()
    yield tmp_path / "syncd.sock"
    server.stop()


def test_a_document_and_an_exit_code_come_back(path: Path) -> None:
    text = "Số tháng thiếu: “3”\nhết"
    assert call(path, "echo", {"unit": text}) == {"document": {"got": {"unit": text}}, "exit_code": 1}


def test_only_its_owner_may_speak_to_it(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(("operation", "code"), [("refuse", 2), ("portal", 3), ("defect", 1)])
def test_a_failure_comes_back_with_its_exit_code(path: Path, operation: str, code: int) -> None:
    answer = call(path, operation, {})
    assert answer is not None
    assert answer["exit_code"] == code
    assert answer["error"]


def test_no_daemon_is_told_apart_from_an_answer(tmp_path: Path) -> None:
    assert call(tmp_path / "none.sock", "echo", {}) is None


def test_a_socket_left_by_a_killed_daemon_is_no_daemon_and_is_taken_over(tmp_path: Path) -> None:
    left = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(left))
    assert call(left, "echo", {}) is None
    server = ControlServer(left, perform)
    server.start()
    try:
        assert call(left, "echo", {"a": 1}) is not None
    finally:
        server.stop()


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_caller_that_only_looks_in_or_leaves_early_does_no_harm(path: Path) -> None:
    assert answers(path)
    with socket.socket(socket.AF_UNIX) as hasty:
        hasty.connect(str(path))
        hasty.sendall(b'{"operation": "echo", "arguments": {}}\n')
    assert call(path, "echo", {}) is not None
    for thread in threading.enumerate():
        if thread.name == "control-call":
            thread.join(timeout=10)
    assert not answers(path.with_name("none.sock"))


def test_nonsense_is_answered_and_the_next_caller_is_served(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as rude:
        rude.connect(str(path))
        rude.sendall(b"\xff not json\n")
        assert b"not a request" in rude.recv(4096)
    assert call(path, "echo", {}) is not None


def test_an_answer_cut_off_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s.sock"))
        listener.listen()

        def die() -> None:
            connection, _ = listener.accept()
            connection.recv(4096)
            connection.close()

        thread = threading.Thread(target=die)
        thread.start()
        with pytest.raises(StorageError, match="before it answered"):
            call(tmp_path / "s.sock", "echo", {})
        thread.join()
