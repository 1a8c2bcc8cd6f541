"""Our tables about the portal as a whole. `tables` names them all.

Columns are named as the fields of `syncd.ports.watch`, where their meaning is written.
"""

from sqlalchemy import Column, Integer, Table, Text

from syncd.ports.watch import AlarmKind
from syncd.storage.metadata import metadata, partial_index
from syncd.storage.types import RowId, Utc, Word

portal_alarms = Table(
    "portal_alarms",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("portal", Text, nullable=False),
    Column("kind", Word(AlarmKind), nullable=False),
    Column("found_at", Utc, nullable=False),
    Column("since", Utc, nullable=False),
    Column("posts", Integer, nullable=False),
    Column("ended_at", Utc),
    partial_index("ix_portal_alarms_standing", "portal", "kind", unique=True, where="ended_at IS NULL"),
)

answers = Table(
    "answers",
    metadata,
    Column("portal", Text, primary_key=True),
    Column("ref", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("silent_since", Utc),
    Column("detail", Text, nullable=False),
    partial_index("ix_answers_silent", "portal", "silent_since", where="silent_since IS NOT NULL"),
)
