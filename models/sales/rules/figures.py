"""Prices, stock, and a command's errors, all of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias
from uuid import UUID

from models.sales.events import InventoryAdjusted
from worker.contracts import Refusal, RefusalKind, to_cents
from worker.contracts.values import derived_uuid

Row: TypeAlias = Mapping[str, Any]
NOTHING = Decimal("0.00")
NO_PIECES = Decimal("0.000")
THOUSANDTH = Decimal("0.001")
MOST_MONEY = Decimal("999999999999.99")
"""The largest amount that a sale can come to: twelve digits before the point."""

_SEVERITY = (RefusalKind.CONFLICT, RefusalKind.NOT_FOUND, RefusalKind.BUSINESS_RULE)


class Faults:
    """What is wrong with a command, by field: gathered first, refused together.

    The refusal has the gravest kind that was noted: a conflict, then what is not found, then a
    rule of the business.
    """

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}
        self._kinds: set[RefusalKind] = set()

    def note(self, kind: RefusalKind, field: str, why: str) -> None:
        """One more fault; the first one of a field is kept."""
        self.errors.setdefault(field, why)
        self._kinds.add(kind)

    def refuse(self, sentence: str, **facts: Any) -> None:
        """Raise Refusal if anything was noted."""
        if self.errors:
            kind = next(kind for kind in _SEVERITY if kind in self._kinds)
            raise Refusal(sentence, kind=kind, errors=self.errors, **facts)


def must_be_new(faults: Faults, row: Row | None, field: str, why: str = "exists already") -> None:
    """Note a conflict if there is such a row."""
    if row is not None:
        faults.note(RefusalKind.CONFLICT, field, why)


def must_be_there(faults: Faults, row: Row | None, wanted: object, field: str) -> None:
    """Note what is named and is not there; what is not named need not be."""
    if wanted is not None and row is None:
        faults.note(RefusalKind.NOT_FOUND, field, "is unknown")


def unknown(what: str, field: str, **facts: Any) -> Refusal:
    """The refusal of a command about something that is not there."""
    return Refusal(
        f"no such {what}", kind=RefusalKind.NOT_FOUND, errors={field: "is unknown"}, **facts
    )


def price_of(quantity: Decimal, unit_price: Decimal) -> Decimal:
    """What a quantity comes to, to the cent."""
    return to_cents(quantity * unit_price)


def pieces(quantity: Decimal) -> Decimal:
    """A quantity with its three decimals."""
    return quantity.quantize(THOUSANDTH, rounding=ROUND_HALF_UP)


def is_low(quantity: Decimal, minimum: Decimal, active: bool) -> bool:
    """Whether a product is low on stock: one that is sold, and of which less is there than should
    be."""
    return active and quantity < minimum


def worth(quantity: Decimal, cost_price: Decimal | None) -> Decimal:
    """What stock is worth: at cost, nothing where that is not known."""
    return NOTHING if cost_price is None else price_of(quantity, cost_price)


def effect(before: Row, **changed: Any) -> dict[str, Any]:
    """What a change of a product does to the whole inventory, and the product's next version."""
    after = {**before, **changed}
    low = [is_low(p["quantity_in_stock"], p["minimum_stock"], p["active"]) for p in (before, after)]
    value = [worth(p["quantity_in_stock"], p["cost_price"]) for p in (before, after)]
    return {
        "product_id": before["product_id"],
        "version": before["version"] + 1,
        "low_stock_change": int(low[1]) - int(low[0]),
        "inventory_value_change": value[1] - value[0],
    }


def moved(
    product: Row, change: Decimal, *, reason: str, sale_id: UUID | None, now: datetime
) -> InventoryAdjusted:
    """Goods that come (+) or go (-). The movement's id follows from the product and its version."""
    quantity = pieces(product["quantity_in_stock"] + change)
    its = effect(product, quantity_in_stock=quantity)
    return InventoryAdjusted(
        **its,
        movement_id=derived_uuid(product["product_id"], f"movement {its['version']}"),
        quantity_change=pieces(change),
        quantity_in_stock=quantity,
        reason=reason,
        sale_id=sale_id,
        adjusted_at=now,
    )
