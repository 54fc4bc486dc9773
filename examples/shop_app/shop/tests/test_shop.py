"""The rules without a server, and the way from the commands to the queries on a real one."""

from decimal import Decimal

from worker import uuid7
from worker.testing import System, decide

from shop.commands import place_order, stock_product
from shop.models import products
from shop.queries import orders_of, products_left

pytest_plugins = ["worker.testing.fixtures"]
TEA = uuid7()
SHELF = {products: [{"product_id": TEA, "name": "tea", "price": Decimal("4.20"), "pieces": 3}]}


def test_what_is_on_the_shelf_can_be_ordered() -> None:
    done = decide(place_order, customer_id=uuid7(), product_id=TEA, pieces=3, rows=SHELF)
    assert done.refusal is None
    assert done.data["total"] == "12.60"


def test_more_than_there_is_cannot() -> None:
    done = decide(place_order, customer_id=uuid7(), product_id=TEA, pieces=4, rows=SHELF)
    assert "not enough on the shelf" in str(done.refusal)
    assert not done.events


def test_an_order_is_listed_and_leaves_less_on_the_shelf(cqrs: System) -> None:
    customer = uuid7()
    tea = cqrs.run(stock_product, name="tea", price="4.20", pieces=3).data["product_id"]
    assert cqrs.run(place_order, customer_id=customer, product_id=tea, pieces=2).succeeded
    assert not cqrs.run(place_order, customer_id=customer, product_id=tea, pieces=2).succeeded
    cqrs.catch_up()

    (order,) = orders_of.ask(customer_id=customer).data
    assert (order.pieces, order.total) == (2, Decimal("8.40"))
    (left,) = products_left.ask().data
    assert (left.name, left.pieces) == ("tea", 1)
