"""A scratch database: on the same server, made for one trial, dropped whatever becomes of it.

    the lock ─▶ drop what a killed trial left ─▶ CREATE DATABASE ─▶ the block ─▶ DROP ─▶ unlock

It is called `cqrs_try_` and the oid of the database that it is a copy of, so that there is one of
each at most. PostgreSQL ends the lock with the session of its maker: a scratch database whose lock
nobody holds was left by a process that was killed, and goes with the next trial or with the sweep
(`clean_up`), whichever comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from worker.base.db import Connection
from worker.base.db_errors import message_of
from worker.base.sessions import RESTS_ON
from worker.schema.catalogue.context import Connect, Context
from worker.schema.errors import CannotTry
from worker.schema.trial import SQL


class _Place(NamedTuple):
    """What the server says of the database in which a change is to be tried."""

    name: str
    is_there: bool
    may_create: bool
    user: str
    major: int


@dataclass(frozen=True, slots=True)
class Scratch:
    """A scratch database: how to connect to it. `major`: the server's version, 18 for 18.4."""

    name: str
    major: int
    connect: Connect
    parameters: dict[str, Any]


@contextmanager
def scratch_database(context: Context) -> Iterator[Scratch]:
    """An empty database of our own. Raises CannotTry, with the reason and what to do."""
    with context.connection() as connection:
        place = _place(connection)
        if not place.may_create:
            raise CannotTry(
                f"the user {place.user} may not create a database",
                f"ALTER ROLE {place.user} CREATEDB",
            )
        if not _locks(connection):
            raise CannotTry("another trial is under way in this database", "try again after it")
        try:
            _drop(connection, place.name)
            _create(connection, place.name)
            yield _scratch(connection, place)
        finally:
            with suppress(psycopg.Error):  # the sweep drops it
                _drop(connection, place.name)
                connection.execute(SQL["leave_trial_lock"])


def clean_up(context: Context) -> bool:
    """Drop what a killed trial left; whether there was anything. Cheap when there is nothing."""
    with context.connection() as connection:
        place = _place(connection)
        if not (place.is_there and place.may_create and _locks(connection)):
            return False
        _drop(connection, place.name)
        return True


def _place(connection: Connection) -> _Place:
    row: Any = connection.execute(SQL["this_database"]).fetchone()
    return _Place(*row)


def _locks(connection: Connection) -> bool:
    return connection.execute(SQL["try_trial_lock"]).fetchone() == (True,)


def _drop(connection: Connection, name: str) -> None:
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    connection.execute(drop)


def _create(connection: Connection, name: str) -> None:
    """From `template0`, which has nothing of anybody's, with this database's own encoding."""
    create = "CREATE DATABASE {} TEMPLATE template0 CONNECTION LIMIT 20"
    try:
        connection.execute(sql.SQL(create).format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise CannotTry(f"no scratch database could be made ({message_of(error)})") from None


def _scratch(connection: Connection, place: _Place) -> Scratch:
    info = connection.info
    where = {"host": info.host, "port": str(info.port)}
    parameters = {**info.get_parameters(), **where, "dbname": place.name}
    parameters |= {"password": info.password} if info.password else {}
    parameters.pop("target_session_attrs", None)
    return Scratch(place.name, place.major, partial(_connect, parameters), parameters)


def _connect(parameters: dict[str, Any]) -> Connection:
    """Raises CannotTry where a pooler, or the server's own rules, let nobody in there."""
    try:
        connection = psycopg.connect(**parameters, autocommit=True)
    except psycopg.OperationalError as error:
        raise CannotTry(
            f"the scratch database cannot be reached ({message_of(error)})",
            "name the server itself in CQRS_DATABASE_URL: a pooler knows the databases of its list",
        ) from None
    connection.execute(SQL["session_settings"], {"settings": Jsonb(RESTS_ON)})
    return connection
