"""How fast a projection catches up from far behind, the way it does live.

    python -m bench.catch_up [--events N] [--batch N] [--partitions N] [--rounds R]

N events of orders (created, paid, shipped; the three of an order some hundreds of events apart) are
in the log; one projection with tags folds them in batches, each a transaction that loads rows,
folds, upserts, notes tags and moves the checkpoint. Beside it, in the same run, what no reader can
do without: reading the same events and decoding their JSON. With partitions, as many processes
share the projection. Every run ends with a check of every row.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import ClassVar

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from bench.system import scalar, system
from worker import Row, Settings, StoredEvent, event_log, projection
from worker.base import db, settings
from worker.contracts import Event
from worker.ops import subscription_admin
from worker.subscriptions import runner

NAME = "bench.orders"
CHECK = """
    SELECT count(*) FROM query.bench_orders
     WHERE status = 'shipped' AND version = 3 AND total = 100 + mod(item_count, 7)
"""
FILL = """
    INSERT INTO cqrs.events (stream, version, type, data, metadata)
    SELECT 'order-' || o.id, s.version, 'bench.' || s.type,
           CASE s.version
           WHEN 1 THEN jsonb_build_object(
               'order_id', o.id, 'customer_id', md5((mod(n, 1000))::text)::uuid,
               'customer_name', 'Customer ' || mod(n, 1000), 'order_number', 'ORD-2026-' || n,
               'item_count', mod(n, 9), 'total', (100 + mod(mod(n, 9), 7))::text || '.00',
               'items', jsonb_build_array(
                   jsonb_build_object('product_id', md5('p' || mod(n, 77)), 'quantity', 1),
                   jsonb_build_object('product_id', md5('p' || mod(n, 78)), 'quantity', 2)))
           WHEN 2 THEN jsonb_build_object('order_id', o.id, 'amount', 100, 'transaction_id', n)
           ELSE jsonb_build_object('order_id', o.id, 'carrier', 'post') END,
           jsonb_build_object('command_id', gen_random_uuid(), 'actor', 'system')
      FROM generate_series(1, %(orders)s) AS n,
           LATERAL (SELECT md5('o' || n)::uuid AS id) AS o,
           (VALUES (1, 'Created', 0), (2, 'Paid', 300), (3, 'Shipped', 700))
               AS s (version, type, later)
     ORDER BY n * 3 + s.later, s.version
"""
DDL = """
    CREATE TABLE query.bench_orders_v1 (
        order_id uuid PRIMARY KEY, order_number text, customer_id uuid, customer_name text,
        status text, total numeric(14, 2), item_count int, version int,
        created_at timestamptz, updated_at timestamptz);
    CREATE INDEX ON query.bench_orders_v1 (customer_id);
    CREATE VIEW query.bench_orders AS SELECT * FROM query.bench_orders_v1;
