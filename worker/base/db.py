"""Connections to PostgreSQL: an engine for each use, made lazily, never across a fork.

    commands   by `Pipeline` alone; `SET ROLE cqrs_writer`: cannot insert into the log itself
    writer     projections and whatever else writes; the same role
    reader     queries; `cqrs_reader`, read-only, on `CQRS_QUERY_DATABASE_URL`
    owner      migrations, refreshes, rebuilds: whoever the URL names

Hot paths use the psycopg connection under SQLAlchemy's pool, in autocommit, and say BEGIN
themselves: that way BEGIN, the reads and COMMIT travel in one pipeline.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

import orjson
import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads
from sqlalchemy.exc import DBAPIError

from worker.base.errors import ServerUnavailable
from worker.base.settings import get_settings
from worker.base.urls import psycopg_url as psycopg_url
from worker.base.urls import safe_url as safe_url
from worker.base.urls import sqlalchemy_url as sqlalchemy_url

Connection = psycopg.Connection[TupleRow]

WRITER = "cqrs_writer"
READER = "cqrs_reader"
STALE_PLAN = "0A000"
"""SQLSTATE of "cached plan must not change result type": the schema changed under a connection."""
NOT_PREPARED = "26000"
"""SQLSTATE of "prepared statement does not exist": something made a connection forget them."""
READ_ONLY = "25006"
"""SQLSTATE of a server or session that takes no writes."""
_USELESS = (STALE_PLAN, NOT_PREPARED, READ_ONLY)
"""After these a connection is closed: its prepared statements are of another time, or gone; or its
server has become a standby, and a new connection finds the primary."""
_ADVICE = "Check CQRS_DATABASE_URL, or start the embedded servers with `cqrs up`."


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
def reader() -> Iterator[Connection]:
    """A pooled read-only connection as `cqrs_reader`, in autocommit."""
    with _borrowed(_engine("reader")) as connection:
        yield connection


@contextmanager
def owner() -> Iterator[Connection]:
    """A pooled connection as the URL's own user, in autocommit."""
    with _borrowed(_engine("owner")) as connection:
        yield connection


def owner_engine() -> sa.Engine:
    """The SQLAlchemy engine as the URL's own user, for those who prefer SQLAlchemy."""
    return _engine("owner")


def forget() -> None:
    """Drop every engine without closing its sockets: a forked child calls this first.

    Closing would say goodbye on connections that the parent still uses.
    """
    for engine in _engines:
        engine.dispose(close=False)
    _engines.clear()
    _engine.cache_clear()


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
    servers = settings.servers
    url = servers.query_database if role == "reader" else servers.database
    engine = sa.create_engine(
        sqlalchemy_url(url),
        isolation_level="AUTOCOMMIT",
        pool_size=4,
        max_overflow=16,
        pool_recycle=1_800,
        connect_args={
            "connect_timeout": settings.connect_timeout,
            "application_name": f"cqrs {role}",
            "options": _options(role),
            "prepare_threshold": None if role == "commands" else 1,
        },
    )
    sa.event.listen(engine, "connect", _decode_fast)
    _engines.append(engine)
    return engine


def _decode_fast(connection: psycopg.Connection[Any], _record: object) -> None:
    """JSON of our own connections by orjson. Those of the application around us keep their way:
    other floats, long integers and Decimals come out of it."""
    set_json_loads(orjson.loads, connection)


def _options(role: str) -> str:
    settings = get_settings()
    options = {"timezone": "UTC", "statement_timeout": int(settings.statement_timeout * 1000)}
    if role != "owner":
        options["lock_timeout"] = int(settings.lock_timeout * 1000)
        options["idle_in_transaction_session_timeout"] = int(settings.statement_timeout * 1000)
        options["role"] = READER if role == "reader" else WRITER
    if role == "reader":
        options["default_transaction_read_only"] = "on"
    return " ".join(f"-c {name}={value}" for name, value in options.items())


@contextmanager
def _borrowed(engine: sa.Engine) -> Iterator[Connection]:
    try:
        proxy = engine.raw_connection()
    except DBAPIError as error:
        raise unavailable(engine, error.orig or error) from None
    except psycopg.OperationalError as error:
        raise unavailable(engine, error) from None
    try:
        connection = cast("Connection", proxy.driver_connection)
        yield connection
        if connection.closed:
            proxy.invalidate()
    except BaseException as error:
        _make_clean(proxy, error)
        raise
    finally:
        proxy.close()


def _make_clean(proxy: sa.PoolProxiedConnection, error: BaseException) -> None:
    """After a failure: give the pool a connection that is outside any transaction, or none."""
    connection = cast("Connection", proxy.driver_connection)
    try:
        if isinstance(error, psycopg.Error) and error.sqlstate in _USELESS:
            connection.close()
        if not connection.closed:
            connection.rollback()
    except psycopg.Error:
        connection.close()
    if connection.closed:
        proxy.invalidate()


def unavailable(engine: sa.Engine, error: BaseException) -> ServerUnavailable:
    """The error that says which database is away, why, and what to do."""
    reason = " ".join(str(error).split())
    address = safe_url(psycopg_url(str(engine.url)))
    what = "refuses connections" if "FATAL:" in reason else "is not reachable"
    return ServerUnavailable("PostgreSQL", address, reason, _ADVICE, what)


def database_url() -> str:
    """The URL of the write database, as the settings or the embedded servers have it."""
    return get_settings().servers.database


def dbname(url: str) -> str:
    """The name of the database that a URL leads to."""
    return str(conninfo_to_dict(psycopg_url(url)).get("dbname", ""))
