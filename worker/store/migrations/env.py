"""Alembic's entry: runs migrations on the connection that `worker.base.migrate` hands over.

Each line of versions, the engine's and each domain's, has a version table of its own, so that a
database may hold domains that this process knows nothing of.
"""

from alembic import context
from sqlalchemy import Connection, text

attributes = context.config.attributes
connection: Connection = attributes["connection"]
# One migration at a time, whoever starts it; and Alembic's own table needs our schema.
connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('cqrs.migrate', 0))"))
connection.execute(text("CREATE SCHEMA IF NOT EXISTS cqrs"))
context.configure(
    connection=connection,
    target_metadata=None,
    version_table=attributes["version_table"],
    version_table_schema="cqrs",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
