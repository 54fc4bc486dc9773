"""What the demo sends: customers, products, orders and what becomes of each."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from tasks.orders.commands import (
    add_product,
    cancel_order,
    create_order,
    process_payment,
    register_customer,
    update_order_status,
)
from worker.contracts import Receipt, to_cents, uuid7


@dataclass(slots=True)
class Sent:
    """One command of the demo: what it was, and what came of it."""

    command_id: UUID
    command: str
    order: str | None = None
    receipt: Receipt | None = None
    again: Callable[[], None] | None = None
    facts: dict[str, Any] = field(default_factory=dict)


SCARCE = 12
"""Pieces of the first product: too few, so that some orders are refused."""

Step = Callable[[], Sent]
"""Sends one command."""


def script(orders: int) -> Iterator[Step]:
    """The demo's commands, as calls that send them: customers, products, orders and their fates."""
    chance = random.Random(2026)  # noqa: S311  # the same demo every time
    customers = [str(uuid7()) for _ in range(10)]
    products = {str(uuid7()): Decimal(f"{n}.{n:02d}") for n in range(5, 20)}
    setup: list[UUID] = []
    for number, customer in enumerate(customers):
        yield partial(_customer, setup, number, customer)
    for number, (product, price) in enumerate(products.items()):
        stock = 100_000 if number else SCARCE
        yield partial(_product, setup, number, product, price, stock)
    for _ in range(orders):
        lines = {p: chance.randint(1, 3) for p in chance.sample(list(products), 3)}
        yield from _order(chance, setup, chance.choice(customers), lines, products)


def _customer(setup: list[UUID], number: int, customer: str) -> Sent:
    handle = register_customer.delay(
        customer_id=UUID(customer), email=f"c{number}@example.org", name=f"C {number}"
    )
    return _setup(setup, handle.command_id)


def _product(setup: list[UUID], number: int, product: str, price: Decimal, stock: int) -> Sent:
    handle = add_product.delay(
        product_id=UUID(product),
        sku=f"SKU-{number}",
        name=f"Product {number}",
        price=price,
        quantity_available=stock,
    )
    return _setup(setup, handle.command_id, stock=(product, stock))


def _setup(setup: list[UUID], command_id: UUID, **facts: Any) -> Sent:
    setup.append(command_id)
    return Sent(command_id, "setup", facts=facts)


def _order(
    chance: random.Random,
    setup: list[UUID],
    customer: str,
    lines: dict[str, int],
    prices: dict[str, Decimal],
) -> Iterator[Step]:
    """One order and its fate: paid (now and then with a wrong amount), shipped, given up."""
    order = str(uuid7())
    items = [{"product_id": product, "quantity": n} for product, n in lines.items()]
    subtotal = sum((prices[product] * n for product, n in lines.items()), Decimal(0))
    total = to_cents(subtotal * Decimal("1.10")) + Decimal("10.00")
    before: list[UUID] = []

    def send(command: Any, **payload: Any) -> Sent:
        after = before[-1:] or setup
        fields = {"order_id": order, **payload}
        command_id = command.apply_async(kwargs=fields, after=after).command_id
        before.append(command_id)
        facts = {"lines": lines, "total": total, "amount": payload.get("amount")}

        def again() -> None:
            command.apply_async(kwargs=fields, task_id=command_id, after=after)

        return Sent(command_id, command.name, order, facts=facts, again=again)

    yield lambda: send(create_order, customer_id=customer, items=items)
    fate = chance.random()
    if fate < 0.8:
        amount = total if fate > 0.08 else total + 1
        yield lambda: send(process_payment, amount=amount, payment_method="card")
    if fate < 0.5:
        yield lambda: send(update_order_status, status="processing")
    if fate < 0.3:
        yield lambda: send(update_order_status, status="shipped")
    if 0.6 < fate < 0.9:
        yield lambda: send(cancel_order, reason="changed their mind")
