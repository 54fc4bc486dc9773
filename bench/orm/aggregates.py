"""The same answers by hand: columns instead of objects, sums made by the database. For context.

What a team writes once its ORM is too slow: right, current, and as fast as the write tables can be
read. `bench.orm.answers` says what the rows are.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.orm.answers import SOLD, Row
from models.orders.events import OPEN
from models.orders.write import customers, order_items, orders, payments, products


def summaries(session: Session, *, limit: int, offset: int) -> list[Row]:
    """The latest orders with their customers, and what was paid back."""
    refunds = select(func.coalesce(func.sum(payments.c.refund_amount), 0))
    o = orders.c
    found = select(
        *(o.order_id, o.order_number, o.customer_id),
        *(customers.c.name.label("customer_name"), customers.c.email.label("customer_email")),
        *(o.status, o.subtotal, o.tax, o.shipping, o.total, o.item_count, o.version, o.notes),
        *(o.created_at, o.cancellation_reason),
        refunds.where(payments.c.order_id == o.order_id).scalar_subquery().label("refund_amount"),
    ).join_from(orders, customers)
    latest = found.order_by(o.created_at.desc(), o.order_number.desc())
    return _rows(session, latest.limit(limit).offset(offset))


def history(session: Session, *, customer_id: UUID) -> list[Row]:
    """What a customer has spent, then the orders with their lines: three statements."""
    o = orders.c
    latest = (
        select(o.order_id, o.customer_id, o.order_number, o.status, o.total, o.item_count)
        .add_columns(o.created_at)
        .where(o.customer_id == customer_id)
        .order_by(o.created_at.desc(), o.order_number.desc())
    )
    lines = _lines_of(session, customer_id)
    listed = [row | {"items": tuple(lines[row["order_id"]])} for row in _rows(session, latest)]
    return [*_lifetime(session, customer_id), *listed]


def _lifetime(session: Session, customer_id: UUID) -> list[Row]:
    o, c = orders.c, customers.c
    spent = select(
        *(c.customer_id, c.name.label("customer_name"), c.email.label("customer_email")),
        func.count().label("total_orders"),
        func.sum(o.total).label("lifetime_value"),
        func.round(func.avg(o.total), 2).label("average_order_value"),
        func.min(o.created_at).label("first_order_at"),
        func.max(o.created_at).label("last_order_at"),
    ).join_from(orders, customers)
    whose = spent.where(o.customer_id == customer_id, o.status.in_(SOLD))
    return _rows(session, whose.group_by(c.customer_id))


def _lines_of(session: Session, customer_id: UUID) -> dict[UUID, list[Row]]:
    i, p = order_items.c, products.c
    found = (
        select(i.order_id, i.line, i.product_id, p.sku, p.name.label("product_name"))
        .add_columns(i.quantity, i.unit_price, i.subtotal)
        .join_from(order_items, orders)
        .join(products, p.product_id == i.product_id)
        .where(orders.c.customer_id == customer_id)
        .order_by(i.order_id, i.line)
    )
    lines: dict[UUID, list[Row]] = defaultdict(list)
    for row in _rows(session, found):
        lines[row.pop("order_id")].append(row)
    return lines


def inventory(session: Session) -> list[Row]:
    """Every product, and the pieces of it in open orders."""
    p = products.c
    pieces = (
        select(order_items.c.product_id, func.sum(order_items.c.quantity).label("pieces"))
        .join_from(order_items, orders)
        .where(orders.c.status.in_(OPEN))
        .group_by(order_items.c.product_id)
        .subquery()
    )
    in_stock = p.quantity_available - p.quantity_reserved
    found = select(
        *(p.product_id, p.sku, p.name.label("product_name"), p.price),
        *(p.quantity_available, p.quantity_reserved, in_stock.label("quantity_in_stock")),
        func.coalesce(pieces.c.pieces, 0).label("quantity_in_orders"),
        *(p.reorder_level, (in_stock < p.reorder_level).label("low_stock")),
    ).outerjoin_from(products, pieces, pieces.c.product_id == p.product_id)
    return _rows(session, found.order_by(p.name, p.product_id))


def revenue(session: Session) -> list[Row]:
    """Every product that was sold, and what it has brought in."""
    i, p = order_items.c, products.c
    earned = func.sum(i.subtotal)
    found = (
        select(
            *(p.product_id, p.sku, p.name.label("product_name")),
            func.count(i.order_id.distinct()).label("orders_count"),
            func.sum(i.quantity).label("units_sold"),
            earned.label("total_revenue"),
            func.round(earned / func.sum(i.quantity), 2).label("average_price"),
            func.min(i.unit_price).label("lowest_price"),
            func.max(i.unit_price).label("highest_price"),
        )
        .join_from(order_items, orders)
        .join(products, p.product_id == i.product_id)
        .where(orders.c.status.in_(SOLD))
    )
    return _rows(session, found.group_by(p.product_id).order_by(earned.desc(), p.product_id))


def _rows(session: Session, statement: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in session.execute(statement).mappings()]
