"""What the counting asks of looks and posts, on both databases."""

from datetime import UTC, datetime, timedelta

from syncd.domain.model import PostId, Precision, SourceId, SourceKey, UnitId, Window, local_month
from syncd.ports.records import Alias, LookRecord, PostRecord, SightingRecord
from syncd.storage.engine import SqlDatabase

START = datetime(2026, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def look(at: datetime, *, source: str = "ban-a/0", outcome: str = "unchanged", **reach: object) -> LookRecord:
    found: dict[str, object] = {"covers_from": None, "covers_all": False, **reach}
    return LookRecord(
        source=SourceId(source), unit=UnitId(source.split("/")[0]), at=at, url="http://a", outcome=outcome, **found
    )


def test_looks_that_reach_back_equally_far_are_one_window(db: SqlDatabase) -> None:
    with db.write() as uow:
        for hour in range(24):
            uow.looks.add(look(START + hour * HOUR, covers_from=START - 9 * HOUR))
        uow.looks.add(look(START + 30 * HOUR, covers_from=START + 26 * HOUR))
        uow.looks.add(look(START + 40 * HOUR, covers_all=True))
        uow.looks.add(look(START + 50 * HOUR, covers_all=True, outcome="failed"))
        uow.looks.add(look(START + 51 * HOUR))
        uow.looks.add(look(START - HOUR, covers_all=True))
        uow.looks.add(look(START + HOUR, source="ban-b/0", covers_all=True))
        uow.commit()
    with db.read() as uow:
        found = uow.looks.windows(START)
        only = uow.looks.windows(START, unit=UnitId("ban-b"))
    assert found == {
        "ban-a/0": [
            Window(start=START - 9 * HOUR, end=START + 23 * HOUR),
            Window(start=START + 26 * HOUR, end=START + 30 * HOUR),
            Window(start=None, end=START + 40 * HOUR),
        ],
        "ban-b/0": [Window(start=None, end=START + HOUR)],
    }
    assert only == {"ban-b/0": [Window(start=None, end=START + HOUR)]}


def test_posts_whose_date_nobody_has_decided_on(db: SqlDatabase) -> None:
    cases: dict[str, dict[str, object]] = {
        "sure": {},
        "doubted": {"date_doubt": "ambiguous_order"},
        "decided": {"date_doubt": "ambiguous_order", "decision": "count"},
        "month": {"precision": Precision.MONTH},
        "none": {"published_at": None, "precision": Precision.NONE},
    }
    with db.write() as uow:
        for number, (name, more) in enumerate(cases.items()):
            facts: dict[str, object] = {"published_at": START, "precision": Precision.MINUTE, **more}
            post = PostRecord(
                unit=UnitId("ban-a"),
                source=SourceId("ban-a/0"),
                key=SourceKey(f"syncd-{number:032x}"),
                title=name,
                url=f"http://a/{number}",
                first_seen=START,
                html="<p>dài</p>",
                **facts,
            )
            uow.posts.add([(post, [Alias(kind="url", value=post.url)])])
        uow.commit()
    with db.read() as uow:
        found = uow.posts.in_doubt()
        assert uow.posts.in_doubt(unit=UnitId("ban-b")) == []
    assert [(post.title, post.html) for post in found] == [("doubted", ""), ("month", ""), ("none", "")]
    assert all(isinstance(post.id, int) and post.id != PostId(0) for post in found)


def test_sightings_that_came_late_are_found_by_when_they_came(db: SqlDatabase) -> None:
    def seen(name: str, first_seen: datetime, *, late: bool) -> SightingRecord:
        return SightingRecord(
            portal="cong",
            portal_id=name,
            title=name,
            url=f"http://cong/{name}",
            state="public",
            first_seen=first_seen,
            last_seen=first_seen,
            published_at=START - 2000 * HOUR,
            month=local_month(START - 2000 * HOUR),
            late_sighting=late,
        )

    with db.write() as uow:
        uow.sightings.put(
            [
                seen("late", START, late=True),
                seen("usual", START, late=False),
                seen("before", START - HOUR, late=True),
                seen("after", START + HOUR, late=True),
            ]
        )
        uow.commit()
    with db.read() as uow:
        assert [found.portal_id for found in uow.sightings.late("cong", START, START + HOUR)] == ["late"]
        assert uow.sightings.late("other", START, START + HOUR) == []
