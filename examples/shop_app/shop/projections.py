"""What is kept for reading: folds of events into rows, pure, so that they can be folded again."""

from worker import Row, StoredEvent, projection, row_from

from .models import OrderPlaced, ProductStocked, order_list, product_list

shelf = projection(
    "shop.product_list", product_list, tags=lambda row: ("shop.products",), by_stream=True
)
ordered = projection(
    "shop.order_list",
    order_list,
    tags=lambda row: (f"shop.customer:{row['customer_id']}",),
    by_stream=True,
)


@shelf.on(ProductStocked)
def _stocked(row: Row | None, event: StoredEvent) -> Row:
    return row_from(product_list, event)


@shelf.on(OrderPlaced)
def _sold(row: Row | None, event: StoredEvent) -> Row | None:
    return row and row | {"pieces": event.data["left"]}


@ordered.on(OrderPlaced)
def _placed(row: Row | None, event: StoredEvent) -> Row:
    return row_from(order_list, event)
