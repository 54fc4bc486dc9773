"""What can be asked: questions that change nothing."""

from uuid import UUID

from worker import Filters, Reader, query

from .models import Order, Product


@query(
    "shop.products_left",
    reads=("shop.product_list",),
    tags=lambda p: ("shop.products",),
)
def products_left(db: Reader, *, limit: int = 100) -> list[Product]:
    """What is on the shelf, in order of its name."""
    page = Filters(Product).gt("pieces", 0).order_by("name", "product_id").limit(limit)
    return db.select(Product, "shop_product_list", page)


@query(
    "shop.orders_of",
    reads=("shop.order_list",),
    tags=lambda p: (f"shop.customer:{p.customer_id}",),
)
def orders_of(db: Reader, *, customer_id: UUID, limit: int = 100) -> list[Order]:
    """A customer's orders, the first one first."""
    page = Filters(Order).eq("customer_id", customer_id).order_by("order_id").limit(limit)
    return db.select(Order, "shop_order_list", page)
