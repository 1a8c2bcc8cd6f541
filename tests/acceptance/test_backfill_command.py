"""`syncd backfill` from the outside: against a real feed with pages behind it, killed in the middle, and beside the daemon."""

import signal
import subprocess
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from syncd.domain.model import LOCAL
from syncd.testing.local_site import LocalSite, Page, SeenRequest
from tests.acceptance.commands import command, syncd
from tests.acceptance.office import DEADLINE_S, config_text, feed_xml, rows, running, unit_block, until

NOW = "2026-10-15T09:00+07:00"
PAGES, A_PAGE = 6, 3
GENERATOR = "<generator>https://wordpress.org/?v=6.5</generator>"


class Feed:
    """A WordPress feed of three posts a page, a post a day; the page `stuck` does not answer until it is let go."""

    def __init__(self, site: LocalSite) -> None:
        self.stuck: int | None = None
        self.let_go = threading.Event()
        self.asked: list[int] = []
        self._base = site.base_url
        site.answer("/feed/", self._page)

    def _page(self, request: SeenRequest) -> Page:
        number = int(request.query.get("paged", ["1"])[0])
        self.asked.append(number)
        if number == self.stuck:
            self.let_go.wait(DEADLINE_S)
        if number > PAGES:
            return Page(body=b"", status=404)
        newest = datetime(2026, 10, 14, 8, 30, tzinfo=LOCAL) - timedelta(days=A_PAGE * (number - 1))
        text = feed_xml(f"{self._base}/{number}", A_PAGE, newest=newest)
        text = text.replace("<guid isPermaLink='false'>", f"<guid isPermaLink='false'>{number}-")
        text = text.replace("Tin ", f"Tin {number}.").replace("<item>", f"{GENERATOR}<item>", 1)
        return Page(body=text.encode(), content_type="application/rss+xml")


@pytest.fixture
def feed(local_site: LocalSite) -> Feed:
    return Feed(local_site)


@pytest.fixture
def config(tmp_path: Path, local_site: LocalSite) -> Path:
    """An installation with one unit, whose list was read once."""
    path = tmp_path / "config.toml"
    path.write_text(config_text(unit_block("ban-a", local_site.url("/feed/"))), encoding="utf-8")
    assert syncd("db", "upgrade", "-c", path).code == 0
    return path


def backfill(config: Path, *more: str) -> dict[str, object]:
    answer = syncd("backfill", "--unit", "ban-a", "--since", "2026-10-01", "--json", "--now", NOW, "-c", config, *more)
    assert answer.code in (0, 1), answer.err
    unit: dict[str, object] = answer.document["units"]["ban-a"]
    return unit


def test_a_killed_backfill_goes_on_where_it_stood_and_counts_nothing_twice(config: Path, feed: Feed) -> None:
    assert syncd("collect", "--now", NOW, "-c", config).code == 0
    feed.stuck = 4
    arguments = ("backfill", "--unit", "ban-a", "--since", "2026-10-01", "--now", NOW, "-c", config)
    with subprocess.Popen(command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until(lambda: 4 in feed.asked, "the fourth page is asked for")
        process.send_signal(signal.SIGKILL)
    feed.stuck = None
    feed.let_go.set()
    stored = rows(config, "select count(*) from posts")[0][0]
    assert stored == 3 * A_PAGE
    feed.asked.clear()
    document = backfill(config)
    assert min(feed.asked) == 4
    assert (document["complete"], document["next"]) == (True, None)
    assert rows(config, "select count(*), count(distinct title) from posts") == [(14, 14)]  # 14 October back to the 1st
    assert rows(config, "select count(*) from pushes") == [(14,)]
    assert syncd("ledger", "verify", "-c", config).code == 0


def test_a_number_of_new_posts_ends_a_run(config: Path, feed: Feed) -> None:
    document = backfill(config, "--max", "4")
    assert (document["new"], document["complete"]) == (6, False)
    assert document["next"]
    answer = syncd("backfill", "--unit", "ban-a", "--since", "2026-10-01", "--now", NOW, "-c", config)
    assert answer.code == 0
    assert "trang" in answer.err
    assert "ban-a" in answer.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--unit", "ban-a", "--since", "hôm qua"), "is no day"),
        (("--unit", "ban-x", "--since", "2026-10-01"), 'there is no unit "ban-x"'),
    ],
)
def test_a_wrong_call_is_refused(config: Path, feed: Feed, arguments: tuple[str, ...], says: str) -> None:
    answer = syncd("backfill", *arguments, "--now", NOW, "-c", config)
    assert answer.code == 2
    assert says in answer.err


def test_a_held_list_is_accepted_from_the_command_line(config: Path, feed: Feed) -> None:
    answer = syncd("collect", "--accept", "ban-a/1", "--reason", "x", "--by", "y", "--now", NOW, "-c", config)
    assert answer.code == 2
    assert "nothing of ban-a/1 is held" in answer.err
    assert syncd("collect", "--accept", "ban-a/1", "--now", NOW, "-c", config).code == 2


@pytest.mark.slow
def test_the_daemon_runs_a_backfill(config: Path, feed: Feed) -> None:
    with running(config):
        answer = syncd("backfill", "--unit", "ban-a", "--since", "2026-10-01", "--json", "-c", config)
        assert answer.document["units"]["ban-a"]["complete"]
    assert rows(config, "select count(*) from backfills where finished_at is not null") == [(1,)]
