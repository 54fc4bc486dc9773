"""How fast `create_order` is, beside a bare Celery no-op with the same settings, in one run.

    python -m bench.throughput [--commands N] [--rounds R] [--readers]

Each round measures, in turn: the no-op through `.delay()`, `create_order` through `.delay()`,
`delay_many` and `enqueue`, all from the first publish to the last result. Full receipts, audit and
events are written, on a PostgreSQL that syncs to disk. Ratios are to the no-op of the same round.

Messages are counted by the broker itself: a command's own and all that follow from it. With
`--readers` a second worker keeps the projections current meanwhile.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import redis
from rich.console import Console
from rich.table import Table

from bench.app import noop
from bench.system import scalar, system, wait_for, worker
from tasks.orders.commands import add_product, create_order, register_customer
from worker import get_settings
from worker.base import db
from worker.commands.batches import in_parts
from worker.commands.executor import execute
from worker.contracts import Envelope, uuid7

CUSTOMERS, PRODUCTS = 50, 200
Payload = dict[str, Any]


def prepare_catalogue() -> tuple[list[str], list[str]]:
    """Customers and products with more stock than any run can sell."""
    customers = [str(uuid7()) for _ in range(CUSTOMERS)]
    products = [str(uuid7()) for _ in range(PRODUCTS)]
    commands: list[tuple[str, Payload]] = [
        (register_customer.name, {"customer_id": c, "email": f"{c}@example.org", "name": c})
        for c in customers
    ]
    commands += [
        (
            add_product.name,
            {
                "product_id": p,
                "sku": p,
                "name": f"Product {n}",
                "price": "10.00",
                "quantity_available": 900_000,
            },
        )
        for n, p in enumerate(products)
    ]
    for part in in_parts(commands, 50):
        run = execute([Envelope(uuid7(), name, payload) for name, payload in part])
        assert all(getattr(outcome, "succeeded", False) for outcome in run.outcomes), run.outcomes
    return customers, products


def orders(count: int, customers: list[str], products: list[str]) -> list[Payload]:
    """Orders of two lines each."""
    chance = random.Random(7)
    return [
        {
            "order_id": str(uuid7()),
            "customer_id": chance.choice(customers),
            "items": [
                {"product_id": product, "quantity": 1} for product in chance.sample(products, 2)
            ],
        }
        for _ in range(count)
    ]


def receipts() -> int:
    """How many commands are settled."""
    return scalar("SELECT count(*) FROM cqrs.receipts WHERE completed_at IS NOT NULL")


class Measured(NamedTuple):
    """Commands a second, and how many Celery messages each of them took, its own included."""

    rate: float
    messages: float


def measured(run: Callable[[], None], commands: int) -> Measured:
    """Run so many commands to their end."""
    before, started = messages(), time.perf_counter()
    run()
    seconds = time.perf_counter() - started
    return Measured(commands / seconds, (messages() - before) / commands)


def messages() -> int:
    """How many messages were ever put into a queue."""
    with redis.Redis.from_url(get_settings().servers.broker) as client:
        counts: Any = client.info("commandstats")
    return int(counts.get("cmdstat_lpush", {"calls": 0})["calls"])


def run_noops(payloads: list[Payload]) -> None:
    """From the first no-op sent to the last result stored."""
    with redis.Redis.from_url(get_settings().servers.result) as client:
        client.flushdb()
        for payload in payloads:
            noop.delay(payload["order_id"], payload["items"])
        wait_for(lambda: client.dbsize() >= len(payloads))


def run_commands(send: Callable[[list[Payload]], None], payloads: list[Payload]) -> None:
    """From the first command sent to the last receipt."""
    before = receipts()
    send(payloads)
    wait_for(lambda: receipts() >= before + len(payloads))


def by_delay(payloads: list[Payload]) -> None:
    """One message and one transaction per command."""
    for payload in payloads:
        create_order.delay(**payload)


def by_delay_many(payloads: list[Payload]) -> None:
    """Messages of 200 commands; transactions of `batch_size`."""
    for part in in_parts(payloads, 200):
        create_order.delay_many(part)


def by_enqueue(payloads: list[Payload]) -> None:
    """Transactions of 50 commands of the application's own; drained in batches."""
    with db.writer() as connection:
        for part in in_parts(payloads, 50):
            with connection.transaction():
                for payload in part:
                    create_order.enqueue(connection, **payload)


def by_enqueue_many(payloads: list[Payload]) -> None:
    """The same, 50 commands to a statement."""
    with db.writer() as connection:
        for part in in_parts(payloads, 50):
            with connection.transaction():
                create_order.enqueue_many(connection, part)


def measure(count: int, rounds: int) -> dict[str, list[Measured]]:
    """Every way, round by round."""
    customers, products = prepare_catalogue()
    found: dict[str, list[Measured]] = {name: [] for name in ("no-op", *WAYS)}
    for _ in range(rounds):
        noops = orders(count, customers, products)
        found["no-op"].append(measured(partial(run_noops, noops), count))
        for name, (send, factor) in WAYS.items():
            payloads = orders(count * factor, customers, products)
            found[name].append(measured(partial(run_commands, send, payloads), len(payloads)))
    return found


WAYS: dict[str, tuple[Callable[[list[Payload]], None], int]] = {
    "delay": (by_delay, 1),
    "delay_many": (by_delay_many, 4),
    "enqueue": (by_enqueue, 4),
    "enqueue_many": (by_enqueue_many, 4),
}


def show(found: dict[str, list[Measured]], title: str) -> None:
    """Print medians and ratios."""
    table = Table(
        "way", "commands/s", "beside the no-op", "rounds", "messages a command", title=title
    )
    for name, rounds in found.items():
        pairs = zip(rounds, found["no-op"], strict=True)
        ratios = [one.rate / base.rate for one, base in pairs]
        table.add_row(
            name,
            f"{statistics.median(one.rate for one in rounds):,.0f}",
            f"{statistics.median(ratios):.2f}",
            " ".join(f"{ratio:.2f}" for ratio in ratios),
            f"{statistics.median(one.messages for one in rounds):.3f}",
        )
    Console().print(table)


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=1_500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--readers", action="store_true", help="run the projections beside it")
    options = parser.parse_args()
    with system() as chosen, worker(chosen, ["commands"], 2):
        if not options.readers:
            show(measure(options.commands, options.rounds), "commands alone")
            return
        with worker(chosen, ["projections"], 1):
            show(measure(options.commands, options.rounds), "with projections kept current")


if __name__ == "__main__":
    main()
