"""What a poll does not need it does not load: libraries cost more at start than hundreds of looks, and creep in unseen."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from syncd.interpreter import share_one_processor
from syncd.storage.schema import upgrade
from syncd.testing.local_site import LocalSite

NOT_FOR_FEEDS = {
    "adapters.articles.generic", "adapters.articles.page", "adapters.mail.message", "adapters.probing", "adapters.sources.feed_archive",
    "adapters.sources.http_json", "adapters.sources.list_page", "adapters.sources.page", "adapters.sources.sitemap",
    "adapters.sources.sitemap_walk", "adapters.sources.wordpress", "alembic", "anyio", "apscheduler", "bs4", "charset_normalizer",
    "fastapi", "httpcore", "jinja2", "lxml.html", "mailbox", "multiprocessing", "protego", "psycopg", "pygments", "soupsieve", "sqlalchemy", "structlog",
    "syncd.vietnamese.date_patterns", "syncd.vietnamese.legacy", "trafilatura", "uvicorn",
}  # fmt: skip
RUN = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
from syncd.cli import main
main()
"""
CONFIG = """
[office]
name = "Văn phòng Tỉnh ủy Ví Dụ"
[http]
allow_addresses = ["127.0.0.0/8"]
spacing_s = 0.0
[portal]
kind = "outbox"
directory = "portal"
base_url = "http://127.0.0.1:8077/cong/"
[[rulesets]]
id = "mac-dinh"
builtin = "default"
from = 2026-01-01
[mail]
kind = "maildir"
directory = "mail"
[[units]]
id = "ban-a"
name = "Ban A"
group = "ban"
sources = [{{ kind = "feed", url = "{url}", article = "none" }}]
"""
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Ban A</title><link>http://vidu.example/</link>
<item><title>Tin một</title><link>http://vidu.example/1</link><pubDate>Mon, 05 Oct 2026 08:00:00 +0700</pubDate>
<description>&lt;p&gt;Đơn vị tổ chức hội nghị tổng kết công tác năm.&lt;/p&gt;</description></item>
</channel></rss>"""


def test_a_look_at_a_feed_loads_nothing_that_only_other_work_needs(tmp_path: Path) -> None:
    with LocalSite() as site:
        site.page("/rss", FEED, content_type="application/rss+xml")
        config = tmp_path / "config.toml"
        config.write_text(CONFIG.format(url=site.url("/rss")), encoding="utf-8")
        (tmp_path / "var").mkdir()
        upgrade(f"sqlite:///{tmp_path}/var/syncd.db")
        command = [sys.executable, "-c", RUN, "collect", "--json", "-c", str(config)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["units"]["ban-a"]["new"] == 1
    assert NOT_FOR_FEEDS.isdisjoint(done.stderr.split())


def test_what_is_left_at_the_end_of_a_process_is_not_gone_through_again() -> None:
    code = "import atexit, gc\natexit.register(lambda: print(gc.get_freeze_count() > 1000, len(gc.get_objects()) < 1000))\n"
    code += "from syncd.interpreter import collect_garbage_seldom\ncollect_garbage_seldom()\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["True", "True"]


def test_what_the_start_made_is_left_out_of_every_later_search_for_garbage() -> None:
    code = "import gc\nfrom syncd.interpreter import collect_garbage_seldom, leave_out_what_the_start_made\n"
    code += "leave_out_what_the_start_made()\nprint(gc.get_freeze_count(), gc.get_threshold()[0])\ncollect_garbage_seldom()\n"
    code += "made = [[] for _ in range(30_000)]\n"
    code += "leave_out_what_the_start_made()\nprint(gc.get_freeze_count() > 30_000, gc.get_threshold()[0])\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["0", "700", "True", "20000"]


def test_the_threads_of_a_pool_share_one_processor_and_the_others_keep_theirs() -> None:
    before = os.sched_getaffinity(0)
    with ThreadPoolExecutor(3, initializer=share_one_processor) as pool:
        shared = set().union(*pool.map(lambda _: os.sched_getaffinity(0), range(3)))
    assert len(shared) == 1
    assert shared <= before
    assert os.sched_getaffinity(0) == before
