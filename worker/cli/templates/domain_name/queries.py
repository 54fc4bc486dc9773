"""What can be asked: questions that change nothing."""

from worker import Filters, Reader, query

from .models import Item


@query(
    "domain_name.items_by_name",
    reads=("domain_name.item_list",),
    tags=lambda p: ("domain_name.items",),
)
def items_by_name(db: Reader, *, limit: int = 100) -> list[Item]:
    """The items, in order of their names."""
    page = Filters(Item).order_by("name", "item_id").limit(limit)
    return db.select(Item, "domain_name_item_list", page)
