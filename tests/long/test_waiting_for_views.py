"""Whoever waits for a materialized view beside a rule of ten seconds, through real workers."""

from __future__ import annotations

import time
from decimal import Decimal
from uuid import UUID

from models.orders.commands import CreateOrder, OrderLine, ProcessPayment
from tasks.orders.commands import create_order, process_payment
from tasks.orders.invalidation_rules import WAIT
from tasks.orders.queries import customer_lifetime_value, revenue_by_product
from tests.conftest import Database
from tests.support import shop
from tests.support.workers import Workers, until
from worker.cache import server
from worker.contracts import uuid7


def _pay(customer: UUID, product: UUID) -> int:
    """Order and pay; the position of the payment."""
    order_id = uuid7()
    lines = [OrderLine(product_id=product, quantity=1)]
    order = CreateOrder(order_id=order_id, customer_id=customer, items=lines, shipping=Decimal(0))
    made = create_order.delay(order).receipt(30)
    assert made.succeeded, made
    total = Decimal(made.data["total"])
    payment = ProcessPayment(order_id=order_id, amount=total, payment_method="card")
    paid = process_payment.delay(payment).receipt(30)
    assert paid.succeeded, paid
    assert paid.position is not None
    return int(paid.position)


def test_who_waits_for_a_view_is_served_within_the_default_time_out(
    database: Database, workers: Workers
) -> None:
    workers.start(concurrency=2)
    server.ask_again()
    customer, product = shop.register(), shop.add_product()
    for number in range(1, 8):
        position = _pay(customer, product)
        began = time.monotonic()
        answer = revenue_by_product.ask(after=position)
        assert time.monotonic() - began < WAIT / 4
        assert answer.data[0].total_revenue == 10 * number


def test_views_of_one_rule_are_refreshed_at_the_same_time(
    database: Database, workers: Workers
) -> None:
    workers.start(concurrency=2)
    began = time.monotonic()
    position = _pay(shop.register(), shop.add_product())
    until(lambda: (revenue_by_product.ask().as_of or 0) >= position, 2 * WAIT)
    until(lambda: (customer_lifetime_value.ask().as_of or 0) >= position, 2 * WAIT)
    assert WAIT - 1 < time.monotonic() - began < WAIT + 4
