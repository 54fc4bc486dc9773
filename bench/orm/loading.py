"""A year of trade in the database: write tables, log, and the read side, made by the engine.

The write tables get their rows, the log its events by `cqrs.append`; from there on all is the
engine's: the projections catch up and the materialized views are refreshed. Then every row of every
read model is compared with what the write tables say.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice

from bench.orm.trade import Size, Trade
from models.orders import read, write
from worker import event_log, refresh
from worker.base import db
from worker.base.encoding import to_json
from worker.base.sql import blocks
from worker.commands.change_set import insert_sql
from worker.subscriptions import runner

EVENTS_AT_ONCE, ROWS_AT_ONCE = 2_000, 5_000
VIEWS = ("revenue_by_product", "customer_lifetime_value")
PROJECTED = tuple(table.name for table in read.metadata.tables.values())
FOR_THE_ORM = (
    "CREATE INDEX bench_orders_by_time ON command.orders (created_at, order_number)",
    "CREATE INDEX bench_orders_by_status ON command.orders (status)",
)
"""What a team that reads the write tables would add: the latest orders, and those in a status. All
foreign keys have an index of their own already."""


@dataclass(frozen=True)
class Loaded:
    """What is there now, and how long the engine took over its part, in seconds."""

    orders: int
    events: int
    catching_up: float
    refreshing: float


def load(size: Size) -> Loaded:
    """Fill the database. Raises AssertionError if a read model is not what it must be."""
    trade = Trade(size)
    events = _append(trade)
    _write(trade)
    started = time.perf_counter()
    assert runner.catch_up(seconds=1_800).caught_up, "the read side is not there yet"
    runner.invalidate()
    caught_up = time.perf_counter()
    refresh.refresh([f"query.{view}" for view in VIEWS])
    refreshed = time.perf_counter()
    _settle()
    check()
    orders = len(trade.rows(write.orders))
    return Loaded(orders, events, caught_up - started, refreshed - caught_up)


def check() -> None:
    """Compare every row of every read model with the write tables."""
    said = blocks("tests.orders", "recomputed.sql")
    with db.owner() as connection:
        for name in (*PROJECTED, *VIEWS):
            right = connection.execute(f"SELECT * FROM ({said[name]}) AS r LIMIT 0".encode())
            columns = ", ".join(column.name for column in right.description or ())
            live = f"SELECT {columns} FROM query.{name}"
            differing = connection.execute(
                f"(({said[name]}) EXCEPT ALL {live}) UNION ALL ({live} EXCEPT ALL ({said[name]}))"
                " LIMIT 3".encode()
            ).fetchall()
            assert not differing, f"query.{name} is not what the write tables say: {differing}"


def _append(trade: Trade) -> int:
    happened, count = trade.events(), 0
    with db.writer() as connection:
        while page := list(islice(happened, EVENTS_AT_ONCE)):
            count += len(event_log.append(connection, page))
    return count


def _write(trade: Trade) -> None:
    with db.writer() as connection:
        for table in write.metadata.tables.values():
            rows = iter(trade.rows(table))
            while part := list(islice(rows, ROWS_AT_ONCE)):
                connection.execute(insert_sql(table, tuple(part[0])).encode(), [to_json(part)])


def _settle() -> None:
    """Give the ORM its indexes and the planner its figures: what autovacuum would do in time."""
    with db.owner() as connection:
        for index in FOR_THE_ORM:
            connection.execute(index.encode())
        connection.execute("SET statement_timeout = 0")
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("RESET statement_timeout")
