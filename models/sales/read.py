"""The read models: each is the class of its rows, and the table that keeps them.

Projections write the tables, queries answer with the classes. Days are those of the shop's own
clock (`CQRS_TIME_ZONE`), stored with the rows: no view and no query asks a clock or a setting, and
another zone is a rebuild. Whatever counts sales counts them net: a return lowers the figures of the
day on which the sale was made. Composed answers stand in `answers.py`.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa

from models.sales.events import Payment, SaleStatus
from worker.contracts import ReadRow
from worker.contracts.tables import read_table

metadata = sa.MetaData(schema="query", info={"domain": "sales"})

Cents = Annotated[Decimal, sa.Numeric(14, 2)]
Sum = Annotated[Decimal, sa.Numeric(26, 2)]
Thousandths = Annotated[Decimal, sa.Numeric(13, 3)]
SumOfThousandths = Annotated[Decimal, sa.Numeric(20, 3)]

SEARCHED = (
    "setweight(to_tsvector('simple', search_code), 'A')"
    " || setweight(to_tsvector('simple', search_text), 'B')"
)
"""What a product is found by: its code weighs more than its description and department."""
_WORDS = re.compile(r"[^\W_]+").findall


def searched_words(text: str) -> list[str]:
    """The words of a text, as products have them for the search and as it looks for them."""
    return _WORDS(text.lower())


class ProductView(ReadRow):
    """A product, complete. `stock_value` is at cost, 0.00 where that is not known.

    `search_code` and `search_text` are its words, in small letters, for the full-text index.
    """

    product_id: UUID
    code: str
    description: str
    sell_price: Cents
    cost_price: Cents | None
    quantity_in_stock: Thousandths
    minimum_stock: Thousandths
    department_id: UUID | None
    department_name: str | None
    unit_id: UUID | None
    unit_name: str | None
    in_stock: bool
    is_low_stock: bool
    stock_value: Sum
    active: bool
    search_code: str
    search_text: str
    created_at: datetime
    updated_at: datetime


product_read_view = read_table(
    ProductView,
    metadata,
    "product_read_view",
    sa.Index("product_read_view_by_code", "code", unique=True),
    sa.Index("product_read_view_by_department", "department_id", "code"),
    sa.Index("product_read_view_low", "code", postgresql_where=sa.text("is_low_stock")),
    sa.Index("product_read_view_search", sa.text(f"({SEARCHED})"), postgresql_using="gin"),
    key="product_id",
    postgresql_with={"fillfactor": 70},
)


class PriceChange(ReadRow):
    """A price that a product got; the first one is that of its creation."""

    price_change_id: UUID
    product_id: UUID
    old_sell_price: Cents | None
    sell_price: Cents
    old_cost_price: Cents | None
    cost_price: Cents | None
    changed_at: datetime


price_changes = read_table(
    PriceChange,
    metadata,
    "sales_price_history",
    sa.Index("sales_price_history_by_product", "product_id", "changed_at"),
    key="price_change_id",
)


class SaleSummary(ReadRow):
    """A sale at a glance. `returned_amount` is what of its total has come back."""

    sale_id: UUID
    sale_number: str
    customer_id: UUID | None
    customer_name: str | None
    payment_type: Payment
    status: SaleStatus
    item_count: int
    total: Cents
    paid_amount: Cents
    change_amount: Cents
    credited_amount: Cents
    returned_amount: Cents
    sold_at: datetime
    sold_on: date
    updated_at: datetime


sale_summaries = read_table(
    SaleSummary,
    metadata,
    "sale_summaries",
    sa.Index("sale_summaries_by_number", "sale_number", unique=True),
    sa.Index("sale_summaries_by_customer", "customer_id", "sold_at"),
    sa.Index("sale_summaries_by_day", "sold_on", "sold_at"),
    key="sale_id",
)


class SaleLine(ReadRow):
    """A line of a sale, with the product as it was sold, and what of it has come back."""

    item_id: UUID
    sale_id: UUID
    sale_number: str
    line: int
    product_id: UUID
    product_code: str
    description: str
    quantity: Thousandths
    unit_price: Cents
    subtotal: Cents
    returned_quantity: Thousandths
    returned_amount: Cents
    sold_on: date


sale_lines = read_table(
    SaleLine,
    metadata,
    "sale_lines",
    sa.Index("sale_lines_by_sale", "sale_id", "line"),
    sa.Index("sale_lines_by_day", "sold_on", "product_id"),
    key="item_id",
)


class CustomerAccount(ReadRow):
    """A customer: what he owes, what he may still owe, and what he has bought, net of returns."""

    customer_id: UUID
    name: str
    phone: str | None
    credit_limit: Cents
    balance: Cents
    available_credit: Sum
    purchase_count: int
    purchase_total: Sum
    last_purchase_at: datetime | None
    updated_at: datetime


customer_accounts = read_table(
    CustomerAccount,
    metadata,
    "sales_customer_accounts",
    sa.Index("sales_customer_accounts_by_name", "name"),
    key="customer_id",
)


class ProductSales(ReadRow):
    """What a product has brought in, net of what came back."""

    product_id: UUID
    product_code: str
    description: str
    line_count: int
    quantity_sold: SumOfThousandths
    quantity_returned: SumOfThousandths
    revenue: Sum
    last_sold_at: datetime | None


product_sales = read_table(
    ProductSales,
    metadata,
    "product_sales_statistics",
    sa.Index("product_sales_statistics_by_revenue", "revenue"),
    key="product_id",
)


class DashboardDay(ReadRow):
    """A day's sales, kept by increments: number and total, and by payment type."""

    day: date
    sales_count: int
    sales_total: Sum
    cash_total: Sum
    card_total: Sum
    credit_total: Sum


dashboard_days = read_table(DashboardDay, metadata, "dashboard_days", key="day")


class Inventory(ReadRow):
    """All stock together, in one row, kept by increments."""

    name: str
    product_count: int
    low_stock_product_count: int
    total_inventory_value: Sum


inventory = read_table(Inventory, metadata, "sales_inventory", key="name")
