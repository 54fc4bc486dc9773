"""A read table, stretch by stretch of its key: so much at once that it is soon done.

Whoever walks over a table like this notices between two stretches that time is up or that the
rebuild is cancelled, holds no snapshot for long, and goes on later from the key where it was. A
table that is no larger than a stretch is one. Where to cut is guessed from a sample of the rows;
what is right does not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import sqlalchemy as sa
from psycopg import sql

from worker.base.db import Connection
from worker.base.sql import blocks
from worker.commands.load_plan import primary_key, sql_type
from worker.rebuild.shadow import qualified

ROWS = 500_000
"""Rows of a stretch, about."""

_SQL = blocks("worker.rebuild", "tables.sql")


class Stretch(NamedTuple):
    """Rows whose key is above `after`, up to and including `upto`; None: there is no end."""

    after: str | None
    upto: str | None


ALL = Stretch(None, None)


def stretches(
    connection: Connection, table: sa.Table, name: str, after: str | None
) -> Iterator[Stretch]:
    """What of a table lies behind a key, in order, without a gap, to its end."""
    rest = Stretch(after, None)
    what = {"table": qualified(table, name), "rows": ROWS}
    text = sql.SQL(_SQL["cuts"]).format(
        key=sql.Identifier(primary_key(table)),
        table=sql.SQL(qualified(table, name)),
        within=within(table, rest),
    )
    cuts = [key for (key,) in connection.execute(text, what)]
    for one, next_one in pairwise((after, *cuts[:-1], None)):
        yield Stretch(one, next_one)


def within(table: sa.Table, stretch: Stretch) -> sql.Composable:
    """The condition that a row lies in a stretch."""
    name = primary_key(table)
    key, kind = sql.Identifier(name), sql.SQL(sql_type(table, name))
    bounds = [(">", stretch.after), ("<=", stretch.upto)]
    conditions: list[sql.Composable] = [
        sql.SQL("{} {} {}::{}").format(key, sql.SQL(sign), sql.Literal(bound), kind)
        for sign, bound in bounds
        if bound is not None
    ]
    return sql.SQL(" AND ").join(conditions or [sql.SQL("true")])
