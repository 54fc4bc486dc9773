"""The read models: what the projections write and the queries read.

Each table lives as `query.<name>_v<version>` behind a plain view `query.<name>`; `sql/query/`
creates both, and a test compares. The materialized views there are refreshed, not projected.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

metadata = sa.MetaData(schema="query", info={"domain": "orders"})

_money = sa.Numeric(14, 2)
_hours = sa.Numeric(12, 4)
_time = sa.DateTime(timezone=True)


def _key(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid, primary_key=True)


def _given(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


order_summaries = sa.Table(
    "order_summaries",
    metadata,
    _key("order_id"),
    _given("order_number", sa.Text),
    _given("customer_id", sa.Uuid),
    _given("customer_name", sa.Text),
    _given("customer_email", sa.Text),
    _given("status", sa.Text),
    _given("subtotal", _money),
    _given("tax", _money),
    _given("shipping", _money),
    _given("total", _money),
    _given("item_count", sa.Integer),
    _given("version", sa.Integer),
    _given("notes", sa.Text),
    _given("created_at", _time),
    _given("updated_at", _time),
    sa.Column("cancellation_reason", sa.Text),
    _given("refund_amount", _money),
    sa.Index("order_summaries_by_number", "order_number", unique=True),
    sa.Index("order_summaries_by_customer", "customer_id", "created_at"),
    sa.Index("order_summaries_by_status", "status", "created_at"),
    sa.Index("order_summaries_by_time", "created_at"),
)

order_items = sa.Table(
    "order_items",
    metadata,
    _key("item_id"),
    _given("order_id", sa.Uuid),
    _given("order_number", sa.Text),
    _given("line", sa.Integer),
    _given("product_id", sa.Uuid),
    _given("sku", sa.Text),
    _given("product_name", sa.Text),
    _given("quantity", sa.Integer),
    _given("unit_price", _money),
    _given("discount", sa.Numeric(5, 4)),
    _given("subtotal", _money),
    sa.Index("order_items_by_order", "order_id", "line"),
    sa.Index("order_items_by_product", "product_id"),
)

customer_orders = sa.Table(
    "customer_orders",
    metadata,
    _key("order_id"),
    _given("customer_id", sa.Uuid),
    _given("order_number", sa.Text),
    _given("status", sa.Text),
    _given("total", _money),
    _given("item_count", sa.Integer),
    _given("items", JSONB),
    _given("created_at", _time),
    _given("updated_at", _time),
    sa.Index("customer_orders_by_customer", "customer_id", "created_at"),
)

product_inventory = sa.Table(
    "product_inventory",
    metadata,
    _key("product_id"),
    _given("sku", sa.Text),
    _given("product_name", sa.Text),
    _given("price", _money),
    _given("quantity_available", sa.Integer),
    _given("quantity_reserved", sa.Integer),
    _given("quantity_in_stock", sa.Integer),
    _given("quantity_in_orders", sa.Integer),
    _given("reorder_level", sa.Integer),
    _given("low_stock", sa.Boolean),
    _given("updated_at", _time),
    sa.Index("product_inventory_by_name", "product_name"),
    sa.Index("product_inventory_low", "product_name", postgresql_where=sa.text("low_stock")),
)

payments = sa.Table(
    "payments",
    metadata,
    _key("payment_id"),
    _given("order_id", sa.Uuid),
    _given("order_number", sa.Text),
    _given("customer_id", sa.Uuid),
    _given("amount", _money),
    _given("payment_method", sa.Text),
    sa.Column("transaction_id", sa.Text),
    _given("status", sa.Text),
    _given("refund_amount", _money),
    _given("paid_at", _time),
    sa.Column("refunded_at", _time),
    sa.Index("payments_by_order", "order_id"),
)

order_status_timeline = sa.Table(
    "order_status_timeline",
    metadata,
    _key("order_id"),
    _given("order_number", sa.Text),
    _given("status", sa.Text),
    _given("created_at", _time),
    sa.Column("paid_at", _time),
    sa.Column("processing_at", _time),
    sa.Column("shipped_at", _time),
    sa.Column("delivered_at", _time),
    sa.Column("cancelled_at", _time),
    sa.Column("hours_to_payment", _hours),
    sa.Column("hours_to_shipment", _hours),
    sa.Column("hours_to_delivery", _hours),
    sa.Column("hours_in_all", _hours),
)
