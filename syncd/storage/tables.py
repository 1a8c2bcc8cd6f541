"""Our tables. Columns are named as the fields of `syncd.ports.records`, where their meaning is written.

Columns that no record has: `month`, the local month of a post, and `instant`, by which windows are cut.
Changes come with a revision in `migrations/`; a test compares the two.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from syncd.domain.ledger import LeafKind
from syncd.domain.model import AdjustmentKind, Approval, OutageOwner, Precision, Status
from syncd.ports.records import PushState, SlotState
from syncd.storage.media_tables import fetched_files as fetched_files
from syncd.storage.media_tables import stored_files as stored_files
from syncd.storage.metadata import metadata as metadata
from syncd.storage.metadata import partial_index
from syncd.storage.source_tables import backfills as backfills
from syncd.storage.source_tables import list_histories as list_histories
from syncd.storage.source_tables import listed as listed
from syncd.storage.source_tables import looks as looks
from syncd.storage.source_tables import sources as sources
from syncd.storage.source_tables import windows as windows
from syncd.storage.types import Hashes, Items, Json, RowId, Utc, Word
from syncd.storage.watch_tables import answers as answers
from syncd.storage.watch_tables import portal_alarms as portal_alarms

# --- posts -----------------------------------------------------------------------------------------

posts = Table(
    "posts",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("first_seen", Utc, nullable=False),
    Column("published_at", Utc),
    Column("instant", Utc, nullable=False),  # published_at, or first_seen where there is none
    Column("month", Text, nullable=False),
    Column("precision", Word(Precision), nullable=False),
    Column("date_raw", Text, nullable=False),
    Column("date_origin", Text, nullable=False),
    Column("date_doubt", Text),
    Column("guid", Text),
    Column("author", Text, nullable=False),
    Column("categories", Items, nullable=False),
    Column("summary", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("images", Items, nullable=False),
    Column("attachments", Items, nullable=False),
    Column("kind", Text, nullable=False),
    Column("words", Integer),
    Column("text_sha256", Text, nullable=False),
    Column("data_sha256", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("reprint", Boolean, nullable=False),
    Column("back_dated", Boolean, nullable=False),
    Column("quarantine", Text),
    Column("duplicate_of", RowId, ForeignKey("posts.id")),
    Column("decision", Text),
    Column("list_capture", Text),
    Column("page_capture", Text),
    Column("changed_at", Utc),
    Column("gone_since", Utc),
    Column("gone_at", Utc),
    Column("seen_leaf", RowId),
    Index(None, "unit", "instant"),
    Index(None, "instant"),
    # All posts of a text, and the first ones of it, which a new post may repeat; then those that do repeat one.
    Index(None, "text_sha256", "duplicate_of"),
    partial_index("ix_posts_duplicates", "duplicate_of", where="duplicate_of IS NOT NULL"),
    # The few that were edited: what publishing asks every few minutes must not walk over every post ever delivered.
    partial_index("ix_posts_edited", "id", where="version > 1"),
    # The few that bear a secrecy mark.
    partial_index("ix_posts_withheld", "id", where="quarantine IS NOT NULL"),
    # The few that are missed on their sites.
    partial_index("ix_posts_missed", "source", where="gone_since IS NOT NULL"),
)

post_versions = Table(
    "post_versions",
    metadata,
    Column("post", RowId, ForeignKey("posts.id"), primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("until", Utc, nullable=False),
    Column("title", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("images", Items, nullable=False),
    Column("reason", Text, nullable=False),
)

post_aliases = Table(
    "post_aliases",
    metadata,
    Column("unit", Text, primary_key=True),
    # Half the SHA-256 of kind and value: every look asks for them, nothing asks what they were.
    Column("digest", LargeBinary, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("post", RowId, ForeignKey("posts.id"), nullable=False),
    Index(None, "post"),
    sqlite_with_rowid=False,
)

# --- pushes ----------------------------------------------------------------------------------------

pushes = Table(
    "pushes",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("portal", Text, nullable=False),
    Column("post", RowId, ForeignKey("posts.id"), nullable=False),
    Column("unit", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("state", Word(PushState), nullable=False),
    Column("approval", Word(Approval), nullable=False),
    Column("queued_at", Utc, nullable=False),
    Column("version", Integer, nullable=False),
    Column("delivered_version", Integer),
    Column("attempts", Integer, nullable=False),
    Column("attempted_at", Utc),
    Column("not_before", Utc),
    Column("payload_sha256", Text),
    Column("portal_id", Text),
    Column("portal_url", Text),
    Column("portal_state", Text),
    Column("accepted_at", Utc),
    Column("adopted", Boolean, nullable=False),
    Column("delivered_text_sha256", Text),
    Column("delivered_title_sha256", Text),
    Column("withdrawn_at", Utc),
    Column("error", Text),
    Column("error_kind", Text),
    Column("hint", Text),
    UniqueConstraint("post", "portal"),
    Index(None, "state", "portal", "queued_at"),
    Index(None, "unit", "state"),
    partial_index("ix_pushes_left", "portal", where="error_kind = 'left'"),
)

# How many posts that were held back were let go on a local day.
released_pushes = Table(
    "released_pushes",
    metadata,
    Column("portal", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("number", Integer, nullable=False),
)

# --- census ----------------------------------------------------------------------------------------

censuses = Table(
    "censuses",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("portal", Text, nullable=False),
    Column("start", Utc, nullable=False),
    Column("end", Utc, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("finished_at", Utc, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("posts", Integer, nullable=False),
    Column("error", Text),
    Index(None, "portal", "started_at"),
)

sightings = Table(
    "sightings",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("portal", Text, nullable=False),
    Column("portal_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("first_seen", Utc, nullable=False),
    Column("last_seen", Utc, nullable=False),
    Column("published_at", Utc),
    Column("instant", Utc, nullable=False),  # published_at, or first_seen where there is none
    Column("month", Text, nullable=False),
    Column("key", Text),
    Column("post", RowId, ForeignKey("posts.id")),
    Column("unit", Text),
    Column("attributed_by", Text),
    Column("author", Text, nullable=False),
    Column("categories", Items, nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("late_sighting", Boolean, nullable=False),
    Column("gone_at", Utc),
    Column("decision", Text),
    UniqueConstraint("portal", "portal_id"),
    Index(None, "unit", "month"),
    Index(None, "portal", "instant"),
    Index(None, "post"),
)

outages = Table(
    "outages",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("start", Utc, nullable=False),
    Column("end", Utc),
    Column("owner", Word(OutageOwner), nullable=False),
    Column("reason", Text, nullable=False),
    partial_index("ix_outages_open", "subject", unique=True, where='"end" IS NULL'),
    Index(None, "start"),
)

# --- figures: statements and adjustments are never changed (triggers) ----------------------------------

statements = Table(
    "statements",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("closed_at", Utc, nullable=False),
    Column("ruleset", Text, nullable=False),
    Column("body", Json, nullable=False),
    Column("forced", Text),
    Column("leaf", RowId),
    UniqueConstraint("unit", "period"),
    Index(None, "period"),
)

adjustments = Table(
    "adjustments",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("kind", Word(AdjustmentKind), nullable=False),
    Column("posts", Integer, nullable=False),
    Column("status", Word(Status)),
    Column("reason", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("approved_by", Items, nullable=False),
    Column("at", Utc, nullable=False),
    Column("leaf", RowId, nullable=False),
)

figures = Table(
    "figures",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("assessment", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Json, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Utc),
    Column("acknowledged_at", Utc),
    Column("answer", Json),
    Column("error", Text),
    UniqueConstraint("assessment", "unit", "version"),
)

# --- mails, slots ----------------------------------------------------------------------------------

mails = Table(
    "mails",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("message_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("period", Text),
    Column("unit", Text),
    Column("recipients", Items, nullable=False),
    Column("subject", Text, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Utc),
    Column("sent_at", Utc),
    Column("answer", Text),
    Column("error", Text),
    Column("raw_sha256", Text),
    Index(None, "period", "name"),
)

slots = Table(
    "slots",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("job", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("due", Utc, nullable=False),
    Column("state", Word(SlotState), nullable=False),
    Column("started_at", Utc),
    Column("finished_at", Utc),
    Column("outcome", Json, nullable=False),
    UniqueConstraint("job", "subject", "due"),
    Index(None, "state", "due"),
    Index(None, "due"),
)

# --- the ledger: leaves are never changed (triggers) -----------------------------------------------------

leaves = Table(
    "leaves",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=False),
    Column("kind", Word(LeafKind), nullable=False),
    Column("unit", Text),
    Column("at", Utc, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index(None, "unit", "at"),
)

# One row: every transaction that writes leaves updates it last, so numbers have no holes and stand in commit order.
ledger_head = Table(
    "ledger_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", RowId, nullable=False),
    Column("peaks", Hashes, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

# Who may write, on PostgreSQL alone: one row, `writer`. Taken anew it counts up its epoch. `watched`: the holder's session keeps an
# advisory lock on the epoch for as long as it lives.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("epoch", RowId, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("watched", Boolean, nullable=False),
)

NEVER_CHANGED = (leaves, statements, adjustments)
