"""Answers that are no whole row of a read table: parts, sums, and what is put together."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from models.sales.read import SaleLine, SaleSummary
from worker.contracts import ReadRow


class ProductListItem(ReadRow, key="product_id"):
    """A product as a list shows it: no cost, no unit, no times."""

    product_id: UUID
    code: str
    description: str
    sell_price: Decimal
    quantity_in_stock: Decimal
    department_name: str | None
    in_stock: bool
    is_low_stock: bool


class ListedProduct(ProductListItem, key="product_id"):
    """The same with what lists are narrowed by."""

    department_id: UUID | None
    active: bool


class FoundProduct(ProductListItem, key="product_id"):
    """A product that a search has found; a higher `rank` fits better."""

    rank: Decimal


class ProductForEdit(ReadRow, key="product_id"):
    """A product as a form edits it: what `update_product` and `change_price` take."""

    product_id: UUID
    code: str
    description: str
    sell_price: Decimal
    cost_price: Decimal | None
    department_id: UUID | None
    unit_id: UUID | None
    minimum_stock: Decimal
    active: bool


class Count(ReadRow):
    """How many rows there are."""

    total: int


class SaleDetails(ReadRow):
    """A sale with its lines, of one moment."""

    sale: SaleSummary
    lines: tuple[SaleLine, ...]


class DaySummary(ReadRow, key="day"):
    """A day of `query.sales_summary_by_day`."""

    day: date
    sales_count: int
    total_sales: Decimal
    average_sale: Decimal
    cash_sales: Decimal
    card_sales: Decimal
    credit_sales: Decimal


class ReportLine(ReadRow, key="label"):
    """A line of a sales report: a day, a product's code, or a payment type, net of returns.

    `quantity` is None unless the report is by product.
    """

    label: str
    sales_count: int
    quantity: Decimal | None
    total: Decimal


class DashboardSummary(ReadRow):
    """The shop at a glance on a day; a week begins on Monday, and ends here with the day."""

    day: date
    today_sales_total: Decimal
    today_sales_count: int
    today_avg_sale: Decimal
    week_sales_total: Decimal
    week_sales_count: int
    low_stock_product_count: int
    total_inventory_value: Decimal
    recent_sales: tuple[SaleSummary, ...]
