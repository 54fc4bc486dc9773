"""What a session of ours rests on: said by SET when its connection is made, then looked at once.

    connect ─▶ SET what we rest on, the limits, the role ─▶ does it hold? ─▶ into the pool
                                                                │ no
                                                                └─▶ closed, ServerUnavailable

A database may have defaults of its own for everybody's sessions (`ALTER DATABASE … SET`), and a
pooler may stand between. So nothing is left to defaults, and nothing travels with the connection
request: PgBouncer refuses `options` there, or (`ignore_startup_parameters`) drops them in silence.

- A setting that is not as we have said is refused by name: no handler runs as the owner, no query
  may write, no statement runs without its limit because somebody between has lost a SET.
- A pooler has to keep one server session for each connection. One that changes them from one
  transaction to the next (PgBouncer's `pool_mode = transaction` or `statement`) is found out before
  anything else is said to it, and refused: prepared statements, session locks and settings of one
  client would reach another's.
- `default_transaction_read_only` of a database or a user is a default, and ours says otherwise. Of
  the whole server (`ALTER SYSTEM`, its file) it is an order, and stands: nobody writes, and
  commands are put off.
- `synchronous_commit = off` is not taken over: what was acknowledged could be gone after a power
  cut, and positions of the log be used again (worker/event_log/log.py).
"""

from __future__ import annotations

import json
import select
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary, ref

import psycopg
from psycopg.errors import InsufficientPrivilege, InvalidParameterValue, error_from_result
from psycopg.pq import DiagnosticField, ExecStatus

from worker.base.settings import Settings
from worker.base.sql import statement

Connection = psycopg.Connection[Any]

WRITER = "cqrs_writer"
READER = "cqrs_reader"
SENDER = "cqrs_sender"

SEARCH_PATH = '"$user", public'
RESTS_ON = {
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "backslash_quote": "safe_encoding",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "array_nulls": "on",
    "transform_null_equals": "off",
    "search_path": SEARCH_PATH,
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
}
"""What our statements, and the driver, take for granted: PostgreSQL's own defaults, and UTC."""

_SET = statement("worker.base", "set_session")
_TAKE_ON = statement("worker.base", "take_on_a_role")
_LOOK = statement("worker.base", "look_at_session")
ROUNDS = 3
"""How often two connections through a pooler look whether they change server sessions."""


class Unfit(Exception):
    """A session that must not be used: `what` it does, `reason`, and what to do about it."""

    def __init__(self, what: str, reason: str, advice: str | None = None) -> None:
        super().__init__(reason)
        self.what, self.reason, self.advice = what, reason, advice


@dataclass(frozen=True, slots=True)
class Session:
    """What is said to a connection: settings by name, and whose role it takes on.

    `role` is None for whoever the URL names, and SENDER for the most that an application may be.
    `patience`: seconds that a pooler has to find a server for it.
    """

    settings: Mapping[str, str]
    role: str | None
    patience: float

    @classmethod
    def of(cls, use: str, settings: Settings) -> Session:
        """That of a use: commands, writer, sender, reader, owner, or `schema` without limits."""
        limit = _milliseconds(0 if use == "schema" else settings.statement_timeout)
        said = RESTS_ON | {"statement_timeout": limit}
        if use not in ("owner", "schema"):
            said |= {
                "lock_timeout": _milliseconds(settings.lock_timeout),
                "idle_in_transaction_session_timeout": limit,
            }
        if use == "reader":
            said |= {"default_transaction_read_only": "on"}
        roles = {"owner": None, "schema": None, "reader": READER, "sender": SENDER}
        return cls(said, roles.get(use, WRITER), settings.connect_timeout)


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1_000))


_sessions: WeakKeyDictionary[Connection, Session] = WeakKeyDictionary()
_served: dict[int, ref[Connection]] = {}
"""Which connection through a pooler is served by a server's process."""
_keeping: set[str] = set()
"""Addresses of poolers that are known to keep sessions apart."""


def forget() -> None:
    """What a forked child must not take for its own."""
    _sessions.clear()
    _served.clear()


def begin(
    connection: Connection, session: Session, address: str, another: Callable[[], Connection]
) -> None:
    """Say it all to a new connection, and see that it holds.

    `another` opens a second connection to the same `address`, for a pooler to be told by. Raises
    Unfit, or psycopg.Error; the connection is then not to be used.
    """
    pid = _require_a_session_of_its_own(connection, session, address, another)
    said = _say(connection, session)
    role, user, serving, found = _look(connection, list(said))
    if wrong := sorted(name for name, value in said.items() if found.get(name) != value):
        raise Unfit(
            "does not keep what a session is told",
            "; ".join(f"{name} is {found.get(name)}, not {said[name]}" for name in wrong),
            "A pooler that drops settings cannot be used: name the server itself.",
        )
    if serving != pid:
        raise _changes_sessions()
    _demand_role(session, user, role)
    _sessions[connection] = session


