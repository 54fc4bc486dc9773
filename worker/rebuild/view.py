"""The view over a read table: which table it shows, and how it is turned to another.

A view keeps its columns' order, and new ones come last: then `CREATE OR REPLACE` does it and what
is built on the view follows. When a column goes or changes its type, the view and everything built
on it are dropped and made again in the same transaction; if one of these needs the lost column,
nothing happens and the error names it. Materialized views take long to make: staging.py makes them
beforehand, and here they only move in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
import sqlalchemy as sa
from psycopg import errors as pg

from worker.base.db import Connection
from worker.base.sql import blocks, quoted
from worker.rebuild.errors import ViewInUse
from worker.rebuild.shadow import qualified

SQL = blocks("worker.rebuild", "tables.sql")


class Above(NamedTuple):
    """A view (`depth` 0), or one that is built on it, with what drops it and makes it again.

    `name` is quoted, `plain` is not. `tells`: by its name alone, the search path finds it.
    """

    depth: int
    name: str
    plain: str
    kind: str
    tells: bool
    drop: str
    move: str
    create: str
    more: list[str]


class Turned(NamedTuple):
    """A view as it is to be: its definition, and which columns go or change their types."""

    definition: str
    gone: list[str]


def show(
    connection: Connection, table: sa.Table, name: str, staged: Sequence[Above] | None = None
) -> None:
    """Turn a read model's view to another table, in the caller's transaction.

    If the view cannot be replaced, what was `staged` takes the place of what there is, or it is all
    made anew. Raises ViewInUse; psycopg's LockNotAvailable when readers hold the view for too long.
    """
    view, turned = qualified(table), turned_to(connection, table, name)
    if not turned.gone:
        run(connection, f"CREATE OR REPLACE VIEW {view}{turned.definition}")
        return
    there = staged if staged is not None else above(connection, view)
    with explained(view, there, turned):
        for each in reversed(there):
            run(connection, each.drop)
        if staged is not None:
            for each in staged:
                run(connection, each.move)
        else:
            make(connection, there, f"CREATE VIEW {view}{turned.definition}", grants=False)


def turned_to(connection: Connection, table: sa.Table, name: str) -> Turned:
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
    return Turned(definition, sorted(before.keys() - kept))


def above(connection: Connection, view: str, stage: str | None = None) -> list[Above]:
    """A view and those that are built on it, lowest first; to be made in schema `stage`, if any."""
    rows = connection.execute(SQL["dependants"], {"view": view, "stage": stage}).fetchall()
    return [Above(*row) for row in rows]


def make(connection: Connection, views: Sequence[Above], lowest: str, *, grants: bool) -> None:
    """Make a view by the statement `lowest`, and those that are built on it by their own.

    With `grants`, the lowest gets those that it has now; its schema gives none.
    """
    for each in views:
        run(connection, each.create if each.depth else lowest)
        for statement in each.more if each.depth or grants else ():
            run(connection, statement)


@contextmanager
def explained(view: str, views: Sequence[Above], turned: Turned) -> Iterator[None]:
    """Raise ViewInUse for what PostgreSQL says of a view that cannot be made again."""
    names = [each.name for each in views if each.depth]
    changed = f"columns of the view go or change their types ({', '.join(turned.gone)})"
    try:
        yield
    except (pg.UndefinedColumn, pg.UndefinedFunction, pg.DatatypeMismatch) as error:
        raise ViewInUse(view, names, f"{changed}, and {_line(error)}") from None
    except pg.DependentObjectsStillExist as error:
        raise ViewInUse(view, [*names, _line(error)], changed) from None


def run(connection: Connection, text: str) -> None:
    """Run a statement that is put together of quoted names and of the catalogue's own texts."""
    connection.execute(text)


def _columns(connection: Connection, relation: str) -> dict[str, str]:
    return dict(connection.execute(SQL["columns"], {"relation": relation}).fetchall())


def _line(error: psycopg.Error) -> str:
    return (error.diag.message_detail or error.diag.message_primary or str(error)).split("\n")[0]
