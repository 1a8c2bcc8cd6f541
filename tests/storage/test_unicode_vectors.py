"""Text that misleads, breaks or hides, put into both databases and read back."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from syncd.domain.model import Precision, SourceId, SourceKey, UnitId
from syncd.ports.records import Alias, PostRecord
from syncd.storage.engine import SqlDatabase
from syncd.vietnamese.storable import storable
from syncd.vietnamese.text import decode

CASES = json.loads((Path(__file__).parents[1] / "data" / "unicode" / "vectors.json").read_text(encoding="utf-8"))
BAN_A = UnitId("ban-a")


def test_every_text_comes_back_as_it_was_stored(db: SqlDatabase) -> None:
    first = PostRecord(
        unit=BAN_A,
        source=SourceId("ban-a/1"),
        key=SourceKey(f"syncd-{0:032x}"),
        title="",
        url="https://ban-a.vidu.example/0",
        first_seen=datetime(2026, 10, 1, tzinfo=UTC),
        published_at=None,
        precision=Precision.NONE,
    )
    posts = []
    for number, case in enumerate(CASES):
        text = decode(bytes.fromhex(case["bytes"])).text if "bytes" in case else case["text"]
        text += case.get("then", "") * case.get("times", 0)
        url = f"https://ban-a.vidu.example/{number}"
        posts.append(replace(first, key=SourceKey(f"syncd-{number:032x}"), title=storable(text), url=url))
    with db.write() as uow:
        ids = uow.posts.add([(post, [Alias(kind="url", value=post.url)]) for post in posts])
        uow.commit()
    with db.read() as uow:
        for number, post in zip(ids, posts, strict=True):
            found = uow.posts.get(number)
            assert found is not None
            assert found.title == post.title
