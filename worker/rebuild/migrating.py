"""A table of a new version, made of the rows of the old one by a declared function.

    one snapshot: checkpoints, live rows ─▶ function, row by row ─▶ shadow ─▶ indexing ─▶ following
                                                 … ─▶ some rows folded from the log: alike? ─▶ swap

For a read model whose log takes hours to fold while its rows are to change their form alone. The
rows are those of one snapshot, and so are the checkpoints: from there the new code follows, as in
any rebuild. What the function makes is believed as far as a sample shows: some rows are folded from
the log's beginning and compared, and if one differs, nothing goes live.

It is done in one transaction, which other tables' cleaning waits for, and cannot be interrupted: a
task that is too short for it gives it up, and says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from psycopg import sql

from worker.base import db
from worker.base.db import Connection
from worker.base.logs import get_logger
from worker.base.sql import quoted
from worker.rebuild.compare import compare
from worker.rebuild.coverage import PositionVector, excluded_events
from worker.rebuild.errors import MigrationDiffers, RebuildFailed
from worker.rebuild.journal import RebuildJournal
from worker.rebuild.part import copy_rows
from worker.rebuild.sampling import FOLDED, SAMPLED, SampleFold, TableState, run_lock, scratch
from worker.rebuild.shadow import qualified
from worker.subscriptions import checkpoints
from worker.subscriptions.column_forms import ColumnForm, column_form
from worker.subscriptions.projection import Projection, Row

log = get_logger(__name__)

PAGE = 5_000
"""Rows that are migrated at once."""
SAMPLE = 200
"""Rows that are folded anew before the table goes live, about."""
TOO_LONG = (
    "its rows cannot be migrated within a task's time: start it with `cqrs rebuild`, which has none"
)
CHECKED = "checked"
"""What a journal says of a sample that was found alike."""


def migration_of(connection: Connection, projection: Projection) -> int | None:
    """The version of the live table, if the code says how to migrate its rows."""
    versions = {at.table_version for at in checkpoints.of(connection, projection.name)}
    if len(versions) != 1 or (live := versions.pop()) is None or live == projection.version:
        return None
    return live if live in projection.migrate_from else None


@dataclass(slots=True)
class MigratedRows:
    """The rows with which a shadow table begins, and their examination.

    `until` is when time is up; `look` leaves then, by raising.
    """

    connection: Connection
    projection: Projection
    journal: RebuildJournal
    live: str
    until: float
    look: Callable[[], None]

    def copy(self) -> None:
        """Migrate every row of the live table. Raises RebuildFailed, and what the function does."""
        version = self.journal.migrated_from
        assert version is not None
        migrate = self.projection.migrate_from[version]
        with self.connection.transaction():
            self.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            places = PositionVector.by(checkpoints.of(self.connection, self.projection.name))
            excluded = excluded_events(self.connection, self.projection.name)
            for page in self._pages():
                rows = [self._formed(new) for old in page if (new := migrate(old)) is not None]
                copy_rows(self.connection, self.projection.table, self.journal.shadow, rows)
                if time.monotonic() > self.until:
                    raise RebuildFailed(self.projection.name, TOO_LONG)
            self.journal.note_reached(places, excluded, 0)
            self.journal.enter("indexing")  # in the same transaction, or it would be copied twice

    def _formed(self, row: Row) -> Row:
        """A row that the function made, in the form of those that folds make."""
        form = self.projection.form
        return form.row(row, None, form.none, form.key(row.get(form.key_column)))

    def examine(self) -> None:
        """Fold some rows from the log and compare. Raises MigrationDiffers, RebuildUnfinished."""
        if self.journal.walked == CHECKED:
            return
        name, table = f"{self.projection.name}#{self.journal.rebuild_id}", self.projection.table
        state = TableState(self.journal.shadow, self.journal.reached, self.journal.excluded)
        with db.owner() as connection, scratch(connection), run_lock(connection, name):
            run = self._run(connection, name, state)
            run.fold(state.reached.lowest)
            run.fold(state.reached.highest, state.folded)
            run.forget()
            state.keep_rows(connection, self.projection, run.keys)
            copy_rows(connection, table, FOLDED, filter(None, run.rows.values()), "pg_temp")
            differing, drift = compare(connection, table, SAMPLED, FOLDED, "pg_temp")
        if differing:
            raise MigrationDiffers(self.projection.name, differing, [str(one) for one in drift[:5]])
        log.info("migrated rows are as the log has them", projection=name, rows=len(run.keys))
        self.journal.note_walked(CHECKED)

    def _run(self, connection: Connection, name: str, state: TableState) -> SampleFold:
        given: dict[str, Any] = {"until": self.until, "tell": lambda _: self.look()}
        run = SampleFold.noted(connection, name, self.projection, **given)
        if run is not None and run.holds_still(state.excluded):
            return run
        keys = state.some_keys(connection, self.projection, SAMPLE)
        return SampleFold(connection, name, self.projection, keys, state.excluded, **given)

    def _pages(self) -> Iterator[Sequence[Row]]:
        """The live table's rows, by column, each value as a fold gets it back from its table."""
        columns = _columns(self.projection, self.live)
        names = [name for name, _ in columns]
        told = [(name, form.told) for name, form in columns if form.told]
        text = sql.SQL("SELECT {} FROM {}").format(
            sql.SQL(", ").join(sql.SQL(form.load.format(quoted(name))) for name, form in columns),
            sql.SQL(qualified(self.projection.table, self.live)),
        )
        with self.connection.cursor(name="cqrs_migrate") as cursor:
            cursor.execute(text)
            while rows := cursor.fetchmany(PAGE):
                page = [dict(zip(names, row, strict=True)) for row in rows]
                for name, form in told:
                    for row in page:
                        row[name] = None if row[name] is None else form(row[name])
                yield page


def _columns(projection: Projection, live: str) -> list[tuple[str, ColumnForm]]:
    """The live table's columns as the server has them, for today's code declares others, and the
    form of each. A type that no read table has any more comes as its text."""
    table, found = projection.table, []
    for known in sa.inspect(db.owner_engine()).get_columns(live, table.schema or "query"):
        try:
            form = column_form(sa.Column(known["name"], known["type"]))
        except TypeError:
            form = _AS_TEXT
        found.append((known["name"], form))
    return found


_AS_TEXT = ColumnForm(str, "{}::text")
