"""The view over a read table: which table it shows, how it is switched, and what is built on it.

A view keeps its columns' order, and new ones come last: then `CREATE OR REPLACE` does it and what
is built on the view follows. When a column goes or changes its type, the view and everything built
on it are dropped and made again in the same transaction; if one of these needs the lost column,
nothing happens and the error names it. Dependent materialized views take long to make, so they are
computed beforehand, in a staging schema, and the swap moves them:

    hold their refreshes ─▶ follow ─▶ make them all in a schema of their own ─▶ the swap moves them

- The view and everything built on it are made once more, under their own names, in another schema,
  over the new table, with rows, indexes, comments and grants. The swap drops the old ones and
  changes the schema of the new ones: however long a view takes, its readers wait for a moment.
- A definition is taken as PostgreSQL writes it for a search path on which the old ones lie, and run
  with one on which the new ones come first: so each reads the new ones, and no text is changed.
  Where a name on that path is not clear, because two of the views have it in two schemas or a table
  hides one, nothing is staged, and the swap computes the views under its locks.
- Nobody refreshes one of them from before until after: a view never holds less than what the last
  refresh said. Those who are asked to meanwhile try again later.
- What is staged is thrown away with the call that made it, if that does not swap: a materialized
  view has to be computed within one slice of a rebuild. A cancel is heard after that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
import sqlalchemy as sa
from psycopg import errors as pg
from psycopg.pq import TransactionStatus

from worker.base.db import Connection
from worker.base.logs import get_logger
from worker.base.sessions import SEARCH_PATH
from worker.base.sql import quoted
from worker.rebuild import belongings
from worker.rebuild.belongings import Belonging, Grant, Relation
from worker.rebuild.errors import ViewInUse
from worker.rebuild.sessions import restore
from worker.rebuild.shadow import SQL, drop_staged_views, qualified, staging_schema

log = get_logger(__name__)

STAYS = ("owner", "statistics ", "comment on index ", "comment on statistics ")
"""What of a view is added where it is shown: it names a schema, or needs rights there."""
REFRESH_LOCK_PAUSE = 0.1
"""Seconds between two tries to hold the refreshes of the views."""


class DependentView(NamedTuple):
    """A view (`depth` 0), or one that is built on it, with what drops it and makes it again.

    `name` is quoted, `plain` is not. `tells`: by its name alone, the search path finds it. It is
    made as `target`, with `more` that was added to it; what does not move is added `there`.
    """

    depth: int
    name: str
    plain: str
    kind: str
    tells: bool
    drop: str
    move: str
    create: str
    indexes: list[str]
    target: str
    bare: str
    more: list[Belonging] = []  # noqa: RUF012  # a default of a tuple's field is not changed
    grants: list[Grant] = []  # noqa: RUF012
    there: list[Belonging] = []  # noqa: RUF012


class ViewDefinition(NamedTuple):
    """A view as it is to be: its definition, and which columns go or change their types."""

    text: str
    gone: list[str]
    columns: list[str]


def switch(
    connection: Connection,
    table: sa.Table,
    name: str,
    staged: Sequence[DependentView] | None = None,
) -> None:
    """Switch a read model's view to another table, in the caller's transaction.

    If the view cannot be replaced, what was `staged` takes the place of what there is, or it is all
    made anew. Raises ViewInUse; psycopg's LockNotAvailable when readers hold the view for too long.
    """
    view, definition = qualified(table), definition_over(connection, table, name)
    if not definition.gone:
        _run(connection, f"CREATE OR REPLACE VIEW {view}{definition.text}")
        return
    there = staged if staged is not None else dependent_views(connection, view)
    with _explained(view, there, definition):
        for dependent in reversed(there):
            _run(connection, dependent.drop)
        if staged is not None:
            for dependent in staged:
                _run(connection, dependent.move)
        else:
            _make(connection, there, f"CREATE VIEW {view}{definition.text}", definition.columns)
        for dependent in there:
            belongings.add(connection, dependent.name, dependent.there)
    _run(connection, "SELECT cqrs.guard_views()")


def definition_over(connection: Connection, table: sa.Table, name: str) -> ViewDefinition:
    """A read model's view, as it is to be over another table."""
    view = qualified(table)
    before = _columns(connection, view)
    after = _columns(connection, qualified(table, name))
    kept = [column for column in before if before[column] == after.get(column)]
    names = [*kept, *(column for column in after if column not in kept)]
    columns = ", ".join(map(quoted, names))
    options = ", ".join(o for (o,) in connection.execute(SQL["options"], {"table": view}))
    given = f" WITH ({options})" if options else ""
    definition = f"{given} AS SELECT {columns} FROM {qualified(table, name)}"  # noqa: S608
    return ViewDefinition(definition, sorted(before.keys() - kept), names)


def dependent_views(
    connection: Connection, view: str, stage: str | None = None
) -> list[DependentView]:
    """A view and those that are built on it, lowest first; to be made in schema `stage`, if any."""
    rows = connection.execute(SQL["dependants"], {"view": view, "stage": stage}).fetchall()
    return [_with_belongings(connection, DependentView(*row)) for row in rows]


