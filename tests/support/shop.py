"""The orders domain for tests: its commands run in this process, its tables shown.

Whoever tests the engine needs a customer, some products and an order over them (`customer`,
`product`, `order`); whoever tests the domain itself keeps a `Shop`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from tasks.orders import commands
from tests.support.tables import Tables
from worker.commands.command import CommandTask
from worker.commands.decoding import prepare
from worker.commands.executor import execute
from worker.contracts import Actor, Envelope, Receipt, uuid7

_numbers = count(1)


def envelope(
    task: CommandTask[Any], actor: Actor | None = None, id_: UUID | None = None, **payload: Any
) -> Envelope:
    """A command as it arrives in a worker."""
    return Envelope(id_ or uuid7(), task.name, prepare(task.spec, payload).wire, actor or Actor())


def send(task: CommandTask[Any], actor: Actor | None = None, **payload: Any) -> Receipt:
    """Run one command on PostgreSQL; its receipt."""
    (receipt,) = run([envelope(task, actor, **payload)])
    return receipt


def run(envelopes: Sequence[Envelope]) -> list[Receipt]:
    """Run a batch; every command must get a receipt."""
    outcomes = execute(envelopes).outcomes
    assert all(isinstance(outcome, Receipt) for outcome in outcomes), outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, Receipt)]


def accepted(receipt: Receipt) -> dict[str, Any]:
    """The data of a receipt that must be a success."""
    assert receipt.succeeded, receipt
    data: dict[str, Any] = receipt.data
    return data


def register(customer_id: UUID | None = None) -> UUID:
    """Add a customer."""
    number, customer_id = next(_numbers), customer_id or uuid7()
    name, email = f"Customer {number}", f"customer{number}@shop.example"
    accepted(send(commands.register_customer, customer_id=customer_id, name=name, email=email))
    return customer_id


def add_product(price: str = "10.00", pieces: int = 100, **more: Any) -> UUID:
    """Add a product."""
    number, product_id = next(_numbers), uuid7()
    named = {"sku": f"SKU-{number}", "name": f"Product {number}", "price": price}
    payload = {"product_id": product_id, "quantity_available": pieces, **named, **more}
    accepted(send(commands.add_product, **payload))
    return product_id


def customer() -> str:
    """A registered customer's id, as a payload has it."""
    return str(register())


def product(pieces: int, price: str = "10.00") -> str:
    """The id of a product with this many pieces on the shelf, as a payload has it."""
    return str(add_product(price, pieces))


def order(customer_id: str, *products: str, quantity: int = 1) -> dict[str, Any]:
    """The payload of an order."""
    items = [{"product_id": one, "quantity": quantity} for one in products]
    return {"order_id": str(uuid7()), "customer_id": customer_id, "items": items}


def total(lines: int = 1, quantity: int = 1, price: str = "10.00") -> str:
    """What such an order costs, with 10 % tax and 10.00 shipping."""
    return str(Decimal(price) * lines * quantity * Decimal("1.1") + Decimal("10.00"))


@dataclass
class Shop(Tables):
    """A customer and products in a database of a test's own; shortcuts for what tests do often."""

    customer_id: UUID = field(default_factory=uuid7)

    def __post_init__(self) -> None:
        register(self.customer_id)

    def register(self) -> UUID:
        """Add another customer."""
        return register()

    def product(self, price: str = "10.00", pieces: int = 100, **more: Any) -> UUID:
        """Add a product."""
        return add_product(price, pieces, **more)

    def order(self, *lines: tuple[UUID, int], **more: Any) -> Receipt:
        """Send an order of (product, quantity) lines, without shipping costs."""
        items = [{"product_id": product, "quantity": quantity} for product, quantity in lines]
        payload = {"customer_id": self.customer_id, "items": items, "shipping": "0.00", **more}
        return send(commands.create_order, **payload)

    def ordered(self, *lines: tuple[UUID, int], **more: Any) -> UUID:
        """Send an order that must be accepted; its id."""
        return UUID(accepted(self.order(*lines, **more))["order_id"])

    def pay(self, order_id: UUID, **more: Any) -> Receipt:
        """Pay an order with its total, unless another amount is given."""
        payment = {
            "amount": self.row("command.orders", order_id=order_id)["total"],
            "payment_method": "card",
            "transaction_id": f"TXN-{next(_numbers)}",
        }
        return send(commands.process_payment, order_id=order_id, **(payment | more))

    def paid(self, *lines: tuple[UUID, int]) -> UUID:
        """An order that is paid; its id."""
        order_id = self.ordered(*lines)
        accepted(self.pay(order_id))
        return order_id

    def move(self, order_id: UUID, *statuses: str) -> None:
        """Move an order through statuses, each of which must be accepted."""
        for status in statuses:
            accepted(send(commands.update_order_status, order_id=order_id, status=status))

    def cancel(self, order_id: UUID, **more: Any) -> Receipt:
        """Cancel an order."""
        payload = {"order_id": order_id, "reason": "changed my mind", **more}
        return send(commands.cancel_order, **payload)

    def stock(self, product_id: UUID) -> tuple[int, int]:
        """Pieces on the shelf, and how many of them are reserved."""
        row = self.row("command.products", product_id=product_id)
        return row["quantity_available"], row["quantity_reserved"]


def batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """A sequence in pieces."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
