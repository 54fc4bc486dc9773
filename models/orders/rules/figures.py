"""What an order comes to, and what the shelf can give. All amounts to the cent, half up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models.orders.commands import AddOrderItem, OrderLine, Stock
from models.orders.events import OrderedItem, Pieces
from worker.contracts import Fraction, Price, Refusal, RefusalKind, to_cents

Row: TypeAlias = Mapping[str, Any]
NOTHING = Decimal("0.00")
MOST_MONEY = Decimal("999999999999.99")
"""The largest amount that an order can come to: twelve digits before the point."""


class Pricing(BaseModel):
    """The shop's own settings: `CQRS_ORDERS_TAX_RATE`, `_SHIPPING`, `_REORDER_LEVEL`."""

    model_config = ConfigDict(frozen=True)

    tax_rate: Fraction = Field(Decimal("0.10"), description="share of the subtotal, 0 to 1")
    shipping: Price = Field(Decimal("10.00"), description="where an order names none")
    reorder_level: Stock = Field(
        10, description="where a product names none: it is low on stock below this, pieces"
    )


class Amounts(NamedTuple):
    """What an order comes to."""

    subtotal: Decimal
    tax: Decimal
    shipping: Decimal
    total: Decimal


def amounts(subtotal: Decimal, tax_rate: Decimal, shipping: Decimal) -> Amounts:
    """Tax on the goods, not on the shipping. Raises Refusal above `MOST_MONEY`."""
    tax = to_cents(subtotal * tax_rate)
    total = subtotal + tax + shipping
    if total > MOST_MONEY:
        raise Refusal("the order comes to too much", total=total, most=MOST_MONEY)
    return Amounts(subtotal, tax, shipping, total)


def ordered_item(
    order_id: UUID, line: int, item: OrderLine | AddOrderItem, product: Row | None, field: str = ""
) -> OrderedItem:
    """A line at its price. `field` leads to it in the payload, should its product be unknown."""
    if product is None:
        wrong = {f"{field}product_id": "is unknown"}
        raise Refusal(
            "no such product", kind=RefusalKind.NOT_FOUND, errors=wrong, product_id=item.product_id
        )
    if not product["active"]:
        raise no_longer_sold(item.product_id, f"{field}product_id")
    price = to_cents(product["price"] if item.unit_price is None else item.unit_price)
    return {
        "item_id": derived_id(order_id, line),
        "line": line,
        "product_id": item.product_id,
        "sku": product["sku"],
        "product_name": product["name"],
        "quantity": item.quantity,
        "unit_price": price,
        "discount": item.discount,
        "subtotal": to_cents(price * item.quantity * (1 - item.discount)),
    }


def derived_id(order_id: UUID, number: int) -> UUID:
    """An id that follows from an order's: of its line `number`, or of its payment (0).

    The same command gives the same ids, whoever runs it again. UUIDv8: the order's first 48 bits
    (its time, if it is a UUIDv7, so that what was made together lies together in an index), then
    a hash.
    """
    digest = blake2b(order_id.bytes + number.to_bytes(2, "big"), digest_size=10).digest()
    mixed = int.from_bytes(digest, "big")
    value = order_id.int >> 80 << 80 | 0x8 << 76 | (mixed >> 64 & 0xFFF) << 64
    return UUID(int=value | 0b10 << 62 | mixed & 0x3FFF_FFFF_FFFF_FFFF)


def pieces_of(items: Iterable[Row | OrderedItem]) -> Pieces:
    """Pieces of each product that some lines add up to."""
    pieces: Pieces = {}
    for item in items:
        pieces[item["product_id"]] = pieces.get(item["product_id"], 0) + item["quantity"]
    return pieces


def sellable(product: Row) -> int:
    """Pieces on the shelf that are promised to nobody."""
    quantity: int = product["quantity_available"] - product["quantity_reserved"]
    return quantity


def check_stock(pieces: Pieces, products: Iterable[Row | None]) -> None:
    """Raises Refusal for the first product of which more is asked for than can be sold."""
    for product in filter(None, products):
        requested, available = pieces[product["product_id"]], sellable(product)
        if requested > available:
            raise short(product["product_id"], available, requested, "quantity")


def short(product_id: UUID, available: int, requested: int, field: str) -> Refusal:
    """The refusal for want of stock."""
    return Refusal(
        "insufficient inventory",
        errors={field: f"at most {available}"},
        product_id=product_id,
        available=available,
        requested=requested,
    )


def no_longer_sold(product_id: UUID, field: str) -> Refusal:
    """The refusal for a product that was given up."""
    return Refusal(
        "the product is sold no longer",
        errors={field: "is sold no longer"},
        product_id=product_id,
    )
