"""A rebuild under a running load of commands: does anybody notice?

    python -m bench.rebuild --commands [--events N] [--rate N] [--readers N] [--jobs N]

The log holds N events of real orders (created, paid, taken up), of more than a thousand customers.
A real worker runs `create_order` commands at a steady rate, another keeps the read model of orders
current, readers in processes of their own ask the application's query in a loop, and `cqrs rebuild`
builds the read model anew. What must be: no read fails, none sees a half-built table (an order that
was there stays, and never goes back), no row is missing at the end, by a fold of the log in plain
SQL, and the memory of the rebuilding processes does not grow with the log. The other read models of
the domain are paused.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.rebuild_load import NAME, Reads, Sender, Watch, children, in_thread, readers, resident
from bench.system import scalar, system, wait_for, worker
from bench.throughput import receipts
from tasks.orders import commands
from worker import Projection, Settings
from worker.base import db
from worker.commands.batches import in_parts
from worker.commands.executor import execute
from worker.contracts import Envelope, uuid7
from worker.event_log.subscribers import subscriptions
from worker.ops import subscription_admin
from worker.ops.supervisor import environment_of
from worker.subscriptions import runner

CUSTOMERS, WATCHED, PRODUCTS = 1_100, 100, 200
STOCK = {"price": "10.00", "quantity_available": 900_000}
QUIET = 6.0
"""Seconds before and after the rebuild that are measured too."""

FILL = """
INSERT INTO cqrs.events (stream, version, type, data, metadata)
SELECT 'order-' || o.id, t.version, t.type,
       t.data || jsonb_build_object(
           'order_id', o.id, 'order_number', 'OLD-' || n,
           'customer_id', (%(customers)s::uuid[])[1 + mod(n, cardinality(%(customers)s::uuid[]))])
       || CASE t.version
          WHEN 1 THEN jsonb_build_object('items', (
              SELECT jsonb_agg(i || jsonb_build_object(
                         'item_id', md5(n || '-' || (i ->> 'line'))::uuid))
                FROM jsonb_array_elements(t.data -> 'items') AS i))
          WHEN 2 THEN jsonb_build_object('payment_id', md5('p' || n)::uuid)
          ELSE '{}' END,
       t.metadata
  FROM generate_series(1, %(orders)s) AS n,
       LATERAL (SELECT md5('o' || n)::uuid AS id) AS o,
       (SELECT version, type, data, metadata, 300 * (version - 1) AS later FROM cqrs.events
         WHERE stream = %(stream)s) AS t
 ORDER BY n * 3 + t.later, t.version
"""
BEHIND = f"""
SELECT pg_sequence_last_value('cqrs.events_position_seq')
       - (SELECT position FROM query.checkpoints WHERE name = '{NAME}')
"""
DIFFERENT = """
WITH steps AS (
    SELECT (e.data ->> 'order_id')::uuid AS order_id, e.version, e.type, e.data
      FROM cqrs.events AS e WHERE e.stream LIKE 'order-%%'
), last AS (
    SELECT DISTINCT ON (order_id) order_id, version,
           CASE type WHEN 'orders.OrderCreated' THEN 'pending'
                     WHEN 'orders.PaymentProcessed' THEN 'paid' ELSE 'processing' END AS status
      FROM steps ORDER BY order_id, version DESC
), right_rows AS (
    SELECT l.order_id, l.version, l.status, (s.data ->> 'customer_id')::uuid AS customer_id,
           (s.data ->> 'total')::numeric AS total, jsonb_array_length(s.data -> 'items') AS items
      FROM last AS l JOIN steps AS s ON s.order_id = l.order_id AND s.type = 'orders.OrderCreated'
), rows AS (
    SELECT order_id, version, status, customer_id, total, item_count FROM query.order_summaries
)
SELECT (SELECT count(*) FROM (TABLE right_rows EXCEPT TABLE rows) AS missing),
       (SELECT count(*) FROM (TABLE rows EXCEPT TABLE right_rows) AS extra)
