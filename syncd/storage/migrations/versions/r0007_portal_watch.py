"""Alarms about the portal as a whole, and whether counted posts still answer at their addresses; what an editor's change holds up is found at once.

Revision 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)
RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "portal_alarms",
        sa.Column("id", RowId, nullable=False),
        sa.Column("portal", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("found_at", Instant, nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("ended_at", Instant),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_alarms")),
    )
    standing = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_portal_alarms_standing",
        "portal_alarms",
        ["portal", "kind"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_table(
        "answers",
        sa.Column("portal", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("silent_since", Instant),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("portal", "ref", name=op.f("pk_answers")),
    )
    silent = sa.text("silent_since IS NOT NULL")
    op.create_index(
        "ix_answers_silent", "answers", ["portal", "silent_since"], sqlite_where=silent, postgresql_where=silent
    )
    left = sa.text("error_kind = 'left'")
    op.create_index("ix_pushes_left", "pushes", ["portal"], sqlite_where=left, postgresql_where=left)