def _with_belongings(connection: Connection, view: DependentView) -> DependentView:
    here, there = Relation(view.name, view.bare), Relation(view.target, view.bare)
    more = [one for one in belongings.of(connection, here, there) if not one.what.startswith(STAYS)]
    stays = [one for one in belongings.of(connection, here, here) if one.what.startswith(STAYS)]
    given = belongings.grants(connection, view.name)
    return view._replace(more=more, grants=given, there=stays)


def _make(
    connection: Connection, views: Sequence[DependentView], lowest: str, columns: Sequence[str]
) -> None:
    """Make a view by the statement `lowest`, of these columns, and those that are built on it by
    their own statements."""
    for dependent in views:
        _run(connection, dependent.create if dependent.depth else lowest)
        for statement in dependent.indexes:
            _run(connection, statement)
        belongings.grant(connection, dependent.target, dependent.grants)
        kept = [
            one
            for one in dependent.more
            if dependent.depth or one.column is None or one.column in columns
        ]
        belongings.add(connection, dependent.name, kept)


@contextmanager
def _explained(
    view: str, views: Sequence[DependentView], definition: ViewDefinition
) -> Iterator[None]:
    """Raise ViewInUse for what PostgreSQL says of a view that cannot be made again."""
    names = [dependent.name for dependent in views if dependent.depth]
    changed = f"columns of the view go or change their types ({', '.join(definition.gone)})"
    try:
        yield
    except (pg.UndefinedColumn, pg.UndefinedFunction, pg.DatatypeMismatch) as error:
        raise ViewInUse(view, names, f"{changed}, and {_line(error)}") from None
    except pg.DependentObjectsStillExist as error:
        raise ViewInUse(view, [*names, _line(error)], changed) from None


def _run(connection: Connection, text: str) -> None:
    """Run a statement that is put together of quoted names and of the catalogue's own texts."""
    connection.execute(text)


def _columns(connection: Connection, relation: str) -> dict[str, str]:
    return dict(connection.execute(SQL["columns"], {"relation": relation}).fetchall())


def _line(error: psycopg.Error) -> str:
    return (error.diag.message_detail or error.diag.message_primary or str(error)).split("\n")[0]


# ------------------------------------------------------- dependent materialized views, staged
@contextmanager
def staged(
    connection: Connection, table: sa.Table, name: str, follow: Callable[[], None]
) -> Iterator[Sequence[DependentView] | None]:
    """What is to be moved in when the view is switched to the table `name`; None if nothing is.

    `follow` brings that table to where the live one is, and leaves when time is up, by raising.
    Raises ViewInUse.
    """
    drop_staged_views(connection, name)
    wanted = _materialized(connection, table, name)
    if not wanted:
        yield None
        return
    with _refreshes_held(connection, wanted, follow):
        try:
            yield _stage(connection, table, name)
        finally:
            if connection.info.transaction_status is TransactionStatus.IDLE:
                drop_staged_views(connection, name)  # else it is cut off, and the next call does so


def is_current(
    connection: Connection, table: sa.Table, name: str, staged: Sequence[DependentView]
) -> bool:
    """Whether nobody has changed one of the views since, or built upon one; in a transaction."""
    now = _on_path(connection, table, name)
    connection.execute(f"SET LOCAL search_path = {SEARCH_PATH}".encode())
    return now == staged


def _materialized(connection: Connection, table: sa.Table, name: str) -> list[str]:
    if not definition_over(connection, table, name).gone:
        return []
    views = dependent_views(connection, qualified(table))
    return sorted(dependent.plain for dependent in views if dependent.kind == "MATERIALIZED VIEW")


@contextmanager
def _refreshes_held(
    connection: Connection, wanted: Sequence[str], follow: Callable[[], None]
) -> Iterator[None]:
    held: list[str] = []
    try:
        while missing := [name for name in wanted if name not in held]:
            got = connection.execute(SQL["try_views"], {"views": missing}).fetchall()
            held += [name for (name,) in got]
            follow()
            if len(held) < len(wanted):
                time.sleep(REFRESH_LOCK_PAUSE)
        yield
    finally:
        restore(connection, SQL["free_views"], {"views": held})


def _stage(connection: Connection, table: sa.Table, name: str) -> Sequence[DependentView] | None:
    stage, view = quoted(staging_schema(name)), qualified(table)
    definition = definition_over(connection, table, name)
    with connection.transaction():
        views = _on_path(connection, table, name)
        if hidden := [dependent.plain for dependent in views if not dependent.tells]:
            log.warning("views are computed by the swap, readers wait", table=name, views=hidden)
            return None
        _run(connection, f"CREATE SCHEMA {stage}")
        _set_search_path(connection, [stage, *_schemas(connection, view)])
        lowest = f"CREATE VIEW {stage}.{quoted(str(table.name))}{definition.text}"
        with _explained(view, views, definition):
            _make(connection, views, lowest, definition.columns)
    return views


def _on_path(connection: Connection, table: sa.Table, name: str) -> list[DependentView]:
    """The views, with their definitions as they are written for a path on which they lie."""
    _set_search_path(connection, _schemas(connection, qualified(table)))
    return dependent_views(connection, qualified(table), staging_schema(name))


def _schemas(connection: Connection, view: str) -> list[str]:
    return [name for (name,) in connection.execute(SQL["schemas_above"], {"view": view})]


def _set_search_path(connection: Connection, schemas: Sequence[str]) -> None:
    connection.execute(SQL["set_search_path"], {"schemas": ", ".join(schemas)})
