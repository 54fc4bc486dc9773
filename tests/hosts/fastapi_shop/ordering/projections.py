"""What can be seen."""

from __future__ import annotations

from ordering.models import OrderPlaced, order_list
from worker import Row, StoredEvent, projection, row_from

listed = projection(
    "ordering.order_list",
    order_list,
    tags=lambda row: (f"customer:{row['customer']}",),
    by_stream=True,
)


@listed.on(OrderPlaced)
def _placed(row: Row | None, event: StoredEvent) -> Row:
    return row_from(order_list, event)
