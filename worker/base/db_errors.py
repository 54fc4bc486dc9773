"""An error of PostgreSQL as one sentence that says what to do: for people at a shell."""

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
