"""The transaction that a command is enqueued in: the caller's, whatever it is that he hands over.

    SQLAlchemy session       tells when it has committed (`after_commit`); a `scoped_session`
                             (Flask-SQLAlchemy's `db.session`) is that of its thread
    Django's connection      tells after the outermost `atomic` (`on_commit`); a TestCase never
    SQLAlchemy connection    tells nothing, as psycopg's: they are looked at (see waking.py)
    psycopg connection

Asynchronous ones are the same ones seen from a coroutine: SQLAlchemy's lend themselves to plain
functions (`run_sync`), so that what is here serves them too; psycopg's is awaited by `aenqueue`.
Neither Django nor SQLAlchemy's ORM is imported for it: Django's connection is known by what it can.

A connection in autocommit has no transaction. A command that is written there stays although what
the caller writes next fails, which is what enqueueing is to prevent; so it is refused, and the
error says how to begin one. `with connection.transaction()` on psycopg in autocommit is one.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, LiteralString, Protocol, TypeAlias, TypeGuard, TypeVar, cast

import psycopg
import sqlalchemy as sa
from psycopg.rows import tuple_row

from worker.commands import waking
from worker.commands.errors import NoTransaction

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_scoped_session
    from sqlalchemy.orm import Session, scoped_session


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


Connectable: TypeAlias = (
    "sa.Connection | Session | scoped_session[Any] | psycopg.Connection[Any] | DjangoConnection"
)
AsyncConnectable: TypeAlias = (
    "AsyncConnection | AsyncSession | async_scoped_session[Any] | psycopg.AsyncConnection[Any]"
)
Execute: TypeAlias = Callable[[LiteralString, Mapping[str, Any]], Sequence[Sequence[Any]]]
"""Executes a statement in the caller's transaction; its rows."""
_WANTED = "a connection or session of SQLAlchemy, or one of Django's or psycopg's, on psycopg 3"
_WAKES = "cqrs_wakes"
R = TypeVar("R", bound=waking.Raw)


@dataclass(frozen=True, slots=True)
class Transaction:
    """Where commands are written, and how the workers are woken once that is committed."""

    execute: Execute
    wake_when_committed: Callable[[], None]
    errors: AbstractContextManager[Any]
    """Around whatever is written: makes the errors those that the caller knows."""


def transaction_of(caller: Connectable) -> Transaction:
    """The transaction that is open, or begins with the next statement.

    Raises NoTransaction for a connection in autocommit, TypeError for what is no connection.
    """
    if isinstance(caller, psycopg.Connection):
        return _looked_at(_must_be_open(caller, "psycopg connection"), executor_of(caller))
    if session := _session_of(caller):
        connection = session.connection()
        raw = _must_be_open(_driver(connection), "session")
        wake = partial(_wake_when_told, session, raw)
        return Transaction(_executor(connection, raw), wake, nullcontext())
    if isinstance(caller, sa.Connection):
        raw = _begun(caller)
        return _looked_at(raw, _executor(caller, raw))
    if _is_django(caller):
        return _of_django(caller)
    raise TypeError(f"enqueue takes {_WANTED} (is {type(caller).__name__})")


async def open_on(caller: psycopg.AsyncConnection[Any]) -> Transaction:
    """The transaction of psycopg's asynchronous connection, whose statements are awaited."""
    if caller.pgconn.pipeline_status:
        async with caller.pipeline():  # the BEGIN may be on its way
            pass
    return _looked_at(_must_be_open(caller, "psycopg connection"), _awaited)


def run_sync_of(caller: AsyncConnectable) -> Callable[..., Awaitable[Any]]:
    """How a connection or session of SQLAlchemy's asyncio lends itself to a plain function."""
    run_sync = getattr(caller, "run_sync", None)
    if run_sync is None:
        raise TypeError(f"aenqueue takes {_WANTED}, asynchronous (is {type(caller).__name__})")
    return cast("Callable[..., Awaitable[Any]]", run_sync)


def executor_of(raw: psycopg.Connection[Any]) -> Execute:
    """Executes statements on psycopg's own connection, with a cursor of ours: the caller's may read
    other placeholders (`RawCursor`)."""

    def execute(sql: LiteralString, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        with psycopg.Cursor(raw, row_factory=tuple_row) as cursor:
            return cursor.execute(sql, parameters).fetchall()

    return execute


def _executor(connection: sa.Connection, raw: waking.Raw) -> Execute:
    """The same on a connection of SQLAlchemy; one of its asyncio awaits by itself."""
    if isinstance(raw, psycopg.Connection):
        return executor_of(raw)

    def execute(sql: LiteralString, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        return connection.exec_driver_sql(sql, dict(parameters)).all()

    return execute


def _awaited(_sql: LiteralString, _parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    raise TypeError("psycopg's AsyncConnection is awaited: use aenqueue")


def _looked_at(raw: waking.Raw, execute: Execute) -> Transaction:
    return Transaction(execute, partial(waking.when_ended, raw), nullcontext())


def _must_be_open(raw: R, kind: str) -> R:
    if raw.autocommit and not _is_open(raw):
        raise NoTransaction(kind)
    return raw


def _is_open(raw: waking.Raw) -> bool:
    if isinstance(raw, psycopg.Connection) and raw.pgconn.pipeline_status:
        with raw.pipeline():  # the BEGIN may be on its way
            pass
    return waking.in_transaction(raw)


def _driver(connection: sa.Connection) -> waking.Raw:
    driver = connection.connection.driver_connection
    if isinstance(driver, psycopg.Connection | psycopg.AsyncConnection):
        return driver
    raise TypeError(f"enqueue takes {_WANTED} (is on {type(driver).__module__})")


# ---------------------------------------------------------------------------- SQLAlchemy


def _begun(connection: sa.Connection) -> waking.Raw:
    """SQLAlchemy begins at its own first statement. Ours passes it by: without this, a `commit()`
    that follows would find nothing to commit."""
    raw = _must_be_open(_driver(connection), "SQLAlchemy connection")
    if not connection.in_transaction():
        connection.begin()
    return raw


def _session_of(caller: object) -> Session | None:
    """The session, if it is one of SQLAlchemy's ORM: that is not imported for those without."""
    orm = sys.modules.get("sqlalchemy.orm")
    if orm is None:
        return None
    if isinstance(caller, orm.scoped_session):
        caller = caller()
    return caller if isinstance(caller, orm.Session) else None


def _wake_when_told(session: Session, connection: waking.Raw) -> None:
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
        waking.soon(connection)


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
        wake: Callable[[], None] = partial(waking.when_ended, raw)
        return Transaction(executor_of(raw), wake, django.wrap_database_errors)
    django.validate_no_broken_transaction()
    wake = partial(django.on_commit, partial(waking.soon, raw), robust=True)
    return Transaction(executor_of(raw), wake, django.wrap_database_errors)
