"""Orders to test the engine with: a customer, products with stock, and payloads for both."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, uuid7


def run(name: str, payload: dict[str, Any], command_id: UUID | None = None) -> Receipt:
    """Run one command in this process, without a broker; it must come to a receipt."""
    (outcome,) = execute([Envelope(command_id or uuid7(), name, payload)]).outcomes
    assert isinstance(outcome, Receipt), outcome
    return outcome


def customer() -> str:
    """A registered customer's id."""
    one = str(uuid7())
    payload = {"customer_id": one, "email": f"{one}@example.org", "name": "A Customer"}
    assert run("orders.register_customer", payload).succeeded
    return one


def product(stock: int, price: str = "10.00") -> str:
    """The id of a product with this many pieces on the shelf."""
    one = str(uuid7())
    payload = {
        "product_id": one,
        "sku": one,
        "name": "A Product",
        "price": price,
        "quantity_available": stock,
    }
    assert run("orders.add_product", payload).succeeded
    return one


def order(customer_id: str, *products: str, quantity: int = 1) -> dict[str, Any]:
    """The payload of an order."""
    items = [{"product_id": one, "quantity": quantity} for one in products]
    return {"order_id": str(uuid7()), "customer_id": customer_id, "items": items}


def total(lines: int = 1, quantity: int = 1, price: str = "10.00") -> str:
    """What such an order costs, with 10 % tax and 10.00 shipping."""
    return str(Decimal(price) * lines * quantity * Decimal("1.1") + Decimal("10.00"))
