"""The worker that reads article pages: bounded, started anew after a fault, gone when its owner is."""

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from adapters.articles.article import ArticleData, ArticleFault, ArticleRules
from adapters.articles.reading import read_article
from adapters.articles.worker import ArticleWorker, WorkerLimits
from syncd.testing.clock import FakeClock

NOW = datetime(2026, 11, 1, 3, tzinfo=UTC)
JOB = "adapters.articles.worker_process:answer"
PAGE = (
    "<html><head><title>Hội nghị tổng kết công tác</title></head><body><h1>Hội nghị tổng kết công tác</h1>"
    "<span class='date'>Thứ sáu - 30/10/2026 15:51</span><div class='body'>"
    + "<p>Sáng 30/10, Huyện ủy Ví Dụ tổ chức hội nghị tổng kết công tác năm, có mặt đại diện các ban.</p>" * 3
    + "</div></body></html>"
).encode()
SLOW = ("<body>" + "<p>05/12/2022 word word word</p>" * 12_000).encode()  # about a second


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def worker(clock: FakeClock) -> Iterator[ArticleWorker]:
    worker = ArticleWorker(clock=clock)
    yield worker
    worker.close()


def _read(worker: ArticleWorker, body: bytes = PAGE, url: str = "https://ban-a.vidu.example/bai") -> ArticleData:
    return worker.read(body, content_type="text/html", url=url, rules=ArticleRules(), fetched_at=NOW)


