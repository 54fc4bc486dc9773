"""What a query reads with: one snapshot of the read models, as `cqrs_reader`, read-only.

The first statement of the snapshot reads how far the query's sources have come, so that the answer
and its `as_of` belong together; it travels in one pipeline with BEGIN and the query's own first
statement. A query that asks once costs two round trips: COMMIT has one of its own, since nobody
knows before the query returns whether it asks again. To guess, and to run the query a second time
where that was wrong, saved 12 of 378 µs of a read and 14 of 940 µs of an `ask` that misses the
cache, with the server on the same machine; with one elsewhere it would save the way there and back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import errors as pg
from psycopg import sql
from psycopg.rows import dict_row
from pydantic import BaseModel, TypeAdapter, ValidationError

from worker.base import db, migrate
from worker.base.errors import CqrsError, NotMigrated, ServerUnavailable
from worker.base.settings import get_settings
from worker.base.sql import blocks, statement
from worker.cache.entries import Snapshot
from worker.event_log.sources import Sources
from worker.queries import inputs, sources
from worker.queries.consistency import Behind, statements
from worker.queries.errors import EventParked, InvalidQuery, QueryStopped, UnreadableAnswer
from worker.queries.filters import Filters
from worker.queries.pages import Page, cursor_behind, row_of
from worker.queries.unreadable import unfit_row, unreadable_value

Model = TypeVar("Model", bound=BaseModel)
T = TypeVar("T")
Cursor = psycopg.Cursor[dict[str, Any]]

STALE_CONNECTIONS = 6
"""How many pooled connections in a row may turn out to be dead: one more than the pool holds."""

_SQL = blocks("worker.queries", "read_side.sql")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a query reads under: where its `queries.sql` is, whether its answers are kept, whether
    it may look at the clock all the same."""

    package: str | None = None
    kept: bool = False
    clock: bool = False


PLAIN = Terms()


