"""What comes back of a sale: goods onto the shelf, and what they were sold for to the customer.

What was sold on credit comes off the balance first, however much of that has been paid by now; the
rest is paid out. However a line comes back, in one piece or in many, its amounts add up to what it
was sold for, to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from models.sales.commands import ReturnSale
from models.sales.events import (
    CustomerBalanceChanged,
    InventoryAdjusted,
    Payment,
    ReturnedLine,
    SaleReturned,
    SaleStatus,
)
from models.sales.rules.accounts import balance_changed
from models.sales.rules.figures import NOTHING, Faults, Row, moved, pieces, price_of, unknown
from worker.contracts import Refusal, RefusalKind


class Returned(NamedTuple):
    """All that a return brings about."""

    returned: SaleReturned
    stock: list[InventoryAdjusted]
    balance: CustomerBalanceChanged | None


def return_sale(
    c: ReturnSale,
    *,
    sale: Row | None,
    customer: Row | None,
    items: Sequence[Row],
    products: Mapping[UUID, Row],
    now: datetime,
) -> Returned:
    """No more comes back than was sold. `items` are all lines of the sale, `products` theirs."""
    if sale is None:
        raise unknown("sale", "sale_id", sale_id=c.sale_id)
    lines = _lines(_asked(c, items), items)
    if not lines:
        raise Refusal(
            "all of this sale is back already",
            kind=RefusalKind.CONFLICT,
            errors={"sale_id": "is returned"},
            sale_id=c.sale_id,
        )
    amount = sum((line["amount"] for line in lines), NOTHING)
    credited = min(amount, sale["credited_amount"] - sale["uncredited_amount"])
    closes = _all_back(items, lines)
    event = SaleReturned(
        sale_id=c.sale_id,
        sale_number=sale["sale_number"],
        customer_id=sale["customer_id"],
        payment_type=Payment(sale["payment_type"]),
        lines=lines,
        amount=amount,
        credited_amount=credited,
        refunded_amount=amount - credited,
        status=SaleStatus.RETURNED if closes else SaleStatus.PARTLY_RETURNED,
        closes=closes,
        reason=c.reason,
        sold_at=sale["sold_at"],
        returned_at=now,
    )
    return Returned(event, _brought(lines, products, c.sale_id, now), _owed(customer, event, now))


def _asked(c: ReturnSale, items: Sequence[Row]) -> dict[int, Decimal]:
    """How much of each line comes back. Raises Refusal for every one that cannot."""
    left = {item["line"]: item["quantity"] - item["returned"] for item in items}
    if c.items is None:
        return {line: quantity for line, quantity in left.items() if quantity}
    asked: dict[int, Decimal] = {}
    faults = Faults()
    for place, item in enumerate(c.items):
        if item.line not in left:
            faults.note(RefusalKind.NOT_FOUND, f"items.{place}.line", "is unknown")
            continue
        rest = left[item.line] - asked.get(item.line, Decimal(0))
        if item.quantity > rest:
            most = f"at most {max(rest, Decimal('0.000'))}"
            faults.note(RefusalKind.BUSINESS_RULE, f"items.{place}.quantity", most)
        asked[item.line] = asked.get(item.line, Decimal(0)) + item.quantity
    faults.refuse("this cannot come back", sale_id=c.sale_id)
    return asked


def _lines(asked: Mapping[int, Decimal], items: Sequence[Row]) -> list[ReturnedLine]:
    """The lines that come back, each with its share of what it was sold for."""
    lines: list[ReturnedLine] = []
    for item in sorted(items, key=lambda item: int(item["line"])):
        if not (quantity := asked.get(item["line"])):
            continue
        returned = pieces(item["returned"] + quantity)
        price = item["unit_price"]
        lines.append(
            {
                "item_id": item["item_id"],
                "line": item["line"],
                "product_id": item["product_id"],
                "quantity": pieces(quantity),
                "returned": returned,
                "amount": price_of(returned, price) - price_of(item["returned"], price),
            }
        )
    return lines


def _all_back(items: Sequence[Row], lines: Sequence[ReturnedLine]) -> bool:
    now_back = {line["line"]: line["returned"] for line in lines}
    return all(item["quantity"] == now_back.get(item["line"], item["returned"]) for item in items)


def _brought(
    lines: Sequence[ReturnedLine], products: Mapping[UUID, Row], sale_id: UUID, now: datetime
) -> list[InventoryAdjusted]:
    """What goes back onto the shelf, of each product once."""
    back: dict[UUID, Decimal] = {}
    for line in lines:
        back[line["product_id"]] = back.get(line["product_id"], Decimal(0)) + line["quantity"]
    return [
        moved(products[product_id], quantity, reason="return", sale_id=sale_id, now=now)
        for product_id, quantity in back.items()
    ]


def _owed(
    customer: Row | None, event: SaleReturned, now: datetime
) -> CustomerBalanceChanged | None:
    if customer is None or not event.credited_amount:
        return None
    change = -event.credited_amount
    return balance_changed(customer, change, reason="return", sale_id=event.sale_id, now=now)
