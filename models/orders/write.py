"""The write models, and how an event becomes their rows.

The tables stand in the order in which every batch locks them: an order before the products of its
lines, since while its row is held nobody adds a line to it. `sql/command/` creates them, with the
constraints that stand behind the rules; a test compares the two.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from models.orders.events import (
    CustomerRegistered,
    OrderCreated,
    OrderedItem,
    OrderStatus,
    PaymentProcessed,
    ProductAdded,
)
from worker.contracts.tables import named

metadata = sa.MetaData(schema="command", info={"domain": "orders"})

_money = sa.Numeric(14, 2)
_share = sa.Numeric(5, 4)
_time = sa.DateTime(timezone=True)


def _id(name: str, *more: Any) -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid, *more, nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


customers = sa.Table(
    "customers",
    metadata,
    sa.Column("customer_id", sa.Uuid, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    _text("name"),
    _text("phone", nullable=True),
    _text("address", nullable=True),
    _text("city", nullable=True),
    _text("country", nullable=True),
    sa.Column("created_at", _time, nullable=False),
    sa.UniqueConstraint("email", name="customers_email_once"),
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("order_id", sa.Uuid, primary_key=True),
    _text("order_number"),
    _id("customer_id", sa.ForeignKey(customers.c.customer_id)),
    _text("status"),
    sa.Column("item_count", sa.Integer, nullable=False),
    sa.Column("subtotal", _money, nullable=False),
    sa.Column("tax_rate", _share, nullable=False),
    sa.Column("tax", _money, nullable=False),
    sa.Column("shipping", _money, nullable=False),
    sa.Column("total", _money, nullable=False),
    _text("notes"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", _time, nullable=False),
    sa.Column("paid_at", _time),
    sa.Column("processing_at", _time),
    sa.Column("shipped_at", _time),
    sa.Column("delivered_at", _time),
    sa.Column("cancelled_at", _time),
    _text("cancellation_reason", nullable=True),
    sa.UniqueConstraint("order_number", name="orders_number_once"),
    sa.Index("orders_of_customer", "customer_id", "created_at"),
)

products = sa.Table(
    "products",
    metadata,
    sa.Column("product_id", sa.Uuid, primary_key=True),
    _text("sku"),
    _text("name"),
    _text("description"),
    sa.Column("price", _money, nullable=False),
    sa.Column("cost", _money, nullable=False),
    sa.Column("quantity_available", sa.Integer, nullable=False),
    sa.Column("quantity_reserved", sa.Integer, nullable=False, default=0),
    sa.Column("reorder_level", sa.Integer, nullable=False),
    sa.Column("created_at", _time, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.UniqueConstraint("sku", name="products_sku_once"),
)

order_items = sa.Table(
    "order_items",
    metadata,
    sa.Column("item_id", sa.Uuid, primary_key=True),
    _id("order_id", sa.ForeignKey(orders.c.order_id)),
    sa.Column("line", sa.Integer, nullable=False),
    _id("product_id", sa.ForeignKey(products.c.product_id)),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("unit_price", _money, nullable=False),
    sa.Column("discount", _share, nullable=False),
    sa.Column("subtotal", _money, nullable=False),
    sa.UniqueConstraint("order_id", "line", name="order_items_line_once"),
    sa.Index("order_items_of_product", "product_id"),
)

payments = sa.Table(
    "payments",
    metadata,
    sa.Column("payment_id", sa.Uuid, primary_key=True),
    _id("order_id", sa.ForeignKey(orders.c.order_id)),
    sa.Column("amount", _money, nullable=False),
    _text("payment_method"),
    _text("transaction_id", nullable=True),
    sa.Column("status", sa.Text, nullable=False, default="paid"),
    sa.Column("refund_amount", _money, nullable=False, default=Decimal("0.00")),
    sa.Column("paid_at", _time, nullable=False),
    sa.Column("refunded_at", _time),
    sa.UniqueConstraint("transaction_id", name="payments_transaction_once"),
    sa.Index("payments_of_order", "order_id"),
    sa.Index(
        "payments_paid_once", "order_id", unique=True, postgresql_where=sa.text("status = 'paid'")
    ),
)

_LINE = frozenset(map(str, order_items.c.keys()))

order_numbers = sa.Sequence("order_numbers", metadata=metadata)


def customer_row(event: CustomerRegistered) -> dict[str, Any]:
    """A new customer."""
    return named(customers, event, created_at=event.registered_at)


def product_row(event: ProductAdded) -> dict[str, Any]:
    """A new product, none of it reserved."""
    return named(products, event, created_at=event.added_at, active=True)


def order_row(event: OrderCreated) -> dict[str, Any]:
    """A new order."""
    return named(orders, event, status=OrderStatus.PENDING, item_count=len(event.items))


def item_row(order_id: UUID, item: OrderedItem) -> dict[str, Any]:
    """A new line of an order."""
    line = {column: value for column, value in item.items() if column in _LINE}
    return {**line, "order_id": order_id}


def payment_row(event: PaymentProcessed) -> dict[str, Any]:
    """A new payment."""
    return named(payments, event)
