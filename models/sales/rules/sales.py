"""A sale: its lines priced, its goods taken off the shelf, its money counted; or all that is wrong.

cash      paid_amount >= total, the rest is change
card      paid_amount == total
credit    paid_amount <= total, the rest goes onto a known customer's balance, within his limit
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from models.sales.commands import ProcessSale
from models.sales.events import (
    CustomerBalanceChanged,
    InventoryAdjusted,
    Payment,
    SaleCompleted,
    SaleItemAdded,
    SaleStarted,
)
from models.sales.rules.accounts import balance_changed
from models.sales.rules.figures import (
    MOST_MONEY,
    NOTHING,
    Faults,
    Row,
    moved,
    must_be_new,
    must_be_there,
    pieces,
    price_of,
)
from worker.contracts import RefusalKind, to_cents
from worker.contracts.values import derived_uuid


class Sold(NamedTuple):
    """All that a sale brings about."""

    started: SaleStarted
    items: list[SaleItemAdded]
    completed: SaleCompleted
    stock: list[InventoryAdjusted]
    balance: CustomerBalanceChanged | None


class Money(NamedTuple):
    """How a sale is paid."""

    change: Decimal
    credited: Decimal


def process_sale(
    c: ProcessSale,
    *,
    existing: Row | None,
    customer: Row | None,
    products: Mapping[str, Row | None],
    number: int,
    now: datetime,
) -> Sold:
    """A sale has known products that are in stock, and is paid. `products` are those of its codes.

    Raises Refusal with every fault by its field (`items.1.quantity`).
    """
    faults = Faults()
    must_be_new(faults, existing, "sale_id")
    must_be_there(faults, customer, c.customer_id, "customer_id")
    _check_goods(faults, c, products)
    total = _total(c, products)
    money = _paid(faults, c, customer, total)
    faults.refuse("the sale cannot be made", sale_id=c.sale_id, total=total)
    sale_number = f"S-{number:08}"
    items = _items(c, products, sale_number, now)
    completed = SaleCompleted(
        sale_id=c.sale_id,
        sale_number=sale_number,
        customer_id=c.customer_id,
        customer_name=None if customer is None else customer["name"],
        payment_type=c.payment_type,
        item_count=len(items),
        total=total,
        paid_amount=to_cents(c.paid_amount),
        change_amount=money.change,
        credited_amount=money.credited,
        sold_at=now,
    )
    return Sold(
        SaleStarted(**c.shared_with(SaleStarted), sale_number=sale_number, started_at=now),
        items,
        completed,
        _taken(c, products, now),
        _owed(customer, completed, now),
    )


def _check_goods(faults: Faults, c: ProcessSale, products: Mapping[str, Row | None]) -> None:
    """Note what is unknown, out of the range, or not there in such a quantity: a code that is
    listed twice counts together."""
    asked: dict[str, Decimal] = {}
    for place, item in enumerate(c.items):
        product = products[item.product_code]
        if product is None:
            faults.note(RefusalKind.NOT_FOUND, f"items.{place}.product_code", "is unknown")
            continue
        if not product["active"]:
            out = "is out of the range"
            faults.note(RefusalKind.BUSINESS_RULE, f"items.{place}.product_code", out)
        left = product["quantity_in_stock"] - asked.get(item.product_code, Decimal(0))
        asked[item.product_code] = asked.get(item.product_code, Decimal(0)) + item.quantity
        if item.quantity > left:
            most = f"at most {max(left, Decimal('0.000'))}"
            faults.note(RefusalKind.BUSINESS_RULE, f"items.{place}.quantity", most)


def _total(c: ProcessSale, products: Mapping[str, Row | None]) -> Decimal:
    lines = ((item, products[item.product_code]) for item in c.items)
    amounts = [price_of(i.quantity, _price(i.unit_price, p)) for i, p in lines if p or i.unit_price]
    return sum(amounts, NOTHING)


def _price(asked: Decimal | None, product: Row | None) -> Decimal:
    if asked is not None:
        return to_cents(asked)
    price: Decimal = NOTHING if product is None else product["sell_price"]
    return price


def _paid(faults: Faults, c: ProcessSale, customer: Row | None, total: Decimal) -> Money:
    """What is given back and what is owed; notes what does not fit."""
    rule, paid = RefusalKind.BUSINESS_RULE, to_cents(c.paid_amount)
    if total > MOST_MONEY:
        faults.note(rule, "items", f"come to {total}, more than {MOST_MONEY}")
    if c.payment_type is Payment.CASH:
        if paid < total:
            faults.note(rule, "paid_amount", f"at least {total}")
        return Money(max(paid - total, NOTHING), NOTHING)
    if c.payment_type is Payment.CARD:
        if paid != total:
            faults.note(rule, "paid_amount", f"exactly {total}")
        return Money(NOTHING, NOTHING)
    return Money(NOTHING, _credited(faults, c, customer, total - paid))


def _credited(faults: Faults, c: ProcessSale, customer: Row | None, rest: Decimal) -> Decimal:
    rule = RefusalKind.BUSINESS_RULE
    if rest < 0:
        faults.note(rule, "paid_amount", f"at most {rest + to_cents(c.paid_amount)}")
    if c.customer_id is None:
        faults.note(rule, "customer_id", "is required for a sale on credit")
    if customer is not None and customer["balance"] + rest > customer["credit_limit"]:
        left = max(customer["credit_limit"] - customer["balance"], NOTHING)
        faults.note(rule, "payment_type", f"at most {left} on credit")
    return rest


def _items(
    c: ProcessSale, products: Mapping[str, Row | None], sale_number: str, now: datetime
) -> list[SaleItemAdded]:
    """The lines as they are sold."""
    items = []
    for line, item in enumerate(c.items, 1):
        product = _known(products, item.product_code)
        price = _price(item.unit_price, product)
        items.append(
            SaleItemAdded(
                item_id=derived_uuid(c.sale_id, f"line {line}"),
                sale_id=c.sale_id,
                sale_number=sale_number,
                line=line,
                product_id=product["product_id"],
                product_code=product["code"],
                description=product["description"],
                quantity=pieces(item.quantity),
                unit_price=price,
                subtotal=price_of(item.quantity, price),
                sold_at=now,
            )
        )
    return items


def _taken(
    c: ProcessSale, products: Mapping[str, Row | None], now: datetime
) -> list[InventoryAdjusted]:
    """What leaves the shelf, of each product once."""
    asked: dict[str, Decimal] = {}
    for item in c.items:
        asked[item.product_code] = asked.get(item.product_code, Decimal(0)) + item.quantity
    return [
        moved(_known(products, code), -quantity, reason="sale", sale_id=c.sale_id, now=now)
        for code, quantity in asked.items()
    ]


def _owed(
    customer: Row | None, sale: SaleCompleted, now: datetime
) -> CustomerBalanceChanged | None:
    if customer is None or not sale.credited_amount:
        return None
    return balance_changed(
        customer, sale.credited_amount, reason="sale", sale_id=sale.sale_id, now=now
    )


def _known(products: Mapping[str, Row | None], code: str) -> Row:
    product = products[code]
    if product is None:
        raise LookupError(f"a line's product is not loaded (code {code})")
    return product
