"""Files of posts, fetched and put at the portal; the title that was delivered; withdrawals.

Revision 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "fetched_files",
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("fetched_at", Instant, nullable=False),
        sa.Column("sha256", sa.Text()),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Text()),
        sa.Column("trouble", sa.Text()),
        sa.PrimaryKeyConstraint("unit", "url", name=op.f("pk_fetched_files")),
    )
    op.create_table(
        "stored_files",
        sa.Column("portal", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("portal_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("placed_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("portal", "sha256", name=op.f("pk_stored_files")),
    )
    # Posts that stand there already were delivered under a title that nobody noted: None, which says nothing.
    op.add_column("pushes", sa.Column("delivered_title_sha256", sa.Text()))
    op.add_column("pushes", sa.Column("withdrawn_at", Instant))
    # The few that must be taken from the portal are found without walking over all posts.
    withheld = sa.text("quarantine IS NOT NULL")
    op.create_index("ix_posts_withheld", "posts", ["id"], sqlite_where=withheld, postgresql_where=withheld)
