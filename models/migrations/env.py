"""Alembic's entry: runs the migrations on the connection that `worker.migrate` hands over."""

from alembic import context
from sqlalchemy import Connection, text

connection: Connection = context.config.attributes["connection"]
# One migration at a time, whoever starts it; and Alembic's own table needs our schema.
connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('cqrs.migrate', 0))"))
connection.execute(text("CREATE SCHEMA IF NOT EXISTS cqrs"))
context.configure(
    connection=connection,
    target_metadata=None,
    version_table_schema="cqrs",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
