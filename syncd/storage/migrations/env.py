"""What Alembic runs: the revisions, on the connection and inside the transaction that `storage.schema` opened."""

from alembic import context

from syncd.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a column: the table is copied
    transactional_ddl=True,  # true of SQLite too, as our engine begins its transactions itself
)
with context.begin_transaction():
    context.run_migrations()
