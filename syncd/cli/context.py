"""What every command needs: where the configuration is, what time it is, who may write."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from syncd.application.services import Services
from syncd.bootstrap import Wired, data_lock, socket_path, wire
from syncd.cli.output import Show, counts_table, emit
from syncd.clock import FixedStartClock, SystemClock
from syncd.config import Config, load_config
from syncd.delivery import control
from syncd.domain.model import LOCAL
from syncd.errors import AlreadyRunning, UsageError
from syncd.ports.clock import Clock
from syncd.storage.lock import DataLock

if TYPE_CHECKING:
    from syncd.delivery.operations import Outcome

PLACES = (Path("config.toml"), Path("/etc/syncd/config.toml"))


ConfigOption = Annotated[
    Path | None,
    typer.Option("-c", "--config", help="Tệp cấu hình (config.toml, then /etc/syncd/config.toml)", show_default=False),
]
NowOption = Annotated[
    str | None,
    typer.Option("--now", help="Giờ giả định, ISO 8601 (a rehearsal's clock)", show_default=False, metavar="ISO"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Một tài liệu JSON (one JSON document on standard output)")]
UnitOption = Annotated[str | None, typer.Option("--unit", help="Chỉ một đơn vị (one unit only)", show_default=False)]


def clock_for(now: str | None) -> Clock:
    """The system clock, or one that starts at `now`; a time without zone is taken at UTC+07:00."""
    if now is None:
        return SystemClock()
    try:
        start = datetime.fromisoformat(now)
    except ValueError as error:
        raise UsageError(f'"{now}" is no ISO 8601 time', hint="such as 2026-11-01T08:00:00+07:00") from error
    if start.tzinfo is None:
        start = start.replace(tzinfo=LOCAL)
    return FixedStartClock(start.astimezone(UTC))


def config_from(path: Path | None) -> Config:
    """The configuration named, or the first there is."""
    if path is not None:
        return load_config(path)
    for place in PLACES:
        if place.is_file():
            return load_config(place)
    raise UsageError(
        f"there is no {' and no '.join(str(place) for place in PLACES)}",
        hint="make one with: syncd init; or name it with -c",
    )


@contextmanager
def reading(config: Path | None, now: str | None) -> Iterator[Services]:
    """Services for a command that only reads: beside a running daemon too."""
    with wire(config_from(config), clock=clock_for(now)) as wired:
        yield wired.services


@contextmanager
def owning(
    config: Config, clock: Clock, *, take: Callable[[DataLock], None] = DataLock.acquire
) -> Iterator[tuple[Wired, DataLock]]:
    """Services for the one process that writes; `take` may wait for its lock.

    Raises:
        AlreadyRunning: another process owns the data.
    """
    lock = data_lock(config)
    take(lock)
    try:
        with wire(config, clock=clock, fence=lock.fence) as wired:
            yield wired, lock
    finally:
        lock.release()


def operate(
    config_path: Path | None,
    now: str | None,
    operation: str,
    arguments: Mapping[str, Any],
    *,
    as_json: bool,
    show: Show = counts_table,
) -> NoReturn:
    """Run a command that writes, print what it answers, and leave with its exit code.

    The daemon runs it where there is one, else this process does, under the lock.

    Raises:
        OperationFailed: the daemon could not do it.
        UsageError: `--now` beside a running daemon.
        AlreadyRunning: another command is writing.
    """
    config = config_from(config_path)
    document, code = _performed(config, now, operation, arguments)
    emit(document, as_json=as_json, show=show, language=config.office.language)
    raise typer.Exit(code)


@contextmanager
def performing(config: Config, now: str | None) -> Iterator[Callable[[str, Mapping[str, Any]], "Outcome"]]:
    """What runs operations one after the other: the daemon where there is one, else this process, which then owns the data meanwhile."""
    if now is None and control.answers(socket_path(config)):
        yield lambda operation, arguments: _performed(config, now, operation, arguments)
        return
    with owning(config, clock_for(now)) as (wired, _):
        yield lambda operation, arguments: _perform(wired.services, operation, arguments)


def _performed(config: Config, now: str | None, operation: str, arguments: Mapping[str, Any]) -> "Outcome":
    path = socket_path(config)
    if now is None:
        answer = control.call(path, operation, arguments)
        if answer is not None:
            if "error" in answer:
                raise control.OperationFailed(answer["error"], hint=answer["hint"], exit_code=answer["exit_code"])
            return answer["document"], answer["exit_code"]
    try:
        with owning(config, clock_for(now)) as (wired, _):
            return _perform(wired.services, operation, arguments)
    except AlreadyRunning as error:
        if now is None or not control.answers(path):
            raise
        raise UsageError(
            f"--now cannot be given while the daemon runs: {error.message}",
            hint="the daemon writes by its own clock; stop it first, or rehearse on a copy of the data",
        ) from error


def _perform(services: Services, operation: str, arguments: Mapping[str, Any]) -> "Outcome":
    # every use case there is, 8 % of what a command that only reads takes to start
    from syncd.delivery.operations import perform

    return perform(services, operation, arguments)
