"""One new connection to PostgreSQL: to the right server, and fit to be used; or what is wrong."""

from __future__ import annotations

from functools import partial

import orjson
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads

from worker.base import sessions
from worker.base.errors import ServerUnavailable
from worker.base.sessions import READER, SENDER, WRITER, Session, Unfit
from worker.base.settings import get_settings
from worker.base.sql import quoted
from worker.base.urls import leads_to_several, psycopg_url, safe_url

Connection = psycopg.Connection[TupleRow]

_ADVICE = "Check CQRS_DATABASE_URL, or start the embedded servers with `cqrs up`."


def address_of(use: str) -> str:
    """The URL that the settings, or the embedded servers, have for a use."""
    servers = get_settings().servers
    return servers.query_database if use == "reader" else servers.database


def connect(use: str, url: str | None = None, *, name: str = "") -> Connection:
    """A new connection of our own beside the pools, in autocommit, as `use` has it; `schema` is the
    owner without limits.

    `url`: another than that of the settings. Raises ServerUnavailable.
    """
    address = url or address_of(use)
    session = Session.of(use, get_settings())
    any_host = use == "reader" and get_settings().query_database_url is not None
    opened = partial(visit, address, name or f"cqrs {use}", any_host=any_host)
    try:
        connection = opened()
        try:
            sessions.begin(connection, session, address, opened)
        except BaseException:
            connection.close()
            raise
    except (psycopg.OperationalError, Unfit) as error:
        raise unavailable(address, error) from None
    connection.prepare_threshold = None if use == "commands" else 1
    return connection


def visit(url: str, name: str = "cqrs", *, any_host: bool = False) -> Connection:
    """A new connection in autocommit to which nothing has been said, for a short look.

    It leads to the primary, if the URL names several servers and does not say which is wanted;
    with `any_host` to the first that answers. Raises psycopg.OperationalError.
    """
    wanted = psycopg_url(url)
    if leads_to_several(url) and not any_host:
        wanted = make_conninfo(wanted, target_session_attrs="primary")
    connection = psycopg.connect(
        wanted,
        autocommit=True,
        connect_timeout=get_settings().connect_timeout,
        application_name=name,
    )
    # JSON of our own connections by orjson. Those of the application around us keep their way:
    # other floats, long integers and Decimals come out of it.
    set_json_loads(orjson.loads, connection)
    return connection


def unavailable(url: str, error: BaseException) -> ServerUnavailable:
    """The error that says which database is away, why, and what to do."""
    reason = " ".join(str(error).split())
    unfit = error if isinstance(error, Unfit) else None
    what = "refuses connections" if "FATAL:" in reason else "is not reachable"
    advice = (unfit and unfit.advice) or _grant(url, reason) or _ADVICE
    what = unfit.what if unfit else what
    return ServerUnavailable("PostgreSQL", safe_url(psycopg_url(url)), reason, advice, what)


def _grant(url: str, reason: str) -> str | None:
    """What to say to a user who was let in, but not into one of the groups.

    The server names the role, in whatever language it speaks.
    """
    user = quoted(str(conninfo_to_dict(psycopg_url(url)).get("user") or "..."))
    if any(name in reason for name in (f'"{READER}"', SENDER)):
        return f"An application's user is to be a member of {SENDER}: GRANT {SENDER} TO {user}."
    if f'"{WRITER}"' in reason:
        return (
            f"Only the workers write: their user is to be a member of {WRITER}, GRANT {WRITER} TO"
            f" {user}; an application's of {SENDER} alone."
        )
    return None
