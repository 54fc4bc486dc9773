"""An order from its taking to its end.

    create_order ─▶ pending ─process_payment─▶ paid ─▶ processing ─▶ shipped ─▶ delivered
                       │                         │          │      update_order_status
                       └───────cancel_order──────┴──────────┴──▶ cancelled

Taking an order reserves its goods, cancelling releases them, shipping takes them off the shelf. A
caller who names the version of the order that it has seen is refused if somebody was faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from models.orders.commands import (
    MOST_LINES,
    AddOrderItem,
    CancelOrder,
    CreateOrder,
    ProcessPayment,
    UpdateOrderStatus,
)
from models.orders.events import (
    OPEN,
    OrderCancelled,
    OrderCreated,
    OrderDelivered,
    OrderItemAdded,
    OrderProcessingStarted,
    OrderShipped,
    OrderStatus,
    PaymentProcessed,
)
from models.orders.rules.figures import (
    NOTHING,
    Pricing,
    Row,
    amounts,
    check_stock,
    derived_id,
    ordered_item,
    pieces_of,
)
from worker.contracts import Refusal, RefusalKind, to_cents

FOLLOWING = {
    OrderStatus.PENDING: OrderStatus.PAID,
    OrderStatus.PAID: OrderStatus.PROCESSING,
    OrderStatus.PROCESSING: OrderStatus.SHIPPED,
    OrderStatus.SHIPPED: OrderStatus.DELIVERED,
}
ANOTHER_COMMAND = {
    OrderStatus.PAID: "orders.process_payment",
    OrderStatus.CANCELLED: "orders.cancel_order",
}
"""Statuses that take more than a step, and the command that does what they take."""


def create_order(
    c: CreateOrder,
    *,
    customer: Row | None,
    existing: Row | None,
    products: Sequence[Row | None],
    number: int,
    pricing: Pricing,
    now: datetime,
) -> OrderCreated:
    """An order has a known customer, known products, and no more pieces than can be sold.

    `products` are those of the lines, in the lines' order.
    """
    if existing is not None:
        raise _exists(existing)
    if customer is None:
        unknown = {"customer_id": "is unknown"}
        raise Refusal(
            "no such customer",
            kind=RefusalKind.NOT_FOUND,
            errors=unknown,
            customer_id=c.customer_id,
        )
    items = [
        ordered_item(c.order_id, line, item, product, f"items.{line - 1}.")
        for line, (item, product) in enumerate(zip(c.items, products, strict=True), 1)
    ]
    pieces = pieces_of(items)
    check_stock(pieces, products)
    shipping = to_cents(pricing.shipping if c.shipping is None else c.shipping)
    subtotal = sum((item["subtotal"] for item in items), NOTHING)
    due = amounts(subtotal, pricing.tax_rate, shipping)
    return OrderCreated(
        **c.shared_with(OrderCreated, "items", "shipping"),
        order_number=f"ORD-{now.year}-{number:05d}",
        version=1,
        customer_name=customer["name"],
        customer_email=customer["email"],
        items=items,
        pieces=pieces,
        subtotal=due.subtotal,
        tax_rate=pricing.tax_rate,
        tax=due.tax,
        shipping=due.shipping,
        total=due.total,
        created_at=now,
    )


def add_order_item(
    c: AddOrderItem, *, order: Row | None, product: Row | None, now: datetime
) -> OrderItemAdded:
    """Lines are added while an order is pending; its own tax rate and shipping stay."""
    order = _current(order, c)
    if order["status"] != OrderStatus.PENDING:
        raise _not_now("lines can be added to a pending order only", order)
    if order["item_count"] >= MOST_LINES:
        raise Refusal("the order has too many lines", order_id=c.order_id, most=MOST_LINES)
    item = ordered_item(c.order_id, order["item_count"] + 1, c, product)
    pieces = pieces_of([item])
    check_stock(pieces, [product])
    due = amounts(order["subtotal"] + item["subtotal"], order["tax_rate"], order["shipping"])
    return OrderItemAdded(
        **_identity(order),
        item=item,
        pieces=pieces,
        subtotal=due.subtotal,
        tax=due.tax,
        total=due.total,
        added_at=now,
    )


def process_payment(
    c: ProcessPayment, *, order: Row | None, same_transaction: Row | None, now: datetime
) -> PaymentProcessed:
    """A pending order is paid once, with exactly its total, by a transaction of its own."""
    order = _current(order, c)
    if order["status"] != OrderStatus.PENDING:
        raise _not_now("only a pending order can be paid", order)
    if c.amount != order["total"]:
        raise _wrong_amount(c, order)
    if same_transaction is not None:
        raise Refusal(
            "this transaction has paid an order already",
            kind=RefusalKind.CONFLICT,
            errors={"transaction_id": "is used"},
            transaction_id=c.transaction_id,
            order_id=same_transaction["order_id"],
        )
    return PaymentProcessed(
        **_identity(order),
        payment_id=derived_id(c.order_id, 0),
        amount=order["total"],
        payment_method=c.payment_method,
        transaction_id=c.transaction_id,
        paid_at=now,
    )


def update_order_status(
    c: UpdateOrderStatus, *, order: Row | None, items: Iterable[Row], now: datetime
) -> OrderProcessingStarted | OrderShipped | OrderDelivered:
    """An order goes one step at a time; to be paid or cancelled takes another command."""
    order = _current(order, c)
    if (command := ANOTHER_COMMAND.get(c.status)) is not None:
        raise _not_now(f"an order becomes {c.status} by {command}", order)
    if c.status != FOLLOWING.get(order["status"]):
        raise _wrong_step(c, order)
    identity = _identity(order)
    if c.status is OrderStatus.PROCESSING:
        return OrderProcessingStarted(**identity, processing_at=now)
    if c.status is OrderStatus.SHIPPED:
        return OrderShipped(**identity, pieces=pieces_of(items), shipped_at=now)
    return OrderDelivered(**identity, delivered_at=now)


def cancel_order(
    c: CancelOrder, *, order: Row | None, items: Iterable[Row], payment: Row | None, now: datetime
) -> OrderCancelled:
    """What has been shipped cannot be cancelled; what has been paid is paid back whole."""
    order = _current(order, c)
    if order["status"] == OrderStatus.CANCELLED:
        raise _not_now("the order is cancelled already", order)
    if order["status"] not in OPEN:
        raise _not_now("a shipped order cannot be cancelled", order)
    return OrderCancelled(
        **_identity(order),
        reason=c.reason,
        pieces=pieces_of(items),
        payment_id=payment["payment_id"] if payment else None,
        refund_amount=payment["amount"] if payment else NOTHING,
        cancelled_at=now,
    )


def _current(
    order: Row | None, c: AddOrderItem | ProcessPayment | UpdateOrderStatus | CancelOrder
) -> Row:
    """The order, if it is there and nobody has changed it since the caller looked."""
    if order is None:
        raise Refusal(
            "no such order",
            kind=RefusalKind.NOT_FOUND,
            errors={"order_id": "is unknown"},
            order_id=c.order_id,
        )
    if c.expected_version not in (None, order["version"]):
        raise Refusal(
            "the order was changed by somebody else",
            kind=RefusalKind.CONFLICT,
            errors={"expected_version": f"is {order['version']} now"},
            order_id=c.order_id,
            expected_version=c.expected_version,
            current_version=order["version"],
        )
    return order


def _identity(order: Row) -> dict[str, Any]:
    """What every event of an order that is there says."""
    return {
        "order_id": order["order_id"],
        "order_number": order["order_number"],
        "customer_id": order["customer_id"],
        "version": order["version"] + 1,
    }


def _exists(order: Row) -> Refusal:
    identity = {"order_id": order["order_id"], "order_number": order["order_number"]}
    return Refusal("this order exists already", kind=RefusalKind.CONFLICT, **identity)


def _not_now(sentence: str, order: Row) -> Refusal:
    return Refusal(sentence, order_id=order["order_id"], status=order["status"])


def _wrong_amount(c: ProcessPayment, order: Row) -> Refusal:
    return Refusal(
        "the amount is not the order's total",
        errors={"amount": f"must be {order['total']}"},
        order_id=c.order_id,
        amount=c.amount,
        total=order["total"],
    )


def _wrong_step(c: UpdateOrderStatus, order: Row) -> Refusal:
    following = FOLLOWING.get(order["status"])
    return Refusal(
        f"the order cannot become {c.status} now",
        errors={"status": f"{following} comes next" if following else "nothing comes next"},
        order_id=c.order_id,
        status=order["status"],
    )
