"""Run by Alembic inside the transaction that `storage.migrate` opened: a store is migrated whole or not at all."""

from alembic import context

from storage.migrate import VERSION_TABLE
from storage.tables import Base

connection = context.config.attributes["connection"]

context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    # SQLite rolls back DDL like anything else once BEGIN is ours to say; Alembic does not know that.
    transactional_ddl=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
