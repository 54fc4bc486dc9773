"""The transaction that a command is enqueued in: the caller's, whatever it is that he hands over.

    SQLAlchemy session       tells when it has committed (`after_commit`)
    Django's connection      tells after the outermost `atomic` (`on_commit`); a TestCase never
    SQLAlchemy connection    tells nothing, as psycopg's: they are looked at (see waking.py)
    psycopg connection

Neither Django nor SQLAlchemy's ORM is imported for it: Django's connection is known by what it can.

A connection in autocommit has no transaction. A command that is written there stays although what
the caller writes next fails, which is what enqueueing is to prevent; so it is refused, and the
error says how to begin one. `with connection.transaction()` on psycopg in autocommit is one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeGuard

import psycopg
import sqlalchemy as sa

from worker.commands import waking
from worker.commands.errors import NoTransaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class DjangoConnection(Protocol):
    """What is used of `django.db.connection`, or of one of `django.db.connections`."""

    @property
    def connection(self) -> Any:
        """The driver's connection, once there is one."""

    @property
    def in_atomic_block(self) -> bool:
        """Whether `transaction.atomic` is open."""

    @property
    def wrap_database_errors(self) -> AbstractContextManager[Any]:
        """Makes the driver's errors Django's."""

    def ensure_connection(self) -> None:
        """Connect, if need be."""

    def validate_no_broken_transaction(self) -> None:
        """Raise TransactionManagementError where Django would for a query of its own."""

    def on_commit(self, func: Callable[[], object], robust: bool = False) -> None:
        """Call this when the outermost `atomic` has committed."""


Connectable: TypeAlias = "sa.Connection | Session | psycopg.Connection[Any] | DjangoConnection"
_WANTED = "a connection or session of SQLAlchemy, or one of Django's or psycopg's, on psycopg 3"
_WAKES = "cqrs_wakes"


@dataclass(frozen=True, slots=True)
class Transaction:
    """Where commands are written, and how the workers are woken once that is committed."""

    connection: psycopg.Connection[Any]
    wake_when_committed: Callable[[], None]
    errors: AbstractContextManager[Any]
    """Around whatever is written: makes the errors those that the caller knows."""


def transaction_of(caller: Connectable) -> Transaction:
    """The transaction that is open, or begins with the next statement.

    Raises NoTransaction for a connection in autocommit, TypeError for what is no connection.
    """
    if isinstance(caller, psycopg.Connection):
        return _looked_at(_must_be_open(caller, "psycopg connection"))
    if _is_session(caller):
        raw = _must_be_open(_driver(caller.connection()), "session")
        return Transaction(raw, partial(_wake_when_told, caller, raw), nullcontext())
    if isinstance(caller, sa.Connection):
        return _looked_at(_begun(caller))
    if _is_django(caller):
        return _of_django(caller)
    raise TypeError(f"enqueue takes {_WANTED} (is {type(caller).__name__})")


def _looked_at(raw: psycopg.Connection[Any]) -> Transaction:
    return Transaction(raw, partial(waking.when_ended, raw), nullcontext())


def _must_be_open(raw: psycopg.Connection[Any], kind: str) -> psycopg.Connection[Any]:
    if raw.autocommit and not _is_open(raw):
        raise NoTransaction(kind)
    return raw


def _is_open(raw: psycopg.Connection[Any]) -> bool:
    if not waking.in_transaction(raw) and raw.pgconn.pipeline_status:
        with raw.pipeline():  # the BEGIN may be on its way
            pass
    return waking.in_transaction(raw)


def _driver(connection: sa.Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    if isinstance(driver, psycopg.Connection):
        return driver
    raise TypeError(f"enqueue takes {_WANTED} (is on {type(driver).__module__})")


# ---------------------------------------------------------------------------- SQLAlchemy


def _begun(connection: sa.Connection) -> psycopg.Connection[Any]:
    """SQLAlchemy begins at its own first statement. Ours passes it by: without this, a `commit()`
    that follows would find nothing to commit."""
    raw = _must_be_open(_driver(connection), "SQLAlchemy connection")
    if not connection.in_transaction():
        connection.begin()
    return raw


def _is_session(caller: object) -> TypeGuard[Session]:
    """Whether it is a session of SQLAlchemy's ORM, which is not imported for those without one."""
    orm = sys.modules.get("sqlalchemy.orm")
    return orm is not None and isinstance(caller, orm.Session)


def _wake_when_told(session: Session, connection: psycopg.Connection[Any]) -> None:
    """Wake the workers when a session says that it has committed.

    It says so after a savepoint too, or with a transaction around it that is somebody else's: then
    the connection is still in a transaction, and is watched from there on.
    """
    session.info[_WAKES] = connection
    if not sa.event.contains(session, "after_commit", _session_committed):
        sa.event.listen(session, "after_commit", _session_committed)
        sa.event.listen(session, "after_rollback", _session_rolled_back)


def _session_committed(session: Session) -> None:
    connection = session.info.pop(_WAKES, None)
    if connection is None:
        return  # a transaction without commands of ours
    if waking.in_transaction(connection):
        waking.when_ended(connection)
    else:
        waking.soon()


def _session_rolled_back(session: Session) -> None:
    connection = session.info.get(_WAKES)
    if connection is not None and not waking.in_transaction(connection):  # else it was a savepoint
        del session.info[_WAKES]


# ---------------------------------------------------------------------------- Django


def _is_django(caller: object) -> TypeGuard[DjangoConnection]:
    return all(hasattr(caller, name) for name in ("ensure_connection", "on_commit", "connection"))


def _of_django(django: DjangoConnection) -> Transaction:
    django.ensure_connection()
    raw = django.connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError(f"enqueue takes {_WANTED} (is Django's on {type(raw).__module__})")
    if not django.in_atomic_block:  # or it manages its transactions by hand: AUTOCOMMIT is False
        _must_be_open(raw, "Django connection")
        return Transaction(raw, partial(waking.when_ended, raw), django.wrap_database_errors)
    django.validate_no_broken_transaction()
    wake = partial(django.on_commit, waking.soon, robust=True)
    return Transaction(raw, wake, django.wrap_database_errors)
