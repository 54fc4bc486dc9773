"""What can be done: handlers, each one transaction with its events and its receipt."""

from worker import State, Work, command, lock
from worker.contracts.tables import named

from .models import (
    OrderPlaced,
    PlaceOrder,
    ProductStocked,
    StockProduct,
    orders,
    place_an_order,
    products,
    stock_a_product,
)


@command(
    "shop.stock_product",
    StockProduct,
    emits=(ProductStocked,),
    needs=lambda c: (lock(products, c.product_id),),
)
def stock_product(c: StockProduct, state: State, work: Work) -> dict[str, object]:
    """Puts a new product on the shelf."""
    event = stock_a_product(c, existing=state.get(products, c.product_id))
    work.insert(products, named(products, event))
    work.emit(f"shop.product-{c.product_id}", event)
    return {"product_id": c.product_id}


@command(
    "shop.place_order",
    PlaceOrder,
    emits=(OrderPlaced,),
    needs=lambda c: (lock(products, c.product_id), lock(orders, c.order_id)),
)
def place_order(c: PlaceOrder, state: State, work: Work) -> dict[str, object]:
    """Orders what is on the shelf."""
    event = place_an_order(
        c, existing=state.get(orders, c.order_id), product=state.get(products, c.product_id)
    )
    work.update(products, c.product_id, pieces=event.left)
    work.insert(orders, named(orders, event))
    work.emit(f"shop.product-{c.product_id}", event)
    return {"order_id": c.order_id, "total": event.total}
