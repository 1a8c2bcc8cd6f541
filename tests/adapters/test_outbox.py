"""The outbox beyond the portal contract: files, site, feed, several writers, and a process that dies."""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.outbox import OutboxPortal, OutboxSettings
from syncd.domain.model import Approval, SourceKey
from syncd.ports.portal import PortalState
from syncd.testing.clock import FakeClock
from syncd.testing.portal_contract import HARD_TITLES, new_key, refusal, sample_image, sample_post

BASE = "https://cong.vidu.example/tin/"
OCTOBER = (datetime(2026, 9, 30, 17, tzinfo=UTC), datetime(2026, 10, 31, 17, tzinfo=UTC))


def open_outbox(folder: Path, clock: FakeClock | None = None) -> OutboxPortal:
    clock = clock or FakeClock()
    client = PoliteClient(HttpSettings(), clock=clock)
    settings = OutboxSettings(directory=folder, base_url=BASE)
    return OutboxPortal(settings, name="cong", http=client, clock=clock, settle=timedelta(seconds=120))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cong"


@pytest.fixture
def outbox(folder: Path, clock: FakeClock) -> OutboxPortal:
    portal = open_outbox(folder, clock)
    portal.verify()
    return portal


def site_of(folder: Path) -> dict[str, bytes]:
    """Every file made from the posts."""
    skipped = ("posts/", "images/", ".lock")
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if not name.startswith(skipped)}


# --- site and feed ----------------------------------------------------------------------------------------


def test_feed_holds_the_posts_with_ids_that_last(outbox: OutboxPortal, folder: Path) -> None:
    key, image = new_key(), sample_image()
    made = outbox.create(sample_post(categories=("Tin tức",), image=outbox.put_file(image)), key)
    feed = feedparser.parse((folder / "feed.xml").read_bytes())
    assert not feed.bozo
    (entry,) = feed.entries
    assert entry.id == f"tag:cong.vidu.example,2026:{key}"
    assert entry.link == made.url == f"{BASE}bai/{key}.html"
    assert entry.published_parsed[:5] == (2025, 10, 14, 1, 30)
    assert entry.updated_parsed[:5] == (2026, 10, 15, 2, 0)
    assert (entry.author, entry.tags[0].term) == ("Ban A Ví Dụ", "Tin tức")
    links = {link.rel: link.href for link in entry.links}
    assert links["via"] == "https://ban-a.vidu.example/tin/1"
    assert links["enclosure"] == f"{BASE}images/{image.filename}"
    assert "Ban A Ví Dụ họp" in entry.content[0].value


def test_feed_is_newest_by_arrival_so_that_a_late_old_post_is_still_seen(
    outbox: OutboxPortal, folder: Path, clock: FakeClock
) -> None:
    for number in range(51):
        outbox.create(sample_post(title=f"Tin {number}"), new_key())
        clock.advance(timedelta(minutes=1))
    outbox.create(sample_post(title="Bài cũ", published_at=datetime(2020, 1, 1, tzinfo=UTC)), new_key())
    titles = [entry.title for entry in feedparser.parse((folder / "feed.xml").read_bytes()).entries]
    assert len(titles) == 50
    assert titles[:2] == ["Bài cũ", "Tin 50"]


def test_feed_is_well_formed_whatever_a_title_holds(outbox: OutboxPortal, folder: Path) -> None:
    titles = [*HARD_TITLES, "ký tự \x00\x0b\x1b điều khiển", "]]> &amp; <!--", "nửa cặp \ud83c"]
    for title in titles:
        outbox.create(sample_post(title=title, html=f"<p>{title}</p>", summary=title), new_key())
    entries = ElementTree.fromstring((folder / "feed.xml").read_bytes()).findall("{http://www.w3.org/2005/Atom}entry")
    shown = {entry.findtext("{http://www.w3.org/2005/Atom}title") for entry in entries}
    assert shown >= set(HARD_TITLES)
    assert len(entries) == len(titles)


