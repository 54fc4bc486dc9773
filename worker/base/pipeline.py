"""Statements that travel together: out in one packet, answered in one.

    with Pipeline(connection) as pipeline:
        pipeline.execute("BEGIN")
        orders = pipeline.execute("SELECT ... WHERE order_id = ANY(%s::uuid[])", [ids])
    orders.dicts()                         # the answers are there when the block has ended

Why not psycopg's own pipeline: it gives each statement to the socket as it comes, looks for answers
each time, and makes a cursor of each. It is made for all cases, this for the one that decides how
fast commands are, twelve statements in two packets. Measured on a lone command: 6 system calls
instead of 47, and 17 % less CPU.

- If the block raises, nothing is sent.
- The first statement that fails is the error that is raised; none after it has run.
- A statement is prepared when its connection sees it first, and kept: send few that differ. Its
  name follows from its text: whoever else may prepare on that server means the same by it.
  Parameters travel as text, and the statement says their types (`%s::uuid[]`). Give it connections
  of its own (`db.commands`): psycopg's rollbacks make a connection forget what it has prepared.
- If a pipeline is broken off (the connection is lost, a time limit has passed), the connection is
  closed: nobody can tell what has been answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from types import TracebackType
from typing import Any, NamedTuple, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from psycopg import abc
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import fetch_many, send
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

Connection: TypeAlias = psycopg.Connection[Any]
Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any]
R = TypeVar("R")

CANCEL_WITHIN = 2.0
"""Seconds that the server has to hear that a statement is not wanted any more."""

_PLACEHOLDER = re.compile(r"%%|%s|%\((\w+)\)s")
_prepared: WeakKeyDictionary[Connection, set[bytes]] = WeakKeyDictionary()
"""The names of the statements that each connection has prepared."""


class Statement(NamedTuple):
    """SQL as the server takes it, with `$1`; `keys` are those of its parameters, in order."""

    name: bytes
    sql: bytes
    keys: tuple[Any, ...]


class Reply:
    """The answer to a statement, once the pipeline has ended."""

    def __init__(self, statement: Statement, values: Sequence[Any], load: abc.Transformer) -> None:
        self.statement = statement
        self.values = values
        self.result: PGresult | None = None
        self._transformer = load

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as tuples."""
        return self._rows(tuple)

    def dicts(self) -> list[dict[str, Any]]:
        """The rows by column."""
        assert self.result is not None
        columns = range(self.result.nfields)
        names = [(self.result.fname(column) or b"").decode() for column in columns]
        return self._rows(lambda row: dict(zip(names, row, strict=True)))

    def _rows(self, make: Callable[[Sequence[Any]], R]) -> list[R]:
        assert self.result is not None
        self._transformer.set_pgresult(self.result)
        return self._transformer.load_rows(0, self.result.ntuples, make)


class Pipeline:
    """A block whose statements go out together when it ends."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._transformer = Transformer(connection)
        self._replies: list[Reply] = []

    def execute(self, sql: str, parameters: Parameters = ()) -> Reply:
        """Add a statement; its reply can be read once the block has ended."""
        statement = _statement(sql)
        values: list[Any] = [parameters[key] for key in statement.keys]
        dumped = self._transformer.dump_sequence(values, [PyFormat.TEXT] * len(values))
        reply = Reply(statement, dumped, self._transformer)
        self._replies.append(reply)
        return reply

    def answered(self, statements: int) -> bool:
        """Whether so many statements have been answered, and none of them failed."""
        first = self._replies[:statements]
        return len(first) == statements and all(reply.result is not None for reply in first)

    def __enter__(self) -> Pipeline:
        """Begin to collect statements."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Send them, and wait for the answers. Raises psycopg.Error for the first that failed."""
        if kind is None:
            self._run()

    def _run(self) -> None:
        prepared = _prepared.setdefault(self._connection, set())
        steps = list(self._steps(prepared))
        try:
            results = self._connection.wait(_travel(self._connection.pgconn, steps))
        except BaseException:
            self._break_off()
            raise
        for step, result in zip(steps, results, strict=True):
            if result.status == ExecStatus.FATAL_ERROR:
                raise error_from_result(result)
            if isinstance(step, Reply):
                step.result = result
            else:
                prepared.add(step.name)

    def _steps(self, prepared: set[bytes]) -> Iterator[Statement | Reply]:
        """The statements, each after its preparation where that is due."""
        coming: set[bytes] = set()
        for reply in self._replies:
            statement = reply.statement
            if statement.name not in prepared and statement.name not in coming:
                coming.add(statement.name)
                yield statement
            yield reply

    def _break_off(self) -> None:
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=CANCEL_WITHIN)
        self._connection.close()


def round_trip(connection: Connection, statements: Iterable[tuple[str, Parameters]]) -> list[Reply]:
    """Statements that are all known beforehand, in one packet; their replies, in order."""
    with Pipeline(connection) as packet:
        return [packet.execute(sql, parameters) for sql, parameters in statements]


def _travel(pgconn: PGconn, steps: Sequence[Statement | Reply]) -> abc.PQGen[list[PGresult]]:
    """One way out and one back, without blocking: `Connection.wait` does that."""
    pgconn.enter_pipeline_mode()
    for step in steps:
        if isinstance(step, Reply):
            pgconn.send_query_prepared(step.statement.name, step.values)
        else:
            pgconn.send_prepare(step.name, step.sql)
    pgconn.pipeline_sync()
    yield from send(pgconn)
    results = []
    for _ in steps:
        results += yield from fetch_many(pgconn)
    yield from fetch_many(pgconn)  # the end of the pipeline
    pgconn.exit_pipeline_mode()
    return results


@lru_cache(maxsize=4_096)
def _statement(sql: str) -> Statement:
    keys: list[Any] = []

    def numbered(placeholder: re.Match[str]) -> str:
        if placeholder[0] == "%%":
            return "%"
        key = placeholder[1] or len(keys)
        if key not in keys:
            keys.append(key)
        return f"${keys.index(key) + 1}"

    text = _PLACEHOLDER.sub(numbered, sql)
    name = f"cqrs_{blake2b(text.encode(), digest_size=16).hexdigest()}"
    return Statement(name.encode(), text.encode(), tuple(keys))
