"""What can be asked of the orders domain: the payload of each command, as it goes on the wire.

Ids of customers, products and orders are UUIDv7, made by the caller or, where left out, when the
command is sent. Money is a decimal string with at most two decimals, never a float.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from models.orders.events import OrderStatus
from worker.contracts import Code, Command, Fraction, Message, Name, Price, Quantity, Text, uuid7

MOST_STOCK = 1_000_000_000
"""More pieces than this of one product are a mistake."""
MOST_LINES = 500
"""Longest order, in lines."""

Stock = Annotated[int, Field(ge=0, le=MOST_STOCK)]
ExpectedVersion = Annotated[int | None, Field(ge=1)]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
    ),
]
"""An e-mail address, in lower case: `unique` means the same for people and for the database."""
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


def _not_zero(change: int) -> int:
    if change == 0:
        raise ValueError("a change of 0 changes nothing")
    return change


QuantityChange = Annotated[int, Field(ge=-MOST_STOCK, le=MOST_STOCK), AfterValidator(_not_zero)]


class RegisterCustomer(Command):
    """Add a customer. The e-mail address must be new."""

    customer_id: UUID = Field(default_factory=uuid7)
    email: Email
    name: Name
    phone: Text | None = None
    address: Text | None = None
    city: Text | None = None
    country: Text | None = None


class AddProduct(Command):
    """Add a product to the catalogue, with what lies on the shelf. The SKU must be new.

    `reorder_level` left out means the setting's (`CQRS_ORDERS_REORDER_LEVEL`).
    """

    product_id: UUID = Field(default_factory=uuid7)
    sku: Code
    name: Name
    description: Text = ""
    price: Price
    cost: Price = Decimal("0.00")
    quantity_available: Stock = 0
    reorder_level: Stock | None = None


class UpdateCustomer(Command):
    """Change what is known of a customer; what is left out stays. The e-mail address must be his
    alone. Orders keep the name and address under which they were taken."""

    customer_id: UUID
    email: Email | None = None
    name: Name | None = None
    phone: Text | None = None
    address: Text | None = None
    city: Text | None = None
    country: Text | None = None


class UpdateProduct(Command):
    """Change how a product is described, or when it counts as low; what is left out stays."""

    product_id: UUID
    name: Name | None = None
    description: Text | None = None
    reorder_level: Stock | None = None


class ChangePrice(Command):
    """Change what a product is sold for, or what it costs; what is left out stays. Orders keep the
    prices at which they were taken."""

    product_id: UUID
    price: Price | None = None
    cost: Price | None = None


class DeactivateProduct(Command):
    """Sell a product no longer. Orders that have it are delivered; nobody reorders it."""

    product_id: UUID


class AdjustInventory(Command):
    """Put pieces on the shelf (+) or take them off (-), for a reason: delivery, breakage, count."""

    product_id: UUID
    quantity_change: QuantityChange
    reason: Text = ""


class OrderLine(Message):
    """One line of a new order. `unit_price` left out means the product's price of that moment."""

    product_id: UUID
    quantity: Quantity
    unit_price: Price | None = None
    discount: Fraction = Decimal("0")


class CreateOrder(Command):
    """Take an order and reserve its goods.

    `shipping` left out means the setting's (`CQRS_ORDERS_SHIPPING`).
    """

    order_id: UUID = Field(default_factory=uuid7)
    customer_id: UUID
    items: Annotated[list[OrderLine], Field(min_length=1, max_length=MOST_LINES)]
    shipping: Price | None = None
    notes: Text = ""


class AddOrderItem(Command):
    """Add a line to an order that is still pending."""

    order_id: UUID
    product_id: UUID
    quantity: Quantity
    unit_price: Price | None = None
    discount: Fraction = Decimal("0")
    expected_version: ExpectedVersion = None


class ProcessPayment(Command):
    """Pay a pending order: its total, to the cent. A `transaction_id` pays once."""

    order_id: UUID
    amount: Price
    payment_method: Code
    transaction_id: Code | None = None
    expected_version: ExpectedVersion = None


class UpdateOrderStatus(Command):
    """Move a paid order on: to processing, shipped, delivered, in this order."""

    order_id: UUID
    status: OrderStatus
    expected_version: ExpectedVersion = None


class CancelOrder(Command):
    """Cancel an order that has not been shipped: releases its goods, refunds what was paid."""

    order_id: UUID
    reason: Reason
    expected_version: ExpectedVersion = None
