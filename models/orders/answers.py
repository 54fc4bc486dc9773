"""Answers that are no row of a read table: composed ones, rows of materialized views, the audit."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator

from models.orders.read import HistoryLine, OrderItem, OrderStatusTimeline, OrderSummary, Payment
from worker.contracts import ReadRow


class OrderDetails(ReadRow):
    """All about one order, of one moment."""

    order: OrderSummary
    items: tuple[OrderItem, ...]
    payments: tuple[Payment, ...]
    timeline: OrderStatusTimeline


class OrderWithLines(ReadRow):
    """An order with its lines, in the lines' order."""

    order: OrderSummary
    items: tuple[HistoryLine, ...]


class ProductRevenue(ReadRow, key="product_id"):
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


class CustomerLifetimeValue(ReadRow, key="customer_id"):
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


class AuditLine(ReadRow, key="audit_id"):
    """A change of a write table, without the values: what the trail can be searched by."""

    audit_id: int
    entity_type: str
    entity_id: str
    operation: str
    changed_fields: tuple[str, ...] | None
    actor: str
    command_id: UUID | None
    changed_at: datetime


class AuditValues(ReadRow, key="audit_id"):
    """The values of one change."""

    audit_id: int
    old_values: Values
    new_values: Values


class AuditEntry(AuditLine, key="audit_id"):
    """A change of a write table.

    An INSERT has the whole new row, an UPDATE the fields that changed, a DELETE the old row.
    """

    old_values: Values
    new_values: Values
