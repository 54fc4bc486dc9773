"""The read models: each is the class of its rows, and the table that keeps them.

Projections write the tables, queries answer with the classes; a column is declared once, here. Each
table lives as `query.<name>_v<version>` behind a plain view `query.<name>`: another set of columns
is another `version`, built beside the live one by a rebuild. Composed answers, and those of the
materialized views, stand in `answers.py`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa

from models.orders.events import OrderStatus
from worker.contracts import ReadRow
from worker.contracts.tables import read_table

metadata = sa.MetaData(schema="query", info={"domain": "orders"})

Cents = Annotated[Decimal, sa.Numeric(14, 2)]
Share = Annotated[Decimal, sa.Numeric(5, 4)]
Hours = Annotated[Decimal, sa.Numeric(12, 4)]
"""Hours to four decimals."""


class OrderSummary(ReadRow):
    """An order: who, what it comes to, where it stands."""

    order_id: UUID
    order_number: str
    customer_id: UUID
    customer_name: str
    customer_email: str
    status: OrderStatus
    subtotal: Cents
    tax: Cents
    shipping: Cents
    total: Cents
    item_count: int
    version: int
    notes: str
    created_at: datetime
    updated_at: datetime
    cancellation_reason: str | None
    refund_amount: Cents


order_summaries = read_table(
    OrderSummary,
    metadata,
    "order_summaries",
    sa.Index("order_summaries_by_number", "order_number", unique=True),
    sa.Index("order_summaries_by_customer", "customer_id", "created_at"),
    sa.Index("order_summaries_by_status", "status", "created_at"),
    sa.Index("order_summaries_by_time", "created_at"),
    key="order_id",
)


class OrderItem(ReadRow):
    """A line of an order, with the product as it was sold."""

    item_id: UUID
    order_id: UUID
    order_number: str
    line: int
    product_id: UUID
    sku: str
    product_name: str
    quantity: int
    unit_price: Cents
    discount: Share
    subtotal: Cents


order_items = read_table(
    OrderItem,
    metadata,
    "order_items",
    sa.Index("order_items_by_order", "order_id", "line"),
    sa.Index("order_items_by_product", "product_id"),
    key="item_id",
)


class HistoryLine(ReadRow):
    """A line of an order in a customer's history."""

    line: int
    product_id: UUID
    sku: str
    product_name: str
    quantity: int
    unit_price: Cents
    subtotal: Cents


class CustomerOrder(ReadRow):
    """An order in its customer's history."""

    order_id: UUID
    customer_id: UUID
    order_number: str
    status: OrderStatus
    total: Cents
    item_count: int
    items: tuple[HistoryLine, ...]
    created_at: datetime
    updated_at: datetime


customer_orders = read_table(
    CustomerOrder,
    metadata,
    "customer_orders",
    sa.Index("customer_orders_by_customer", "customer_id", "created_at"),
    key="order_id",
)


class ProductInventory(ReadRow):
    """A product's stock, in pieces.

    `quantity_available` lies on the shelf, `quantity_reserved` of it is promised to open orders,
    `quantity_in_stock` is the rest: what can still be sold.
    """

    product_id: UUID
    sku: str
    product_name: str
    price: Cents
    quantity_available: int
    quantity_reserved: int
    quantity_in_stock: int
    quantity_in_orders: int
    reorder_level: int
    low_stock: bool
    updated_at: datetime


product_inventory = read_table(
    ProductInventory,
    metadata,
    "product_inventory",
    sa.Index("product_inventory_by_name", "product_name"),
    sa.Index("product_inventory_low", "product_name", postgresql_where=sa.text("low_stock")),
    key="product_id",
    postgresql_with={"fillfactor": 70},
)


class Payment(ReadRow):
    """A payment, `paid` or `refunded`."""

    payment_id: UUID
    order_id: UUID
    order_number: str
    customer_id: UUID
    amount: Cents
    payment_method: str
    transaction_id: str | None
    status: str
    refund_amount: Cents
    paid_at: datetime
    refunded_at: datetime | None


payments = read_table(
    Payment,
    metadata,
    "payments",
    sa.Index("payments_by_order", "order_id"),
    key="payment_id",
)


class OrderStatusTimeline(ReadRow):
    """When an order took each step.

    Hours of each step to four decimals: taken to paid, paid to shipped, shipped to delivered;
    `hours_in_all` from taken to delivered. None while the step is not done.
    """

    order_id: UUID
    order_number: str
    status: OrderStatus
    created_at: datetime
    paid_at: datetime | None
    processing_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    cancelled_at: datetime | None
    hours_to_payment: Hours | None
    hours_to_shipment: Hours | None
    hours_to_delivery: Hours | None
    hours_in_all: Hours | None


order_status_timeline = read_table(
    OrderStatusTimeline,
    metadata,
    "order_status_timeline",
    key="order_id",
)
