"""What the domain says (commands, events), decides (rules) and stores (tables)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import Field
from worker.contracts import Command, Event, Money, Name, Price, ReadRow, Refusal, uuid7
from worker.contracts.tables import read_table

Pieces = Annotated[int, Field(gt=0, le=1_000_000)]


class StockProduct(Command):
    """Put pieces of a new product on the shelf."""

    product_id: UUID = Field(default_factory=uuid7)
    name: Name
    price: Price
    pieces: Pieces


class PlaceOrder(Command):
    """Order pieces of a product."""

    order_id: UUID = Field(default_factory=uuid7)
    customer_id: UUID
    product_id: UUID
    pieces: Pieces


class ProductStocked(Event):
    """A new product is on the shelf."""

    type: ClassVar[str] = "shop.ProductStocked"
    product_id: UUID
    name: str
    price: Money
    pieces: int


class OrderPlaced(Event):
    """A customer ordered; `left` is what the shelf holds afterwards."""

    type: ClassVar[str] = "shop.OrderPlaced"
    order_id: UUID
    customer_id: UUID
    product_id: UUID
    pieces: int
    total: Money
    left: int


def stock_a_product(c: StockProduct, existing: object) -> ProductStocked:
    """The rule: a product is stocked once. Raises Refusal."""
    if existing is not None:
        raise Refusal("this product is there already", product_id=c.product_id)
    return ProductStocked(**c.shared_with(ProductStocked))


def place_an_order(
    c: PlaceOrder, existing: object, product: Mapping[str, Any] | None
) -> OrderPlaced:
    """The rule: what is ordered must be on the shelf. Raises Refusal."""
    if existing is not None:
        raise Refusal("this order is there already", order_id=c.order_id)
    if product is None:
        raise Refusal("no such product", product_id=c.product_id)
    if product["pieces"] < c.pieces:
        raise Refusal("not enough on the shelf", left=product["pieces"], wanted=c.pieces)
    total, left = product["price"] * c.pieces, product["pieces"] - c.pieces
    return OrderPlaced(**c.shared_with(OrderPlaced), total=total, left=left)


write = sa.MetaData(schema="command", info={"domain": "shop"})
products = sa.Table(
    "shop_products",
    write,
    sa.Column("product_id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("price", sa.Numeric(14, 2), nullable=False),
    sa.Column("pieces", sa.Integer, nullable=False),
)
orders = sa.Table(
    "shop_orders",
    write,
    sa.Column("order_id", sa.Uuid, primary_key=True),
    sa.Column("customer_id", sa.Uuid, nullable=False),
    sa.Column("product_id", sa.Uuid, nullable=False),
    sa.Column("pieces", sa.Integer, nullable=False),
    sa.Column("total", sa.Numeric(14, 2), nullable=False),
)


class Product(ReadRow):
    """A product as queries show it."""

    product_id: UUID
    name: str
    price: Money
    pieces: int


class Order(ReadRow):
    """An order as queries show it."""

    order_id: UUID
    customer_id: UUID
    product_id: UUID
    pieces: int
    total: Money


read = sa.MetaData(schema="query", info={"domain": "shop"})
product_list = read_table(Product, read, "shop_product_list", key="product_id")
order_list = read_table(Order, read, "shop_order_list", key="order_id")
