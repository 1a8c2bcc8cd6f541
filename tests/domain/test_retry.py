from datetime import UTC, datetime, timedelta

import pytest

from syncd.domain.retry import jitter, next_look, next_push

NOW = datetime(2026, 10, 5, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_first_failure_waits_for_the_next_slot_and_does_not_miss_it_by_seconds() -> None:
    assert next_look(NOW + timedelta(seconds=7), 1, interval=HOUR) < NOW + HOUR


def test_failures_double_the_wait_up_to_a_day_and_go_on_daily_for_ever() -> None:
    waits = [next_look(NOW, failures, interval=HOUR) - NOW for failures in (1, 2, 3, 4, 5, 6, 50, 10_000)]
    half = HOUR / 2
    assert waits == [timedelta(hours=hours) - half for hours in (1, 2, 4, 8, 16, 24, 24, 24)]


def test_an_interval_longer_than_a_day_is_kept() -> None:
    assert next_look(NOW, 9, interval=timedelta(days=2)) - NOW == timedelta(days=1)


def test_the_site_own_wait_is_kept_but_never_beyond_a_day() -> None:
    assert next_look(NOW, 1, interval=HOUR, retry_after=timedelta(hours=3)) == NOW + 3 * HOUR
    assert next_look(NOW, 1, interval=HOUR, retry_after=timedelta(days=3650)) == NOW + timedelta(days=1)
    assert next_look(NOW, 1, interval=HOUR, retry_after=timedelta(seconds=-5)) == NOW + HOUR / 2


@pytest.mark.parametrize(("failures", "ceiling_min"), [(1, 5), (2, 10)])
def test_the_first_failures_are_tried_again_within_the_slot(failures: int, ceiling_min: int) -> None:
    waits = [next_look(NOW, failures, interval=HOUR, again=f"nguon-{n}") - NOW for n in range(200)]
    assert len(set(waits)) == 200
    assert max(waits) < timedelta(minutes=ceiling_min)
    assert max(waits) > timedelta(minutes=ceiling_min) * 0.9


def test_what_fails_every_try_of_a_slot_waits_for_the_next_and_then_twice_as_long() -> None:
    waits = [next_look(NOW, failures, interval=HOUR, again="nguon") - NOW for failures in (3, 4, 5, 6, 7, 8, 10_000)]
    half = HOUR / 2
    assert waits == [timedelta(hours=hours) - half for hours in (1, 2, 4, 8, 16, 24, 24)]


def test_tries_within_a_slot_keep_to_a_short_interval_and_to_the_site_own_wait() -> None:
    short = timedelta(minutes=4)
    assert all(next_look(NOW, 2, interval=short, again=f"nguon-{n}") - NOW < short / 4 for n in range(50))
    assert next_look(NOW, 1, interval=HOUR, retry_after=2 * HOUR, again="nguon") == NOW + 2 * HOUR


@pytest.mark.parametrize("attempt", [1, 2, 5, 30])
def test_pushes_are_spread_under_a_doubling_ceiling(attempt: int) -> None:
    ceiling = min(timedelta(minutes=5) * 2 ** (attempt - 1), timedelta(hours=6))
    waits = {next_push(NOW, attempt, key=f"syncd-{n:032x}") - NOW for n in range(200)}
    assert len(waits) == 200
    assert max(waits) < ceiling
    assert max(waits) > ceiling * 0.9
    assert min(waits) < ceiling * 0.1


def test_the_same_key_and_attempt_give_the_same_instant() -> None:
    assert jitter("a", 1) == jitter("a", 1) != jitter("a", 2)
    assert next_push(NOW, 3, key="a") == next_push(NOW, 3, key="a")


def test_the_portal_own_wait_is_the_least() -> None:
    assert next_push(NOW, 1, key="a", retry_after=HOUR) == NOW + HOUR
