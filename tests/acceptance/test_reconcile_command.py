"""`syncd reconcile`, and a portal put back from an old backup, from the alarm to the last lost post, on the demonstration's outbox."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.commands import Answer, syncd

NOW = "2026-07-08T08:00+07:00"
SIGNED = ("--reason", "quản trị Cổng xác nhận", "--by", "Nguyễn Văn A")


def run(config: Path, *words: str, at: str = NOW) -> Answer:
    return syncd(*words, "-c", config, "--now", at)


def newest_posts(config: Path) -> list[Path]:
    """The files of the posts that the portal took last, three at least."""
    with sqlite3.connect(config.parent / "var" / "syncd.db") as db:
        taken = db.execute(
            "SELECT key, accepted_at FROM pushes WHERE accepted_at IS NOT NULL ORDER BY 2 DESC"
        ).fetchall()
    since = taken[2][1]
    found = [config.parent / "portal" / "posts" / f"{key}.json" for key, at in taken if at >= since]
    return [file for file in found if file.exists()]


def test_the_demonstration_agrees_with_its_portal(demo: Path) -> None:
    answer = run(demo, "reconcile", "--json")
    assert answer.code == 0
    assert (answer.document["ok"], answer.document["causes"], answer.document["of_nobody"]) == (True, {}, [])
    june = [each for each in answer.document["balances"] if each["period"] == "2026-06"]
    assert len(june) == 8
    assert all(each["written"] == each["delivered"] == each["visible"] for each in june)
    table = run(demo, "reconcile", "--unit", "ban-mau", "--period", "2026-06")
    assert (table.code, "khớp" in table.out, "Báo Ví Dụ" in table.out) == (0, True, False)
    assert run(demo, "reconcile", "--unit", "khac").code == 2
    assert run(demo, "census", "--unattributed", "--json").document == {"posts": []}


@pytest.mark.slow
def test_an_old_backup_of_the_portal_is_mended_by_one_word(own_demo: Callable[[], Path]) -> None:
    config = own_demo()
    lost = newest_posts(config)
    kept = {file.name for file in (config.parent / "portal" / "posts").iterdir()}
    for file in lost:
        file.unlink()
    looked = run(config, "reconcile", "--census", "--json")
    assert looked.code == 1
    assert looked.document["portal_set_back"]["posts"] == len(lost)
    assert looked.document["causes"]["lost"] == len(lost)
    told = run(config, "status", at="2026-07-08T08:30+07:00")
    assert f"Cổng mất cùng lúc {len(lost)} tin, bài" in told.out
    assert "syncd portal restored" in run(config, "reconcile").out

    answer = run(config, "portal", "restored", *SIGNED, "--json", at="2026-07-08T09:00+07:00")
    assert (answer.code, len(answer.document["lost"]), answer.document["older"]) == (0, len(lost), [])
    assert run(config, "publish", at="2026-07-08T09:10+07:00").code == 0
    assert {file.name for file in (config.parent / "portal" / "posts").iterdir()} == kept
    after = run(config, "reconcile", "--census", "--json", at="2026-07-08T10:00+07:00")
    assert (after.code, after.document["causes"], after.document["portal_set_back"]) == (0, {}, None)
    assert run(config, "portal", "removed", *SIGNED, at="2026-07-08T11:00+07:00").code == 2
