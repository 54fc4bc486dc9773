"""Questions about customers and sales: accounts, purchases, reports, the dashboard."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from models.sales.answers import (
    DashboardSummary,
    DaySummary,
    ReportLine,
    SaleDetails,
)
from models.sales.commands import MOST_LINES
from models.sales.read import (
    CustomerAccount,
    DashboardDay,
    Inventory,
    SaleLine,
    SaleSummary,
)
from tasks.sales import conditions as conditions
from tasks.sales.rights import own, staff
from worker import Conditions, Filters, Page, Reader, query
from worker.contracts import to_cents

RECENT = 10
"""Sales that a dashboard shows."""


class By(StrEnum):
    """What a sales report adds up by."""

    DAY = "day"
    PRODUCT = "product"
    PAYMENT_TYPE = "payment_type"


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
