"""The view over a read table: which table it shows, and how it is turned to another.

A view keeps its columns' order, and new ones come last: then `CREATE OR REPLACE` does it and what
is built on the view follows. When a column goes or changes its type, the view and everything built
on it are dropped and made again in the same transaction; if one of these needs the lost column,
nothing happens and the error names it.
"""

from __future__ import annotations

import psycopg
import sqlalchemy as sa
from psycopg import errors as pg

from worker.db import Connection
from worker.rebuild.errors import ViewInUse
from worker.rebuild.shadow import qualified
from worker.sql import blocks, quoted

_SQL = blocks("worker.rebuild", "tables.sql")


def show(connection: Connection, table: sa.Table, name: str) -> None:
    """Turn a read model's view to another table, in the caller's transaction.

    Raises ViewInUse; psycopg's LockNotAvailable when readers hold the view for too long.
    """
    view = qualified(table)
    before = _columns(connection, view)
    after = _columns(connection, qualified(table, name))
    kept = [column for column in before if before[column] == after.get(column)]
    names = [*kept, *(column for column in after if column not in kept)]
    columns = ", ".join(map(quoted, names))
    how = "CREATE OR REPLACE" if len(kept) == len(before) else "CREATE"
    options = ", ".join(o for (o,) in connection.execute(_SQL["options"], {"table": view}))
    given = f" WITH ({options})" if options else ""
    create = f"{how} VIEW {view}{given} AS SELECT {columns} FROM {qualified(table, name)}"  # noqa: S608
    if len(kept) == len(before):
        _run(connection, create)
    else:
        _make_again(connection, view, create, sorted(before.keys() - kept))


def _columns(connection: Connection, relation: str) -> dict[str, str]:
    return dict(connection.execute(_SQL["columns"], {"relation": relation}).fetchall())


def _make_again(connection: Connection, view: str, create: str, gone: list[str]) -> None:
    dependants = connection.execute(_SQL["dependants"], {"view": view}).fetchall()
    names = [name for name, _, _ in dependants]
    changed = f"columns of the view go or change their types ({', '.join(gone)})"
    try:
        for _, drop, _ in reversed(dependants):
            _run(connection, drop)
        _run(connection, f"DROP VIEW {view}")
        _run(connection, create)
        for _, _, statements in dependants:
            for statement in statements:
                _run(connection, statement)
    except (pg.UndefinedColumn, pg.UndefinedFunction, pg.DatatypeMismatch) as error:
        raise ViewInUse(view, names, f"{changed}, and {_line(error)}") from None
    except pg.DependentObjectsStillExist as error:
        raise ViewInUse(view, [*names, _line(error)], changed) from None


def _line(error: psycopg.Error) -> str:
    return (error.diag.message_detail or error.diag.message_primary or str(error)).split("\n")[0]


def _run(connection: Connection, text: str) -> None:
    """Run a statement that is put together of quoted names and of the catalogue's own texts."""
    connection.execute(text)
