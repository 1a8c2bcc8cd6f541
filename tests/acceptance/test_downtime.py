"""Downtime and sick neighbours: what was missed is caught up or stands as a gap, and one unit's trouble is never another's."""

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from syncd.testing.local_site import LocalSite
from tests.acceptance.commands import syncd
from tests.acceptance.office import config_text, feed_xml, rows, running, unit_block, until

EVERY = {
    "collect": 60, "collect-again": 5, "publish": 1, "census": 360, "mail-retry": 15, "fold": 1440, "gone": 1440,
    "ranking": 1440, "reconcile": 1440, "answers": 1440,
}  # fmt: skip

OPEN_SLOTS = "SELECT 1 FROM slots WHERE state IN ('due', 'running')"


def test_a_week_down_over_a_month_s_end_leaves_no_hole_and_sends_the_letters_once(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    with LocalSite() as site:
        site.page("/rss", feed_xml(site.url("/"), 3), content_type="application/rss+xml")
        text = config_text(unit_block("ban-a", site.url("/rss")))
        text = text.replace("collect_every_minutes = 1", "collect_every_minutes = 60")
        config.write_text(text.replace("census_every_minutes = 5", "census_every_minutes = 360"), encoding="utf-8")
        assert syncd("init", "-c", config).code == 0
        with running(config, now="2026-10-29T09:00:20+07:00") as daemon:
            until(lambda: rows(config, "SELECT 1 FROM censuses"), "work is done")
            daemon.kill()
        for _ in range(2):  # and once more at once: nothing is sent again
            with running(config, now="2026-11-05T09:00:20+07:00") as daemon:
                until(lambda: rows(config, "SELECT 1 FROM slots WHERE job = 'letters' AND state = 'done'"), "letters")
                until(lambda: not rows(config, OPEN_SLOTS), "all slots done")
                assert daemon.terminate()[0] == 0
    dues: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for job, subject, due in rows(config, "SELECT job, subject, due FROM slots ORDER BY due"):
        dues[job, subject].append(datetime.fromisoformat(due))
    for (job, _), instants in dues.items():
        steps = {later - earlier for earlier, later in pairwise(instants)}
        if job != "letters":
            assert steps <= {timedelta(minutes=EVERY[job])}, job
    assert {job for job, _ in dues} == {*EVERY, "letters"}
    assert rows(config, "SELECT count(*) FROM slots WHERE state NOT IN ('done', 'gap')") == [(0,)]
    leaves = syncd("ledger", "show", "--limit", "100000", "--json", "-c", config).document["leaves"]
    told = sum(leaf["data"]["count"] for leaf in leaves if leaf["type"] == "slot_due")
    before_the_first_start = (
        7  # collect-again, fold, reconcile, gone, answers, letters, ranking: their first slot is the next one due
    )
    assert told == rows(config, "SELECT count(*) FROM slots WHERE state = 'gap'")[0][0] - before_the_first_start
    letters = rows(config, "SELECT name, period, state FROM mails ORDER BY name")
    assert letters == [("statement", "2026-10", "sent"), ("summary", "2026-10", "sent")]
    assert syncd("ledger", "verify", "-c", config).code == 0


def test_sick_sites_do_not_stop_the_others_and_each_shows_with_what_to_do(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    with LocalSite() as site:
        feed = feed_xml(site.url("/"), 3, unit="khoe")
        site.page("/khoe.xml", feed, content_type="application/rss+xml")
        site.page("/rac.xml", b"\x00\x01 khong phai feed <", content_type="application/rss+xml")
        nonsense = feed_xml(site.url("/"), 3, unit="ngay-la").replace("<pubDate>", "<pubDate>hôm nọ ")
        site.page("/ngay-la.xml", nonsense, content_type="application/rss+xml")
        site.page("/sap.xml", b"", status=503)
        units = ("sap", "rac", "ngay-la", "khoe")
        blocks = "".join(unit_block(unit, site.url(f"/{unit}.xml")) for unit in units)
        config.write_text(config_text(blocks), encoding="utf-8")
        assert syncd("init", "-c", config).code == 0
        now = ("--now", "2026-10-13T09:00+07:00")
        answer = syncd("sync", "--json", "-c", config, *now)
    assert answer.code == 1
    collected = answer.document["collect"]["units"]
    assert {unit: counts["failed"] for unit, counts in collected.items()} == {
        "sap": 1,
        "rac": 1,
        "ngay-la": 0,
        "khoe": 0,
    }
    assert collected["khoe"]["new"] == collected["ngay-la"]["new"] == 3
    assert answer.document["publish"]["units"]["khoe"]["sent"] == 3
    status = syncd("status", "--json", "-c", config, *now)
    assert status.code == 1
    found = {problem["unit"]: problem for problem in status.document["problems"] if problem["severity"] != "notice"}
    assert {"sap", "rac", "ngay-la"} <= set(found)
    assert all(found[unit]["hint"] for unit in ("sap", "rac", "ngay-la"))
    assert "khoe" not in {unit for unit, problem in found.items() if problem["kind"].startswith("source")}