def test_pages_escape_titles_and_run_no_script(outbox: OutboxPortal, folder: Path) -> None:
    key = new_key()
    html = '<p onclick="x()">Bài</p><script>alert(1)</script><a href="javascript:x()">đây</a>'
    outbox.create(sample_post(title="<script>alert(2)</script>", html=html), key)
    for name in ("index.html", "thang-2025-10.html", f"bai/{key}.html"):
        text = (folder / name).read_text()
        assert "&lt;script&gt;alert(2)" in text
        assert "default-src 'none'" in text
        for danger in ("<script", "onclick", "javascript:"):
            assert danger not in text


def test_index_shows_the_latest_month_and_leads_to_the_others(outbox: OutboxPortal, folder: Path) -> None:
    for day in (datetime(2026, 8, 31, 16, 59, tzinfo=UTC), datetime(2026, 8, 31, 17, 0, tzinfo=UTC)):
        outbox.create(sample_post(title=f"Tin {day:%H:%M}", published_at=day), new_key())
    index = (folder / "index.html").read_text()
    assert "Tin, bài tháng 09/2026" in index
    assert "Tin 17:00" in index
    assert "Tin 16:59" not in index
    assert 'href="thang-2026-08.html"' in index
    assert "Tin 16:59" in (folder / "thang-2026-08.html").read_text()


@pytest.mark.parametrize("approval", [Approval.PENDING, Approval.DRAFT])
def test_unapproved_post_is_kept_and_shown_nowhere_until_a_person_approves_it(
    approval: Approval, outbox: OutboxPortal, folder: Path
) -> None:
    key = new_key()
    outbox.create(sample_post(title="Chờ duyệt", approval=approval), key)
    assert all("Chờ duyệt".encode() not in data for data in site_of(folder).values())
    assert (folder / "posts" / f"{key}.json").stat().st_mode & 0o077 == 0
    path = folder / "posts" / f"{key}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "state": "public"}))
    outbox.verify()
    assert "Chờ duyệt" in (folder / "feed.xml").read_text()
    assert (folder / f"bai/{key}.html").exists()


def test_trashed_post_leaves_the_site(outbox: OutboxPortal, folder: Path) -> None:
    key = new_key()
    outbox.create(sample_post(title="Gỡ bỏ"), key)
    path = folder / "posts" / f"{key}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "state": "trash"}))
    outbox.verify()
    assert all("Gỡ bỏ".encode() not in data for data in site_of(folder).values())
    assert not (folder / f"bai/{key}.html").exists()


def test_every_link_of_the_site_leads_to_a_file(outbox: OutboxPortal, folder: Path) -> None:
    outbox.create(sample_post(image=outbox.put_file(sample_image())), new_key())
    outbox.create(sample_post(published_at=OCTOBER[0]), new_key())
    pages = [*folder.glob("*.html"), *folder.glob("bai/*.html")]
    assert len(pages) == 5
    for page in pages:
        for link in re.findall(r'(?:href|src)="(?!https?:)([^"]+)"', page.read_text()):
            assert (page.parent / link).resolve().is_file(), (page, link)


def test_site_made_again_from_the_posts_alone_is_the_same(outbox: OutboxPortal, folder: Path) -> None:
    for approval in Approval:
        outbox.create(sample_post(approval=approval, image=outbox.put_file(sample_image())), new_key())
    before = site_of(folder)
    for name in before:
        (folder / name).unlink()
    (folder / "thang-1999-01.html").write_text("cũ")
    open_outbox(folder).verify()
    assert site_of(folder) == before


def test_making_the_site_again_writes_nothing_that_is_right_already(outbox: OutboxPortal, folder: Path) -> None:
    outbox.create(sample_post(), new_key())
    stamps = {name: (folder / name).stat().st_ino for name in site_of(folder)}
    open_outbox(folder).verify()
    assert {name: (folder / name).stat().st_ino for name in site_of(folder)} == stamps


