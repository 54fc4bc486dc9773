"""What applications do while everything fails: send, and when told of an error, send again.

enqueued     in a transaction; after an error again under the same id, until it has committed
sent         by the broker alone; an error is the sender's, who takes it for not sent
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa

from tasks.banking.commands import open_account, transfer_money
from tasks.orders.commands import create_order, process_payment
from worker import uuid7
from worker.base import db
from worker.base.errors import Transient

TOTAL = "21.00"
"""An order of one piece at 10.00 with tax and shipping."""
OPENING = Decimal("500.00")
ERRORS = (Transient, psycopg.Error, sa.exc.DBAPIError, OSError)
"""What a client takes for "not now"."""


@dataclass
class Sent:
    """What went in."""

    enqueued: list[UUID] = field(default_factory=list)
    sent: list[UUID] = field(default_factory=list)
    errors: int = 0


@dataclass(frozen=True)
class Work:
    """Something for one transaction: what it writes, and the ids of its commands."""

    write: Callable[[Any], object]
    ids: tuple[UUID, ...]


class Clients:
    """Applications: a shop and a bank."""

    def __init__(self, seed: int, customers: list[str], products: list[str]) -> None:
        self.sent = Sent()
        self._chance = random.Random(seed)
        self._customers, self._products = customers, products
        self._again: deque[Work] = deque()
        self.accounts: list[UUID] = []

    def open_accounts(self, count: int) -> None:
        """Accounts to move money between; not under faults yet."""
        for _ in range(count):
            account = uuid7()
            opened = open_account.delay(account_id=account, owner="Ada", opening_balance=OPENING)
            assert opened.receipt(60).succeeded
            self.accounts.append(account)

    def go_on(self) -> None:
        """An order and its payment, a transfer, each by one of the ways in."""
        self._try_again()
        order: dict[str, Any] = {
            "order_id": uuid7(),
            "customer_id": self._chance.choice(self._customers),
            "items": [{"product_id": self._chance.choice(self._products), "quantity": 1}],
        }
        payment = {"order_id": order["order_id"], "amount": TOTAL, "payment_method": "card"}
        match self._chance.choice(("key", "after", "many", "delay")):
            case "key":
                self._enqueue_both(order, payment, key=str(order["order_id"]))
            case "after":
                self._enqueue_both(order, payment, key=None)
            case "many":
                self._send(lambda: create_order.delay_many([order, self._refused()]))
            case _:
                self._send(lambda: [create_order.delay(**order)])
        self._transfer()

    def finish(self) -> bool:
        """Send what is still to be sent again; whether all of it was taken."""
        self._try_again()
        return not self._again

    def _enqueue_both(
        self, order: dict[str, Any], payment: dict[str, Any], key: str | None
    ) -> None:
        placed, paid = uuid7(), uuid7()
        after = () if key else (placed,)

        def write(connection: Any) -> None:
            create_order.enqueue(connection, command_id=placed, key=key, **order)
            process_payment.enqueue(connection, command_id=paid, key=key, after=after, **payment)

        self._enqueue(Work(write, (placed, paid)))

    def _transfer(self) -> None:
        source, target = self._chance.sample(self.accounts, 2)
        amount = Decimal(self._chance.randrange(1, 9000)) / 100
        fields: dict[str, Any] = {
            "from_account_id": source,
            "to_account_id": target,
            "amount": amount,
        }
        if self._chance.random() < 0.5:
            self._send(lambda: [transfer_money.delay(transfer_id=uuid7(), **fields)])
            return
        moved, transfer = uuid7(), uuid7()

        def write(connection: Any) -> None:
            transfer_money.enqueue(connection, command_id=moved, transfer_id=transfer, **fields)

        self._enqueue(Work(write, (moved,)))

    def _refused(self) -> dict[str, Any]:
        """An order that a rule refuses, beside a good one: nobody has such a customer."""
        items = [{"product_id": self._products[0], "quantity": 1}]
        return {"order_id": uuid7(), "customer_id": uuid7(), "items": items}

    def _enqueue(self, work: Work) -> None:
        try:
            with db.writer() as connection, connection.transaction():
                work.write(connection)
        except ERRORS:
            self.sent.errors += 1
            self._again.append(work)
        else:
            self.sent.enqueued += work.ids

    def _try_again(self) -> None:
        for _ in range(len(self._again)):
            self._enqueue(self._again.popleft())

    def _send(self, send: Callable[[], list[Any]]) -> None:
        try:
            handles = send()
        except ERRORS:
            self.sent.errors += 1
        else:
            self.sent.sent += [handle.command_id for handle in handles]
