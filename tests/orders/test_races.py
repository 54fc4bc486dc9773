"""Many at once, on real PostgreSQL: nothing is sold twice, paid twice, or lost in between."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any, TypeVar
from uuid import UUID

from structlog.testing import capture_logs

from tasks.orders import commands
from tests.conftest import Database
from tests.support.shop import Shop, accepted, envelope, run, send
from tests.support.workers import until
from worker.base import db
from worker.contracts import Receipt, uuid7

T = TypeVar("T")
AT_ONCE = 16
"""Threads, each with a connection of its own."""


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make calls in threads that start together, as many at a time as there are threads."""
    start = Barrier(min(AT_ONCE, len(calls)))

    def held(call: Callable[[], T], first: bool) -> T:
        if first:
            start.wait(timeout=30)
        return call()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(held, call, n < AT_ONCE) for n, call in enumerate(calls)]
        return [one.result(timeout=60) for one in running]


def test_of_64_buyers_of_the_last_10_pieces_10_get_one(shop: Shop) -> None:
    pen = shop.product(pieces=10)

    receipts = at_once([lambda: shop.order((pen, 1))] * 64)

    assert Counter(receipt.status for receipt in receipts) == {"succeeded": 10, "rejected": 54}
    for refused in (receipt for receipt in receipts if not receipt.succeeded):
        assert refused.error is not None
        assert refused.error.startswith("insufficient inventory")
        assert refused.data == {"product_id": str(pen), "available": 0, "requested": 1}
    assert shop.stock(pen) == (10, 10)
    assert len(shop.rows("command.orders")) == len(shop.rows("command.order_items")) == 10
    numbers = {row["order_number"] for row in shop.rows("command.orders")}
    assert len(numbers) == 10


def test_64_buyers_in_batches_get_no_more(shop: Shop) -> None:
    pen = shop.product(pieces=10)
    items = [{"product_id": pen, "quantity": 1}]
    orders = [
        envelope(commands.create_order, customer_id=shop.customer_id, items=items)
        for _ in range(64)
    ]

    batches = at_once([partial(run, orders[part::8]) for part in range(8)])

    statuses = Counter(receipt.status for batch in batches for receipt in batch)
    assert statuses == {"succeeded": 10, "rejected": 54}
    assert shop.stock(pen) == (10, 10)


def test_of_two_payments_at_one_version_one_succeeds(shop: Shop) -> None:
    order_id = shop.ordered((shop.product(), 1))

    receipts = at_once([lambda: shop.pay(order_id, expected_version=1)] * 2)

    (refused,) = (receipt for receipt in receipts if not receipt.succeeded)
    assert refused.error is not None
    assert refused.error.startswith("the order was changed by somebody else")
    assert refused.data["current_version"] == 2
    assert len(shop.rows("command.payments")) == 1


def test_of_two_payments_without_a_version_one_succeeds(shop: Shop) -> None:
    order_id = shop.ordered((shop.product(), 1))

    receipts = at_once([lambda: shop.pay(order_id)] * 8)

    assert Counter(receipt.status for receipt in receipts) == {"succeeded": 1, "rejected": 7}
    assert len(shop.rows("command.payments")) == 1


def test_a_transaction_that_pays_two_orders_at_once_pays_one(shop: Shop) -> None:
    pen = shop.product()
    orders = [shop.ordered((pen, 1)) for _ in range(8)]

    receipts = at_once([partial(shop.pay, one, transaction_id="T-1") for one in orders])

    refused = [receipt for receipt in receipts if not receipt.succeeded]
    assert len(refused) == 7
    assert all((one.error or "").startswith("this transaction has paid") for one in refused)


def test_an_address_that_two_customers_want_at_once_goes_to_one(shop: Shop) -> None:
    def register() -> Receipt:
        return send(commands.register_customer, name="Ada", email="ada@shop.example")

    receipts = at_once([register] * 8)

    refused = [receipt for receipt in receipts if not receipt.succeeded]
    assert len(refused) == 7
    assert all((one.error or "").startswith("another customer has this") for one in refused)