"""

rows = sa.Table(
    "bench_orders",
    sa.MetaData(schema="query"),
    sa.Column("order_id", sa.Uuid, primary_key=True),
    sa.Column("order_number", sa.Text),
    sa.Column("customer_id", sa.Uuid),
    sa.Column("customer_name", sa.Text),
    sa.Column("status", sa.Text),
    sa.Column("total", sa.Numeric(14, 2)),
    sa.Column("item_count", sa.Integer),
    sa.Column("version", sa.Integer),
    sa.Column("created_at", sa.DateTime(timezone=True)),
    sa.Column("updated_at", sa.DateTime(timezone=True)),
)


class Created(Event):
    """An order was created."""

    type: ClassVar[str] = "bench.Created"


class Paid(Event):
    """An order was paid."""

    type: ClassVar[str] = "bench.Paid"


class Shipped(Event):
    """An order was shipped."""

    type: ClassVar[str] = "bench.Shipped"


orders = projection(
    NAME,
    rows,
    group="bench",
    tags=lambda row: (f"order:{row['order_id']}", f"customer:{row['customer_id']}"),
    by_stream=True,
)


@orders.on(Created)
def _(row: Row | None, event: StoredEvent) -> Row:
    data, at = event.data, event.recorded_at.isoformat()
    return {
        "order_id": data["order_id"],
        "order_number": data["order_number"],
        "customer_id": data["customer_id"],
        "customer_name": data["customer_name"],
        "status": "pending",
        "total": data["total"],
        "item_count": data["item_count"],
        "version": event.version,
        "created_at": at,
        "updated_at": at,
    }


@orders.on(Paid, Shipped)
def _(row: Row | None, event: StoredEvent) -> Row:
    assert row is not None
    row["status"] = "paid" if event.type == Paid.type else "shipped"
    row["version"] = event.version
    row["updated_at"] = event.recorded_at.isoformat()
    return row


def reading() -> None:
    """Read and decode everything, and do nothing with it."""
    after, upto = 0, scalar("SELECT cqrs.horizon()")
    with db.writer() as connection:
        while page := event_log.read(
            connection, after=after, upto=upto, types=sorted(orders.event_types), limit=2_000
        ):
            after = page[-1].position


def catching_up() -> None:
    """Fold everything, in this process."""
    done = runner.catch_up([NAME], seconds=600)
    assert done.caught_up, "not done after ten minutes"


def sharing(chosen: Settings, processes: int) -> Callable[[], None]:
    """Fold everything in so many processes, which are started beforehand."""
    pool = ProcessPoolExecutor(
        processes, get_context("spawn"), initializer=settings.install, initargs=(chosen,)
    )
    list(pool.map(_is_there, range(processes * 4)))

    def share() -> None:
        until = time.monotonic() + 600
        while behind():
            for done in [pool.submit(catching_up) for _ in range(processes)]:
                done.result()
            assert time.monotonic() < until, "not done after ten minutes"

    return share


def _is_there(_: int) -> int:
    return scalar("SELECT 1")


def behind() -> bool:
    """Whether the projection lags."""
    return bool(scalar("SELECT cqrs.horizon() - min(position) FROM query.checkpoints"))


def start_over(partitions: int, batch: int) -> None:
    """Empty the read table and put the projection at the beginning."""
    with db.owner() as connection:
        connection.execute("TRUNCATE query.bench_orders_v1, cqrs.invalidations")
    subscription_admin.reset(NAME, 0, force=True, by="bench")
    subscription_admin.set_partitions(NAME, partitions)
    subscription_admin.set_batch_size(NAME, batch)


@contextmanager
def a_full_log(events: int) -> Iterator[Settings]:
    """A system whose log holds this many events of orders, and a read table for them."""
    with system(domains=()) as chosen:
        with db.owner() as connection:
            connection.execute(DDL.encode())
            connection.execute("SET statement_timeout = 0")
            connection.execute(FILL.encode(), {"orders": events // 3})
            connection.execute("VACUUM ANALYZE cqrs.events")
        runner.catch_up([NAME], seconds=0)
        yield chosen


def seconds(run: Callable[[], None]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def main() -> None:
    """Run the measurement and print its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--batch", type=int, default=2_000, help="events in a transaction")
    parser.add_argument("--partitions", type=int, default=1, help="and as many processes")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with a_full_log(options.events) as chosen:
        fold = sharing(chosen, options.partitions) if options.partitions > 1 else catching_up
        total = options.events // 3 * 3
        rates: dict[str, list[float]] = {"reading and decoding": [], "catching up": []}
        for _ in range(options.rounds):
            rates["reading and decoding"].append(total / seconds(reading))
            start_over(options.partitions, options.batch)
            rates["catching up"].append(total / seconds(fold))
            assert scalar(CHECK) == total // 3, "rows are missing or wrong"
    table = Table("", "events/s (median)", "lowest", "highest")
    for name, found in rates.items():
        shown = (statistics.median(found), min(found), max(found))
        table.add_row(name, *(f"{rate:,.0f}" for rate in shown))
    Console().print(table)


if __name__ == "__main__":
    main()