def test_post_made_by_another_process_meanwhile_stays_on_the_site(outbox: OutboxPortal, folder: Path) -> None:
    outbox.create(sample_post(title="Bài một"), new_key())
    open_outbox(folder).create(sample_post(title="Bài hai"), new_key())
    outbox.create(sample_post(title="Bài ba"), new_key())
    for name in ("index.html", "feed.xml"):
        assert all(title in (folder / name).read_text() for title in ("Bài một", "Bài hai", "Bài ba"))


def test_pages_written_one_by_one_are_those_of_a_site_made_anew(outbox: OutboxPortal, folder: Path) -> None:
    for number in range(8):
        day = datetime(2026, 7 + number % 4, 3, tzinfo=UTC)
        key = new_key()
        made = outbox.create(sample_post(title=f"Tin {number}", published_at=day), key)
        if number % 3 == 0:
            outbox.update(made.id, sample_post(title=f"Tin {number}, đã sửa"), key)
    before = site_of(folder)
    open_outbox(folder).verify()
    assert site_of(folder) == before


def test_post_without_title_is_refused_for_good(outbox: OutboxPortal) -> None:
    key = new_key()
    error = refusal(lambda: outbox.create(sample_post(title=" "), key))
    assert (error.permanent, error.unknown) == (True, False)
    assert outbox.find(key) is None


# --- typed by hand ------------------------------------------------------------------------------------------


def test_file_typed_by_hand_is_shown_and_counted_with_local_time_where_no_zone_is_given(
    outbox: OutboxPortal, folder: Path
) -> None:
    (folder / "posts" / "Bài của Ban C.json").write_text(
        '{"title": "Bài gõ tay", "html": "<p>Nội dung</p>", "published_at": "2026-10-31T23:59:59"}'
    )
    (post,) = outbox.list(*OCTOBER)
    assert (post.id, post.key, post.published_at) == (
        "Bài của Ban C",
        None,
        datetime(2026, 10, 31, 16, 59, 59, tzinfo=UTC),
    )
    outbox.verify()
    assert (folder / post.url.removeprefix(BASE)).is_file()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"html": "không có tiêu đề", "published_at": "2026-10-05"}',
        '{"title": "không có ngày"}',
        '{"title": "ngày lạ", "published_at": "31/10/2026"}',
        '{"title": "trạng thái lạ", "published_at": "2026-10-05", "state": "đăng"}',
        '{"title": "ảnh ngoài thư mục", "published_at": "2026-10-05", "image": {"file": "../../etc/passwd"}}',
        '{"title": 5, "published_at": "2026-10-05"}',
        '{"title": "năm xa", "published_at": "9999-12-31T23:59:59Z"}',
    ],
)
def test_file_that_is_no_post_stops_the_census_and_no_delivery(text: str, outbox: OutboxPortal, folder: Path) -> None:
    (folder / "posts" / "hong.json").write_text(text)
    error = refusal(lambda: list(outbox.list(*OCTOBER)))
    assert "hong.json" in error.message
    assert "no census can be complete" in (error.hint or "")
    key = new_key()
    outbox.create(sample_post(), key)
    assert outbox.find(key) is not None


def test_file_name_that_is_no_text_stops_the_census(outbox: OutboxPortal, folder: Path) -> None:
    (folder / "posts" / os.fsdecode(b"b\xe0i.json")).write_text('{"title": "x", "published_at": "2026-10-05"}')
    assert refusal(lambda: list(outbox.list(*OCTOBER))).kind == "protocol"
    outbox.verify()


@pytest.mark.parametrize("portal_id", ["../secret", "a/b", ".lock", "", "..", "\x00", "x" * 300])
def test_id_that_is_no_file_name_here_reads_as_gone(portal_id: str, outbox: OutboxPortal, folder: Path) -> None:
    (folder / "secret.json").write_text('{"title": "x", "published_at": "2026-10-05"}')
    assert outbox.read(portal_id) is None


