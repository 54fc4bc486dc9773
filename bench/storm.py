"""A short storm: commands by every way in, while workers are killed; then SQL counts what is left.

    python -m bench.storm [--orders N] [--kills K] [--seed S]

Orders and payments go in by `enqueue`, by `enqueue` with a key, by `delay_many` and by `.delay()`,
with two workers and beat running; all along, workers are killed by SIGKILL, at random but by the
seed, and started again. Then it is judged, by SQL of its own and not by the engine's word:

- every enqueued command has exactly one receipt, and every order exactly one effect;
- stock and money are conserved: what was sold is reserved, what was paid is the orders' total;
- read models equal what the log folds to; nothing waits in a table or in a queue.

A `.delay()` that its broker lost is counted and named: that one may be lost (see the README).
Exit code 1 if anything else does not hold; the seed is printed, and `--seed` plans the same storm.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import redis
from rich.console import Console
from rich.table import Table

from bench.system import scalar, system, wait_for
from bench.throughput import prepare_catalogue
from tasks.orders.commands import create_order, process_payment
from worker import Projection, Settings, get_settings, uuid7
from worker.base import db
from worker.event_log.subscribers import subscriptions
from worker.ops.supervisor import Child, Supervisor, celery, environment_of
from worker.rebuild.verify import verify_all

PRICE, TOTAL = "10.00", "21.00"
"""A piece, and an order of one with tax and shipping."""
QUEUES = "commands,projections,reactions,maintenance"
LIMITS: dict[str, Any] = {
    "task_soft_time_limit": 4,
    "task_time_limit": 5,
    "visibility_timeout": 6,
}
"""Short, so that what a killed worker held comes back while somebody looks."""


@dataclass
class Sent:
    """What went in: the ids of enqueued commands, and of those that only the broker had."""

    kept: list[UUID] = field(default_factory=list)
    sent: list[UUID] = field(default_factory=list)


@contextmanager
def weather(chosen: Settings) -> Iterator[Supervisor]:
    """Two workers and beat."""
    arguments = ["worker", "-Q", QUEUES, "-c", "2", "-l", "WARNING"]
    programs = [
        Child(name, celery(*arguments, "-n", f"{name}@storm")) for name in ("first", "second")
    ]
    programs.append(Child("beat", celery("beat", "-l", "WARNING")))
    supervisor = Supervisor(programs, chosen.home / "log", environment_of(chosen))
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()


def blow(supervisor: Supervisor, orders: int, kills: int, chance: random.Random) -> Sent:
    """Send orders and payments, and kill workers between them."""
    customers, products = prepare_catalogue()
    when = sorted(chance.sample(range(orders), kills))
    sent = Sent()
    for number in range(orders):
        if when and number == when[0]:
            when.pop(0)
            supervisor.kill(chance.choice(("first", "second")))
        line = {"product_id": chance.choice(products), "quantity": 1}
        order = {
            "order_id": str(uuid7()),
            "customer_id": chance.choice(customers),
            "items": [line],
        }
        payment = {"order_id": order["order_id"], "amount": TOTAL, "payment_method": "card"}
        _send(sent, order, payment, chance.choice(("key", "after", "many", "delay")))
    return sent


def _send(sent: Sent, order: dict[str, Any], payment: dict[str, Any], way: str) -> None:
    with db.writer() as connection, connection.transaction():
        match way:
            case "key":
                placed = create_order.enqueue(connection, key=order["order_id"], **order)
                paid = process_payment.enqueue(connection, key=order["order_id"], **payment)
                sent.kept += [placed.command_id, paid.command_id]
            case "after":
                placed = create_order.enqueue(connection, **order)
                paid = process_payment.enqueue(connection, after=[placed], **payment)
                sent.kept += [placed.command_id, paid.command_id]
            case "many":
                (placed,) = create_order.delay_many([order])
                paid = process_payment.enqueue(connection, after=[placed], **payment)
                sent.sent.append(placed.command_id)
                sent.kept.append(paid.command_id)
            case _:
                placed = create_order.delay(**order)
                sent.sent.append(placed.command_id)


def without_receipt(ids: list[UUID]) -> list[UUID]:
    """Of these commands, those that have no final receipt."""
    with db.owner() as connection:
        rows = connection.execute(
            "SELECT id FROM unnest(%s::uuid[]) AS sent (id) WHERE NOT EXISTS"
            " (SELECT FROM cqrs.receipts AS r WHERE r.command_id = id AND r.status <> 'submitted')",
            [ids],
        ).fetchall()
    return [row[0] for row in rows]


QUESTIONS = {
    "commands that still wait in a table": "SELECT count(*) FROM cqrs.enqueued_commands",
    "dead commands": "SELECT count(*) FROM cqrs.receipts WHERE status = 'dead'",
    "orders without their event, or with two": """
        SELECT count(*) FROM command.orders AS o WHERE 1 <> (SELECT count(*) FROM cqrs.events AS e
          WHERE e.stream = 'order-' || o.order_id AND e.type = 'orders.OrderCreated')""",
    "receipts of orders without an order": """
        SELECT count(*) FROM cqrs.receipts AS r WHERE r.name = 'orders.create_order'
           AND r.status = 'succeeded' AND NOT EXISTS (SELECT FROM command.orders AS o
               WHERE o.order_id = (r.data ->> 'order_id')::uuid)""",
    "pieces reserved beside those in orders": """
        SELECT abs((SELECT sum(quantity_reserved) FROM command.products)
                 - (SELECT sum(quantity) FROM command.order_items))""",
    "cents paid beside the totals of paid orders": """
        SELECT abs((SELECT coalesce(sum(amount), 0) FROM command.payments)
                 - (SELECT coalesce(sum(total), 0) FROM command.orders WHERE status = 'paid'))""",
    "orders paid twice": """
        SELECT count(*) FROM (SELECT order_id FROM command.payments
                               GROUP BY order_id HAVING count(*) > 1) AS twice""",
    "dead letters of projections": "SELECT count(*) FROM cqrs.dead_letters",
}
"""Each must come to 0."""


def caught_up() -> bool:
    """Whether every read model has come as far as the log."""
    behind = "SELECT count(*) FROM cqrs.subscriptions WHERE position < cqrs.horizon()"
    return scalar(behind) == 0


def waiting() -> int:
    """Messages in the broker's queues."""
    with redis.Redis.from_url(get_settings().servers.broker) as client:
        return sum(int(client.llen(queue)) for queue in QUEUES.split(","))


