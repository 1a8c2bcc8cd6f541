"""A year in the life of an office: hourly looks at 150 units, twelve posts a month each, all delivered and seen."""

import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from syncd.application.services import Services
from syncd.domain.model import LOCAL, Approval, PeriodId, Precision, SourceId, SourceKey, UnitId, local_month
from syncd.ports.records import (
    Alias,
    CensusRecord,
    PostRecord,
    PushRecord,
    PushState,
    SightingRecord,
    SourceState,
)
from syncd.storage.engine import parse_url, sqlite_file

POSTS_A_MONTH = 12
WINDOW = 10  # entries that a unit's list shows: what a look covers begins at the tenth newest
FIRST = datetime(2026, 1, 1, tzinfo=LOCAL).astimezone(UTC)
HOURS = 365 * 24
NOW = datetime(2027, 1, 20, 9, tzinfo=LOCAL)  # all months over, grace past
PERIODS = tuple(PeriodId(f"2026-{month:02}") for month in range(1, 13))
_STEP = timedelta(hours=HOURS) / (12 * POSTS_A_MONTH)
_TEXT = "<p>" + "Ban Thường vụ Huyện ủy Ví Dụ tổ chức hội nghị quán triệt nghị quyết. " * 25 + "</p>"


def fill(services: Services, database: str) -> None:
    """Write the year into an empty database: posts, pushes, censuses and sightings through the stores, looks in bulk."""
    for place, unit in enumerate(services.units.values()):
        _fill_unit(services, place, unit.id, unit.sources[0])
    with services.db.write() as uow:
        for period in [services.rulesets.period(name)[0] for name in PERIODS]:
            at = period.end + timedelta(hours=6)
            uow.censuses.add(
                CensusRecord(
                    portal=services.portal.name,
                    start=period.start,
                    end=period.end,
                    started_at=at,
                    finished_at=at + timedelta(minutes=2),
                    complete=True,
                )
            )
        uow.commit()
    file = sqlite_file(parse_url(database))
    assert file is not None
    _fill_looks(file, [(unit.id, unit.sources[0]) for unit in services.units.values()])


def _fill_unit(services: Services, place: int, unit: UnitId, source: SourceId) -> None:
    posts, portal = [], services.portal.name
    # Every tenth unit leaves out each third post: some months stay short.
    numbers = [n for n in range(12 * POSTS_A_MONTH) if place % 10 or n % 3]
    for number in numbers:
        at = FIRST + _STEP * number + timedelta(minutes=place)
        url = f"http://{unit}.vidu.example/bai-{number}.html"
        key = SourceKey("syncd-" + hashlib.sha256(url.encode()).hexdigest()[:32])
        posts.append(
            PostRecord(
                unit=unit,
                source=source,
                key=key,
                title=f"Hội nghị lần thứ {number} của {unit}",
                url=url,
                first_seen=at + timedelta(minutes=40),
                published_at=at,
                precision=Precision.SECOND,
                date_raw=at.isoformat(),
                date_origin="feed",
                guid=url,
                categories=("Xây dựng Đảng",),
                summary=_TEXT[3:203],
                html=_TEXT,
                words=350,
                text_sha256=hashlib.sha256(url.encode()).hexdigest(),
                data_sha256=hashlib.sha256(key.encode()).hexdigest(),
                list_capture=hashlib.sha256(key.encode()).hexdigest(),
            )
        )
    with services.db.write() as uow:
        ids = uow.posts.add([(post, [Alias(kind="url", value=post.url)]) for post in posts])
        uow.pushes.add(
            [
                PushRecord(
                    portal=portal,
                    post=id_,
                    unit=unit,
                    key=post.key,
                    state=PushState.DELIVERED,
                    approval=Approval.AUTO,
                    queued_at=post.first_seen,
                    delivered_version=1,
                    attempts=1,
                    portal_id=f"{unit}-{id_}",
                    portal_url=f"http://cong.vidu.example/{id_}",
                    portal_state="public",
                    accepted_at=post.first_seen + timedelta(minutes=5),
                )
                for id_, post in zip(ids, posts, strict=True)
            ]
        )
        uow.sightings.put(
            [
                SightingRecord(
                    portal=portal,
                    portal_id=f"{unit}-{id_}",
                    title=post.title,
                    url=f"http://cong.vidu.example/{id_}",
                    state="public",
                    first_seen=post.first_seen + timedelta(hours=6),
                    last_seen=NOW.astimezone(UTC),
                    published_at=post.published_at,
                    month=local_month(post.published_at or post.first_seen),
                    key=post.key,
                    post=id_,
                    content_sha256=post.text_sha256,
                )
                for id_, post in zip(ids, posts, strict=True)
            ]
        )
        uow.sources.put(
            SourceState(
                source=source,
                unit=unit,
                url=f"http://{unit}.vidu.example/rss",
                first_look_at=FIRST,
                last_look_at=FIRST + timedelta(hours=HOURS),
                last_ok_at=FIRST + timedelta(hours=HOURS),
                items=WINDOW,
            )
        )
        uow.commit()


def _fill_looks(file: Path, units: list[tuple[UnitId, SourceId]]) -> None:
    """1.3 million rows: past the stores, which take one look at a time."""
    with sqlite3.connect(file, isolation_level=None) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO looks (source, unit, at, url, outcome, status, address, elapsed_ms, body_bytes, body_sha256,"
            " list_sha256, items, covers_from, covers_all, new, changed, skipped, leaf)"
            " VALUES (?, ?, ?, ?, ?, 304, '203.0.113.7', 120, 0, ?, ?, ?, ?, ?, 0, 0, 0, 1)",
            _looks(units),
        )
        connection.execute(
            "INSERT INTO windows (source, start, unit, end) SELECT source,"
            " CASE WHEN covers_all THEN '0001-01-01 00:00:00.000000' ELSE covers_from END AS start, unit, max(at)"
            " FROM looks GROUP BY source, start"
        )
        connection.execute("COMMIT")
    connection.close()


def _looks(units: list[tuple[UnitId, SourceId]]) -> Iterator[tuple[object, ...]]:
    for place, (unit, source) in enumerate(units):
        url, reach = f"http://{unit}.vidu.example/rss", timedelta(minutes=place)
        previous = -1
        body = ""
        for hour in range(HOURS):
            at = FIRST + timedelta(hours=hour + 1, seconds=place)
            newest = int((at - FIRST - reach) / _STEP)
            if newest != previous:
                body = hashlib.sha256(f"{unit} {newest}".encode()).hexdigest()
            oldest = newest - WINDOW + 1
            covers_from = _text(FIRST + _STEP * oldest + reach) if oldest > 0 else None
            outcome = "unchanged" if newest == previous else "changed"
            previous = newest
            yield source, unit, _text(at), url, outcome, body, body, WINDOW, covers_from, covers_from is None


def _text(instant: datetime) -> str:
    """As the schema keeps instants."""
    return instant.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
