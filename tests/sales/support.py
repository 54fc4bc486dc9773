"""The till for tests: its commands run in this process, its tables shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from tasks.sales import commands
from tests.support.shop import accepted, send
from tests.support.tables import Tables
from worker.contracts import Actor, Receipt, uuid7

CASHIER = Actor("user:7", frozenset({"cashier"}))
MANAGER = Actor("user:1", frozenset({"manager"}))
_numbers = count(1)


def product(price: str = "10.00", stock: str = "100", **more: Any) -> str:
    """The code of a new product with this much in stock."""
    number, product_id = next(_numbers), uuid7()
    payload: dict[str, Any] = {"code": f"P{number:05}", "description": f"Product {number}", **more}
    made = accepted(
        send(commands.create_product, product_id=product_id, sell_price=price, **payload)
    )
    if stock != "0":
        adjusted: dict[str, Any] = {"quantity_change": stock, "reason": "delivery"}
        accepted(send(commands.adjust_stock, product_id=product_id, **adjusted))
    code: str = made["code"]
    return code


def customer(limit: str = "0.00", name: str = "Ada") -> UUID:
    """A new customer's id."""
    payload: dict[str, Any] = {"name": name, "credit_limit": limit}
    return UUID(accepted(send(commands.register_customer, **payload))["customer_id"])


def lines(*items: tuple[str, str]) -> list[dict[str, Any]]:
    """Lines of a sale: code and quantity."""
    return [{"product_code": code, "quantity": quantity} for code, quantity in items]


def sell(items: Sequence[tuple[str, str]], paid: str = "99999.00", **more: Any) -> Receipt:
    """A sale, for cash unless something else is said."""
    payload = {"payment_type": "cash", "paid_amount": paid, "items": lines(*items), **more}
    return send(commands.process_sale, **payload)


def sold(*items: tuple[str, str], **more: Any) -> dict[str, Any]:
    """A sale that must be made; its receipt."""
    return accepted(sell(items, **more))


def on_credit(customer_id: UUID, *items: tuple[str, str], paid: str = "0.00") -> Receipt:
    """A sale on credit."""
    return sell(items, paid, payment_type="credit", customer_id=customer_id)


@dataclass
class Till(Tables):
    """The sales domain on a database of a test's own."""

    def stock(self, code: str) -> str:
        """How much of a product lies on the shelf."""
        return str(self.row("command.sales_products", code=code)["quantity_in_stock"])

    def balance(self, customer_id: UUID) -> str:
        """What a customer owes."""
        return str(self.row("command.sales_customers", customer_id=customer_id)["balance"])
