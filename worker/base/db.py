"""Connections to PostgreSQL: an engine for each use, made lazily, never across a fork.

    commands   by `Pipeline` alone; `SET ROLE cqrs_writer`: cannot insert into the log itself
    writer     projections and whatever else writes; the same role
    sender     what an application does beside asking: enqueues, reads receipts; `cqrs_writer` if
               the URL's user may be that, else `cqrs_sender`: each connection asks the server
    reader     queries; `cqrs_reader`, read-only, on `CQRS_QUERY_DATABASE_URL`
    owner      migrations, refreshes, rebuilds: whoever the URL names

What a session of each rests on is said when it is made (worker/base/sessions.py). Of several hosts
in the URL the primary is the one that counts (worker/base/urls.py).

Hot paths use the psycopg connection under SQLAlchemy's pool, in autocommit, and say BEGIN
themselves: that way BEGIN, the reads and COMMIT travel in one pipeline.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import TypeVar, cast

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import PipelineAborted

from worker.base import forks, sessions
from worker.base.connections import Connection as Connection
from worker.base.connections import address_of, unavailable
from worker.base.connections import connect as connect
from worker.base.connections import visit as visit
from worker.base.sessions import READER as READER
from worker.base.sessions import SENDER as SENDER
from worker.base.sessions import WRITER as WRITER
from worker.base.settings import get_settings
from worker.base.sql import statement
from worker.base.urls import psycopg_url as psycopg_url
from worker.base.urls import safe_url as safe_url
from worker.base.urls import sqlalchemy_url as sqlalchemy_url

T = TypeVar("T")

AWAY = ("08", "57P")
"""How the SQLSTATEs of a server begin that goes away, or comes up."""
STALE_PLAN = "0A000"
"""SQLSTATE of "cached plan must not change result type": the schema changed under a connection."""
NOT_PREPARED = "26000"
"""SQLSTATE of "prepared statement does not exist": something made a connection forget them."""
READ_ONLY = "25006"
"""SQLSTATE of a server or session that takes no writes."""
_USELESS = (STALE_PLAN, NOT_PREPARED, READ_ONLY)
"""After these a connection is closed: its prepared statements are of another time, or gone; or its
server has become a standby, and a new connection finds the primary."""
_CURRENT_ROLE = statement("worker.base", "current_role")


@contextmanager
def writer() -> Iterator[Connection]:
    """A pooled connection as `cqrs_writer`, in autocommit."""
    with _borrowed(_engine("writer")) as connection:
        yield connection


@contextmanager
def commands() -> Iterator[Connection]:
    """A pooled connection as `cqrs_writer`, in autocommit, on which `Pipeline` alone speaks.

    psycopg has a connection forget every prepared statement, its own or not, whenever it sees a
    rollback of a connection on which it has prepared something. Here it never does.
    """
    with _borrowed(_engine("commands")) as connection:
        yield connection


@contextmanager
def sender() -> Iterator[Connection]:
    """A pooled connection as `cqrs_writer`, or else as `cqrs_sender`, in autocommit.

    Raises ServerUnavailable, with the GRANT that is missing, if the URL's user is neither.
    """
    with _borrowed(_engine("sender")) as connection:
        yield connection


def is_writer(connection: Connection) -> bool:
    """Whether a connection of `sender` may write what the workers write."""
    row = connection.execute(_CURRENT_ROLE).fetchone()
    return row == (WRITER,)


@contextmanager
def reader() -> Iterator[Connection]:
    """A pooled read-only connection as `cqrs_reader`, in autocommit."""
    with _borrowed(_engine("reader")) as connection:
        yield connection


@contextmanager
def owner() -> Iterator[Connection]:
    """A pooled connection as the URL's own user, in autocommit."""
    with _borrowed(_engine("owner")) as connection:
        yield connection


