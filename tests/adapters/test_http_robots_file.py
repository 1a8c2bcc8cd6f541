"""The one file in which robots.txt of every host is kept."""

from pathlib import Path

import pytest

from adapters.http.robots_file import RobotsFile

LONG = "dài " * 3000


def test_the_last_record_of_each_origin_is_there_after_a_restart(tmp_path: Path) -> None:
    file = RobotsFile(tmp_path / "robots")
    for origin, record in (("http://a.example:80", "1"), ("http://b.example:80", LONG), ("http://a.example:80", "2")):
        file.put(origin, record)
    for kept in (file, RobotsFile(tmp_path / "robots")):
        for _ in range(2):
            assert kept.get("http://a.example:80") == "2"
            assert kept.get("http://b.example:80") == LONG
            assert kept.get("http://c.example:80") is None


def test_a_line_that_was_cut_off_loses_no_other(tmp_path: Path) -> None:
    RobotsFile(tmp_path).put("http://a.example:80", "1")
    with (tmp_path / "kept").open("ab") as file:
        file.write("http://b.example:80\tđứt".encode()[:-1])
    RobotsFile(tmp_path).put("http://c.example:80", "3")
    kept = RobotsFile(tmp_path)
    assert (kept.get("http://a.example:80"), kept.get("http://c.example:80")) == ("1", "3")
    assert kept.get("http://b.example:80") == "đứ"


def test_what_two_write_is_there_for_the_third(tmp_path: Path) -> None:
    one, two = RobotsFile(tmp_path), RobotsFile(tmp_path)
    assert (one.get("x"), two.get("x")) == (None, None)
    one.put("http://a.example:80", "1")
    two.put("http://b.example:80", "2")
    one.put("http://c.example:80", "3")
    kept = RobotsFile(tmp_path)
    assert [kept.get(f"http://{name}.example:80") for name in "abc"] == ["1", "2", "3"]
    assert one.get("http://c.example:80") == "3"


def test_it_does_not_grow_with_what_is_no_longer_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.http.robots_file._MAX_WASTE", 10_000)
    file = RobotsFile(tmp_path)
    file.put("http://b.example:80", LONG)
    for number in range(2000):
        file.put("http://a.example:80", str(number))
    assert (tmp_path / "kept").stat().st_size < 10_100 + 2 * (len(LONG.encode()) + 100)
    for kept in (file, RobotsFile(tmp_path)):
        assert (kept.get("http://a.example:80"), kept.get("http://b.example:80")) == ("1999", LONG)


def test_a_place_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="ascii")
    file = RobotsFile(tmp_path / "file")
    file.put("http://a.example:80", "1")
    assert file.get("http://a.example:80") is None
