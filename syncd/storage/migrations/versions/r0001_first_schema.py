"""The first schema.

Revision 0001. Types are written out here, not taken from `storage.types`: a revision stays what it was.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(), "postgresql")
Instant = sa.DateTime(timezone=True)

NEVER_CHANGED = ("leaves", "statements", "adjustments")


def upgrade() -> None:
    create_tables()
    op.execute(sa.text("INSERT INTO ledger_head (id, size, peaks) VALUES (1, 0, :nothing)").bindparams(nothing=b""))
    if op.get_bind().dialect.name == "sqlite":
        refuse_changes_on_sqlite()
    else:
        refuse_changes_on_postgresql()


def refuse_changes_on_sqlite() -> None:
    for table in NEVER_CHANGED:
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} are only ever added to'); END"
            )


def refuse_changes_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION syncd_only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% are only ever added to', TG_TABLE_NAME; END $$"
    )
    for table in NEVER_CHANGED:
        op.execute(
            f"CREATE TRIGGER {table}_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION syncd_only_added_to()"
        )


def create_tables() -> None:
    op.create_table(
        "adjustments",
        sa.Column("id", RowId, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("approved_by", Json, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("leaf", RowId, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustments")),
    )
    op.create_table(
        "censuses",
        sa.Column("id", RowId, nullable=False),
        sa.Column("portal", sa.Text(), nullable=False),
        sa.Column("start", Instant, nullable=False),
        sa.Column("end", Instant, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("finished_at", Instant, nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_censuses")),
    )
    op.create_index(op.f("ix_censuses_portal_started_at"), "censuses", ["portal", "started_at"])
    op.create_table(
        "figures",
        sa.Column("id", RowId, nullable=False),
        sa.Column("assessment", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", Instant),
        sa.Column("acknowledged_at", Instant),
        sa.Column("answer", Json),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figures")),
        sa.UniqueConstraint("assessment", "unit", "version", name=op.f("uq_figures_assessment_unit_version")),
    )
    op.create_table(
        "leaves",
        sa.Column("seq", RowId, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text()),
        sa.Column("at", Instant, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_leaves")),
    )
    op.create_index(op.f("ix_leaves_unit_at"), "leaves", ["unit", "at"])
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", RowId, nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "looks",
        sa.Column("id", RowId, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("error_kind", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("tls_sha256", sa.Text()),
        sa.Column("elapsed_ms", sa.Integer(), nullable=False),
        sa.Column("body_bytes", sa.Integer(), nullable=False),
        sa.Column("body_sha256", sa.Text()),
        sa.Column("list_sha256", sa.Text()),
        sa.Column("items", sa.Integer()),
        sa.Column("covers_from", Instant),
        sa.Column("covers_all", sa.Boolean(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("leaf", RowId),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_looks")),
    )
    op.create_index(op.f("ix_looks_at"), "looks", ["at"])
    op.create_index(
        "ix_looks_unfolded",
        "looks",
        ["unit", "at"],
        sqlite_where=sa.text("leaf IS NULL"),
        postgresql_where=sa.text("leaf IS NULL"),
    )
    op.create_index(op.f("ix_looks_unit_at"), "looks", ["unit", "at"])
    op.create_table(
        "mails",
        sa.Column("id", RowId, nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("period", sa.Text()),
        sa.Column("unit", sa.Text()),
        sa.Column("recipients", Json, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", Instant),
        sa.Column("sent_at", Instant),
        sa.Column("answer", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("raw_sha256", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("message_id", name=op.f("uq_mails_message_id")),
    )
    op.create_index(op.f("ix_mails_period_name"), "mails", ["period", "name"])
    op.create_table(
        "outages",
        sa.Column("id", RowId, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("start", Instant, nullable=False),
        sa.Column("end", Instant),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
    )
    op.create_index(
        "ix_outages_open",
        "outages",
        ["subject"],
        unique=True,
        sqlite_where=sa.text('"end" IS NULL'),
        postgresql_where=sa.text('"end" IS NULL'),
    )
    op.create_index(op.f("ix_outages_start"), "outages", ["start"])
    op.create_table(
        "posts",
        sa.Column("id", RowId, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("first_seen", Instant, nullable=False),
        sa.Column("published_at", Instant),
        sa.Column("instant", Instant, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.Column("date_raw", sa.Text(), nullable=False),
        sa.Column("date_origin", sa.Text(), nullable=False),
        sa.Column("date_doubt", sa.Text()),
        sa.Column("guid", sa.Text()),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("categories", Json, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("images", Json, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("words", sa.Integer()),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("data_sha256", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reprint", sa.Boolean(), nullable=False),
        sa.Column("back_dated", sa.Boolean(), nullable=False),
        sa.Column("quarantine", sa.Text()),
        sa.Column("duplicate_of", RowId),
        sa.Column("decision", sa.Text()),
        sa.Column("list_capture", sa.Text()),
        sa.Column("page_capture", sa.Text()),
        sa.Column("changed_at", Instant),
        sa.Column("gone_at", Instant),
        sa.Column("seen_leaf", RowId),
        sa.ForeignKeyConstraint(["duplicate_of"], ["posts.id"], name=op.f("fk_posts_duplicate_of_posts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        sa.UniqueConstraint("key", name=op.f("uq_posts_key")),
    )
    op.create_index(
        "ix_posts_edited", "posts", ["id"], sqlite_where=sa.text("version > 1"), postgresql_where=sa.text("version > 1")
    )
    op.create_index(op.f("ix_posts_instant"), "posts", ["instant"])
    op.create_index(op.f("ix_posts_text_sha256"), "posts", ["text_sha256"])
    op.create_index(op.f("ix_posts_unit_instant"), "posts", ["unit", "instant"])
    op.create_index(op.f("ix_posts_unit_month"), "posts", ["unit", "month"])
    op.create_table(
        "slots",
        sa.Column("id", RowId, nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("due", Instant, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", Instant),
        sa.Column("finished_at", Instant),
        sa.Column("outcome", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slots")),
        sa.UniqueConstraint("job", "subject", "due", name=op.f("uq_slots_job_subject_due")),
    )
    op.create_index(op.f("ix_slots_due"), "slots", ["due"])
    op.create_index(op.f("ix_slots_state_due"), "slots", ["state", "due"])
    op.create_table(
        "sources",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("body_sha256", sa.Text()),
        sa.Column("list_sha256", sa.Text()),
        sa.Column("covers_from", Instant),
        sa.Column("covers_all", sa.Boolean(), nullable=False),
        sa.Column("items", sa.Integer()),
        sa.Column("first_look_at", Instant),
        sa.Column("last_look_at", Instant),
        sa.Column("last_ok_at", Instant),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", Instant),
        sa.Column("last_error", sa.Text()),
        sa.Column("last_error_kind", sa.Text()),
        sa.Column("last_hint", sa.Text()),
        sa.Column("not_before", Instant),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_sources")),
    )
    op.create_table(
        "statements",
        sa.Column("id", RowId, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("closed_at", Instant, nullable=False),
        sa.Column("ruleset", sa.Text(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("forced", sa.Text()),
        sa.Column("leaf", RowId),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint("unit", "period", name=op.f("uq_statements_unit_period")),
    )
    op.create_index(op.f("ix_statements_period"), "statements", ["period"])
    op.create_table(
        "post_aliases",
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("post", RowId, nullable=False),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_post_aliases_post_posts")),
        sa.PrimaryKeyConstraint("unit", "digest", name=op.f("pk_post_aliases")),
    )
    op.create_index(op.f("ix_post_aliases_post"), "post_aliases", ["post"])
    op.create_table(
        "pushes",
        sa.Column("id", RowId, nullable=False),
        sa.Column("portal", sa.Text(), nullable=False),
        sa.Column("post", RowId, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("approval", sa.Text(), nullable=False),
        sa.Column("queued_at", Instant, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("delivered_version", sa.Integer()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", Instant),
        sa.Column("not_before", Instant),
        sa.Column("payload_sha256", sa.Text()),
        sa.Column("portal_id", sa.Text()),
        sa.Column("portal_url", sa.Text()),
        sa.Column("portal_state", sa.Text()),
        sa.Column("accepted_at", Instant),
        sa.Column("adopted", sa.Boolean(), nullable=False),
        sa.Column("delivered_text_sha256", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("error_kind", sa.Text()),
        sa.Column("hint", sa.Text()),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_pushes_post_posts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pushes")),
        sa.UniqueConstraint("portal", "post", name=op.f("uq_pushes_portal_post")),
    )
    op.create_index(op.f("ix_pushes_post"), "pushes", ["post"])
    op.create_index(op.f("ix_pushes_state_portal_queued_at"), "pushes", ["state", "portal", "queued_at"])
    op.create_index(op.f("ix_pushes_unit_state"), "pushes", ["unit", "state"])
    op.create_table(
        "windows",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("start", Instant, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("end", Instant, nullable=False),
        sa.PrimaryKeyConstraint("source", "start", name=op.f("pk_windows")),
    )
    op.create_index(op.f("ix_windows_unit_end"), "windows", ["unit", "end"])
    op.create_table(
        "sightings",
        sa.Column("id", RowId, nullable=False),
        sa.Column("portal", sa.Text(), nullable=False),
        sa.Column("portal_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_seen", Instant, nullable=False),
        sa.Column("last_seen", Instant, nullable=False),
        sa.Column("published_at", Instant),
        sa.Column("instant", Instant, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("post", RowId),
        sa.Column("unit", sa.Text()),
        sa.Column("attributed_by", sa.Text()),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("categories", Json, nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("late_sighting", sa.Boolean(), nullable=False),
        sa.Column("gone_at", Instant),
        sa.Column("decision", sa.Text()),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_sightings_post_posts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sightings")),
        sa.UniqueConstraint("portal", "portal_id", name=op.f("uq_sightings_portal_portal_id")),
    )
    op.create_index(op.f("ix_sightings_portal_instant"), "sightings", ["portal", "instant"])
    op.create_index(op.f("ix_sightings_post"), "sightings", ["post"])
    op.create_index(op.f("ix_sightings_unit_month"), "sightings", ["unit", "month"])
