"""Questions about the sales domain. Nothing found is None, or an empty list.

Products are everybody's to see, but for what they cost; a customer sees his own account and
purchases (`customer_id`), staff everything. A list comes in pages (`limit` 1 to 1,000; `cursor`,
the `next` of the page before), narrowed by `where` (conditions by name: `conditions`), and says how
many rows there are if `total` is asked for.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import Field

from models.sales.answers import (
    Count,
    DashboardSummary,
    DaySummary,
    FoundProduct,
    ListedProduct,
    ProductForEdit,
    ProductListItem,
    ReportLine,
    SaleDetails,
)
from models.sales.commands import MOST_LINES
from models.sales.read import (
    CustomerAccount,
    DashboardDay,
    Inventory,
    PriceChange,
    ProductSales,
    ProductView,
    SaleLine,
    SaleSummary,
)
from tasks.sales import conditions as conditions
from tasks.sales.rights import managers, own, staff
from worker import Conditions, Filters, InvalidQuery, Order, Page, Reader, anyone, query
from worker.contracts import ReadRow, to_cents

Row = TypeVar("Row", bound=ReadRow)
PRODUCTS = ("sales.product_read_view",)
RECENT = 10
"""Sales that a dashboard shows."""
_WORDS = re.compile(r"[^\W_]+").findall
_CURSOR = re.compile(r"([0-9]+\.[0-9]{8}) (.+)", re.DOTALL).fullmatch


class By(StrEnum):
    """What a sales report adds up by."""

    DAY = "day"
    PRODUCT = "product"
    PAYMENT_TYPE = "payment_type"


# ---------------------------------------------------------------------------------- products
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
    products = Filters(ListedProduct).eq("active", True).where(*where)
    products = products if department_id is None else products.eq("department_id", department_id)
    products = products.eq("in_stock", True) if in_stock_only else products
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
    words = " & ".join(f"'{word}':*" for word in _WORDS(search_term.lower()))
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
    low = Filters(ListedProduct).eq("is_low_stock", True).where(*where)
    low = low if department_id is None else low.eq("department_id", department_id)
    page = low.order_by("code").limit(limit)
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
    sold = Filters(ProductSales)
    sold = sold if product_id is None else sold.eq("product_id", product_id)
    page = sold.order_by(*order).limit(limit)
    return db.page(ProductSales, "product_sales_statistics", page, cursor=cursor, total=total)


# ---------------------------------------------------------------------------------- customers
@query(
    "sales.customer_account",
    reads=("sales.customer_accounts",),
    tags=lambda p: (f"buyer:{p.customer_id}",),
    may_ask=own,
)
def customer_account(db: Reader, *, customer_id: UUID) -> CustomerAccount | None:
    """What a customer owes and has bought; None if there is none."""
    return db.find(CustomerAccount, "sales_customer_accounts", customer_id=customer_id)


@query(
    "sales.search_customers",
    reads=("sales.customer_accounts",),
    tags=lambda p: ("buyers",),
    may_ask=staff,
)
def search_customers(
    db: Reader,
    *,
    name: Annotated[str, Field(max_length=200)] = "",
    where: Conditions = (),
    limit: int = 100,
    cursor: str | None = None,
    total: bool = False,
) -> Page[CustomerAccount]:
    """Customers whose names begin so, in order of their names."""
    start = re.sub(r"([\\%_])", r"\\\1", name)
    found = Filters(CustomerAccount).like("name", f"{start}%").where(*where)
    page = found.order_by("name").limit(limit)
    return db.page(CustomerAccount, "sales_customer_accounts", page, cursor=cursor, total=total)


@query(
    "sales.customer_purchases",
    reads=("sales.sale_summaries",),
    tags=lambda p: (f"buyer:{p.customer_id}",),
    may_ask=own,
)
def customer_purchases(
    db: Reader,
    *,
    customer_id: UUID,
    where: Conditions = (),
    limit: int = 100,
    cursor: str | None = None,
    total: bool = False,
) -> Page[SaleSummary]:
    """What a customer has bought, the latest first."""
    bought = Filters(SaleSummary).eq("customer_id", customer_id).where(*where)
    page = bought.order_by("-sold_at").limit(limit)
    return db.page(SaleSummary, "sale_summaries", page, cursor=cursor, total=total)


# ---------------------------------------------------------------------------------- sales
@query(
    "sales.sale_by_number",
    reads=("sales.sale_summaries", "sales.sale_lines"),
    tags=lambda p: (f"sale:{p.sale_number}",),
    may_ask=own,
)
def sale_by_number(
    db: Reader, *, sale_number: str, customer_id: UUID | None = None
) -> SaleDetails | None:
    """One sale with its lines, by the number on the receipt; with a customer's id, only if it is
    his."""
    his = {} if customer_id is None else {"customer_id": customer_id}
    sale = db.find(SaleSummary, "sale_summaries", sale_number=sale_number, **his)
    if sale is None:
        return None
    lines = Filters(SaleLine).eq("sale_id", sale.sale_id).order_by("line").limit(MOST_LINES)
    return SaleDetails(sale=sale, lines=tuple(db.select(SaleLine, "sale_lines", lines)))


@query(
    "sales.sales_report",
    reads=("sales.sale_summaries", "sales.sale_lines"),
    tags=lambda p: ("sales",),
    may_ask=staff,
)
def sales_report(db: Reader, *, since: date, until: date, by: By = By.DAY) -> list[ReportLine]:
    """Sales between two days, both included, net of what came back: by day, by product (the best
    first), by payment type."""
    return db.rows(ReportLine, f"report_by_{by}", since=since, until=until)


@query("sales.sales_summary_by_day", views=("query.sales_summary_by_day",), may_ask=staff)
def sales_summary_by_day(
    db: Reader,
    *,
    since: date | None = None,
    until: date | None = None,
    limit: int = 100,
    cursor: str | None = None,
    total: bool = False,
) -> Page[DaySummary]:
    """Sales of each day, the latest first, as of the last refresh."""
    days = Filters(DaySummary)
    days = days if since is None else days.ge("day", since)
    days = days if until is None else days.le("day", until)
    page = days.order_by("-day").limit(limit)
    return db.page(DaySummary, "sales_summary_by_day", page, cursor=cursor, total=total)


@query(
    "sales.dashboard",
    reads=("sales.dashboard_days", "sales.inventory", "sales.sale_summaries"),
    tags=lambda p: ("dashboard",),
    may_ask=staff,
)
def dashboard(db: Reader, *, day: date) -> DashboardSummary:
    """The shop on a day: its sales, those of the week up to it, all stock, and the last sales."""
    monday = day - timedelta(days=day.weekday())
    week = db.select(
        DashboardDay, "dashboard_days", Filters(DashboardDay).between("day", monday, day)
    )
    today = next((one for one in week if one.day == day), None)
    stock = db.find(Inventory, "sales_inventory", name="all")
    recent = Filters(SaleSummary).le("sold_on", day).order_by("-sold_at").limit(RECENT)
    sales = db.select(SaleSummary, "sale_summaries", recent)
    count = today.sales_count if today else 0
    total = today.sales_total if today else Decimal("0.00")
    return DashboardSummary(
        day=day,
        today_sales_total=total,
        today_sales_count=count,
        today_avg_sale=to_cents(total / count) if count else Decimal("0.00"),
        week_sales_total=sum((one.sales_total for one in week), Decimal("0.00")),
        week_sales_count=sum(one.sales_count for one in week),
        low_stock_product_count=stock.low_stock_product_count if stock else 0,
        total_inventory_value=stock.total_inventory_value if stock else Decimal("0.00"),
        recent_sales=tuple(sales),
    )
