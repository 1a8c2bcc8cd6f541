"""Documents built to harm their reader: each comes to its stated outcome, cheaply, and calls nobody.

They are read by a process of its own (`bounded.py`), so that memory can be measured: 2 s of CPU and 64 MB beyond the
document itself are the most that any may take.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.images import MAX_PIXELS, image_type, pixels
from syncd.testing.local_site import LocalSite
from tests.hostile.bounded import MADE_FOR
from tests.hostile.documents import DATA, SIZE, XML, Document

ROOT = Path(__file__).parents[2]
MAX_CPU_S = 2.0
MAX_GROWTH_MB = 64
# What the entry made for the document answers; every other entry has to answer something, within the bounds.
OUTCOMES = {
    "billion-laughs": "hostile_document",
    "quadratic-blow-up": "hostile_document",
    "recursive-entity": "hostile_document",
    "external-entity-file": "hostile_document",
    "external-entity-http": "hostile_document",
    "parameter-entity-remote-dtd": "hostile_document",
    "doctype-system-remote": "1 posts of 1, 0 skipped",
    "xinclude-file": "1 posts of 1, 0 skipped",
    "xml-stylesheet-internal": "1 posts of 1, 0 skipped",
    "xslt-document": "1 posts of 1, 0 skipped",
    "namespaces-100000": "1 posts of 1, 0 skipped",
    "depth-100000": "hostile_document",
    "attributes-100000": "1 posts of 1, 0 skipped",
    "cdata-50-mb": "too_large",
    "utf-16-entities": "hostile_document",
    "utf-7-declared": "hostile_document",
    "nul-bytes": "1 posts of 1, 0 skipped",
    "svg-enclosure-script": "None",
    "items-100000": "1000 posts of 100000, 0 skipped",
    "title-10-mb": "0 posts of 1, 1 skipped",
    "div-200000": "the page has more than 40,000 elements",
    "attribute-1-mb": "1",
    "png-30000": "image/png of 900,000,000 pixels",
    "zip-bomb": "None",
}
ENTRY = {"feed": "as_feed", "page": "as_page", "image": "as_image"}
named = pytest.mark.parametrize("document", [*XML, *SIZE], ids=lambda document: document.name)


Told = dict[tuple[str, str], dict[str, Any]]


def read_all(*arguments: str) -> Told:
    """What each document came to, by name and entry; nothing was called meanwhile."""
    with LocalSite() as internal:
        command = [sys.executable, "-m", "tests.hostile.bounded", internal.url(), *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert internal.connections == 0
    return {(each["name"], each["entry"]): each for each in map(json.loads, done.stdout.splitlines())}


def assert_cheap(told: dict[str, Any]) -> None:
    assert told["cpu_s"] <= 2 * MAX_CPU_S, told  # twice the goal: other work shares the machine
    assert told["grown_mb"] <= MAX_GROWTH_MB, told
    assert "secret" not in told["outcome"], told


@pytest.fixture(scope="module")
def read() -> Told:
    return read_all()


@pytest.mark.parametrize(("documents", "names"), [(XML, "xml_vectors.txt"), (SIZE, "size_vectors.txt")])
def test_every_named_document_is_tried(documents: tuple[Document, ...], names: str) -> None:
    assert [document.name for document in documents] == (DATA / names).read_text(encoding="utf-8").split()


@named
def test_hostile_document_comes_to_its_outcome_and_costs_little(document: Document, read: Told) -> None:
    assert read[document.name, ENTRY[document.kind]]["outcome"] == OUTCOMES[document.name]
    for entry in MADE_FOR[document.kind]:
        assert_cheap(read[document.name, entry.__name__])


@pytest.mark.slow
def test_hostile_documents_cost_little_wherever_they_are_read() -> None:
    told = read_all("everywhere")
    assert len(told) == 3 * len(OUTCOMES)
    for each in told.values():
        assert_cheap(each)


PICTURES = {
    "png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x02\x80\x00\x00\x01\xe0",
    "gif": b"GIF89a\x80\x02\xe0\x01",
    "jpeg": b"\xff\xd8\xff\xe0\x00\x04\xff\xc0\xff\xc0\x00\x11\x08\x01\xe0\x02\x80\x03",
    "webp": b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x7f\x02\x00\xdf\x01\x00",
}


@pytest.mark.parametrize("kind", PICTURES)
def test_size_of_a_picture_is_read_from_its_own_head(kind: str) -> None:
    data = PICTURES[kind]
    assert (image_type(data), pixels(data)) == (f"image/{kind}", 640 * 480)
    for length in range(len(data)):
        assert pixels(data[:length]) in (0, 640 * 480)  # cut off: nothing is told, nothing is raised


def test_picture_of_a_good_camera_is_no_bomb() -> None:
    assert 12_000 * 8_000 < MAX_PIXELS < 30_000 * 30_000
