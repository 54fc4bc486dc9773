"""How long a command takes from being sent to its receipt, at a low and at a steady rate.

    python -m bench.latency [--seconds S] [--rates 5,50] [--readers]

Commands are sent by the clock, whether or not earlier ones have come back, and their time counts
from the moment at which they were due: a pause of the machine delays all that were due in it. A
receipt has come when the result backend tells whoever waits. A bare Celery no-op goes the same way.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import product

import redis
from celery.result import AsyncResult
from rich.console import Console
from rich.table import Table

from bench.app import noop
from bench.system import system, wait_for, worker
from bench.throughput import Payload, orders, prepare_catalogue
from tasks.orders.commands import create_order
from worker import get_settings
from worker.base import db

KEY = "celery-task-meta-"
SHARES = (50, 95, 99)


def by_noop(payload: Payload) -> AsyncResult:
    """A no-op."""
    return noop.delay(payload["order_id"], payload["items"])


def by_delay(payload: Payload) -> AsyncResult:
    """A message of its own."""
    return create_order.delay(**payload)


def by_enqueue(payload: Payload) -> AsyncResult:
    """A row in a transaction of the application's own."""
    with db.writer() as connection, connection.transaction():
        return create_order.enqueue(connection, **payload)


WAYS: dict[str, Callable[[Payload], AsyncResult]] = {
    "no-op": by_noop,
    "delay": by_delay,
    "enqueue": by_enqueue,
}


@contextmanager
def arrivals() -> Iterator[dict[str, float]]:
    """When each task's result came, as it comes."""
    came: dict[str, float] = {}
    ended = threading.Event()
    client = redis.Redis.from_url(get_settings().servers.result)
    with client.pubsub() as heard:  # type: ignore[no-untyped-call]
        heard.psubscribe(f"{KEY}*")
        heard.get_message(timeout=5)  # from here on nothing is missed

        def listen() -> None:
            while not ended.is_set():
                if message := heard.get_message(timeout=0.1):
                    came[message["channel"].decode().removeprefix(KEY)] = time.perf_counter()

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            yield came
        finally:
            ended.set()
            listener.join()


def latencies(
    send: Callable[[Payload], AsyncResult], payloads: list[Payload], rate: float
) -> list[float]:
    """Seconds from due to done, ascending, of commands that are due `rate` times a second."""
    due: dict[str, float] = {}
    with arrivals() as came:
        started = time.perf_counter()
        for place, payload in enumerate(payloads):
            moment = started + place / rate
            time.sleep(max(0.0, moment - time.perf_counter()))
            due[send(payload).id] = moment
        wait_for(lambda: came.keys() >= due.keys())
    return sorted(came[id_] - moment for id_, moment in due.items())


def percentile(ascending: list[float], share: int) -> float:
    """The value that so many percent do not exceed."""
    return ascending[-(-len(ascending) * share // 100) - 1]


def measure(seconds: float, rates: list[float]) -> Table:
    """Every way at every rate."""
    table = Table(
        "way",
        "sent a second",
        *(f"p{share} ms" for share in SHARES),
        "longest ms",
        "commands",
        title="from being sent to the receipt",
    )
    customers, products = prepare_catalogue()
    for name in WAYS:  # processes connect and prepare their statements
        latencies(WAYS[name], orders(50, customers, products), 50)
    for rate, (name, send) in product(rates, WAYS.items()):
        count = max(2, round(seconds * rate))
        took = latencies(send, orders(count, customers, products), rate)
        figures = [*(percentile(took, share) for share in SHARES), took[-1]]
        row = (f"{figure * 1e3:.1f}" for figure in figures)
        table.add_row(name, f"{rate:g}", *row, f"{count:,}")
    return table


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="for each way and rate")
    parser.add_argument("--rates", default="5,50", help="commands a second, comma-separated")
    parser.add_argument("--readers", action="store_true", help="run the projections beside it")
    options = parser.parse_args()
    rates = [float(rate) for rate in options.rates.split(",")]
    with system() as chosen, ExitStack() as running:
        running.enter_context(worker(chosen, ["commands"], 2))
        if options.readers:
            running.enter_context(worker(chosen, ["projections"], 1))
        Console().print(measure(options.seconds, rates))


if __name__ == "__main__":
    main()