def test_an_order_that_is_sent_by_two_at_once_is_taken_once(shop: Shop) -> None:
    pen, order_id = shop.product(), uuid7()

    receipts = at_once([lambda: shop.order((pen, 1), order_id=order_id)] * 8)

    refused = [receipt for receipt in receipts if not receipt.succeeded]
    assert len(refused) == 7
    assert all((one.error or "").startswith("this order exists already") for one in refused)
    assert shop.stock(pen) == (100, 1)


def test_a_line_added_while_its_order_is_cancelled_is_never_left_reserved(shop: Shop) -> None:
    pen, ink = shop.product(), shop.product()
    orders = [shop.ordered((pen, 1)) for _ in range(24)]

    def add(order_id: UUID) -> Receipt:
        return send(commands.add_order_item, order_id=order_id, product_id=ink, quantity=2)

    calls: list[Callable[[], Receipt]] = []
    for order_id in orders:
        calls += [partial(add, order_id), partial(shop.cancel, order_id)]
    receipts = at_once(calls)

    assert all(receipt.succeeded for receipt in receipts[1::2])
    assert {receipt.status for receipt in receipts[::2]} <= {"succeeded", "rejected"}
    assert (shop.stock(pen), shop.stock(ink)) == ((100, 0), (100, 0))


def test_batches_that_share_products_in_any_order_do_not_deadlock(shop: Shop) -> None:
    chance = random.Random(17)
    pens = [shop.product(pieces=10_000) for _ in range(12)]

    def batch() -> list[Any]:
        made = []
        for _ in range(20):
            items = [{"product_id": pen, "quantity": 1} for pen in chance.sample(pens, 4)]
            made.append(envelope(commands.create_order, customer_id=shop.customer_id, items=items))
        return made

    batches = [batch() for _ in range(12)]
    with capture_logs() as said:
        settled = at_once([partial(run, one) for one in batches])

    assert [one for one in said if one["event"] == "batch runs again"] == []
    assert all(receipt.succeeded for receipts in settled for receipt in receipts)
    assert sum(shop.stock(pen)[1] for pen in pens) == 12 * 20 * 4
    assert deadlocks(shop.database) == 0


def deadlocks(database: Database) -> int:
    """How many there were. A session tells of its own at the latest when it ends."""
    db.close()
    with database.connect() as connection:

        def alone() -> bool:
            sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            return connection.execute(sessions).fetchone() == (1,)

        until(alone, 10, "sessions are left")
        (number,) = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone() or (None,)
    assert isinstance(number, int)
    return number


def test_a_shipped_order_gives_nothing_back_to_whoever_cancels_at_once(shop: Shop) -> None:
    pen = shop.product()
    orders = [shop.paid((pen, 3)) for _ in range(12)]
    for order_id in orders:
        shop.move(order_id, "processing")

    def ship(order_id: UUID) -> Receipt:
        return send(commands.update_order_status, order_id=order_id, status="shipped")

    calls: list[Callable[[], Receipt]] = []
    for order_id in orders:
        calls += [partial(ship, order_id), partial(shop.cancel, order_id)]
    receipts = at_once(calls)

    shipped = sum(receipt.succeeded for receipt in receipts[::2])
    assert all(
        a.succeeded != b.succeeded for a, b in zip(receipts[::2], receipts[1::2], strict=True)
    )
    assert shop.stock(pen) == (100 - 3 * shipped, 0)
    refunded = shop.rows("command.payments", status="refunded")
    assert len(refunded) == 12 - shipped


def test_an_accepted_order_is_complete(shop: Shop) -> None:
    pen = shop.product(pieces=30)

    receipts = at_once([lambda: shop.order((pen, 2))] * 20)

    for receipt in (one for one in receipts if one.succeeded):
        order = shop.row("command.orders", order_id=accepted(receipt)["order_id"])
        lines = shop.rows("command.order_items", order_id=order["order_id"])
        assert sum(line["subtotal"] for line in lines) == order["subtotal"]
    assert sum(receipt.succeeded for receipt in receipts) == 15
