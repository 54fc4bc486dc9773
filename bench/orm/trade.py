"""A year of trade, decided by the domain's own handlers on state in memory.

Each order lives its life: taken, paid, put together, shipped, delivered, with hours or days in
between; some are cancelled on the way. So on the last day the latest orders are open and nearly all
others are not, as in a shop. What is left out of a worker's way is the queue, locks and receipts:
the same seed gives the same rows and the same events, in a fraction of the time.
"""

from __future__ import annotations

import heapq
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from models.orders.events import OrderStatus
from models.orders.write import order_numbers
from tasks.orders.commands import (
    add_product,
    cancel_order,
    create_order,
    process_payment,
    register_customer,
    update_order_status,
)
from worker import CommandTask, LoadedRow, State, Work
from worker.commands.load_plan import primary_key, sequence_name
from worker.commands.state import Insert
from worker.contracts import Actor
from worker.event_log import NewEvent

FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
STEPS = (OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED)
NEVER_PAID, GIVEN_UP = 0.04, 0.02
"""Shares of the orders that are cancelled: before they are paid, and after."""
PIECES_OF_AN_ORDER = 7.5
"""One to four lines of one to five pieces."""


@dataclass(frozen=True)
class Size:
    """How large the shop is. An order's life takes about five days, of so many."""

    orders: int
    customers: int
    products: int
    days: float

    @classmethod
    def of(cls, orders: int, days: float = 365) -> Size:
        """Fifty orders a customer, and 500 products; fewer of them in a small shop."""
        return cls(orders, max(orders // 50, 3), min(max(orders // 20, 10), 500), days)


class Trade:
    """The year, as it goes by: `events()` is what happened, `rows()` what is there at its end."""

    def __init__(self, size: Size, seed: int = 7) -> None:
        self.size = size
        self.chance = random.Random(seed)
        self.state = State(FIRST_DAY)
        self.state.load({}, {sequence_name(order_numbers): range(1, size.orders + 1)})
        self._keys: dict[sa.Table, list[UUID]] = defaultdict(list)
        self._happened: list[NewEvent] = []

    def events(self) -> Iterator[NewEvent]:
        """All that happened, in the order of time."""
        customers = [self._register(number) for number in range(self.size.customers)]
        products = [self._stock(number) for number in range(self.size.products)]
        yield from self._news()
        end = FIRST_DAY + timedelta(days=self.size.days)
        pause = timedelta(days=self.size.days) / self.size.orders
        due = [
            (FIRST_DAY + number * pause, number, self._life(customers, products))
            for number in range(self.size.orders)
        ]
        while due and due[0][0] < end:
            self.state.now, number, life = heapq.heappop(due)
            if later := next(life, None):
                heapq.heappush(due, (self.state.now + later, number, life))
            yield from self._news()

    def rows(self, table: sa.Table) -> list[LoadedRow]:
        """A write table's rows, in the order in which they were made."""
        found = (self.state.get(table, key) for key in self._keys[table])
        return [row for row in found if row is not None]

    def _register(self, number: int) -> UUID:
        named = {"name": f"Customer {number}", "email": f"customer{number}@shop.example"}
        return UUID(
            str(self._do(register_customer, customer_id=self._id(), **named)["customer_id"])
        )

    def _stock(self, number: int) -> UUID:
        """A product with more pieces than are sold of it, of some hardly more."""
        sold = round(self.size.orders * PIECES_OF_AN_ORDER / self.size.products)
        product = self._do(
            add_product,
            product_id=self._id(),
            sku=f"SKU-{number:05d}",
            name=f"Product {number}",
            price=f"{self.chance.randint(100, 19_999) / 100:.2f}",
            quantity_available=self.chance.randint(sold * 5 // 4, sold * 3) + 100,
            reorder_level=sold // 2 + 100,
        )
        return UUID(str(product["product_id"]))

    def _life(self, customers: list[UUID], products: list[UUID]) -> Iterator[timedelta]:
        """An order's commands; between them, the time until the next."""
        order_id = self._id()
        order = self._do(
            create_order,
            order_id=order_id,
            customer_id=self.chance.choice(customers),
            items=[
                {"product_id": product, "quantity": self.chance.randint(1, 5)}
                for product in self.chance.sample(products, self.chance.randint(1, 4))
            ],
        )
        fate = self.chance.random()
        yield self._hours(1, 48)
        if fate < NEVER_PAID:
            self._do(cancel_order, order_id=order_id, reason="was never paid")
            return
        paid = {"amount": order["total"], "transaction_id": f"TXN-{order['order_number']}"}
        self._do(process_payment, order_id=order_id, payment_method="card", **paid)
        yield self._hours(1, 24)
        if fate < NEVER_PAID + GIVEN_UP:
            self._do(cancel_order, order_id=order_id, reason="changed my mind")
            return
        for status in STEPS:
            self._do(update_order_status, order_id=order_id, status=status)
            yield self._hours(12, 48)

    def _do(self, task: CommandTask[Any], **payload: Any) -> dict[str, Any]:
        """What a worker does with a command, without its database."""
        work = Work(self._id(), Actor())
        command = task.spec.model(**payload)
        answer: dict[str, Any] = task.spec.handler(command, self.state, work)
        work.apply_to(self.state)
        for change in work.changes:
            if isinstance(change, Insert):
                self._keys[change.table].append(change.row[primary_key(change.table)])
        for emitted in work.events:
            by = {"command_id": str(work.command_id), "actor": work.actor.name}
            data = emitted.event.payload()
            self._happened.append(NewEvent(emitted.stream, emitted.event.type, data, by))
        return answer

    def _news(self) -> list[NewEvent]:
        """What has happened since this was last asked."""
        news, self._happened = self._happened, []
        return news

    def _id(self) -> UUID:
        """A UUIDv7 of the shop's own time and chance."""
        milliseconds = int(self.state.now.timestamp() * 1000)
        low = 0b10 << 62 | self.chance.getrandbits(62)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | self.chance.getrandbits(12) << 64 | low)

    def _hours(self, least: float, most: float) -> timedelta:
        return timedelta(hours=self.chance.uniform(least, most))
