"""Materialized views over a view that must be made again: computed beforehand, and moved in.

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

import sqlalchemy as sa
import structlog
from psycopg.pq import TransactionStatus

from worker.base.db import Connection
from worker.base.sql import quoted
from worker.rebuild import view as views
from worker.rebuild.sessions import restore
from worker.rebuild.shadow import qualified, staging_schema
from worker.rebuild.view import SQL, Above

log = structlog.get_logger(__name__)

PAUSE = 0.1
"""Seconds between two tries to hold the refreshes of the views."""


@contextmanager
def staged(
    connection: Connection, table: sa.Table, name: str, follow: Callable[[], None]
) -> Iterator[Sequence[Above] | None]:
    """What is to be moved in when the view is turned to the table `name`; None if nothing is.

    `follow` brings that table to where the live one is, and leaves when time is up, by raising.
    Raises ViewInUse.
    """
    clear(connection, name)
    wanted = _materialized(connection, table, name)
    if not wanted:
        yield None
        return
    with _refreshes_held(connection, wanted, follow):
        try:
            yield _stage(connection, table, name)
        finally:
            if connection.info.transaction_status is TransactionStatus.IDLE:
                clear(connection, name)  # else it is cut off, and the next call does so


def is_current(connection: Connection, table: sa.Table, name: str, staged: Sequence[Above]) -> bool:
    """Whether nobody has changed one of the views since, or built upon one; in a transaction."""
    now = _on_path(connection, table, name)
    connection.execute("SET LOCAL search_path TO DEFAULT")
    return now == staged


def clear(connection: Connection, name: str) -> None:
    """Throw away what was staged over a table."""
    connection.execute(f"DROP SCHEMA IF EXISTS {quoted(staging_schema(name))} CASCADE")


def _materialized(connection: Connection, table: sa.Table, name: str) -> list[str]:
    if not views.turned_to(connection, table, name).gone:
        return []
    found = views.above(connection, qualified(table))
    return sorted(each.plain for each in found if each.kind == "MATERIALIZED VIEW")


@contextmanager
def _refreshes_held(
    connection: Connection, wanted: Sequence[str], follow: Callable[[], None]
) -> Iterator[None]:
    held: list[str] = []
    try:
        while missing := [each for each in wanted if each not in held]:
            got = connection.execute(SQL["try_views"], {"views": missing}).fetchall()
            held += [each for (each,) in got]
            follow()
            if len(held) < len(wanted):
                time.sleep(PAUSE)
        yield
    finally:
        restore(connection, SQL["free_views"], {"views": held})


def _stage(connection: Connection, table: sa.Table, name: str) -> Sequence[Above] | None:
    stage, view = quoted(staging_schema(name)), qualified(table)
    turned = views.turned_to(connection, table, name)
    with connection.transaction():
        found = _on_path(connection, table, name)
        if hidden := [each.plain for each in found if not each.tells]:
            log.warning("views are computed by the swap, readers wait", table=name, views=hidden)
            return None
        views.run(connection, f"CREATE SCHEMA {stage}")
        _look_in(connection, [stage, *_schemas(connection, view)])
        lowest = f"CREATE VIEW {stage}.{quoted(str(table.name))}{turned.definition}"
        with views.explained(view, found, turned):
            views.make(connection, found, lowest, grants=True)
    return found


def _on_path(connection: Connection, table: sa.Table, name: str) -> list[Above]:
    """The views, with their definitions as they are written for a path on which they lie."""
    _look_in(connection, _schemas(connection, qualified(table)))
    return views.above(connection, qualified(table), staging_schema(name))


def _schemas(connection: Connection, view: str) -> list[str]:
    return [name for (name,) in connection.execute(SQL["schemas_above"], {"view": view})]


def _look_in(connection: Connection, schemas: Sequence[str]) -> None:
    connection.execute(SQL["look_in"], {"schemas": ", ".join(schemas)})
