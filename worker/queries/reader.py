"""What a query reads with: one snapshot of the read models, as `cqrs_reader`, read-only.

The first statement of the snapshot reads how far the query's sources have come, so that the answer
and its `as_of` belong together; it travels in one pipeline with BEGIN and the query's own first
statement. A query that asks once costs two round trips, COMMIT included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from pydantic import BaseModel, TypeAdapter

from worker.base import db
from worker.base.errors import ServerUnavailable
from worker.base.settings import get_settings
from worker.base.sql import blocks, statement
from worker.cache.entries import Snapshot
from worker.event_log.sources import Sources
from worker.event_log.subscribers import subscriptions
from worker.queries.consistency import Behind, statements
from worker.queries.errors import EventParked
from worker.queries.filters import Filters

Model = TypeVar("Model", bound=BaseModel)
T = TypeVar("T")
Cursor = psycopg.Cursor[dict[str, Any]]

STALE_CONNECTIONS = 6
"""How many pooled connections in a row may turn out to be dead: one more than the pool holds."""
_AWAY = ("08", "57P")
"""SQLSTATEs of a server that goes away, or comes up."""

_SQL = blocks("worker.queries", "read_side.sql")


class _AsksMore(Exception):
    """A query that was taken for one that asks once asks again."""


class Habit:
    """How many statements a query has needed so far, at most; 0 before it was ever asked."""

    most = 0


class Reader:
    """One snapshot, open until the query returns. Made by the engine, handed to the query."""

    def __init__(
        self,
        connection: db.Connection,
        sources: Sources,
        *,
        after: int | None = None,
        package: str | None = None,
        once: bool = False,
    ) -> None:
        self._connection, self._sources = connection, sources
        self._after, self._package, self._once = after, package, once
        self._snapshot: Snapshot | None = None
        self.statements = 0

    def rows(self, model: type[Model], block: str, /, **parameters: Any) -> list[Model]:
        """The rows of a named statement of the domain's `queries.sql`."""
        return self._fetch(model, statement(self._package_of(model), block), parameters)

    def row(self, model: type[Model], block: str, /, **parameters: Any) -> Model | None:
        """The first row of a named statement; None if there is none."""
        found = self.rows(model, block, **parameters)
        return found[0] if found else None

    def select(self, model: type[Model], source: str, filters: Filters[Model]) -> list[Model]:
        """The rows of a read model (`order_summaries`, or `query.order_summaries`) that match."""
        text, parameters = filters.compile(source)
        return self._fetch(model, text, parameters)

    def end(self) -> Snapshot:
        """End the snapshot; says how far its sources had come."""
        if self._snapshot is None:
            self._begin(None, {})
        if not self._once:
            self._connection.execute("COMMIT")
        assert self._snapshot is not None
        return self._snapshot

    def _fetch(
        self, model: type[Model], text: LiteralString | sql.Composed, parameters: Mapping[str, Any]
    ) -> list[Model]:
        self.statements += 1
        if self._snapshot is None:
            cursor = self._begin(text, parameters)
        elif self._once:
            raise _AsksMore
        else:
            cursor = self._execute(text, parameters)
        return _rows_of(model).validate_python(cursor.fetchall())

    def _begin(
        self, text: LiteralString | sql.Composed | None, parameters: Mapping[str, Any]
    ) -> Cursor:
        parked: Iterable[dict[str, Any]] = ()
        with self._connection.pipeline():
            self._connection.execute(_SQL["begin"])
            found = [self._execute(_SQL[name], some) for name, some in statements(self._sources)]
            if self._after:
                where = {"reads": list(self._sources.reads), "after": self._after}
                parked = self._execute(_SQL["parked"], where)
            cursor = self._execute(text, parameters) if text else self._connection.cursor()
            if self._once:
                self._connection.execute("COMMIT")
        rows = [tuple(row.values()) for some in found for row in some]
        self._snapshot = Snapshot.of(self._sources.names, rows)
        if self._after is not None:
            self._must_hold(self._after, parked)
        return cursor  # type: ignore[return-value]  # without a statement nobody looks at it

    def _must_hold(self, after: int, parked: Iterable[Mapping[str, Any]]) -> None:
        """Raise Behind for a snapshot that is too early, EventParked if no later one will do."""
        assert self._snapshot is not None
        if not self._snapshot.reaches(after):
            raise Behind(self._snapshot)
        for row in parked:
            one = subscriptions.get(row["name"])
            if one is not None and row["type"] in one.event_types:
                raise EventParked(row["name"], after, row["letter_id"])

    def _execute(self, text: LiteralString | sql.Composed, parameters: Mapping[str, Any]) -> Cursor:
        cursor = self._connection.cursor(row_factory=dict_row)
        return cursor.execute(text, parameters, prepare=True)

    def _package_of(self, model: type[BaseModel]) -> str:
        return self._package or model.__module__.rpartition(".")[0]


def read(
    query: Callable[[Reader], T],
    sources: Sources,
    habit: Habit,
    *,
    after: int | None = None,
    package: str | None = None,
) -> tuple[T, Snapshot]:
    """Run a query in a snapshot of its own; its answer, and how far its sources had come.

    Raises Behind if the snapshot does not reach `after`, ServerUnavailable when the database is
    away. Reading changes nothing, so a connection that breaks, or whose prepared statements are
    from before a change of the schema, is replaced and the query run again.
    """
    reason = ""
    for left in reversed(range(STALE_CONNECTIONS)):
        with db.reader() as connection:
            try:
                return _read_once(query, connection, sources, habit, after, package)
            except psycopg.OperationalError as error:
                if not _is_away(connection, error):
                    raise
                reason = " ".join(str(error).split())
            except psycopg.NotSupportedError as error:
                if error.sqlstate != db.STALE_PLAN or not left:
                    raise
                connection.close()
    raise _unavailable(reason)


def _read_once(
    query: Callable[[Reader], T],
    connection: db.Connection,
    sources: Sources,
    habit: Habit,
    after: int | None,
    package: str | None,
) -> tuple[T, Snapshot]:
    for once in (True, False) if habit.most == 1 else (False,):
        reader = Reader(connection, sources, after=after, package=package, once=once)
        with suppress(_AsksMore):
            data = query(reader)
            habit.most = max(habit.most, reader.statements)
            return data, reader.end()
        habit.most = 2
    raise AssertionError("a reader that may ask more than once never stops for it")


def _is_away(connection: db.Connection, error: psycopg.OperationalError) -> bool:
    return connection.closed or (error.sqlstate or "").startswith(_AWAY)


def _unavailable(reason: str) -> ServerUnavailable:
    address = db.safe_url(get_settings().servers.query_database)
    advice = "Check CQRS_QUERY_DATABASE_URL and CQRS_DATABASE_URL."
    return ServerUnavailable("PostgreSQL", address, reason, advice)


@cache
def _rows_of(model: type[Model]) -> TypeAdapter[list[Model]]:
    return TypeAdapter(list[model])  # type: ignore[valid-type]  # made for each model at run time
