"""Brings a database to the version of this code, and says when it is not there.

The engine and each domain have a line of versions of their own, each with a version table of its
own in the schema `cqrs`: `alembic_version` for the engine, `alembic_version_<label>` for a domain
(its label is the last part of its package's name before `migrations`). A domain that is named
nowhere is neither migrated nor missed.

Alembic is imported where it is used: who sends a command, or asks a query, never needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import psycopg
import sqlalchemy as sa
from psycopg import errors as pg

from worker.base import db
from worker.base.errors import BadSettings, DatabaseIsNewer, MissingRoles, NotMigrated
from worker.base.registry import parts
from worker.base.sql import quoted, statement
from worker.store import migrations as environment
from worker.store.migrations import versions as engine_versions

if TYPE_CHECKING:
    from alembic.config import Config

ENGINE = engine_versions.__name__


@dataclass(frozen=True)
class Line:
    """One line of versions: a package of migrations, and the table that says how far it is."""

    package: str

    @property
    def label(self) -> str:
        """`orders` for `models.orders.migrations`."""
        return self.package.split(".")[-2] if "." in self.package else self.package

    @property
    def table(self) -> str:
        """Where its version is kept, in the schema `cqrs`."""
        return "alembic_version" if self.package == ENGINE else f"alembic_version_{self.label}"

    def config(self) -> Config:
        """Alembic's configuration for this line alone."""
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", _folder(environment))
        config.set_main_option("path_separator", "os")
        config.set_main_option("version_locations", _folder(import_module(self.package)))
        config.attributes["version_table"] = self.table
        return config

    def heads(self) -> str:
        """The version that this code needs."""
        return _heads(self)


def _folder(package: ModuleType) -> str:
    if not (paths := list(getattr(package, "__path__", ()))):
        raise BadSettings(f"migrations are a package, a folder with files ({package.__name__})")
    return str(paths[0]).replace("%", "%%")


@lru_cache
def _heads(line: Line) -> str:
    from alembic.script import ScriptDirectory

    return str(",".join(sorted(ScriptDirectory.from_config(line.config()).get_heads())))


def lines() -> Iterator[Line]:
    """The engine's line, then those of the domains. Raises BadSettings for two of one label."""
    taken = {(engine := Line(ENGINE)).table}
    yield engine
    for line in map(Line, (module.__name__ for module in parts("migrations"))):
        if line.table in taken:
            raise BadSettings(f"two domains with one label ({line.label}, {line.package})")
        taken.add(line.table)
        yield line


def upgrade(url: str | None = None) -> str:
    """Migrate the database of this URL (default: that of the settings); returns its new version.

    Safe to run by several at once: they take turns, and the later ones find nothing to do.
    Raises DatabaseIsNewer where a later release has been, MissingRoles for a user who may neither
    make the group roles nor take them on.
    """
    engine = db.unlimited_engine(url)
    try:
        with _connected(engine) as connection, connection.begin():
            for line in lines():
                _upgrade(connection, line)
            connection.exec_driver_sql("SELECT cqrs.guard_views(), cqrs.guard_audit()")
    except (sa.exc.ProgrammingError, pg.InsufficientPrivilege) as error:
        if isinstance(getattr(error, "orig", error), pg.InsufficientPrivilege):
            _require_roles(engine)
        raise
    return head()


def _upgrade(connection: sa.Connection, line: Line) -> None:
    from alembic import command
    from alembic.script.revision import ResolutionError
    from alembic.util import CommandError

    config = line.config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "heads")
    except CommandError as error:
        if isinstance(error.__cause__, ResolutionError):
            raise DatabaseIsNewer(f"{error} ({line.package})") from None
        raise


def _require_roles(engine: sa.Engine) -> None:
    """Raise MissingRoles if it is they that the user of this engine lacks."""
    roles = {"roles": [db.WRITER, db.READER, db.SENDER]}
    with _connected(engine) as connection:
        row = connection.exec_driver_sql(statement("worker.base", "missing_roles"), roles).one()
    if row[1]:
        raise MissingRoles(str(row[0]), row[1]) from None


def _connected(engine: sa.Engine) -> sa.Connection:
    return engine.connect().execution_options(isolation_level="READ COMMITTED")


def head() -> str:
    """The version that this code needs: that of each line, comma-separated."""
    return ",".join(line.heads() for line in lines())


def current() -> str | None:
    """The version that the database has, written like `head()`; None if it was never migrated."""
    with db.owner() as connection:
        versions = [_version(connection, line) for line in lines()]
    return ",".join(version for version in versions if version) or None


def _version(connection: psycopg.Connection[tuple[object, ...]], line: Line) -> str:
    table = quoted("cqrs", line.table)
    try:
        rows = connection.execute(f"SELECT version_num FROM {table}".encode()).fetchall()
    except (pg.UndefinedTable, pg.InvalidSchemaName):
        return ""
    return ",".join(sorted(str(row[0]) for row in rows))


def require() -> None:
    """Raise NotMigrated unless the database is at the version of this code."""
    at = current()
    if at != head():
        raise NotMigrated(at, head())


def is_missing_object(error: psycopg.Error) -> bool:
    """Whether a database error looks like a database that was never migrated."""
    return isinstance(error, pg.UndefinedTable | pg.InvalidSchemaName | pg.UndefinedFunction)
