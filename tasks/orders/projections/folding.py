"""What the folds share: the status after an event, its lines, its time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.orders.events import (
    OrderCancelled,
    OrderDelivered,
    OrderProcessingStarted,
    OrderShipped,
    OrderStatus,
    PaymentProcessed,
)
from worker import Row, StoredEvent

STEPS = (PaymentProcessed, OrderProcessingStarted, OrderShipped, OrderDelivered, OrderCancelled)
"""Events that move an order on."""

STATUS_AFTER: Mapping[str, OrderStatus] = {
    PaymentProcessed.type: OrderStatus.PAID,
    OrderProcessingStarted.type: OrderStatus.PROCESSING,
    OrderShipped.type: OrderStatus.SHIPPED,
    OrderDelivered.type: OrderStatus.DELIVERED,
    OrderCancelled.type: OrderStatus.CANCELLED,
}


def updated(event: StoredEvent) -> Row:
    """When a row was last changed: the time at which the event was recorded."""
    return {"updated_at": event.recorded_at.isoformat()}


def items_of(event: StoredEvent) -> list[dict[str, Any]]:
    """The lines that an event brings: those of a new order, or the one that was added."""
    one: dict[str, Any] | None = event.data.get("item")
    return [one] if one is not None else event.data["items"]
