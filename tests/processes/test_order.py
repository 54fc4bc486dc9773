"""Order where it is asked for, on an unordered broker with four worker processes."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from uuid import UUID

import pytest
from celery import chain

from tasks.orders.commands import create_order, process_payment
from tests.conftest import Database
from tests.support import shop
from tests.support.workers import Workers, until
from worker.base import db
from worker.commands import receipts
from worker.contracts import Receipt

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.timeout(180)]


@pytest.fixture
def orders() -> int:
    """How many orders, each with its payment, are sent; in `tests/long` a thousand."""
    return 150


def all_receipts(ids: list[UUID], seconds: float = 120) -> list[Receipt]:
    """The receipts of these commands, once all are there."""

    def found() -> list[Receipt] | None:
        with db.writer() as connection:
            there = receipts.find(connection, ids)
        done = [one for one in there.values() if one.status.final]
        return done if len(done) == len(ids) else None

    result: list[Receipt] = until(found, seconds, f"not all of {len(ids)} receipts")
    return result


def assert_all_succeeded(found: list[Receipt]) -> None:
    """Every receipt says that its command took effect."""
    refused = Counter(one.error for one in found if not one.succeeded)
    assert not refused, refused


def test_a_payment_sent_after_its_order_is_never_too_early(
    database: Database, workers: Workers, orders: int
) -> None:
    customer, product = shop.customer(), shop.product(100_000)
    workers.start(["commands"], concurrency=4)
    ids: list[UUID] = []
    for _ in range(orders):
        payload = shop.order(customer, product)
        placed = create_order.delay(**payload)
        paid = process_payment.apply_async(
            kwargs={
                "order_id": payload["order_id"],
                "amount": shop.total(),
                "payment_method": "card",
            },
            after=[placed],
        )
        ids += [placed.command_id, paid.command_id]
    assert_all_succeeded(all_receipts(ids))


def test_a_chain_runs_in_its_order(database: Database, workers: Workers, orders: int) -> None:
    customer, product = shop.customer(), shop.product(100_000)
    workers.start(["commands"], concurrency=4)
    ids: list[UUID] = []
    for _ in range(orders):
        payload = shop.order(customer, product)
        pay = process_payment.s(
            order_id=payload["order_id"], amount=Decimal(shop.total()), payment_method="card"
        )
        last = chain(create_order.s(**payload), pay).apply_async()
        ids += [UUID(last.parent.id), UUID(last.id)]
    assert_all_succeeded(all_receipts(ids))


# So that many an order is in one batch and its payment in the next.
@pytest.mark.settings(batch_size=3)
def test_commands_of_one_key_run_in_the_order_in_which_they_were_enqueued(
    database: Database, workers: Workers, orders: int
) -> None:
    customer, product = shop.customer(), shop.product(100_000)
    workers.start(["commands"], concurrency=4)
    ids: list[UUID] = []
    with database.connect() as connection, connection.transaction():
        for _ in range(orders):
            payload = shop.order(customer, product)
            key = payload["order_id"]
            placed = create_order.enqueue(connection, key=key, **payload)
            total = Decimal(shop.total())
            paid = process_payment.enqueue(
                connection, key=key, order_id=key, amount=total, payment_method="card"
            )
            ids += [placed.command_id, paid.command_id]
    assert_all_succeeded(all_receipts(ids))


def test_an_emptied_broker_loses_no_enqueued_command(
    database: Database, workers: Workers, redis: object
) -> None:
    customer, product = shop.customer(), shop.product(100_000)
    workers.start_beat()
    workers.start(["commands", "maintenance"], concurrency=2)
    ids: list[UUID] = []
    with database.connect() as connection:
        for _ in range(10):
            with connection.transaction():
                for _ in range(50):
                    placed = create_order.enqueue(connection, **shop.order(customer, product))
                    ids.append(placed.command_id)
            redis.flushall()  # type: ignore[attr-defined]  # while commands are under way
    assert_all_succeeded(all_receipts(ids, 60))
    with database.connect() as connection:
        row = connection.execute("SELECT count(*), count(DISTINCT order_id) FROM command.orders")
        assert row.fetchone() == (500, 500)
