"""What the queries answer with: rows of the read models, immutable, by attribute or by name."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator

from models.orders.events import OrderStatus
from worker.contracts import ReadRow


class OrderSummary(ReadRow):
    """An order: who, what it comes to, where it stands."""

    order_id: UUID
    order_number: str
    customer_id: UUID
    customer_name: str
    customer_email: str
    status: OrderStatus
    subtotal: Decimal
    tax: Decimal
    shipping: Decimal
    total: Decimal
    item_count: int
    version: int
    notes: str
    created_at: datetime
    updated_at: datetime
    cancellation_reason: str | None
    refund_amount: Decimal


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
    unit_price: Decimal
    discount: Decimal
    subtotal: Decimal


class HistoryLine(ReadRow):
    """A line of an order in a customer's history."""

    line: int
    product_id: UUID
    sku: str
    product_name: str
    quantity: int
    unit_price: Decimal
    subtotal: Decimal


class CustomerOrder(ReadRow):
    """An order in its customer's history."""

    order_id: UUID
    customer_id: UUID
    order_number: str
    status: OrderStatus
    total: Decimal
    item_count: int
    items: tuple[HistoryLine, ...]
    created_at: datetime
    updated_at: datetime


class ProductInventory(ReadRow):
    """A product's stock, in pieces.

    `quantity_available` lies on the shelf, `quantity_reserved` of it is promised to open orders,
    `quantity_in_stock` is the rest: what can still be sold.
    """

    product_id: UUID
    sku: str
    product_name: str
    price: Decimal
    quantity_available: int
    quantity_reserved: int
    quantity_in_stock: int
    quantity_in_orders: int
    reorder_level: int
    low_stock: bool
    updated_at: datetime


class Payment(ReadRow):
    """A payment, `paid` or `refunded`."""

    payment_id: UUID
    order_id: UUID
    order_number: str
    customer_id: UUID
    amount: Decimal
    payment_method: str
    transaction_id: str | None
    status: str
    refund_amount: Decimal
    paid_at: datetime
    refunded_at: datetime | None


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
    hours_to_payment: Decimal | None
    hours_to_shipment: Decimal | None
    hours_to_delivery: Decimal | None
    hours_in_all: Decimal | None


class OrderDetails(ReadRow):
    """All about one order, of one moment."""

    order: OrderSummary
    items: tuple[OrderItem, ...]
    payments: tuple[Payment, ...]
    timeline: OrderStatusTimeline


class ProductRevenue(ReadRow):
    """What a product has brought in: after discounts, before tax and shipping."""

    product_id: UUID
    sku: str
    product_name: str
    orders_count: int
    units_sold: int
    total_revenue: Decimal
    average_price: Decimal
    lowest_price: Decimal
    highest_price: Decimal


class CustomerLifetimeValue(ReadRow):
    """What a customer has spent, with tax and shipping."""

    customer_id: UUID
    customer_name: str
    customer_email: str
    total_orders: int
    lifetime_value: Decimal
    average_order_value: Decimal
    first_order_at: datetime
    last_order_at: datetime


def _exact(value: object) -> object:
    """JSON text with its money as it was written, not as a float."""
    return json.loads(value, parse_float=Decimal) if isinstance(value, str) else value


Values = Annotated[dict[str, Any] | None, BeforeValidator(_exact)]


class AuditEntry(ReadRow):
    """A change of a write table.

    An INSERT has the whole new row, an UPDATE the fields that changed, a DELETE the old row.
    """

    audit_id: int
    entity_type: str
    entity_id: str
    operation: str
    old_values: Values
    new_values: Values
    changed_fields: tuple[str, ...] | None
    actor: str
    command_id: UUID | None
    changed_at: datetime
