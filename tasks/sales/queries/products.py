"""Questions about products: one, lists, the search, prices, what they have brought in."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from models.sales.answers import (
    Count,
    FoundProduct,
    ListedProduct,
    ProductForEdit,
    ProductListItem,
)
from models.sales.read import (
    PriceChange,
    ProductSales,
    ProductView,
    searched_words,
)
from tasks.sales import conditions as conditions
from tasks.sales.rights import managers, staff
from worker import Conditions, Filters, InvalidQuery, Order, Page, Reader, anyone, query

PRODUCTS = ("sales.product_read_view",)
_CURSOR = re.compile(r"([0-9]+\.[0-9]{8}) (.+)", re.DOTALL).fullmatch


@query(
    "sales.product_by_id",
    reads=PRODUCTS,
    tags=lambda p: (f"product:{p.product_id}",),
    may_ask=staff,
)
def product_by_id(db: Reader, *, product_id: UUID) -> ProductView | None:
    """One product, complete; None if there is none."""
    return db.find(ProductView, "product_read_view", product_id=product_id)


@query(
    "sales.product_by_code",
    reads=PRODUCTS,
    tags=lambda p: (f"product-code:{p.code}",),
    may_ask=staff,
)
def product_by_code(db: Reader, *, code: str) -> ProductView | None:
    """One product by the code that is on it; None if there is none."""
    return db.find(ProductView, "product_read_view", code=code)


@query(
    "sales.product_for_edit",
    reads=PRODUCTS,
    tags=lambda p: (f"product:{p.product_id}",),
    may_ask=managers,
)
def product_for_edit(db: Reader, *, product_id: UUID) -> ProductForEdit | None:
    """One product as a form edits it; None if there is none."""
    return db.find(ProductForEdit, "product_read_view", product_id=product_id)


@query(
    "sales.product_for_list",
    reads=PRODUCTS,
    tags=lambda p: (f"product:{p.product_id}",),
    may_ask=anyone,
)
def product_for_list(db: Reader, *, product_id: UUID) -> ProductListItem | None:
    """One product as a list shows it; None if there is none."""
    return db.find(ProductListItem, "product_read_view", product_id=product_id)


@query("sales.list_products", reads=PRODUCTS, tags=lambda p: ("product_list",), may_ask=anyone)
def list_products(
    db: Reader,
    *,
    department_id: UUID | None = None,
    in_stock_only: bool = False,
    where: Conditions = (),
    order: Order = ("code",),
    limit: int = 100,
    offset: int = 0,
    cursor: str | None = None,
    total: bool = False,
) -> Page[ListedProduct]:
    """Products that are sold, in order of their codes."""
    wanted = {"department_id": department_id, "in_stock": in_stock_only or None}
    products = Filters(ListedProduct).matching(active=True, **wanted).where(*where)
    page = products.order_by(*order).limit(limit).offset(offset)
    return db.page(ListedProduct, "product_read_view", page, cursor=cursor, total=total)


@query("sales.search_products", reads=PRODUCTS, tags=lambda p: ("product_list",), may_ask=anyone)
def search_products(
    db: Reader,
    *,
    search_term: Annotated[str, Field(max_length=200)],
    department_id: UUID | None = None,
    in_stock_only: bool = False,
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100,
    cursor: str | None = None,
    total: bool = False,
) -> Page[FoundProduct]:
    """Products whose code, description or department has words that begin like all of those asked
    for, the best fit first: a code weighs more than a description."""
    words = " & ".join(f"'{word}':*" for word in searched_words(search_term))
    if not words:
        return Page([], None, 0 if total else None)
    rank, code = _behind(cursor)
    wanted = {"words": words, "department_id": department_id, "in_stock_only": in_stock_only}
    found = db.rows(
        FoundProduct, "search_products", rank=rank, code=code, limit=limit + 1, **wanted
    )
    rows = found[:limit]
    more = f"{rows[-1].rank:.8f} {rows[-1].code}" if len(found) > limit else None
    count = db.row(Count, "count_products", **wanted) if total else None
    return Page(rows, more, None if count is None else count.total)


def _behind(cursor: str | None) -> tuple[Decimal | None, str | None]:
    """The rank and the code of the row that was the last of the page before."""
    if cursor is None:
        return None, None
    if not (last := _CURSOR(cursor)):
        why = "is none: take `next` of the page before"
        raise InvalidQuery("sales.search_products", {"cursor": why})
    return Decimal(last[1]), last[2]


@query("sales.low_stock_products", reads=PRODUCTS, tags=lambda p: ("product_list",), may_ask=staff)
def low_stock_products(
    db: Reader,
    *,
    department_id: UUID | None = None,
    where: Conditions = (),
    limit: int = 100,
    cursor: str | None = None,
    total: bool = False,
) -> Page[ListedProduct]:
    """Products of which less is there than there should be, in order of their codes."""
    low = Filters(ListedProduct).matching(is_low_stock=True, department_id=department_id)
    page = low.where(*where).order_by("code").limit(limit)
    return db.page(ListedProduct, "product_read_view", page, cursor=cursor, total=total)


@query(
    "sales.price_history",
    reads=("sales.price_history",),
    tags=lambda p: (f"product:{p.product_id}",),
    may_ask=staff,
)
def price_history(
    db: Reader, *, product_id: UUID, limit: int = 100, cursor: str | None = None
) -> Page[PriceChange]:
    """The prices that a product has had, the latest first."""
    prices = Filters(PriceChange).eq("product_id", product_id).order_by("-changed_at").limit(limit)
    return db.page(PriceChange, "sales_price_history", prices, cursor=cursor)


@query(
    "sales.product_sales_statistics",
    reads=("sales.product_sales_statistics",),
    tags=lambda p: (f"product:{p.product_id}" if p.product_id else "product_sales",),
    may_ask=staff,
)
def product_sales_statistics(
    db: Reader,
    *,
    product_id: UUID | None = None,
    order: Order = ("-revenue",),
    limit: int = 100,
    cursor: str | None = None,
    total: bool = False,
) -> Page[ProductSales]:
    """What products have brought in, the best first: of all or of one."""
    sold = Filters(ProductSales).matching(product_id=product_id)
    page = sold.order_by(*order).limit(limit)
    return db.page(ProductSales, "product_sales_statistics", page, cursor=cursor, total=total)
