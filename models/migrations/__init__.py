"""Alembic migrations: the engine's first, then one branch of versions for the domains."""

from __future__ import annotations

from sqlalchemy import Connection


def run_script(connection: Connection, script: str) -> None:
    """Run a file of SQL statements as it stands: `%` and `:` in it mean nothing to the driver."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(script)
    finally:
        cursor.close()
