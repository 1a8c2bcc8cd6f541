"""What stands in each source's list: its entries by fingerprint, and the post that each is. And the first post of each text.

Revision 0002. Types are written out here, not taken from `storage.types`: a revision stays what it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "listed",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("post", RowId, nullable=False),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_listed_post_posts")),
        sa.PrimaryKeyConstraint("source", "entry", name=op.f("pk_listed")),
        sqlite_with_rowid=False,
    )
    for name, column, condition in (
        ("ix_posts_first_of_text", "text_sha256", "duplicate_of IS NULL"),
        ("ix_posts_duplicates", "duplicate_of", "duplicate_of IS NOT NULL"),
    ):
        where = sa.text(condition)
        op.create_index(name, "posts", [column], sqlite_where=where, postgresql_where=where)