# --- several writers, and death -------------------------------------------------------------------------------


def test_looking_into_a_folder_that_is_not_there_raises_and_makes_nothing(folder: Path) -> None:
    portal = open_outbox(folder)
    for call in (lambda: portal.find(new_key()), lambda: portal.read("1"), lambda: list(portal.list(*OCTOBER))):
        assert "mounted" in (refusal(call).hint or "")
    assert not folder.exists()


def _create(folder: Path, key: SourceKey, title: str, start: threading.Barrier) -> str:
    portal = open_outbox(folder)
    start.wait()
    return portal.create(sample_post(title=title), key).title


def test_eight_threads_with_one_key_make_one_post_and_all_are_told_the_same(outbox: OutboxPortal, folder: Path) -> None:
    key, start, told = new_key(), threading.Barrier(8), []
    threads = [
        threading.Thread(target=lambda n=number: told.append(_create(folder, key, f"Bản {n}", start)))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 8
    assert len(set(told)) == 1
    assert len(list((folder / "posts").glob("*.json"))) == 1


WRITER = """
import sys
from datetime import timedelta
from pathlib import Path
from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.outbox import OutboxPortal, OutboxSettings
from syncd.clock import SystemClock
from syncd.testing.portal_contract import new_key, sample_image, sample_post
settings = OutboxSettings(directory=Path(sys.argv[1]), base_url="https://cong.vidu.example/tin/")
clock = SystemClock()
portal = OutboxPortal(settings, name="c", http=PoliteClient(HttpSettings(), clock=clock), clock=clock, settle=timedelta(0))
portal.verify()
while True:
    key = new_key()
    sys.stdout.write(f"try {key}\\n")
    sys.stdout.flush()
    portal.create(sample_post(image=portal.put_file(sample_image())), key)
    sys.stdout.write(f"done {key}\\n")
    sys.stdout.flush()
"""


def test_writer_killed_at_any_point_leaves_whole_posts_and_every_one_it_reported(folder: Path) -> None:
    done: set[str] = set()
    tried: set[str] = set()
    for lines in (3, 4, 9, 14):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(lines)]
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
        writer.stdout.close()
        writer.wait()
        for line in said:
            word, _, key = line.strip().partition(" ")
            (done if word == "done" else tried).add(key)
    portal = open_outbox(folder)
    portal.verify()
    start = datetime(2025, 10, 1, tzinfo=UTC)
    standing = {post.id for post in portal.list(start, start + timedelta(days=31))}
    assert done <= standing <= tried
    assert not list(folder.rglob("*.tmp"))
    assert len(list((folder / "bai").iterdir())) == len(standing)


def test_full_disk_is_named_and_its_outcome_unknown(outbox: OutboxPortal, folder: Path) -> None:
    """A child with a file-size limit stands in for the full disk: the same errors at the same calls."""
    key = new_key()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        kind, unknown = pool.apply(_create_on_a_small_disk, (str(folder), key))
    assert (kind, unknown) == ("failed", True)
    assert not list(folder.rglob("*.tmp"))
    assert outbox.find(key) is None


def _create_on_a_small_disk(folder: str, key: SourceKey) -> tuple[str, bool]:
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    error = refusal(lambda: open_outbox(Path(folder)).create(sample_post(), key))
    return error.kind, error.unknown


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_folder_that_may_not_be_read_is_an_error(outbox: OutboxPortal, folder: Path) -> None:
    (folder / "posts").chmod(0)
    try:
        assert refusal(lambda: list(outbox.list(*OCTOBER))).hint
    finally:
        (folder / "posts").chmod(0o755)


def test_update_of_a_waiting_post_keeps_it_waiting(outbox: OutboxPortal) -> None:
    key = new_key()
    made = outbox.create(sample_post(approval=Approval.PENDING), key)
    updated = outbox.update(made.id, sample_post(title="Sửa"), key)
    assert updated.state is PortalState.PENDING
    assert updated.version != made.version