def _until(true: Callable[[], bool], within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while not (done := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return done


def _gone(pid: int) -> bool:
    """Not even a zombie is left."""
    return not psutil.pid_exists(pid)


def test_page_is_read_as_in_this_process_by_one_process_started_at_the_first_page(worker: ArticleWorker) -> None:
    assert worker.process_id is None
    article = _read(worker)
    first = worker.process_id
    assert article == read_article(
        PAGE, content_type="text/html", url="https://ban-a.vidu.example/bai", rules=ArticleRules(), fetched_at=NOW
    )
    answers: list[ArticleData] = []
    threads = [threading.Thread(target=lambda: answers.append(_read(worker))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [article] * 4
    assert worker.process_id == first

    with pytest.raises(ArticleFault) as caught:
        _read(worker, b"%PDF-1.7 ...")
    assert (caught.value.kind, worker.process_id) == ("not_html", first)

    assert first is not None
    worker.close()
    assert _gone(first)
    with pytest.raises(ArticleFault, match="stopping"):
        _read(worker)


def test_a_large_owner_does_not_make_its_reader_look_full(worker: ArticleWorker) -> None:
    ballast = bytearray(450 << 20)
    ballast[:: resource.getpagesize()] = b"x" * len(range(0, len(ballast), resource.getpagesize()))
    _read(worker)
    first = worker.process_id
    _read(worker)
    assert worker.process_id == first


def test_process_whose_owner_was_killed_before_it_was_ready_ends_without_a_word() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    serve = f"from adapters.bounded_process import serve; serve({JOB!r}, {theirs.fileno()}, 10, 20, 20, 1 << 30, 10)"
    with theirs:
        ended = subprocess.run([sys.executable, "-c", serve], pass_fds=(theirs.fileno(),), capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_process_that_dies_costs_one_page_and_a_host_of_such_pages_is_left_alone(
    worker: ArticleWorker, clock: FakeClock
) -> None:
    _read(worker)
    killed: set[int] = set()
    hit = threading.Event()

    def kill_each() -> None:
        while not hit.is_set():
            pid = worker.process_id
            if pid is not None and pid not in killed and psutil.pid_exists(pid):
                killed.add(pid)
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)

    killer = threading.Thread(target=kill_each)
    killer.start()
    with pytest.raises(ArticleFault) as caught:
        _read(worker, url="https://ban-b.vidu.example/1")
    hit.set()
    killer.join()
    assert caught.value.kind == "worker_died"
    assert "signal 9" in str(caught.value)
    with pytest.raises(ArticleFault, match="not tried again"):
        _read(worker, url="https://ban-b.vidu.example/1")
    assert _read(worker, url="https://ban-b.vidu.example/2").found_by == "generic"
    clock.advance(timedelta(hours=1))
    assert _read(worker, url="https://ban-b.vidu.example/1").found_by == "generic"
    assert all(_gone(pid) for pid in killed)


def test_page_that_takes_too_much_cpu_is_given_up_and_the_next_is_read(clock: FakeClock) -> None:
    worker = ArticleWorker(clock=clock, limits=WorkerLimits(cpu_s=0.1))
    try:
        with pytest.raises(ArticleFault, match="of CPU") as caught:
            _read(worker, SLOW * 3)
        assert (caught.value.kind, worker.process_id) == ("too_slow", None)
        assert _read(worker, url="https://ban-a.vidu.example/khac").found_by == "generic"
    finally:
        worker.close()


def test_host_whose_pages_take_too_long_is_left_alone_after_three(clock: FakeClock) -> None:
    worker = ArticleWorker(clock=clock, limits=WorkerLimits(wall_s=0.2))
    try:
        kinds = []
        for number in range(4):
            with pytest.raises(ArticleFault) as caught:
                _read(worker, SLOW * 3, url=f"https://ban-c.vidu.example/{number}")
            kinds.append(caught.value.kind)
        assert kinds == ["too_slow"] * 4
        assert "not tried again" in str(caught.value)
    finally:
        worker.close()


def test_page_that_asks_for_too_much_memory_is_refused(clock: FakeClock) -> None:
    worker = ArticleWorker(clock=clock, limits=WorkerLimits(memory_bytes=90 << 20))
    try:
        with pytest.raises(ArticleFault) as caught:
            _read(worker, b"<body>" + b"<p>word word <b>word</b> <i>word</i>" * 13_000)
        assert caught.value.kind in ("too_large", "worker_died")
        assert _read(worker).found_by == "generic"
    finally:
        worker.close()


def test_idle_process_ends_by_itself_and_a_new_one_reads_on(clock: FakeClock) -> None:
    worker = ArticleWorker(clock=clock, limits=WorkerLimits(idle_s=0.2))
    try:
        _read(worker)
        first = worker.process_id
        assert first is not None
        assert _until(lambda: _gone(first))
        assert _read(worker).found_by == "generic"
    finally:
        worker.close()


@pytest.mark.slow
def test_process_gives_way_to_a_fresh_one_after_its_number_of_pages(clock: FakeClock) -> None:
    worker = ArticleWorker(clock=clock, limits=WorkerLimits(requests=2))
    try:
        assert [_read(worker).found_by for _ in range(5)] == ["generic"] * 5
    finally:
        worker.close()


def test_close_ends_a_page_that_is_being_read(worker: ArticleWorker) -> None:
    faults: list[str] = []

    def read() -> None:
        try:
            _read(worker, SLOW * 5)
        except ArticleFault as fault:
            faults.append(fault.kind)

    reading = threading.Thread(target=read)
    reading.start()
    assert _until(lambda: worker.process_id is not None)
    pid = worker.process_id
    started = time.monotonic()
    worker.close()
    reading.join(timeout=5)
    assert time.monotonic() - started < 4
    assert faults == ["worker_died"]
    assert pid is not None
    assert _gone(pid)


def test_process_ends_when_its_owner_is_killed() -> None:
    program = (
        "import sys, time\nfrom tests.adapters.test_articles_worker import PAGE, _read\n"
        "from adapters.articles.worker import ArticleWorker\nfrom syncd.clock import SystemClock\n"
        "worker = ArticleWorker(clock=SystemClock())\n_read(worker)\nprint(worker.process_id, flush=True)\ntime.sleep(60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    assert psutil.pid_exists(pid)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert _until(lambda: _gone(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)  # init's to bury


def test_a_worker_started_by_a_thread_kept_on_one_processor_may_use_them_all(worker: ArticleWorker) -> None:
    def started() -> None:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        _read(worker)

    thread = threading.Thread(target=started)
    thread.start()
    thread.join()
    assert os.sched_getaffinity(worker.process_id or 0) == os.sched_getaffinity(0)
