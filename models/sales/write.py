"""The write models. The tables stand in the order in which every batch locks them.

A customer comes before his sales, a sale before the products of its lines. `sql/command/` creates
them, with the constraints that stand behind the rules; a test compares the two.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

metadata = sa.MetaData(schema="command", info={"domain": "sales"})

_money = sa.Numeric(14, 2)
_pieces = sa.Numeric(13, 3)
_time = sa.DateTime(timezone=True)


def _id(name: str, *more: Any, nullable: bool = False) -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid, *more, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _amount(name: str, *, nullable: bool = False, **more: Any) -> sa.Column[Decimal]:
    return sa.Column(name, _money, nullable=nullable, **more)


departments = sa.Table(
    "sales_departments",
    metadata,
    sa.Column("department_id", sa.Uuid, primary_key=True),
    _text("name"),
    sa.Column("created_at", _time, nullable=False),
    sa.UniqueConstraint("name", name="sales_departments_name_once"),
)

units = sa.Table(
    "sales_units",
    metadata,
    sa.Column("unit_id", sa.Uuid, primary_key=True),
    _text("name"),
    sa.Column("created_at", _time, nullable=False),
    sa.UniqueConstraint("name", name="sales_units_name_once"),
)

customers = sa.Table(
    "sales_customers",
    metadata,
    sa.Column("customer_id", sa.Uuid, primary_key=True),
    _text("name"),
    _text("phone", nullable=True),
    _amount("credit_limit"),
    _amount("balance", default=Decimal("0.00")),
    sa.Column("created_at", _time, nullable=False),
)

sales = sa.Table(
    "sales",
    metadata,
    sa.Column("sale_id", sa.Uuid, primary_key=True),
    _text("sale_number"),
    _id("customer_id", sa.ForeignKey(customers.c.customer_id), nullable=True),
    _text("payment_type"),
    _text("status"),
    sa.Column("item_count", sa.Integer, nullable=False),
    _amount("total"),
    _amount("paid_amount"),
    _amount("change_amount"),
    _amount("credited_amount"),
    _amount("returned_amount", default=Decimal("0.00")),
    _amount("uncredited_amount", default=Decimal("0.00")),
    sa.Column("sold_at", _time, nullable=False),
    sa.UniqueConstraint("sale_number", name="sales_number_once"),
    sa.Index("sales_of_customer", "customer_id", "sold_at"),
)

products = sa.Table(
    "sales_products",
    metadata,
    sa.Column("product_id", sa.Uuid, primary_key=True),
    _text("code"),
    _text("description"),
    _amount("sell_price"),
    _amount("cost_price", nullable=True),
    sa.Column("quantity_in_stock", _pieces, nullable=False),
    sa.Column("minimum_stock", _pieces, nullable=False),
    _id("department_id", sa.ForeignKey(departments.c.department_id), nullable=True),
    _id("unit_id", sa.ForeignKey(units.c.unit_id), nullable=True),
    sa.Column("active", sa.Boolean, nullable=False, default=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", _time, nullable=False),
    sa.UniqueConstraint("code", name="sales_products_code_once"),
    sa.Index("sales_products_of_department", "department_id"),
    sa.Index("sales_products_of_unit", "unit_id"),
)

sale_items = sa.Table(
    "sale_items",
    metadata,
    sa.Column("item_id", sa.Uuid, primary_key=True),
    _id("sale_id", sa.ForeignKey(sales.c.sale_id)),
    sa.Column("line", sa.Integer, nullable=False),
    _id("product_id", sa.ForeignKey(products.c.product_id)),
    sa.Column("quantity", _pieces, nullable=False),
    sa.Column("returned", _pieces, nullable=False, default=Decimal("0.000")),
    _amount("unit_price"),
    _amount("subtotal"),
    sa.UniqueConstraint("sale_id", "line", name="sale_items_line_once"),
    sa.Index("sale_items_of_product", "product_id"),
)

stock_movements = sa.Table(
    "sales_stock_movements",
    metadata,
    sa.Column("movement_id", sa.Uuid, primary_key=True),
    _id("product_id", sa.ForeignKey(products.c.product_id)),
    _id("sale_id", sa.ForeignKey(sales.c.sale_id), nullable=True),
    sa.Column("quantity_change", _pieces, nullable=False),
    sa.Column("quantity_in_stock", _pieces, nullable=False),
    _text("reason"),
    sa.Column("adjusted_at", _time, nullable=False),
    sa.Index("sales_stock_movements_of_product", "product_id", "adjusted_at"),
    sa.Index("sales_stock_movements_of_sale", "sale_id"),
)

price_history = sa.Table(
    "sales_price_history",
    metadata,
    sa.Column("price_change_id", sa.Uuid, primary_key=True),
    _id("product_id", sa.ForeignKey(products.c.product_id)),
    _amount("sell_price"),
    _amount("cost_price", nullable=True),
    sa.Column("changed_at", _time, nullable=False),
    sa.Index("sales_price_history_of_product", "product_id", "changed_at"),
)

sale_numbers = sa.Sequence("sale_numbers", metadata=metadata)
