"""The Unix socket beside the database: while the daemon runs, commands that write are run by it.

One request a connection: a JSON line `{"operation", "arguments"}`; one answer: `{"document", "exit_code"}` or `{"error", "hint", "exit_code"}`.
"""

import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from syncd.errors import EvidenceError, ForeignError, LedgerError, StorageError, SyncdError

log = logging.getLogger(__name__)

MAX_LINE = 64 * 1024 * 1024


class OperationFailed(SyncdError):
    """What the daemon answered to an operation that failed there."""

    def __init__(self, message: str, *, hint: str | None, exit_code: int) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


def call(path: Path, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """Have the daemon behind `path` run an operation; None where no daemon answers there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except OSError as error:
            raise StorageError(f"the daemon's socket {path} cannot be used: {error.strerror}") from error
        with connection.makefile("rwb") as stream:
            stream.write(json.dumps({"operation": operation, "arguments": arguments}).encode() + b"\n")
            stream.flush()
            line = stream.readline(MAX_LINE)
    if not line.endswith(b"\n"):
        raise StorageError("the daemon ended before it answered", hint="see its log; syncd status tells what was done")
    answer: dict[str, Any] = json.loads(line)
    return answer


def answers(path: Path) -> bool:
    """Whether a daemon listens behind `path`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        return connection.connect_ex(str(path)) == 0


class ControlServer:
    """Answers on the socket, one thread per connection. Readable by its owner alone."""

    def __init__(self, path: Path, perform: Callable[[str, Mapping[str, Any]], tuple[dict[str, Any], int]]) -> None:
        self._path = path
        self._perform = perform
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def start(self) -> None:
        """Take the path over: the data lock says that no other daemon lives."""
        self._path.parent.mkdir(parents=True, exist_ok=True)  # on a second machine nothing has been written yet
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._socket.bind(str(self._path))
        except OSError as error:
            raise StorageError(
                f"the socket {self._path} cannot be made: {error.strerror or error}",
                hint="its path may hold about 100 characters; move the data to a shorter one",
            ) from error
        finally:
            os.umask(before)
        self._socket.listen(16)
        threading.Thread(target=self._serve, name="control", daemon=True).start()

    def stop(self) -> None:
        self._path.unlink(missing_ok=True)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return  # closed by stop()
            threading.Thread(target=self._answer, args=(connection,), name="control-call", daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            line = stream.readline(MAX_LINE)
            if not line:
                return  # somebody only wanted to know whether we live
            answer = self._performed(line)
            try:
                connection.sendall(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
            except (BrokenPipeError, ConnectionResetError):
                log.info("the caller left before the answer")

    def _performed(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            operation, arguments = request["operation"], request["arguments"]
        except (ValueError, KeyError, TypeError) as error:
            return {"error": f"not a request: {error}", "hint": None, "exit_code": 2}
        try:
            document, exit_code = self._perform(operation, arguments)
        except SyncdError as error:
            return {"error": str(error), "hint": error.hint, "exit_code": exit_code_of(error)}
        except Exception as error:
            # an edge like the web's: the caller must get an answer, and the daemon must live on
            log.exception("operation %s failed unexpectedly", operation)
            return {"error": f"{type(error).__name__}: {error}", "hint": "see the daemon's log", "exit_code": 1}
        return {"document": document, "exit_code": exit_code}


def exit_code_of(error: SyncdError) -> int:
    """What was answered; 3 where a foreign system failed, 2 where the call or the configuration is wrong, 1 otherwise: something needs a person."""
    if isinstance(error, OperationFailed):
        return error.exit_code
    if isinstance(error, ForeignError):
        return 3
    return 1 if isinstance(error, (LedgerError, EvidenceError)) else 2
