"""What has happened in the orders domain. Events tell a projection all that it needs.

Where stock moves, `pieces` says how many of each product.

Streams: `customer-<id>`, `product-<id>`, `order-<id>`. Every command on an order appends one event
to its stream, so the stream's version and the order's `version` are the same number.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, TypeAlias
from uuid import UUID

from pydantic import SkipValidation
from typing_extensions import TypedDict

from worker.contracts import Event, Fraction, Money


class OrderStatus(StrEnum):
    """Where an order stands.

    pending ──▶ paid ──▶ processing ──▶ shipped ──▶ delivered
       └─────────┴───────────┴──▶ cancelled
    """

    PENDING = "pending"
    PAID = "paid"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


OPEN = frozenset({OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.PROCESSING})
"""Orders whose goods still lie on the shelf, reserved."""


Pieces: TypeAlias = dict[UUID, int]
"""How many pieces of each product."""


class OrderedItem(TypedDict):
    """A line of an order as it was taken. `subtotal` is price * quantity * (1 - discount).

    A plain dict, made once of a payload that was checked: it goes into the event, the row and the
    log as it is, and is not checked again on its way.
    """

    item_id: UUID
    line: int
    product_id: UUID
    sku: str
    product_name: str
    quantity: int
    unit_price: Money
    discount: Fraction
    subtotal: Money


class CustomerRegistered(Event):
    """A customer was added."""

    type: ClassVar[str] = "orders.CustomerRegistered"

    customer_id: UUID
    email: str
    name: str
    phone: str | None
    address: str | None
    city: str | None
    country: str | None
    registered_at: datetime


class CustomerUpdated(Event):
    """What is known of a customer changed. All of it, as it is now."""

    type: ClassVar[str] = "orders.CustomerUpdated"

    customer_id: UUID
    email: str
    name: str
    phone: str | None
    address: str | None
    city: str | None
    country: str | None
    updated_at: datetime


class ProductAdded(Event):
    """A product was added, with `quantity_available` pieces on the shelf."""

    type: ClassVar[str] = "orders.ProductAdded"

    product_id: UUID
    sku: str
    name: str
    description: str
    price: Money
    cost: Money
    quantity_available: int
    reorder_level: int
    added_at: datetime


class ProductUpdated(Event):
    """A product is described anew. All of it, as it is now."""

    type: ClassVar[str] = "orders.ProductUpdated"

    product_id: UUID
    name: str
    description: str
    reorder_level: int
    updated_at: datetime


class ProductPriceChanged(Event):
    """A product's price or cost changed."""

    type: ClassVar[str] = "orders.ProductPriceChanged"

    product_id: UUID
    old_price: Money
    old_cost: Money
    price: Money
    cost: Money
    changed_at: datetime


class ProductDeactivated(Event):
    """A product is sold no longer, and never low."""

    type: ClassVar[str] = "orders.ProductDeactivated"

    product_id: UUID
    deactivated_at: datetime


class InventoryAdjusted(Event):
    """Pieces came onto the shelf (+) or left it (-) outside any order."""

    type: ClassVar[str] = "orders.InventoryAdjusted"

    product_id: UUID
    quantity_change: int
    quantity_available: int
    reason: str
    adjusted_at: datetime


class OrderEvent(Event):
    """What every event of an order says; `version` is the order's version after it."""

    order_id: UUID
    order_number: str
    customer_id: UUID
    version: int


class OrderCreated(OrderEvent):
    """An order was taken and its goods reserved."""

    type: ClassVar[str] = "orders.OrderCreated"

    customer_name: str
    customer_email: str
    items: SkipValidation[list[OrderedItem]]
    pieces: Pieces
    subtotal: Money
    tax_rate: Fraction
    tax: Money
    shipping: Money
    total: Money
    notes: str
    created_at: datetime


class OrderItemAdded(OrderEvent):
    """A line was added to a pending order; the amounts are the whole order's, after it."""

    type: ClassVar[str] = "orders.OrderItemAdded"

    item: SkipValidation[OrderedItem]
    pieces: Pieces
    subtotal: Money
    tax: Money
    total: Money
    added_at: datetime


class PaymentProcessed(OrderEvent):
    """An order was paid."""

    type: ClassVar[str] = "orders.PaymentProcessed"

    payment_id: UUID
    amount: Money
    payment_method: str
    transaction_id: str | None
    paid_at: datetime


class OrderProcessingStarted(OrderEvent):
    """Somebody has begun to put a paid order together."""

    type: ClassVar[str] = "orders.OrderProcessingStarted"

    processing_at: datetime


class OrderShipped(OrderEvent):
    """The goods have left the house."""

    type: ClassVar[str] = "orders.OrderShipped"

    pieces: Pieces
    shipped_at: datetime


class OrderDelivered(OrderEvent):
    """The goods have arrived."""

    type: ClassVar[str] = "orders.OrderDelivered"

    delivered_at: datetime


class OrderCancelled(OrderEvent):
    """An order was given up; its pieces are free again.

    `payment_id` and `refund_amount` tell what was paid back; None and 0.00 if nothing was paid.
    """

    type: ClassVar[str] = "orders.OrderCancelled"

    reason: str
    pieces: Pieces
    payment_id: UUID | None
    refund_amount: Money
    cancelled_at: datetime
