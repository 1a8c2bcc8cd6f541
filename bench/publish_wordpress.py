"""What `publish` takes on a real WordPress, look-ups and ledger included, beside a loop that posts the same texts and keeps no record.

Needs the distribution's WordPress (scripts/wordpress.sh). The loop is what a short script would be: one keep-alive client a thread, one POST a post.
Each round begins on an empty site; syncd and the loop take turns.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from yardstick.farm import farm
from yardstick.feeds import ITEMS
from yardstick.measure import Spent, show, spent
from yardstick.office import office, scratch, write_config

from syncd.application.collecting.collect import collect
from syncd.application.publishing.payload import credit_line
from syncd.application.publishing.publish import publish

SCRIPT = Path(__file__).parents[1] / "scripts" / "wordpress.sh"
POSTS = int(sys.argv[1]) if len(sys.argv) > 1 else 500
SITES = -(-POSTS // ITEMS)
ROUNDS = 3
PORTAL = """
kind = "wordpress"
url = "{url}"
username = "syncd"
password_env = "SYNCD_BENCH_WORDPRESS"
allow_addresses = ["127.0.0.0/8"]
files = "none"
at_once = {at_once}
"""


@contextmanager
def wordpress(state: Path) -> Iterator[dict[str, Any]]:
    environment = {**os.environ, "SYNCD_PORTAL_STATE": str(state), "SYNCD_PORTAL_WORKERS": "8"}
    run = [str(SCRIPT), "start"]
    site = json.loads(subprocess.run(run, env=environment, check=True, stdout=subprocess.PIPE, timeout=600).stdout)
    os.environ["SYNCD_BENCH_WORDPRESS"] = site["users"]["syncd"]["application_password"]
    try:
        yield site
    finally:
        subprocess.run([str(SCRIPT), "destroy"], env=environment, check=True, stdout=subprocess.DEVNULL, timeout=60)


def empty(site: dict[str, Any], posts: Sequence[int]) -> None:
    """Past the trash, so that each round finds the same site."""
    with _client(site) as client:
        for number in posts:
            client.delete(f"/posts/{number}", params={"force": "true"}).raise_for_status()


def ids(site: dict[str, Any]) -> list[int]:
    with _client(site) as client:
        found: list[int] = []
        while page := client.get(
            "/posts", params={"per_page": "100", "offset": str(len(found)), "_fields": "id"}
        ).json():
            found += [post["id"] for post in page]
        return found


def with_syncd(site: dict[str, Any], at_once: int) -> tuple[Spent, list[dict[str, str]]]:
    """One round of ours, and the texts that it sent."""
    with scratch() as folder, farm(SITES) as sites:
        portal = PORTAL.format(url=site["base_url"], at_once=at_once)
        with office(write_config(folder, map(sites.url, range(SITES)), portal=portal)) as services:
            collect(services)
            with spent() as cost:
                report = publish(services, limit=POSTS)
            assert report.total.sent == POSTS, f"{report.total.sent} of {POSTS} delivered: {report.portal_error}"
            with services.db.read() as uow:
                kept = uow.posts.many(range(1, SITES * ITEMS + 1))  # type: ignore[arg-type]  # every post there is
            texts = [
                {
                    "title": post.title,
                    "content": post.html + credit_line("Nguồn: {unit}", post.unit, post.url),
                    "excerpt": post.summary,
                    "status": "publish",
                    "date_gmt": f"{post.published_at or post.first_seen:%Y-%m-%dT%H:%M:%S}",
                }
                for post in list(kept.values())[:POSTS]
            ]
    return cost, texts


def with_a_loop(site: dict[str, Any], texts: Sequence[dict[str, str]], at_once: int) -> Spent:
    def post(share: Sequence[dict[str, str]]) -> None:
        with _client(site) as client:
            for text in share:
                client.post("/posts", json=text).raise_for_status()

    with spent() as cost, ThreadPoolExecutor(at_once) as pool:
        list(pool.map(post, [texts[first::at_once] for first in range(at_once)]))
    return cost


def _client(site: dict[str, Any]) -> httpx.Client:
    auth = ("syncd", os.environ["SYNCD_BENCH_WORDPRESS"])
    return httpx.Client(base_url=f"{site['base_url']}/wp-json/wp/v2", auth=auth, timeout=60.0)


def main() -> None:
    rows = []
    with scratch() as folder, wordpress(folder / "wordpress") as site:
        for at_once in (1, 2, 4):
            ours, loop = [], []
            for _ in range(ROUNDS):
                cost, texts = with_syncd(site, at_once)
                ours.append(cost)
                empty(site, ids(site))
                loop.append(with_a_loop(site, texts, at_once))
                empty(site, ids(site))
            wall = statistics.median(cost.wall_s for cost in ours)
            bare = statistics.median(cost.wall_s for cost in loop)
            cpu, bare_cpu = (statistics.median(cost.cpu_s for cost in costs) for costs in (ours, loop))
            rows.append([at_once, wall, bare, wall / bare, cpu * 1000 / POSTS, bare_cpu * 1000 / POSTS])
    columns = ["at once", "syncd, s", "loop, s", "times the loop", "syncd, ms CPU a post", "loop, ms CPU a post"]
    show(f"{POSTS} posts to a real WordPress, medians of {ROUNDS} rounds", columns, rows)


if __name__ == "__main__":
    main()
