"""Brings a database to the version of this code, and says when it is not there."""

from __future__ import annotations

from functools import lru_cache

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import errors as pg

from worker import db
from worker.errors import NotMigrated


def upgrade(url: str | None = None) -> str:
    """Migrate the database of this URL (default: that of the settings); returns its new version.

    Safe to run by several at once: they take turns, and the later ones find nothing to do.
    """
    engine = sa.create_engine(db.sqlalchemy_url(url)) if url else db.owner_engine()
    try:
        with _connected(engine) as connection, connection.begin():
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "heads")
    finally:
        if url:
            engine.dispose()
    return head()


def _connected(engine: sa.Engine) -> sa.Connection:
    try:
        return engine.connect().execution_options(isolation_level="READ COMMITTED")
    except sa.exc.OperationalError as error:
        raise db.unavailable(engine, error.orig or error) from None


@lru_cache(maxsize=1)
def head() -> str:
    """The version that this code needs."""
    return ",".join(sorted(ScriptDirectory.from_config(_config()).get_heads()))


def current() -> str | None:
    """The version that the database has, or None if it was never migrated."""
    with db.owner() as connection:
        try:
            rows = connection.execute("SELECT version_num FROM cqrs.alembic_version").fetchall()
        except (pg.UndefinedTable, pg.InvalidSchemaName):
            return None
    return ",".join(sorted(row[0] for row in rows)) or None


def require() -> None:
    """Raise NotMigrated unless the database is at the version of this code."""
    found = current()
    if found != head():
        raise NotMigrated(found, head())


def is_missing_object(error: psycopg.Error) -> bool:
    """Whether a database error looks like a database that was never migrated."""
    return isinstance(error, pg.UndefinedTable | pg.InvalidSchemaName | pg.UndefinedFunction)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "models:migrations")
    config.set_main_option("path_separator", "os")
    return config
