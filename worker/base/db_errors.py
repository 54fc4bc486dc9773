"""What an error of PostgreSQL means: to a person at a shell, and to a command that met it.

away       nobody's command can be run now: the connection is lost, the server goes down or
           takes no writes, its disk or its memory is full
missing    not this command, not yet: a table, a column, a function or a right is not there,
           as when new code runs before its migration
conflict   others held what it needs, or it took too long: perhaps the next time
all else   the command's own fault
"""

from __future__ import annotations

import psycopg
from psycopg import errors as pg

from worker.base import migrate
from worker.base.errors import CqrsError, NotMigrated

_WRITES = (
    "this server takes no writes ({}): it is a replica, or `default_transaction_read_only` is on."
    " Name the primary in CQRS_DATABASE_URL."
)
_RIGHTS = (
    "PostgreSQL forbids this ({}): name a user in CQRS_DATABASE_URL that owns the schemas; a member"
    " of cqrs_sender, cqrs_reader or cqrs_writer may not."
)
_LOST = "PostgreSQL ended the connection ({}): look whether it runs, and try again."
_BUSY = "PostgreSQL could not do this in time ({}): others hold what it needs. Try again."
_REFUSED = "PostgreSQL refuses this ({})."


_AWAY = ("08", "25006", "53", "57P", "58")
"""What their SQLSTATE begins with: connection lost, read-only, resources, shutdown, disk errors."""
_MISSING = (
    pg.UndefinedTable,
    pg.UndefinedColumn,
    pg.UndefinedFunction,
    pg.UndefinedObject,
    pg.InvalidSchemaName,
    pg.InsufficientPrivilege,
)
_CONFLICT = (
    pg.DeadlockDetected,
    pg.SerializationFailure,
    pg.LockNotAvailable,
    pg.QueryCanceled,
)


def is_away(error: psycopg.Error) -> bool:
    """Whether the database can run nobody's command for a while.

    A lost connection has no SQLSTATE, or one of class 57 (the server goes away).
    """
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate.startswith(_AWAY)


def is_lost(error: psycopg.Error) -> bool:
    """Whether a connection was lost: the next one may be good."""
    return is_away(error) and (error.sqlstate is None or error.sqlstate.startswith(("08", "57P")))


def is_missing(error: psycopg.Error) -> bool:
    """Whether something is not there that a migration brings."""
    return isinstance(error, _MISSING)


def is_conflict(error: psycopg.Error) -> bool:
    """Whether others stood in the way."""
    return isinstance(error, _CONFLICT)


def sentence(error: psycopg.Error) -> str:
    """What is wrong and what to do about it."""
    if migrate.is_missing_object(error):
        return _not_migrated(error)
    return _frame(error).format(message_of(error))


def message_of(error: BaseException) -> str:
    """What the server said, with its detail and hint, on one line."""
    if not isinstance(error, psycopg.Error) or error.diag.message_primary is None:
        return " ".join(str(error).split()) or type(error).__name__
    parts = (error.diag.message_primary, error.diag.message_detail, error.diag.message_hint)
    return ". ".join(" ".join(part.split()).rstrip(".") for part in parts if part)


def _frame(error: psycopg.Error) -> str:
    match error:
        case pg.ReadOnlySqlTransaction():
            return _WRITES
        case pg.InsufficientPrivilege():
            return _RIGHTS
        case pg.LockNotAvailable() | pg.QueryCanceled() | pg.DeadlockDetected():
            return _BUSY
        case psycopg.OperationalError() | psycopg.InterfaceError():
            return _LOST
        case _:
            return _REFUSED


def _not_migrated(error: psycopg.Error) -> str:
    """The version that the database has may be asked for by those who may read it."""
    try:
        return str(NotMigrated(migrate.current(), migrate.head()))
    except (psycopg.Error, CqrsError):
        return _REFUSED.format(message_of(error))