"""


def run(*sent: tuple[Any, dict[str, Any]]) -> list[Any]:
    """Run commands in this process; every one must succeed."""
    receipts: list[Any] = []
    for part in in_parts(sent, 50):
        outcomes = execute([Envelope(uuid7(), task.name, values) for task, values in part]).outcomes
        assert all(getattr(one, "succeeded", False) for one in outcomes), outcomes
        receipts += outcomes
    return receipts


@dataclass
class Shop:
    """Customers and products that are there; the first customers are those that are watched."""

    customers: Sequence[str]
    products: Sequence[str]

    @property
    def watched(self) -> Sequence[str]:
        """Those whose orders are made and read meanwhile."""
        return self.customers[:WATCHED]


def make_shop(customers: int = CUSTOMERS, products: int = PRODUCTS) -> Shop:
    """Register customers, and products with more stock than any run can sell."""
    made = Shop(*([str(uuid7()) for _ in range(count)] for count in (customers, products)))
    run(
        *(
            (commands.register_customer, {"customer_id": one, "email": f"{one}@x.org", "name": one})
            for one in made.customers
        ),
        *(
            (commands.add_product, {"product_id": one, "sku": one, "name": one} | STOCK)
            for one in made.products
        ),
    )
    return made


def fill(shop: Shop, events: int) -> None:
    """A log of this many events: one real order, three commands long, again and again."""
    order, items = str(uuid7()), [{"product_id": one, "quantity": 1} for one in shop.products[:2]]
    order_of = {"order_id": order, "customer_id": shop.customers[0], "items": items}
    (made,) = run((commands.create_order, order_of))
    pay = {"order_id": order, "amount": made.data["total"], "payment_method": "card"}
    run((commands.process_payment, pay))
    run((commands.update_order_status, {"order_id": order, "status": "processing"}))
    what = {"orders": events // 3, "customers": list(shop.customers), "stream": f"order-{order}"}
    with db.owner() as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute(FILL.encode(), what)
        connection.execute("VACUUM ANALYZE cqrs.events")
        connection.execute("RESET statement_timeout")


def only(name: str) -> None:
    """Keep one read model current, and let the others stand still."""
    runner.catch_up(seconds=0)
    for one in subscriptions:
        if isinstance(one, Projection) and one.name != name:
            subscription_admin.pause(one.name)
    done = runner.catch_up([name], seconds=900)
    assert done.caught_up, "not done after fifteen minutes"
    runner.invalidate()  # a million orders' tags, which the worker would begin with


def different() -> int:
    """Rows of the read model that are not what a plain fold of the log says."""
    with db.owner() as connection:
        connection.execute("SET statement_timeout = 0")
        row = connection.execute(DIFFERENT).fetchone()
        connection.execute("RESET statement_timeout")
    assert row is not None
    return int(row[0]) + int(row[1])


@dataclass
class Rebuild:
    """`cqrs rebuild` in a process of its own: when it ran, what it said, what memory it took.

    `memory`: the position up to which the log was folded, and the MB of its largest process.
    """

    began: float = 0.0
    ended: float = 0.0
    said: dict[str, Any] = field(default_factory=dict)
    memory: list[tuple[int, int]] = field(default_factory=list)

    def run(self, chosen: Settings, jobs: int) -> None:
        """Rebuild, and look at it meanwhile."""
        arguments = [sys.executable, "-m", "worker.cli", "rebuild", NAME, "--json"]
        self.began = time.time()
        with (
            tempfile.TemporaryFile() as output,
            subprocess.Popen(
                [*arguments, "--jobs", str(jobs)], env=environment_of(chosen), stdout=output
            ) as process,
        ):
            while process.poll() is None:
                self._look(process.pid)
                time.sleep(0.1)
            self.ended = time.time()
            assert process.returncode == 0, "the rebuild failed"
            output.seek(0)
            (self.said,) = json.loads(output.read())

    def _look(self, pid: int) -> None:
        position = scalar("SELECT coalesce(max(position), 0) FROM cqrs.rebuilds")
        largest = max(resident(one) for one in (pid, *children(pid)))
        self.memory.append((position, largest))

    def largest(self, upto: int) -> int:
        """The most memory that a process took until the log was folded up to a position, MB."""
        return max((taken for position, taken in self.memory if position <= upto), default=0)


@contextmanager
def at_work(chosen: Settings, sender: Sender, watch: Watch, count: int) -> Iterator[list[Reads]]:
    """Commands, their worker, the projection's worker, readers, and those who look on. At the end
    every command that was sent has its receipt, and the read model has it."""
    before = receipts()
    with (
        worker(chosen, ["commands"], 1),
        worker(chosen, ["projections"], 1),
        in_thread(watch.run, watch.over),
        readers(chosen, sender.customers, count) as seen,
    ):
        with in_thread(sender.run, sender.over):
            yield seen
        wait_for(lambda: receipts() >= before + sender.sent, 300)
        wait_for(lambda: scalar(BEHIND) == 0, 300)


def measure(chosen: Settings, options: argparse.Namespace) -> None:
    """Everything, on servers that are there."""
    shop = make_shop()
    fill(shop, options.events)
    only(NAME)
    print(f"{scalar('SELECT count(*) FROM cqrs.events'):,} events in the log")
    sender = Sender(shop.watched, shop.products, options.rate)
    watch, rebuilding = Watch(), Rebuild()

    with at_work(chosen, sender, watch, options.readers) as seen:
        wait_for(lambda: bool(watch.moves) and sender.sent > options.rate, 60)
        began = time.time()
        time.sleep(QUIET)
        rebuilding.run(chosen, options.jobs)
        time.sleep(QUIET)
        ended = time.time()
    phases = {
        "before": (began, rebuilding.began),
        "during the rebuild": (rebuilding.began, rebuilding.ended),
        "after": (rebuilding.ended, ended),
    }
    show(phases, watch, [one for each in seen for one in each.taken])
    conclude(sender, watch, rebuilding, seen)


def show(
    phases: dict[str, tuple[float, float]], watch: Watch, reads: Sequence[tuple[float, float]]
) -> None:
    """Print rates and times, phase by phase."""
    columns = ("s", "commands/s", "reads/s", "read, ms", "longest", "projection still, ms")
    table = Table("", *columns)
    for name, (since, until) in phases.items():
        took = sorted(seconds for at, seconds in reads if since <= at <= until)
        length = until - since
        table.add_row(
            name,
            f"{length:.1f}",
            f"{watch.rate(since, until):,.0f}",
            f"{len(took) / length:,.0f}",
            f"{took[len(took) // 2] * 1000:.1f}",
            f"{took[-1] * 1000:.0f}",
            f"{watch.standstill(since, until) * 1000:.0f}",
        )
    Console().print(table)


def conclude(sender: Sender, watch: Watch, rebuilding: Rebuild, seen: Sequence[Reads]) -> None:
    """Print what must be none, and the memory."""
    reads, said = sum(len(each.taken) for each in seen), rebuilding.said
    failed = [one for each in seen for one in each.failed]
    half_built = [one for each in seen for one in each.half_built]
    upto = max(position for position, _ in rebuilding.memory)
    print(
        f"{sender.sent:,} commands; the rebuild folded {said['events']:,} events into"
        f" {said['rows']:,} rows in {said['seconds']:.1f} s, {said['differing']} differed\n"
        f"{reads:,} reads: {len(failed)} failed, {len(half_built)} saw a half-built table;"
        f" {different()} rows are missing or wrong at the end\n"
        f"the longest wait for a table's lock: {watch.longest_wait * 1000:.0f} ms\n"
        f"the largest process of the rebuild, MB: {rebuilding.largest(upto // 4)} after a quarter"
        f" of the log, {rebuilding.largest(upto // 2)} after a half, {rebuilding.largest(upto)}"
        " in the end"
    )
    for one in (*failed[:5], *half_built[:5]):
        print(one)


def main(options: argparse.Namespace) -> None:
    """Run it on a system of its own."""
    with system(domains=("tasks.orders",)) as chosen:
        measure(chosen, options)
