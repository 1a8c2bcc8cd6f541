"""Our tables about the files of posts. `tables` names them all.

Columns are named as the fields of `syncd.ports.media`, where their meaning is written.
"""

from sqlalchemy import Column, Integer, Table, Text

from syncd.storage.metadata import metadata
from syncd.storage.types import Utc

fetched_files = Table(
    "fetched_files",
    metadata,
    Column("unit", Text, primary_key=True),
    Column("url", Text, primary_key=True),
    Column("fetched_at", Utc, nullable=False),
    Column("sha256", Text),
    Column("content_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("mark", Text),
    Column("trouble", Text),
)

stored_files = Table(
    "stored_files",
    metadata,
    Column("portal", Text, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("portal_id", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("placed_at", Utc, nullable=False),
)
