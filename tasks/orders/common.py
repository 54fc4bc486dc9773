"""What the handlers of this domain share: moving goods, answering."""

from __future__ import annotations

from typing import Any, assert_never

from models.orders.events import (
    OrderDelivered,
    OrderEvent,
    OrderProcessingStarted,
    OrderShipped,
    OrderStatus,
    Pieces,
)
from models.orders.write import products
from worker import State, Work


def reserve(state: State, work: Work, pieces: Pieces) -> None:
    """Promise pieces that lie on the shelf."""
    for product_id, quantity in pieces.items():
        reserved = state.loaded(products, product_id)["quantity_reserved"] + quantity
        work.update(products, product_id, quantity_reserved=reserved)


def release(state: State, work: Work, pieces: Pieces) -> None:
    """Take a promise back."""
    reserve(state, work, {product_id: -quantity for product_id, quantity in pieces.items()})


def take_off_the_shelf(state: State, work: Work, pieces: Pieces) -> None:
    """Let promised pieces go."""
    for product_id, quantity in pieces.items():
        product = state.loaded(products, product_id)
        work.update(
            products,
            product_id,
            quantity_available=product["quantity_available"] - quantity,
            quantity_reserved=product["quantity_reserved"] - quantity,
        )


def step_time(event: OrderProcessingStarted | OrderShipped | OrderDelivered) -> dict[str, Any]:
    """The column that says when a step was taken, and its value."""
    match event:
        case OrderProcessingStarted():
            return {"processing_at": event.processing_at}
        case OrderShipped():
            return {"shipped_at": event.shipped_at}
        case OrderDelivered():
            return {"delivered_at": event.delivered_at}
        case _:
            assert_never(event)


def receipt(event: OrderEvent, status: OrderStatus) -> dict[str, Any]:
    """What every receipt of an order's command says."""
    return {
        "order_id": event.order_id,
        "order_number": event.order_number,
        "status": status,
        "version": event.version,
    }
