"""Alarms about the portal and posts that do not answer, on both databases."""

from datetime import UTC, datetime, timedelta

from syncd.ports.watch import AlarmKind, AnswerRecord, PortalAlarm
from syncd.storage.engine import SqlDatabase

AT = datetime(2026, 10, 31, 16, 59, 59, tzinfo=UTC)
SET_BACK = AlarmKind.PORTAL_SET_BACK


def test_one_alarm_of_a_kind_stands_until_it_is_ended(db: SqlDatabase) -> None:
    alarm = PortalAlarm(portal="cong", kind=SET_BACK, found_at=AT, since=AT - timedelta(days=1), posts=3)
    with db.write() as uow:
        uow.watch.sound(alarm)
        uow.watch.sound(PortalAlarm(portal="cong", kind=SET_BACK, found_at=AT + timedelta(hours=1), since=AT))
        uow.watch.sound(PortalAlarm(portal="khac", kind=SET_BACK, found_at=AT, since=AT))
        uow.commit()
    with db.read() as uow:
        standing = uow.watch.alarm("cong", SET_BACK)
        assert standing is not None
        assert (standing.found_at, standing.posts) == (AT, 3)
        assert uow.watch.alarm("cong", AlarmKind.LEDGER_BEHIND) is None
    with db.write() as uow:
        uow.watch.end("cong", SET_BACK, AT + timedelta(hours=2))
        uow.commit()
    with db.write() as uow:
        assert uow.watch.alarm("cong", SET_BACK) is None
        assert uow.watch.alarm("khac", SET_BACK) is not None
        uow.watch.sound(alarm)  # it happened again
        assert uow.watch.alarm("cong", SET_BACK) is not None


def test_the_newest_answer_of_a_post_is_kept(db: SqlDatabase) -> None:
    url = "https://cong.vidu.example/1"
    well = AnswerRecord(portal="cong", ref="post:1", url=url, asked_at=AT)
    silent = AnswerRecord(portal="cong", ref="post:1", url=url, asked_at=AT, silent_since=AT, detail="404")
    with db.write() as uow:
        uow.watch.put_answers([well, AnswerRecord(portal="cong", ref="post:2", url=url, asked_at=AT)])
        uow.watch.put_answers([silent])
        uow.commit()
    with db.read() as uow:
        assert uow.watch.answers("cong", ["post:1", "post:9"]) == {"post:1": silent}
        assert uow.watch.silent("cong") == [silent]
        assert uow.watch.answers("khac", ["post:1"]) == {}
