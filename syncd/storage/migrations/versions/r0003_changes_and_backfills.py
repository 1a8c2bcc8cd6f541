"""Versions of posts, attachments, what is missed on a site; what lists were like; backfills and what is held back.

Revision 0003.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(), "postgresql")
Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    # Posts that are there already were stored without their files: nothing is known of them.
    op.add_column("posts", sa.Column("attachments", Json, nullable=False, server_default="[]"))
    op.add_column("posts", sa.Column("gone_since", Instant))
    missed = sa.text("gone_since IS NOT NULL")
    op.create_index("ix_posts_missed", "posts", ["source"], sqlite_where=missed, postgresql_where=missed)
    op.create_table(
        "post_versions",
        sa.Column("post", RowId, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until", Instant, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("images", Json, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_post_versions_post_posts")),
        sa.PrimaryKeyConstraint("post", "version", name=op.f("pk_post_versions")),
    )
    op.create_table(
        "list_histories",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("dated", sa.Integer(), nullable=False),
        sa.Column("titles", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("scrolls", sa.Boolean(), nullable=False),
        sa.Column("good_at", Instant),
        sa.Column("good_body", sa.Text()),
        sa.Column("alarm", sa.Text()),
        sa.Column("alarm_since", Instant),
        sa.Column("alarm_part", sa.Text()),
        sa.Column("alarm_before", sa.Integer()),
        sa.Column("alarm_after", sa.Integer()),
        sa.Column("alarm_body", sa.Text()),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_list_histories")),
    )
    op.create_table(
        "backfills",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.Column("next", sa.Text()),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("oldest", Instant),
        sa.Column("complete_from", Instant),
        sa.Column("finished_at", Instant),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_backfills")),
    )
    op.create_table(
        "released_pushes",
        sa.Column("portal", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("portal", "day", name=op.f("pk_released_pushes")),
    )
