"""What is kept for reading: folds of events into rows, pure, so that they can be folded again."""

from worker import Row, StoredEvent, projection, row_from

from .models import ItemAdded, item_list

listed = projection(
    "domain_name.item_list",
    item_list,
    tags=lambda row: ("domain_name.items",),
    by_stream=True,
)


@listed.on(ItemAdded)
def _added(row: Row | None, event: StoredEvent) -> Row:
    return row_from(item_list, event)
