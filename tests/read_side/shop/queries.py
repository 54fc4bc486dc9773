"""Questions about the shop."""

from __future__ import annotations

from pydantic import SecretStr

from tests.read_side.shop.models import Changes, Customer, Item, Totals
from worker.queries.filters import Filters, Where
from worker.queries.query import Reader, query


@query("shop.item", reads=("shop.items",), tags=lambda p: (f"item:{p.item}",))
def item(db: Reader, *, item: str) -> Item | None:
    """One item."""
    return db.row(Item, "item", item=item)


@query("shop.items", reads=("shop.items",), tags=lambda p: ("items",))
def items(
    db: Reader,
    *,
    where: tuple[Where, ...] = (),
    order_by: tuple[str, ...] = ("item",),
    limit: int = 100,
    offset: int = 0,
) -> list[Item]:
    """Items, filtered and sorted."""
    filters = Filters(Item).where(*where).order_by(*order_by).limit(limit).offset(offset)
    return db.select(Item, "shop_items", filters)


@query(
    "shop.sale",
    reads=("shop.items", "shop.customers"),
    tags=lambda p: (f"item:{p.item}", f"customer:{p.customer}"),
)
def sale(db: Reader, *, item: str, customer: str) -> tuple[Item | None, Customer | None]:
    """An item and a customer, of one moment."""
    return db.row(Item, "item", item=item), db.row(Customer, "customer", customer=customer)


@query(
    "shop.patient_item", reads=("shop.items",), tags=lambda p: (f"item:{p.item}",), stale_ok=True
)
def patient_item(db: Reader, *, item: str) -> Item | None:
    """One item; an old answer is better than none."""
    return db.row(Item, "item", item=item)


@query("shop.uncached_item", reads=("shop.items",))
def uncached_item(db: Reader, *, item: str) -> Item | None:
    """One item, never kept."""
    return db.row(Item, "item", item=item)


@query("shop.audited_item", reads=("shop.items",), tags=lambda p: ("items",), audited=True)
def audited_item(db: Reader, *, item: str) -> Item | None:
    """One item, and who asked for it."""
    return db.row(Item, "item", item=item)


@query("shop.totals", views=("query.shop_totals",))
def totals(db: Reader) -> Totals | None:
    """What was sold in all, out of a materialized view."""
    return db.row(Totals, "totals")


@query("shop.mixed", reads=("shop.items",), views=("query.shop_totals",), tags=lambda p: ("items",))
def mixed(db: Reader, *, item: str) -> tuple[Item | None, Totals | None]:
    """An item beside the totals."""
    return db.row(Item, "item", item=item), db.row(Totals, "totals")


@query("shop.changes")
def changes(db: Reader) -> Changes | None:
    """A query that reads no read model."""
    return db.row(Changes, "changes")


@query("shop.nothing", reads=("shop.items",))
def nothing(db: Reader) -> int:
    """A query that asks the database for nothing."""
    return 7


@query("shop.burglar", reads=("shop.items",))
def burglar(db: Reader, *, block: str) -> list[Item]:
    """A query that tries what it must not."""
    return db.rows(Item, block)


@query("shop.as_number", reads=("shop.items",))
def as_number(db: Reader, *, text: str) -> Changes | None:
    """A query that the database refuses."""
    return db.row(Changes, "as_number", text=text)


@query("shop.slow_item", reads=("shop.items",), tags=lambda p: ("items",), stale_ok=True)
def slow_item(db: Reader, *, item: str) -> Changes | None:
    """A query that takes too long, once there is something of the item."""
    if db.row(Item, "item", item=item) is None:
        return None
    return db.row(Changes, "slow")


@query("shop.guess", reads=("shop.items",), tags=lambda p: ("items",))
def guess(db: Reader, *, token: SecretStr) -> str:
    """A query whose answer depends on what is shown masked."""
    return token.get_secret_value()[::-1]
