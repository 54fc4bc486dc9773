"""Who works while a read table is rebuilt: commands, readers, and those who look on.

Commands go through Celery to a real worker, in messages of a few, at a steady rate. Readers are
processes of their own that ask the query of the application, one customer after another, and hold
every answer against what they have seen before. Watches look from outside, some dozens of times a
second: how far the projection is, who waits for which lock, how much memory a process takes.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import UUID

from models.orders.read import OrderSummary
from tasks.orders.commands import create_order
from tasks.orders.queries import orders_summary
from worker import Settings
from worker.base import db, settings
from worker.base.registry import load_domains
from worker.contracts import uuid7

NAME = "orders.order_summaries"
IN_A_MESSAGE = 20
"""Commands that are sent together."""
MOST_ORDERS = 1_000
"""Orders of one customer that a query gives at once."""


@dataclass
class Sender:
    """Sends `create_order` commands at a steady rate until it is told to stop."""

    customers: Sequence[str]
    products: Sequence[str]
    rate: float
    most: int = 10_000_000
    sent: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send; what was late is made up for."""
        chance, began = random.Random(11), time.monotonic()
        while not self.over.wait(0.01) and self.sent < self.most:
            while self.sent < min(self.most, (time.monotonic() - began) * self.rate):
                create_order.delay_many([self._order(chance) for _ in range(IN_A_MESSAGE)])
                self.sent += IN_A_MESSAGE

    def _order(self, chance: random.Random) -> dict[str, Any]:
        items = [{"product_id": one, "quantity": 1} for one in chance.sample(self.products, 2)]
        return {
            "order_id": str(uuid7()),
            "customer_id": chance.choice(self.customers),
            "items": items,
        }


@dataclass
class Reads:
    """What one reader saw: each read's time and duration, and everything that was wrong."""

    taken: list[tuple[float, float]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    half_built: list[str] = field(default_factory=list)


@dataclass
class Memory:
    """What a reader knows of the customers' orders: what was there stays, and nothing goes back.

    Each answer is asked for with what the one before it held, so it may not be older.
    """

    seen: dict[str, dict[UUID, OrderSummary]] = field(default_factory=dict)
    as_of: int = 0

    def ask(self, customer: str, rows: int) -> list[str]:
        """Ask for a customer's orders; what is wrong with the answer."""
        answer = orders_summary.ask(customer_id=UUID(customer), limit=rows, after=self.as_of)
        before = self.seen.get(customer, {})
        now = {order.order_id: order for order in answer.data}
        self.seen[customer] = before | now
        wrong = [f"order {one} is gone" for one in before.keys() - now.keys()]
        wrong += [f"order {one.order_id} went back" for one in _back(before, now)]
        wrong += [f"order {one.order_id} is not whole" for one in now.values() if not _whole(one)]
        as_of = answer.as_of or 0
        if as_of < self.as_of:
            wrong.append(f"as of {as_of}, after {self.as_of}")
        self.as_of = max(self.as_of, as_of)
        return wrong


def _back(
    before: dict[UUID, OrderSummary], now: dict[UUID, OrderSummary]
) -> Iterator[OrderSummary]:
    for known, order in before.items():
        if known in now and now[known].version < order.version:
            yield now[known]


def _whole(order: OrderSummary) -> bool:
    sums = order.subtotal + order.tax + order.shipping == order.total
    steps = {1: "pending", 2: "paid", 3: "processing"}
    return sums and order.item_count == 2 and steps[order.version] == order.status


def read(chosen: Settings, customers: Sequence[str], over: Any, told: Any) -> None:
    """A reader's process: say that it is there, ask until it is over, tell what was seen."""
    settings.install(chosen)
    load_domains()
    reads, memory, chance = Reads(), Memory(), random.Random(os.getpid())
    told.put(None)
    while not over.is_set():
        began, clock = time.time(), time.perf_counter()
        try:
            rows = chance.randrange(MOST_ORDERS - 50, MOST_ORDERS)  # not often in the cache
            reads.half_built += memory.ask(chance.choice(customers), rows)
        except Exception as error:
            reads.failed.append(f"{type(error).__name__}: {error}")
        reads.taken.append((began, time.perf_counter() - clock))
    told.put(reads)
    db.close()


@contextmanager
def readers(chosen: Settings, customers: Sequence[str], count: int) -> Iterator[list[Reads]]:
    """So many readers, all there; after the block the list has what each of them saw."""
    seen: list[Reads] = []
    context = get_context("spawn")
    over, told = context.Event(), context.Queue()
    started = [
        context.Process(target=read, args=(chosen, customers, over, told)) for _ in range(count)
    ]
    for process in started:
        process.start()
    try:
        for _ in started:
            assert told.get(timeout=60) is None
        yield seen
    finally:
        over.set()
        seen += [told.get(timeout=60) for _ in started]
        for process in started:
            process.join(60)


@contextmanager
def in_thread(run: Callable[[], None], over: threading.Event) -> Iterator[None]:
    """Run something beside the block, and let it end with it.

    Raises what it raised, and TimeoutError if it does not end.
    """
    failed: list[BaseException] = []

    def guarded() -> None:
        try:
            run()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(60)
    if thread.is_alive():
        raise TimeoutError(f"it did not end within a minute of being told ({run})")
    if failed:
        raise failed[0]


@dataclass
class Watch:
    """Looks at the database: the log's growth (an event for each command), the projection's moves,
    and the longest that anybody has waited for the lock of a table or view, seconds."""

    over: threading.Event = field(default_factory=threading.Event)
    moves: list[tuple[float, int]] = field(default_factory=list)
    log: list[tuple[float, int]] = field(default_factory=list)
    longest_wait: float = 0.0

    def run(self) -> None:
        """Look until it is over."""
        with db.owner() as connection:
            while not self.over.wait(0.02):
                row = connection.execute(LOOK, {"name": NAME}).fetchone()
                assert row is not None
                now, (position, last, waits) = time.time(), row
                if not self.moves or self.moves[-1][1] != position:
                    self.moves.append((now, position))
                self.log.append((now, last))
                self.longest_wait = max(self.longest_wait, waits)

    def rate(self, since: float, until: float) -> float:
        """Commands a second between two times."""
        found = [(at, last) for at, last in self.log if since <= at <= until]
        (first, before), (last, after) = found[0], found[-1]
        return (after - before) / (last - first)

    def standstill(self, since: float, until: float) -> float:
        """The longest time without a move of the projection, seconds."""
        times = [since, *(at for at, _ in self.moves if since <= at <= until), until]
        return max(after - before for before, after in pairwise(times))


LOOK = """
SELECT (SELECT position FROM query.checkpoints WHERE name = %(name)s),
       (SELECT pg_sequence_last_value('cqrs.events_position_seq')),
       (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)), 0)::float8
          FROM pg_locks WHERE NOT granted AND locktype = 'relation')
"""


def resident(pid: int) -> int:
    """The memory that a process takes now, MB; 0 if it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    try:
        return [
            int(one)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for one in (task / "children").read_text().split()
        ]
    except OSError:
        return []
