"""Locks are taken in one order by everybody, so that nobody waits in a circle; and if somebody from
outside does, the batch runs again.

Each test lets a session wait for what is first in that order, and sees that it holds nothing yet of
what comes later.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import pytest
from structlog.testing import capture_logs

from tasks.banking import commands as banking
from tasks.orders import commands as orders
from tests.conftest import Database
from tests.support import shop
from tests.support.waiting import held, wait_for_waiting, waiting
from tests.support.workers import until
from worker.base.encoding import to_json
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, uuid7
from worker.event_log import NewEvent, append

PRODUCT = "SELECT FROM command.products WHERE product_id = %s FOR UPDATE"
TAKE_HALF = """
    UPDATE command.products SET quantity_available = quantity_available / 2 WHERE product_id = %s
"""
ORDER = "SELECT FROM command.orders WHERE order_id = %s FOR UPDATE"
STREAMS = [f"s-{n:02}" for n in range(16)]


def succeeded(batch: list[Envelope]) -> list[bool]:
    """Run a batch; whether each of its commands took effect."""
    return [isinstance(one, Receipt) and one.succeeded for one in execute(batch).outcomes]


def adjusted(product: str, by: int = 1) -> Envelope:
    payload: dict[str, Any] = {"product_id": product, "quantity_change": by, "reason": ""}
    return Envelope(uuid7(), "orders.adjust_inventory", payload)


def free(database: Database, sql: str, *parameters: object) -> bool:
    """Whether a statement runs without waiting for anybody; what it does is taken back."""
    with database.connect(options="-c lock_timeout=1s") as connection:
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(sql, parameters)
        except psycopg.errors.LockNotAvailable:
            return False
    return True


def test_rows_of_a_table_are_locked_in_the_order_of_their_keys(database: Database) -> None:
    # The later a key, the earlier its row: a scan of the table meets them in the wrong order.
    products = sorted((str(uuid7()) for _ in range(4)), reverse=True)
    for one in products:
        payload: dict[str, Any] = {"product_id": one, "sku": one, "name": "Pen", "price": "1.00"}
        assert shop.send(orders.add_product, **payload).succeeded
    *others, first = products
    batch = [adjusted(one) for one in products]

    with waiting(database, [partial(succeeded, batch)], PRODUCT, first) as runs:
        assert all(free(database, f"{PRODUCT} NOWAIT", one) for one in others)
    assert runs[0].result() == [True] * 4


def test_tables_are_locked_in_the_order_of_their_declaration(database: Database) -> None:
    product, customer = shop.product(100), shop.customer()
    order = shop.order(customer, product)
    assert shop.send(orders.create_order, **order).succeeded
    line = {"order_id": order["order_id"], "product_id": product, "quantity": 1}
    # What the first command needs, the products, comes second.
    batch = [adjusted(product), Envelope(uuid7(), "orders.add_order_item", line)]

    with waiting(database, [partial(succeeded, batch)], ORDER, order["order_id"]) as runs:
        assert free(database, f"{PRODUCT} NOWAIT", product)
    assert runs[0].result() == [True, True]


def test_what_is_read_by_one_command_and_changed_by_another_is_locked(database: Database) -> None:
    product = shop.product(100)
    new = {"product_id": str(uuid7()), "sku": "new", "name": "Pen", "price": "1.00"}
    batch = [Envelope(uuid7(), "orders.add_product", new), adjusted(product)]

    with waiting(database, [partial(succeeded, batch)], TAKE_HALF, product) as runs:
        pass  # it waits, and reads what the other one has left
    assert runs[0].result() == [True, True]
    with database.connect() as connection:
        stock = "SELECT quantity_available FROM command.products WHERE product_id = %s"
        assert connection.execute(stock, [product]).fetchone() == (51,)


def test_streams_move_in_one_order(database: Database) -> None:
    first, *others = STREAMS
    with database.connect() as log:
        append(log, [NewEvent(one, "t", {}) for one in STREAMS])
        batch = [NewEvent(one, "t", {}) for one in reversed(STREAMS)]
        run = partial(append, log, batch)
        move = "SELECT FROM cqrs.append(%s::jsonb)"

        with waiting(database, [run], move, _events(first)) as runs:
            assert all(free(database, move, _events(one)) for one in others)
        assert [one.version for one in runs[0].result()] == [2] * 15 + [3]


def test_streams_are_held_in_the_order_in_which_they_move(database: Database) -> None:
    first, *others = STREAMS
    hold = "SELECT cqrs.lock_streams(%s)"
    with database.connect() as log:
        # The later a name, the earlier its row.
        append_each = [NewEvent(one, "t", {}) for one in STREAMS]
        for one in reversed(append_each):
            append(log, [one])
        run = partial(log.execute, hold, [STREAMS])

        with waiting(database, [run], hold, [first]) as runs:
            assert all(free(database, hold, [one]) for one in others)
        assert runs[0].result().fetchone() == (16,)


def test_receipts_are_written_in_the_order_of_their_ids(database: Database) -> None:
    first, second = sorted(uuid7() for _ in range(2))
    settle = "SELECT cqrs.settle(%s::jsonb, '[]')"

    def settled_elsewhere() -> str | None:
        with database.connect() as connection:
            try:
                connection.execute(settle, [_receipts(second, first)])
            except psycopg.DatabaseError as error:
                return error.sqlstate
        return None

    with waiting(database, [settled_elsewhere], settle, _receipts(first)) as runs:
        assert free(database, settle, _receipts(second))
    assert runs[0].result() == "CQ002"


# --- somebody from outside ------------------------------------------------------------------------


def test_a_command_that_is_the_victim_of_a_deadlock_runs_again(database: Database) -> None:
    first, second = sorted(shop.product(100) for _ in range(2))
    customer = shop.customer()
    order = Envelope(uuid7(), "orders.create_order", shop.order(customer, first, second))

    with (
        ThreadPoolExecutor(1) as pool,
        held(database, "SET LOCAL deadlock_timeout = '1h'") as outsider,  # leaves it to the other
    ):
        outsider.execute(PRODUCT, [second])
        run = pool.submit(succeeded, [order])
        wait_for_waiting(database)
        outsider.execute(PRODUCT, [first])  # a circle: who finds it is the victim
    assert run.result() == [True]


@pytest.mark.settings(lock_timeout=0.5)
def test_a_command_that_has_waited_too_long_for_a_lock_runs_again(database: Database) -> None:
    product = shop.product(100)
    run = partial(succeeded, [adjusted(product)])

    with capture_logs() as said, waiting(database, [run], PRODUCT, product) as runs:
        until(lambda: "batch runs again" in [one["event"] for one in said])
    assert runs[0].result() == [True]


def test_whoever_comes_second_hears_the_rules_reason_not_the_constraints(
    database: Database,
) -> None:
    address = "ada@example.org"
    payload: dict[str, Any] = {"customer_id": str(uuid7()), "email": address, "name": "Ada"}
    faster = (
        "INSERT INTO command.customers (customer_id, email, name, created_at)"
        " VALUES (gen_random_uuid(), %s, 'Eve', now())"
    )

    run = partial(shop.send, orders.register_customer, **payload)
    with waiting(database, [run], faster, address) as runs:
        pass  # it has found the address free
    receipt = runs[0].result()
    assert receipt.error is not None
    assert receipt.error.startswith("another customer has this e-mail address")


def test_whoever_lost_a_race_for_a_stream_does_not_lose_it_twice(database: Database) -> None:
    """It holds the stream before it folds it again, and so waits for the next one to be done."""
    account = str(uuid7())
    opening: dict[str, Any] = {"account_id": account, "owner": "Ada", "opening_balance": "1.00"}
    assert shop.send(banking.open_account, **opening).succeeded
    money: dict[str, Any] = {"account_id": account, "amount": "1.00", "reference": ""}
    move = "SELECT FROM cqrs.append(%s::jsonb)"

    with (
        capture_logs() as said,
        ThreadPoolExecutor(2) as pool,
        database.connect() as second,
        second.transaction(),
    ):
        with held(database, move, _deposited(account, "2.00")):
            run = pool.submit(shop.send, banking.deposit, **money)
            wait_for_waiting(database)
            moved = pool.submit(second.execute, move, [_deposited(account, "3.00")])
            wait_for_waiting(database, 2)
        moved.result(10)
        wait_for_waiting(database)  # it has lost against the first one, and waits for the second
    assert run.result().data["balance"] == "4.00"
    assert [one["event"] for one in said] == ["batch runs again"]


def _deposited(account: str, balance: str) -> str:
    data = {"account_id": account, "balance": balance, "amount": "1.00", "reference": ""}
    event = {"type": "banking.MoneyDeposited", "data": data, "metadata": {}}
    return to_json([{"stream": f"account-{account}", **event}])


def _events(stream: str) -> str:
    return to_json([{"stream": stream, "type": "t", "data": {}, "metadata": {}}])


def _receipts(*ids: UUID) -> str:
    row: dict[str, Any] = {"name": "t", "payload_hash": "00", "actor": "a", "status": "succeeded"}
    return to_json([{"command_id": one, **row} for one in ids])
