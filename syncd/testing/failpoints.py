"""Kill a process at a named point of its work, with SIGKILL, so that a test sees what a crash there leaves behind.

The product holds no trace of this: no call, no flag, no branch. A point names a function that is there anyway, and `arm`, called in a
process that is to die, wraps that function in this one process. Where a function is renamed, `find`, and so `arm`, says so at once.

    arm(Place(at="os:fsync", within="syncd.storage.files:_write_whole"), nth=2, mark=Path("reached"))

Just before the kill one line is written to `mark`: a process that died without it died of something else.
"""

import importlib
import inspect
import os
import platform
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

_OURS = ("syncd", "adapters")
_ANSWER_WITHIN_S = 10.0
# The system calls that force a file to the disk: fsync, fdatasync.
_FORCING = {"x86_64": (b"74", b"75"), "aarch64": (b"82", b"83")}


class Moment(StrEnum):
    """When the process dies, as seen from the function at the place."""

    BEFORE = "before"
    AFTER = "after"
    HALF = "half"  # the first half of the bytes it is given is passed on, and nothing more
    ANSWERED = "answered"  # after it, when the answer lies in the socket, unread
    FORCING = "forcing"  # while the kernel forces to the disk what it has written; of every call where none is caught, the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A function (`module:qualified.name`), and which of its calls count.

    `within`: those made while that function runs in the same thread. `following`: those made after that function has returned, in any
    thread. `saying`: those whose first argument of bytes begins so (a regular expression).
    """

    at: str
    moment: Moment = Moment.BEFORE
    within: str | None = None
    following: str | None = None
    saying: bytes = b""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in (self.at, self.within, self.following) if name is not None)


def find(name: str) -> tuple[Any, str, Callable[..., Any]]:
    """The module or class that holds a function, its name there, and the function.

    Raises:
        LookupError: there is none of that name, or it is one whose call runs nothing yet (a generator).
    """
    module_name, _, qualified = name.partition(":")
    try:
        holder: Any = importlib.import_module(module_name)
        *outer, last = qualified.split(".")
        for part in outer:
            holder = getattr(holder, part)
        function = getattr(holder, last)
    except (ImportError, AttributeError) as err:
        raise LookupError(f"the crash points name {name}, which is not there: was it renamed?") from err
    if inspect.isgeneratorfunction(inspect.unwrap(function)):
        raise LookupError(f"the crash points name {name}, a generator: calling it does nothing yet")
    return holder, last, function


def arm(place: Place, *, nth: int = 1, mark: Path) -> None:
    """Let this process die at the `nth` call that counts. To be called once, before its threads begin.

    Raises:
        LookupError: a function that the place names is not there.
    """
    trap = _Trap(place=place, nth=nth, mark=mark)
    if place.within is not None:
        _wrap(place.within, trap.inside)
    if place.following is not None:
        _wrap(place.following, trap.opening)
    _wrap(place.at, trap.deadly)


@dataclass(slots=True, kw_only=True)
class _Trap:
    place: Place
    nth: int
    mark: Path
    calls: int = 0
    opened: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _here: threading.local = field(default_factory=threading.local)

    def inside(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            self._here.depth = getattr(self._here, "depth", 0) + 1
            try:
                return function(*arguments, **named)
            finally:
                self._here.depth -= 1

        return call

    def opening(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            result = function(*arguments, **named)
            self.opened = True
            return result

        return call

    def deadly(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            if not self._counts(arguments) or not self._is_the_one():
                return function(*arguments, **named)
            moment = self.place.moment
            if moment is Moment.FORCING:
                return self._die_while_forcing(function, arguments, named)
            if moment is Moment.HALF:
                place = next(number for number, value in enumerate(arguments) if isinstance(value, bytes))
                data = arguments[place]
                function(*arguments[:place], data[: len(data) // 2], *arguments[place + 1 :], **named)
            elif moment is not Moment.BEFORE:
                function(*arguments, **named)
            if moment is Moment.ANSWERED:
                _await_answer(arguments[0])
            return self._die()

        return call

    def _counts(self, arguments: tuple[Any, ...]) -> bool:
        if self.place.within is not None and not getattr(self._here, "depth", 0):
            return False
        if self.place.following is not None and not self.opened:
            return False
        if not self.place.saying:
            return True
        said = next((value for value in arguments if isinstance(value, bytes)), b"")
        return re.match(self.place.saying, said) is not None

    def _is_the_one(self) -> bool:
        with self._lock:
            self.calls += 1
            # the call may raise, or not be caught in the act: then it is the next one
            return self.calls >= self.nth

    def _die(self) -> NoReturn:
        descriptor = os.open(self.mark, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(descriptor, f"{self.place.at} {self.place.moment}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)
        raise SystemExit("SIGKILL was survived")

    def _die_while_forcing(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        ready, ended = threading.Event(), threading.Event()
        # The kernel tells which call a thread is in; it is read from another thread, since this one waits in it.
        task = os.open(f"/proc/self/task/{threading.get_native_id()}/syscall", os.O_RDONLY)
        forcing = _FORCING[platform.machine()]

        def watch() -> None:
            ready.set()
            while not ended.is_set():
                if os.pread(task, 8, 0).partition(b" ")[0] in forcing:
                    self._die()

        watcher = threading.Thread(target=watch, name="failpoint", daemon=True)
        watcher.start()
        ready.wait()
        try:
            return function(*arguments, **named)
        finally:
            ended.set()
            watcher.join()
            os.close(task)


def _await_answer(connection: Any) -> None:
    deadline = time.monotonic() + _ANSWER_WITHIN_S
    while not connection.is_readable() and time.monotonic() < deadline:
        time.sleep(0.001)


def _wrap(name: str, wrapper: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put a wrapped function wherever the function stands: in its class, or in every module that imported it by name."""
    holder, attribute, function = find(name)
    wrapped = wrapper(function)
    setattr(holder, attribute, wrapped)
    if inspect.ismodule(holder):
        for module_name, module in list(sys.modules.items()):
            if module_name.partition(".")[0] in _OURS:
                for known_as, value in list(vars(module).items()):
                    if value is function:
                        setattr(module, known_as, wrapped)