def read(role: str, work: Callable[[Connection], T]) -> T:
    """What `work` reads on a connection as writer, reader or owner. It changes nothing.

    A pooled connection may be to a server that has been restarted since: then `work` runs once
    more, on a new one. Raises ServerUnavailable if there is none, or if that is cut too.
    """
    engine = _engine(role)
    try:
        with _borrowed(engine) as connection:
            return work(connection)
    except psycopg.OperationalError as error:
        if not was_cut(error):
            raise
    try:
        with _borrowed(engine) as connection:
            return work(connection)
    except psycopg.OperationalError as error:
        raise (unavailable(address_of(role), error) if was_cut(error) else error) from None


def was_cut(error: BaseException) -> bool:
    """Whether the server, or the way to it, is gone: not that it says no to a statement.

    An operational error without an SQLSTATE is libpq's own, about the connection.
    """
    if not isinstance(error, psycopg.OperationalError) or isinstance(error, PipelineAborted):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(AWAY)


def owner_engine() -> sa.Engine:
    """The SQLAlchemy engine as the URL's own user, for those who prefer SQLAlchemy."""
    return _engine("owner")


def unlimited_engine(url: str | None = None) -> sa.Engine:
    """An engine as the owner, without limits and without a pool; default: of the settings' URL."""
    opened = partial(connect, "schema", url, name="cqrs owner")
    return sa.create_engine("postgresql+psycopg://", creator=opened, poolclass=sa.NullPool)


def forget() -> None:
    """Drop every engine without closing its sockets: in a forked child they are the parent's."""
    forks.keep(*_engines)
    _engines.clear()
    _engine.cache_clear()
    sessions.forget()


def close() -> None:
    """Close every pooled connection of this process."""
    for engine in _engines:
        engine.dispose()
    _engines.clear()
    _engine.cache_clear()


_engines: list[sa.Engine] = []


@cache
def _engine(role: str) -> sa.Engine:
    settings = get_settings()
    engine = sa.create_engine(
        "postgresql+psycopg://",
        creator=partial(connect, role, address_of(role)),
        isolation_level="AUTOCOMMIT",
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_recycle=1_800,
    )
    forks.in_child(forget)
    _engines.append(engine)
    return engine


@contextmanager
def _borrowed(engine: sa.Engine) -> Iterator[Connection]:
    proxy = engine.raw_connection()
    if _is_hung_up(cast("Connection", proxy.driver_connection)):
        _drop(engine, proxy, cut=True)
        proxy.close()
        proxy = engine.raw_connection()
    try:
        connection = cast("Connection", proxy.driver_connection)
        yield connection
        if connection.closed:
            _drop(engine, proxy, connection.broken)
    except BaseException as error:
        _make_clean(engine, proxy, error)
        raise
    finally:
        proxy.close()


def _is_hung_up(connection: Connection) -> bool:
    """Whether the server has gone while the connection lay in the pool: it was restarted, say.

    One look at the socket, no round trip: a server that says nothing is there. What it may have
    said meanwhile (a notice, a setting that was reloaded, its last words) is read.
    """
    look = select.poll()
    look.register(connection.fileno(), select.POLLIN)
    try:
        while look.poll(0):
            connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return True
    return False


def _make_clean(engine: sa.Engine, proxy: sa.PoolProxiedConnection, error: BaseException) -> None:
    """After a failure: give the pool a connection that is outside any transaction, or none."""
    connection = cast("Connection", proxy.driver_connection)
    cut = connection.broken or was_cut(error)
    try:
        if isinstance(error, psycopg.Error) and error.sqlstate in _USELESS:
            connection.close()
        if not connection.closed:
            connection.rollback()
    except psycopg.Error:
        connection.close()
    if connection.closed:
        _drop(engine, proxy, cut)


def _drop(engine: sa.Engine, proxy: sa.PoolProxiedConnection, cut: bool) -> None:
    """Give the pool no closed connection; and if it was cut, none that is as old as that one.

    A server that was restarted has cut them all, and each would fail whoever gets it next.
    """
    if cut:
        engine.pool._invalidate(proxy)  # as SQLAlchemy's own connections do
    else:
        proxy.invalidate()


def database_url() -> str:
    """The URL of the write database, as the settings or the embedded servers have it."""
    return get_settings().servers.database


def dbname(url: str) -> str:
    """The name of the database that a URL leads to."""
    return str(conninfo_to_dict(psycopg_url(url)).get("dbname", ""))