class Reader:
    """One snapshot, open until the query returns. Made by the engine, handed to the query."""

    def __init__(
        self,
        connection: db.Connection,
        read_models: Sources,
        *,
        after: int | None = None,
        terms: Terms = PLAIN,
        name: str = "",
    ) -> None:
        self._connection, self._sources = connection, read_models
        self._after, self._terms, self._name = after, terms, name
        self._snapshot: Snapshot | None = None

    def rows(self, model: type[Model], block: str, /, **parameters: Any) -> list[Model]:
        """The rows of a named statement of the domain's `queries.sql`."""
        text = statement(self._package_of(model), block)
        if self._terms.kept:
            inputs.check_sql(self._name, text, clock=self._terms.clock)
        return self._fetch(model, text, parameters)

    def row(self, model: type[Model], block: str, /, **parameters: Any) -> Model | None:
        """The first row of a named statement; None if there is none."""
        rows = self.rows(model, block, **parameters)
        return rows[0] if rows else None

    def select(self, model: type[Model], source: str, filters: Filters[Model]) -> list[Model]:
        """The rows of a read model (`order_summaries`, or `query.order_summaries`) that match."""
        text, parameters = filters.compile(source)
        return self._fetch(model, text, parameters)

    def page(
        self,
        model: type[Model],
        source: str,
        filters: Filters[Model],
        *,
        cursor: str | None = None,
        total: bool = False,
    ) -> Page[Model]:
        """The same as a page that says where the next one begins, and how many rows match in all.

        `cursor`: `next` of the page before. `total`: count them, in the same snapshot.
        """
        order = filters.sorting
        try:
            after = None if cursor is None else row_of(cursor, order)
        except ValueError as error:
            raise InvalidQuery(model.__name__, {"cursor": str(error)}) from None
        if after is not None and filters.skipped:
            why = "a cursor says where its page begins: leave offset out"
            raise InvalidQuery(model.__name__, {"offset": why})
        text, parameters = filters.compile(source, more=1, after=after)
        found = self._raw(text, parameters)
        rows = found[: filters.rows]
        behind = cursor_behind(rows[-1], order) if len(found) > len(rows) else None
        count = self._raw(*filters.count(source))[0]["total"] if total else None
        return Page(_typed(model, rows), behind, count)

    def find(self, model: type[Model], source: str, **equal: Any) -> Model | None:
        """The row of a read model whose columns have these values; None if there is none."""
        filters = Filters(model).limit(1)
        for column, value in equal.items():
            filters = filters.eq(column, value)
        rows = self._fetch(model, *filters.compile(source, ordered=False))
        return rows[0] if rows else None

    def end(self) -> Snapshot:
        """End the snapshot; says how far its sources had come."""
        if self._snapshot is None:
            self._begin(None, {})
        self._connection.execute("COMMIT")
        assert self._snapshot is not None
        return self._snapshot

    def _fetch(
        self, model: type[Model], text: LiteralString | sql.Composed, parameters: Mapping[str, Any]
    ) -> list[Model]:
        return _typed(model, self._raw(text, parameters))

    def _raw(
        self, text: LiteralString | sql.Composed, parameters: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        if self._snapshot is None:
            cursor = self._begin(text, parameters)
        else:
            cursor = self._execute(text, parameters)
        try:
            return cursor.fetchall()
        except psycopg.DataError:
            raise unreadable_value(cursor) from None

    def _begin(
        self, text: LiteralString | sql.Composed | None, parameters: Mapping[str, Any]
    ) -> Cursor:
        parked: Iterable[dict[str, Any]] = ()
        with self._connection.pipeline():
            self._connection.execute(_SQL["begin"])
            positions = [
                self._execute(_SQL[name], names) for name, names in statements(self._sources)
            ]
            if self._after:
                where = {"reads": list(self._sources.reads), "after": self._after}
                parked = self._execute(_SQL["parked"], where)
            cursor = self._execute(text, parameters) if text else self._connection.cursor()
        rows = [tuple(row.values()) for reply in positions for row in reply]
        self._snapshot = Snapshot.of(self._sources.names, rows)
        if len(rows) < len(self._sources.names):
            self._must_exist({name for name, _, _ in rows})
        if self._after is not None:
            self._must_hold(self._after, parked)
        return cursor  # type: ignore[return-value]  # without a statement nobody looks at it

    def _must_hold(self, after: int, parked: Iterable[Mapping[str, Any]]) -> None:
        """Raise Behind for a snapshot that is too early, EventParked if no later one will do."""
        assert self._snapshot is not None
        if not self._snapshot.reaches(after):
            raise Behind(self._snapshot)
        for row in parked:
            if sources.wants(row["name"], row["type"], row["wanted"]):
                raise EventParked(row["name"], after, row["letter_id"])

    def _must_exist(self, found: set[str]) -> None:
        """Refuse a source without a position that is not merely new: its name is misspelt."""
        views = sorted(set(self._sources.views) - found)
        there = self._execute(_SQL["materialized_views"], {"views": views}) if views else ()
        sources.must_be_known(self._name, set(self._sources.reads) - found)
        sources.must_be_views(self._name, views, {row["name"] for row in there})

    def _execute(self, text: LiteralString | sql.Composed, parameters: Mapping[str, Any]) -> Cursor:
        cursor = self._connection.cursor(row_factory=dict_row)
        return cursor.execute(text, parameters, prepare=True)

    def _package_of(self, model: type[BaseModel]) -> str:
        return self._terms.package or model.__module__.rpartition(".")[0]


def read(
    name: str,
    query: Callable[[Reader], T],
    read_models: Sources,
    *,
    after: int | None = None,
    terms: Terms = PLAIN,
) -> tuple[T, Snapshot]:
    """Run a query in a snapshot of its own; its answer, and how far its sources had come.

    Raises Behind if the snapshot does not reach `after`, ServerUnavailable when the database is
    away, QueryStopped, NotMigrated, and InvalidQuery for values that the database refuses.
    """
    try:
        return _read(name, query, read_models, after, terms)
    except psycopg.Error as error:
        raise _understood(name, error) or error from None
    except InvalidQuery as wrong:
        raise InvalidQuery(name, wrong.errors) from None
    except UnreadableAnswer as found:
        raise UnreadableAnswer(found.what, name) from None


def _read(
    name: str, query: Callable[[Reader], T], read_models: Sources, after: int | None, terms: Terms
) -> tuple[T, Snapshot]:
    """Reading changes nothing, so a connection that breaks, or whose prepared statements are from
    before a change of the schema, is replaced and the query run again."""
    reason = ""
    for left in reversed(range(STALE_CONNECTIONS)):
        with db.reader() as connection:
            try:
                reader = Reader(connection, read_models, after=after, terms=terms, name=name)
                return query(reader), reader.end()
            except psycopg.OperationalError as error:
                if not (connection.closed or db.was_cut(error)):
                    raise
                reason = " ".join(str(error).split())
            except psycopg.NotSupportedError as error:
                if error.sqlstate != db.STALE_PLAN or not left:
                    raise
                connection.close()
    raise _unavailable(reason)


def _understood(query: str, error: psycopg.Error) -> CqrsError | None:
    """What the database says no to, in the words of whoever asked: no SQL, nothing of our insides.

    None where the query's own code is to blame.
    """
    settings = get_settings()
    if isinstance(error, psycopg.DataError):
        return InvalidQuery(query, {"parameters": error.diag.message_primary or str(error)})
    if isinstance(error, pg.QueryCanceled | pg.IdleInTransactionSessionTimeout):
        return QueryStopped.by_the_clock(query, settings.statement_timeout)
    if isinstance(error, pg.LockNotAvailable):
        return QueryStopped.by_a_lock(query, settings.lock_timeout)
    if migrate.is_missing_object(error) and (at := migrate.current()) != migrate.head():
        return NotMigrated(at, migrate.head())
    return None


def _unavailable(reason: str) -> ServerUnavailable:
    address = db.safe_url(get_settings().servers.query_database)
    advice = "Check CQRS_QUERY_DATABASE_URL and CQRS_DATABASE_URL."
    return ServerUnavailable("PostgreSQL", address, reason, advice)


def _typed(model: type[Model], rows: list[dict[str, Any]]) -> list[Model]:
    try:
        return _rows_of(model).validate_python(rows)
    except ValidationError as error:
        raise unfit_row(model, error) from None


@cache
def _rows_of(model: type[Model]) -> TypeAdapter[list[Model]]:
    return TypeAdapter(list[model])  # type: ignore[valid-type]  # made for each model at run time
