"""The four answers as an ORM gives them: loaded as objects, computed in Python, lazily or eagerly.

Each answer is computed by one function, whatever way its objects come. Rows are dicts with the
fields of `models.orders.answers`, but without `updated_at`, which the write tables do not keep.

    lazy     relationships load when they are touched, as they do by default: one statement each
    eager    what is needed is loaded at once: joinedload, selectinload, or a join for what counts
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from bench.orm.entities import Customer, Order, OrderItem, Product
from models.orders.events import OPEN, OrderStatus
from worker.contracts import to_cents

Row: TypeAlias = dict[str, Any]
SOLD = frozenset(OrderStatus) - {OrderStatus.PENDING, OrderStatus.CANCELLED}
NOTHING = Decimal("0.00")


# ---------------------------------------------------------------------------- order summary
def summaries_lazily(session: Session, *, limit: int, offset: int) -> list[Row]:
    """The latest orders; each then loads its customer and its payments."""
    return list(map(_summary, session.scalars(_latest(limit, offset)).all()))


def summaries_eagerly(session: Session, *, limit: int, offset: int) -> list[Row]:
    """The same, customers joined and payments in a second statement."""
    whole = joinedload(Order.customer), selectinload(Order.payments)
    return list(map(_summary, session.scalars(_latest(limit, offset).options(*whole)).all()))


def _latest(limit: int, offset: int) -> Select[Order]:
    latest = select(Order).order_by(Order.created_at.desc(), Order.order_number.desc())
    return latest.limit(limit).offset(offset)


def _summary(order: Order) -> Row:
    return {
        "order_id": order.order_id,
        "order_number": order.order_number,
        "customer_id": order.customer_id,
        "customer_name": order.customer.name,
        "customer_email": order.customer.email,
        "status": order.status,
        "subtotal": order.subtotal,
        "tax": order.tax,
        "shipping": order.shipping,
        "total": order.total,
        "item_count": order.item_count,
        "version": order.version,
        "notes": order.notes,
        "created_at": order.created_at,
        "cancellation_reason": order.cancellation_reason,
        "refund_amount": sum((payment.refund_amount for payment in order.payments), NOTHING),
    }


# ---------------------------------------------------------------------------- customer history
def history_lazily(session: Session, *, customer_id: UUID) -> list[Row]:
    """A customer loads the orders, each of which loads its lines, which load their products."""
    return _history(session.get_one(Customer, customer_id))


def history_eagerly(session: Session, *, customer_id: UUID) -> list[Row]:
    """The same in three statements, products joined."""
    orders = selectinload(Customer.orders)
    whole = orders.selectinload(Order.items).joinedload(OrderItem.product)
    return _history(session.get_one(Customer, customer_id, options=[whole]))


def _history(customer: Customer) -> list[Row]:
    """What the customer has spent, then the orders with their lines."""
    bought = [order for order in customer.orders if order.status in SOLD]
    return [*([_lifetime(customer, bought)] if bought else []), *map(_order, customer.orders)]


def _lifetime(customer: Customer, bought: list[Order]) -> Row:
    spent = sum((order.total for order in bought), NOTHING)
    return {
        "customer_id": customer.customer_id,
        "customer_name": customer.name,
        "customer_email": customer.email,
        "total_orders": len(bought),
        "lifetime_value": spent,
        "average_order_value": to_cents(spent / len(bought)),
        "first_order_at": min(order.created_at for order in bought),
        "last_order_at": max(order.created_at for order in bought),
    }


def _order(order: Order) -> Row:
    return {
        "order_id": order.order_id,
        "customer_id": order.customer_id,
        "order_number": order.order_number,
        "status": order.status,
        "total": order.total,
        "item_count": order.item_count,
        "items": tuple(map(_line, order.items)),
        "created_at": order.created_at,
    }


def _line(item: OrderItem) -> Row:
    return {
        "line": item.line,
        "product_id": item.product_id,
        "sku": item.product.sku,
        "product_name": item.product.name,
        "quantity": item.quantity,
        "unit_price": item.unit_price,
        "subtotal": item.subtotal,
    }


# ---------------------------------------------------------------------------- inventory
def inventory_lazily(session: Session) -> list[Row]:
    """Every product; what is in open orders is counted from their lines, order by order.

    The rules of this domain make that figure equal to `quantity_reserved`. The read model counts it
    from the orders' side, so that the two can be compared, and that is what is asked for here.
    """
    return _inventory(session, _lines_of(session, OPEN))


def inventory_eagerly(session: Session) -> list[Row]:
    """The same, the lines of all open orders in one statement."""
    return _inventory(session, session.scalars(_lines_in(OPEN)))


def _inventory(session: Session, in_open_orders: Iterable[OrderItem]) -> list[Row]:
    pieces: Counter[UUID] = Counter()
    for item in in_open_orders:
        pieces[item.product_id] += item.quantity
    products = session.scalars(select(Product).order_by(Product.name, Product.product_id))
    return [_stock(product, pieces[product.product_id]) for product in products]


def _stock(product: Product, in_orders: int) -> Row:
    in_stock = product.quantity_available - product.quantity_reserved
    return {
        "product_id": product.product_id,
        "sku": product.sku,
        "product_name": product.name,
        "price": product.price,
        "quantity_available": product.quantity_available,
        "quantity_reserved": product.quantity_reserved,
        "quantity_in_stock": in_stock,
        "quantity_in_orders": in_orders,
        "reorder_level": product.reorder_level,
        "low_stock": in_stock < product.reorder_level,
    }


# ---------------------------------------------------------------------------- revenue
def revenue_lazily(session: Session) -> list[Row]:
    """Every order that counts; each loads its lines, and each product is loaded once."""
    return _revenue(_lines_of(session, SOLD))


def revenue_eagerly(session: Session) -> list[Row]:
    """The same lines in one statement, and the products in another."""
    products = session.scalars(select(Product)).all()  # held, so that lines find them here
    rows = _revenue(session.scalars(_lines_in(SOLD)))
    assert len(products) >= len(rows)
    return rows


def _revenue(sold: Iterable[OrderItem]) -> list[Row]:
    lines: dict[UUID, list[OrderItem]] = defaultdict(list)
    for item in sold:
        lines[item.product_id].append(item)
    rows = [_earned(items[0].product, items) for items in lines.values()]
    return sorted(rows, key=lambda row: (-row["total_revenue"], row["product_id"]))


def _earned(product: Product, items: list[OrderItem]) -> Row:
    units = sum(item.quantity for item in items)
    revenue = sum((item.subtotal for item in items), NOTHING)
    return {
        "product_id": product.product_id,
        "sku": product.sku,
        "product_name": product.name,
        "orders_count": len({item.order_id for item in items}),
        "units_sold": units,
        "total_revenue": revenue,
        "average_price": to_cents(revenue / units),
        "lowest_price": min(item.unit_price for item in items),
        "highest_price": max(item.unit_price for item in items),
    }


# ---------------------------------------------------------------------------- lines of orders
def _lines_of(session: Session, statuses: Iterable[OrderStatus]) -> Iterator[OrderItem]:
    """The lines of all orders in some statuses: each order loads its own."""
    for order in session.scalars(select(Order).where(Order.status.in_(statuses))).all():
        yield from order.items


def _lines_in(statuses: Iterable[OrderStatus]) -> Select[OrderItem]:
    """The same in one statement."""
    return select(OrderItem).join(OrderItem.order).where(Order.status.in_(statuses))
