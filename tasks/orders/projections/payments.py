"""Read models of money and time: payments, and how long each step of an order took."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from models.orders import read
from models.orders.events import (
    OrderCancelled,
    OrderCreated,
    OrderDelivered,
    OrderProcessingStarted,
    OrderShipped,
    OrderStatus,
    PaymentProcessed,
)
from tasks.orders.projections.folding import STATUS_AFTER
from worker import Row, StoredEvent, picked, projection, row_from, there

payments = projection(
    "orders.payments",
    read.payments,
    tags=lambda row: (f"order:{row['order_id']}",),
    by_stream=True,
    purpose="one row a payment, and what of it was paid back",
)


@payments.on(PaymentProcessed)
def _paid(row: Row | None, event: StoredEvent) -> Row:
    return row_from(read.payments, event, status="paid", refund_amount="0.00")


def _payment_if_any(event: StoredEvent) -> Mapping[str, None]:
    payment_id = event.data["payment_id"]
    return {payment_id: None} if payment_id is not None else {}


@payments.on_each(OrderCancelled, _payment_if_any)
def _paid_back(row: Row | None, event: StoredEvent, _: None) -> Row:
    refund = {"status": "refunded", "refunded_at": event.data["cancelled_at"]}
    return there(row, event) | refund | picked(event, "refund_amount")


order_status_timeline = projection(
    "orders.order_status_timeline",
    read.order_status_timeline,
    tags=lambda row: (f"order:{row['order_id']}",),
    by_stream=True,
    purpose="when an order took each step, and the hours between",
)


@order_status_timeline.on(OrderCreated)
def _taken(row: Row | None, event: StoredEvent) -> Row:
    return row_from(read.order_status_timeline, event, status=OrderStatus.PENDING)


@order_status_timeline.on(PaymentProcessed)
def _was_paid(row: Row | None, event: StoredEvent) -> Row:
    row = _step(row, event, "paid_at")
    return row | {"hours_to_payment": _hours(row["created_at"], row["paid_at"])}


@order_status_timeline.on(OrderProcessingStarted)
def _was_taken_up(row: Row | None, event: StoredEvent) -> Row:
    return _step(row, event, "processing_at")


@order_status_timeline.on(OrderShipped)
def _was_shipped(row: Row | None, event: StoredEvent) -> Row:
    row = _step(row, event, "shipped_at")
    return row | {"hours_to_shipment": _hours(row["paid_at"], row["shipped_at"])}


@order_status_timeline.on(OrderDelivered)
def _was_delivered(row: Row | None, event: StoredEvent) -> Row:
    row = _step(row, event, "delivered_at")
    return row | {
        "hours_to_delivery": _hours(row["shipped_at"], row["delivered_at"]),
        "hours_in_all": _hours(row["created_at"], row["delivered_at"]),
    }


@order_status_timeline.on(OrderCancelled)
def _was_cancelled(row: Row | None, event: StoredEvent) -> Row:
    return _step(row, event, "cancelled_at")


def _step(row: Row | None, event: StoredEvent, time: str) -> Row:
    return there(row, event) | {"status": STATUS_AFTER[event.type]} | picked(event, time)


def _hours(start: str, end: str) -> Decimal:
    """Hours between two times, to four decimals."""
    passed = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    microseconds = Decimal(passed // timedelta(microseconds=1))
    return (microseconds / 3_600_000_000).quantize(Decimal("0.0001"))