def again(connection: Connection) -> None:
    """Whatever was set since goes; what the session rests on is said again."""
    with connection.transaction():
        connection.execute("RESET ALL", prepare=False)
        _set(connection, _sessions[connection])


def _say(connection: Connection, session: Session) -> dict[str, str]:
    """Set everything, the role last; what the server calls the values."""
    said = _set(connection, session)
    if session.role == SENDER:
        row = connection.execute(_TAKE_ON, prepare=False).fetchone()
        assert row is not None
        if row[1] is None:
            raise Unfit("refuses connections", f"{row[0]} is no member of {SENDER}")
    elif session.role is not None:
        try:
            connection.execute(f"SET ROLE {session.role}".encode(), prepare=False)
        except (InsufficientPrivilege, InvalidParameterValue) as error:
            raise Unfit("refuses connections", error.diag.message_primary or str(error)) from None
    return said


def _set(connection: Connection, session: Session) -> dict[str, str]:
    said = {"settings": json.dumps(dict(session.settings))}
    limit = session.settings["statement_timeout"]
    connection.execute(f"SET statement_timeout = {limit}".encode())  # for this one, too
    return dict(connection.execute(_SET, said, prepare=False).fetchall())


def _look(connection: Connection, names: list[str]) -> tuple[str, str, int, dict[str, str]]:
    row = connection.execute(_LOOK, {"names": names}, prepare=False).fetchone()
    assert row is not None
    return str(row[0]), str(row[1]), int(row[2]), dict(zip(names, row[3], strict=True))


def _demand_role(session: Session, user: str, role: str) -> None:
    roles = {None: (user,), SENDER: (SENDER, WRITER)}.get(session.role, (session.role,))
    if role not in roles:
        raise Unfit(
            "does not keep what a session is told",
            f"the role is {role}, not {session.role or user}",
            "A pooler that drops settings cannot be used: name the server itself.",
        )


def _require_a_session_of_its_own(
    connection: Connection, session: Session, address: str, another: Callable[[], Connection]
) -> int:
    """The server process behind a connection. Raises Unfit for a pooler that may change it.

    A server says with the connection which process it is; a pooler says something of its own.
    """
    pid = _pid(connection, session.patience)
    if pid == connection.info.backend_pid:
        return pid
    before = _served.get(pid, _nobody)()
    if before is not None and not before.closed:
        raise _changes_sessions()
    if address not in _keeping:
        with another() as second:
            _require_kept(connection, second, pid, session.patience)
        _keeping.add(address)
    _served[pid] = ref(connection)
    return pid


def _nobody() -> None:
    return None


def _require_kept(first: Connection, second: Connection, pid: int, patience: float) -> None:
    """Two connections, by turns in a transaction, stay with the sessions they have.

    In a pool that lends by transactions the second is given what the first has just let go, or the
    first finds its own taken. Where sessions are kept the two never have the same.
    """
    other = _pid(second, patience)
    if pid == other:
        raise _changes_sessions()
    turns = ((first, pid, second, other), (second, other, first, pid))
    for busy, busys, idle, idles in turns * ROUNDS:
        _run(busy, b"BEGIN", patience)
        seen = _pid(busy, patience), _pid(idle, patience)
        _run(busy, b"COMMIT", patience)
        if seen != (busys, idles):
            raise _changes_sessions()


def _changes_sessions() -> Unfit:
    return Unfit(
        "cannot be worked with through this pooler",
        "it changes server sessions between transactions (PgBouncer: pool_mode = transaction or"
        " statement)",
        "Set pool_mode = session for this database or user, or name the server itself.",
    )


def _pid(connection: Connection, patience: float) -> int:
    return int(_run(connection, b"SELECT pg_catalog.pg_backend_pid()", patience))


def _run(connection: Connection, command: bytes, patience: float) -> bytes:
    """The first value of a statement's answer. Raises Unfit if it does not come in time: a pooler
    has no server for this connection; or if it is refused, as BEGIN is where statements are lent.
    """
    pgconn = connection.pgconn
    pgconn.send_query(command)
    pgconn.flush()
    look = select.poll()
    look.register(pgconn.socket, select.POLLIN)
    until = time.monotonic() + patience
    answers: list[Any] = []
    while True:
        while not pgconn.is_busy():
            if (result := pgconn.get_result()) is None:
                return _value(answers)
            answers.append(result)
        if not look.poll(max(0.0, until - time.monotonic()) * 1_000):
            raise Unfit("has no session for us", *_NONE_FREE)
        pgconn.consume_input()


_NONE_FREE = (
    "what stands before it (a pooler) gave no answer in time",
    "Raise the pooler's default_pool_size and max_db_connections, or lower CQRS_POOL_SIZE.",
)


def _value(answers: list[Any]) -> bytes:
    result = answers[-1]
    if result.status == ExecStatus.FATAL_ERROR:
        if (result.error_field(DiagnosticField.SQLSTATE) or b"").startswith((b"08", b"0A")):
            raise _changes_sessions()
        raise error_from_result(result)
    return result.get_value(0, 0) or b"" if result.ntuples else b""
