"""Which categories of their own the units' posts stand under, on both databases; and which delivered posts have an edit in trouble."""

from datetime import timedelta

from syncd.domain.model import UnitId
from syncd.ports.histories import Filed
from syncd.ports.records import PushState
from syncd.storage.engine import SqlDatabase
from tests.storage.test_record_stores import BAN_A, BAN_B, OCTOBER, add_posts, make_post, make_push

DAY = timedelta(days=1)


def test_posts_are_counted_by_unit_and_by_their_own_categories(db: SqlDatabase) -> None:
    with db.write() as uow:
        ids = add_posts(
            uow,
            make_post(1, categories=("Văn hoá", 'Tin "lạ"')),
            make_post(2, OCTOBER + DAY, categories=("Văn hoá", 'Tin "lạ"')),
            make_post(3, categories=()),
            make_post(4, unit=BAN_B, categories=()),
            make_post(5, OCTOBER - DAY, categories=()),
            make_post(6, categories=("Mật",), quarantine="secret"),
        )
        filed = uow.posts.filed_since(OCTOBER)
        titled = uow.posts.filed_since(OCTOBER, titles=True)
    assert sorted(filed, key=lambda each: each.newest) == [
        Filed(unit=BAN_A, categories=("Văn hoá", 'Tin "lạ"'), posts=2, newest=ids[1]),
        Filed(unit=BAN_A, categories=(), posts=1, newest=ids[2]),
        Filed(unit=UnitId("ban-b"), categories=(), posts=1, newest=ids[3]),
    ]
    assert sorted((each.title, each.posts) for each in titled) == [
        (f"Hội nghị lần thứ {number}", 1) for number in range(1, 5)
    ]


def test_an_edit_in_trouble_is_a_delivered_push_with_an_error(db: SqlDatabase) -> None:
    with db.write() as uow:
        one, two, three, four = add_posts(uow, *(make_post(number) for number in range(1, 5)))
        uow.pushes.add(
            [
                make_push(one, PushState.DELIVERED),
                make_push(two, PushState.DELIVERED, error="refused", error_kind="http_status"),
                make_push(three, PushState.DEAD, error="refused", error_kind="http_status"),
                make_push(four, PushState.DELIVERED, portal="khac", error="refused", error_kind="http_status"),
            ]
        )
        assert [push.post for push in uow.pushes.edits_in_trouble("cong")] == [two]
