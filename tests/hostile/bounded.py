"""Reads hostile documents as a process of its own, and tells what each took: `python -m tests.hostile.bounded INTERNAL [everywhere]`.

Every document is read in a child forked for it, so that none hides in what another left allocated. One JSON line each:
name, entry, outcome, seconds of CPU, and by how much the memory grew at its highest.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from adapters.html import PageTooLarge, clean_html, images_of, parse_page, select, text_of_html
from adapters.images import image_type, pixels
from adapters.sources.feed_documents import NotAFeed, parse_feed
from syncd.vietnamese.text import decode
from tests.hostile.documents import SIZE, XML, Document

BASE = "https://a.example/tin/"


def as_feed(body: bytes) -> str:
    """What a feed source says of the document."""
    try:
        feed = parse_feed(body, base_url=BASE)
    except NotAFeed as fault:
        return fault.kind
    shown = "\n".join(f"{post.title} {post.html} {post.summary} {post.author}" for post in feed.posts)
    told = f"{len(feed.posts)} posts of {feed.total}, {len(feed.skipped)} skipped"
    return f"{told}, with a secret" if "root:" in shown else told


def as_page(body: bytes) -> str:
    """What a page source or an article says of it: the page searched, and its body cleaned."""
    text = decode(body, content_type="text/html").text
    try:
        found = str(len(select(parse_page(text), "div, a")))
    except PageTooLarge as fault:
        found = str(fault)
    return found


def as_fragment(body: bytes) -> str:
    """What becomes of it as the text of a feed's item."""
    cleaned = clean_html(decode(body, content_type="text/html").text, BASE)
    return f"{len(cleaned)} characters, {len(images_of(cleaned))} images, {len(text_of_html(cleaned))} of text"


def as_image(body: bytes) -> str:
    """What the portal's picture fetcher takes it for."""
    kind = image_type(body)
    return str(kind) if kind is None else f"{kind} of {pixels(body):,} pixels"


Entries = dict[str, tuple[Callable[[bytes], str], ...]]
MADE_FOR: Entries = {"feed": (as_feed,), "page": (as_page, as_fragment), "image": (as_image,)}
EVERYWHERE: Entries = {
    "feed": (as_feed, as_page, as_fragment),
    "page": (as_page, as_fragment, as_feed),
    "image": (as_image, as_feed, as_page),
}


def _read(document: Document, entry: Callable[[bytes], str], internal: str) -> dict[str, object]:
    body = document.make(internal)
    Path("/proc/self/clear_refs").write_text(
        "5", encoding="ascii"
    )  # the peak so far is the making's, not the reading's
    before, started = _peak_kib(), time.process_time()
    outcome = entry(body)
    took = time.process_time() - started
    return {
        "name": document.name,
        "entry": entry.__name__,
        "bytes": len(body),
        "outcome": outcome,
        "cpu_s": round(took, 3),
        "grown_mb": round((_peak_kib() - before) / 1024, 1),
    }


def _peak_kib() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def main() -> None:
    clean_html("<p>x</p>", BASE)
    as_feed(
        b"<rss><channel><item><title>x</title></item></channel></rss>"
    )  # what is loaded at first use is not the document's
    entries = EVERYWHERE if sys.argv[2:] else MADE_FOR
    for document in (*XML, *SIZE):
        for entry in entries[document.kind]:
            sys.stdout.flush()
            child = os.fork()
            if child == 0:
                resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
                sys.stdout.write(json.dumps(_read(document, entry, sys.argv[1])) + "\n")
                sys.stdout.flush()
                os._exit(0)
            _, status = os.waitpid(child, 0)
            if status:
                sys.stdout.write(
                    json.dumps(
                        {
                            "name": document.name,
                            "entry": entry.__name__,
                            "outcome": f"died {status}",
                            "cpu_s": 60,
                            "grown_mb": 0,
                        }
                    )
                    + "\n"
                )


if __name__ == "__main__":
    main()
