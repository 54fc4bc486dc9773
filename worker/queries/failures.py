"""What the database says no to, in the words of whoever asked: no SQL, nothing of our insides."""

from __future__ import annotations

import psycopg
from psycopg import errors as pg

from worker.base import migrate
from worker.base.errors import CqrsError, NotMigrated
from worker.base.settings import get_settings
from worker.queries.errors import InvalidQuery, QueryStopped


def in_words(query: str, error: psycopg.Error) -> Exception:
    """The error that says what to do; or the same one, where the query's own code is to blame."""
    return _understood(query, error) or error


def _understood(query: str, error: psycopg.Error) -> CqrsError | None:
    settings = get_settings()
    if isinstance(error, psycopg.DataError):
        return InvalidQuery(query, {"parameters": error.diag.message_primary or str(error)})
    if isinstance(error, pg.QueryCanceled | pg.IdleInTransactionSessionTimeout):
        return QueryStopped.by_the_clock(query, settings.statement_timeout)
    if isinstance(error, pg.LockNotAvailable):
        return QueryStopped.by_a_lock(query, settings.lock_timeout)
    if migrate.is_missing_object(error) and (found := migrate.current()) != migrate.head():
        return NotMigrated(found, migrate.head())
    return None
