"""Fewer and smaller index entries for each post that a look brings.

Of an alias only a digest of 16 bytes is kept, its value is read nowhere. One index over texts serves both questions about them, one over
pushes is both the key and the way from a post. Nothing asks for posts by month.

Revision 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.drop_index("ix_posts_first_of_text", "posts")
    op.drop_index("ix_posts_text_sha256", "posts")
    op.drop_index("ix_posts_unit_month", "posts")
    op.create_index("ix_posts_text_sha256_duplicate_of", "posts", ["text_sha256", "duplicate_of"])
    op.drop_index("ix_pushes_post", "pushes")
    with op.batch_alter_table("pushes") as pushes:
        pushes.drop_constraint("uq_pushes_portal_post", type_="unique")
        pushes.create_unique_constraint("uq_pushes_post_portal", ["post", "portal"])
    if op.get_bind().dialect.name == "sqlite":
        _shorten_aliases_on_sqlite()
    else:
        op.execute(
            "ALTER TABLE post_aliases DROP COLUMN value,"
            " ALTER COLUMN digest TYPE bytea USING substring(decode(digest, 'hex') FROM 1 FOR 16)"
        )


def _shorten_aliases_on_sqlite() -> None:
    connection = op.get_bind()
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.create_function("shortened", 1, lambda digest: bytes.fromhex(digest[:32]), deterministic=True)
    op.drop_index("ix_post_aliases_post", "post_aliases")
    op.rename_table("post_aliases", "longer_aliases")
    op.create_table(
        "post_aliases",
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("post", RowId, nullable=False),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_post_aliases_post_posts")),
        sa.PrimaryKeyConstraint("unit", "digest", name=op.f("pk_post_aliases")),
        sqlite_with_rowid=False,
    )
    # In the order of the key, so that the new table is written from its beginning to its end.
    op.execute(
        "INSERT INTO post_aliases (unit, digest, kind, post)"
        " SELECT unit, shortened(digest), kind, post FROM longer_aliases ORDER BY unit, digest"
    )
    op.drop_table("longer_aliases")
    op.create_index("ix_post_aliases_post", "post_aliases", ["post"])
