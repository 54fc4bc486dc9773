"""What can be done."""

from __future__ import annotations

from uuid import UUID

from ordering.models import OrderPlaced, PlaceOrder, place, placed_orders
from worker import State, Work, command, lock


@command(
    "ordering.place_order",
    PlaceOrder,
    emits=(OrderPlaced,),
    needs=lambda c: (lock(placed_orders, c.order_id),),
)
def place_order(c: PlaceOrder, state: State, work: Work) -> dict[str, UUID]:
    """Places an order."""
    event = place(c)
    work.insert(placed_orders, {"order_id": c.order_id, "customer": c.customer, "total": c.total})
    work.emit(f"placed-order-{c.order_id}", event)
    return {"order_id": c.order_id}