def judge(sent: Sent) -> list[tuple[str, int]]:
    """What does not hold, by name; 0 holds."""
    found = [("enqueued commands without a receipt", len(without_receipt(sent.kept)))]
    found += [(name, scalar(sql)) for name, sql in QUESTIONS.items()]
    refolded = [verify_all(one.name) for one in subscriptions if isinstance(one, Projection)]
    found.append(("rows that differ from a refold", sum(done.differing for done in refolded)))
    found.append(("messages in the queues", waiting()))
    return found


def main() -> int:
    """The storm, the judgement, the exit code."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--orders", type=int, default=800)
    arguments.add_argument("--kills", type=int, default=6)
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    chosen = arguments.parse_args()
    out = Console()
    out.print(f"seed {chosen.seed}")
    started = time.monotonic()
    with system(**LIMITS) as settings, weather(settings) as supervisor:
        sent = blow(supervisor, chosen.orders, chosen.kills, random.Random(chosen.seed))

        def settled() -> bool:
            supervisor.tend()
            return not without_receipt(sent.kept) and caught_up() and waiting() == 0

        try:
            wait_for(settled, 120)
            # What a killed worker held comes back after the visibility timeout, if it was noted.
            wait_for(lambda: not without_receipt(sent.sent), 5 * LIMITS["visibility_timeout"])
        except TimeoutError:
            out.print("not everything has a receipt yet")
        found = judge(sent)
        lost = without_receipt(sent.sent)
    table = Table("must be 0", "is")
    for name, count in found:
        table.add_row(name, str(count))
    out.print(table)
    seconds = time.monotonic() - started
    out.print(
        f"{len(sent.kept)} enqueued, {len(sent.sent)} by the broker alone, of which lost:"
        f" {len(lost)} {[str(one) for one in lost] or ''}; {chosen.kills} kills,"
        f" {seconds:.0f} s, seed {chosen.seed}",
        soft_wrap=True,
    )
    return 1 if any(count for _, count in found) else 0


if __name__ == "__main__":
    sys.exit(main())
