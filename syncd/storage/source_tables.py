"""Our tables about sources: how they are read, what stood in their lists, how far they have been read. `tables` names them all.

Columns are named as the fields of `syncd.ports.records` and `syncd.ports.histories`, where their meaning is written.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text

from syncd.storage.metadata import metadata, partial_index
from syncd.storage.types import RowId, Utc

sources = Table(
    "sources",
    metadata,
    Column("source", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_sha256", Text),
    Column("list_sha256", Text),
    Column("covers_from", Utc),
    Column("covers_all", Boolean, nullable=False),
    Column("items", Integer),
    Column("first_look_at", Utc),
    Column("last_look_at", Utc),
    Column("last_ok_at", Utc),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Utc),
    Column("last_error", Text),
    Column("last_error_kind", Text),
    Column("last_hint", Text),
    Column("not_before", Utc),
)

# What stands in the list of each source as it was last read: the fingerprint of an entry that is settled, or `post:<id>`.
listed = Table(
    "listed",
    metadata,
    Column("source", Text, primary_key=True),
    Column("entry", Text, primary_key=True),
    Column("post", RowId, ForeignKey("posts.id"), nullable=False),
    sqlite_with_rowid=False,
)

looks = Table(
    "looks",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("url", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("status", Integer),
    Column("error_kind", Text),
    Column("error", Text),
    Column("address", Text),
    Column("tls_sha256", Text),
    Column("elapsed_ms", Integer, nullable=False),
    Column("body_bytes", Integer, nullable=False),
    Column("body_sha256", Text),
    Column("list_sha256", Text),
    Column("items", Integer),
    Column("covers_from", Utc),
    Column("covers_all", Boolean, nullable=False),
    Column("new", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("leaf", RowId),
    Index(None, "unit", "at"),
    Index(None, "at"),
    partial_index("ix_looks_unfolded", "unit", "at", where="leaf IS NULL"),
)

# What the looks cover, kept as they are added: a year's looks are a thousand times as many. `start` is BEGINNING where
# a list was not full.
windows = Table(
    "windows",
    metadata,
    Column("source", Text, primary_key=True),
    Column("start", Utc, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("end", Utc, nullable=False),
    Index(None, "unit", "end"),
)

list_histories = Table(
    "list_histories",
    metadata,
    Column("source", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("items", Integer, nullable=False),
    Column("dated", Integer, nullable=False),
    Column("titles", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("least", Integer, nullable=False),
    Column("most", Integer, nullable=False),
    Column("scrolls", Boolean, nullable=False),
    Column("good_at", Utc),
    Column("good_body", Text),
    Column("alarm", Text),
    Column("alarm_since", Utc),
    Column("alarm_part", Text),
    Column("alarm_before", Integer),
    Column("alarm_after", Integer),
    Column("alarm_body", Text),
)

backfills = Table(
    "backfills",
    metadata,
    Column("source", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("since", Utc, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("next", Text),
    Column("pages", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("oldest", Utc),
    Column("complete_from", Utc),
    Column("finished_at", Utc),
    Column("error", Text),
)
