"""The read models of the shop. They are subscribed by the `shop` fixture, not by their import."""

from __future__ import annotations

from decimal import Decimal

from tests.read_side.shop.models import Sold, customers, items
from worker.event_log import StoredEvent
from worker.subscriptions.projection import Projection, Row

item_list = Projection(
    "shop.items", items, group="shop", tags=lambda row: (f"item:{row['item']}", "items")
)
customer_list = Projection(
    "shop.customers", customers, group="shop", tags=lambda row: (f"customer:{row['customer']}",)
)


@item_list.on(Sold)
def _(row: Row | None, event: StoredEvent) -> Row:
    before = row or {"item": event.data["item"], "sold": 0, "revenue": "0"}
    revenue = Decimal(before["revenue"]) + Decimal(event.data["price"])
    now = event.recorded_at.isoformat()
    return {**before, "sold": before["sold"] + 1, "revenue": str(revenue), "last_at": now}


@customer_list.on(Sold)
def _(row: Row | None, event: StoredEvent) -> Row:
    before = row or {"customer": event.data["customer"], "bought": 0}
    return {**before, "bought": before["bought"] + 1}
