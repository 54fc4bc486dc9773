"""What can be asked."""

from __future__ import annotations

from ordering.models import PlacedOrder
from worker import Filters, Reader, query


@query(
    "ordering.orders_of",
    reads=("ordering.order_list",),
    tags=lambda p: (f"customer:{p.customer}",),
)
def orders_of(db: Reader, *, customer: str, limit: int = 100) -> list[PlacedOrder]:
    """A customer's orders."""
    page = Filters(PlacedOrder).eq("customer", customer).order_by("order_id").limit(limit)
    return db.select(PlacedOrder, "order_list", page)
