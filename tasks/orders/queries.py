"""Questions about the orders domain. Each answers with rows of `models.orders.read`, or with
a value of `models.orders.answers` that is put together of them.

Staff may ask everything, a customer what names him (`customer_id`), admins alone who changed what.
Nothing found is None or an empty list. A list comes in pages (`limit` 1 to 1,000; `cursor`, the
`next` of the page before, or `offset`), narrowed by `where` (conditions by name: `conditions`), in
the `order` that is asked for or in its own, and says how many rows there are if `total` is asked
for.
"""

from __future__ import annotations

from uuid import UUID

from models.orders.answers import (
    AuditEntry,
    AuditLine,
    AuditValues,
    CustomerLifetimeValue,
    OrderDetails,
    OrderWithLines,
    ProductRevenue,
)
from models.orders.commands import MOST_LINES
from models.orders.events import OrderStatus
from models.orders.read import (
    CustomerOrder,
    OrderItem,
    OrderStatusTimeline,
    OrderSummary,
    Payment,
    ProductInventory,
)
from tasks.orders import conditions as conditions
from tasks.orders.rights import admins, own, staff
from worker import Conditions, Filters, Order, Page, Reader, anyone, query


@query(
    "orders.orders_summary",
    reads=("orders.order_summaries",),
    tags=lambda p: (f"customer:{p.customer_id}" if p.customer_id else "orders",),
    may_ask=own,
)
def orders_summary(
    db: Reader,
    *,
    customer_id: UUID | None = None,
    status: OrderStatus | None = None,
    where: Conditions = (),
    order: Order = ("-created_at", "-order_number"),
    limit: int = 100,
    offset: int = 0,
    cursor: str | None = None,
    total: bool = False,
) -> Page[OrderSummary]:
    """Orders, the latest first: of all or of one customer, in any status or in one."""
    orders = Filters(OrderSummary).matching(customer_id=customer_id, status=status)
    page = orders.where(*where).order_by(*order).limit(limit).offset(offset)
    return db.page(OrderSummary, "order_summaries", page, cursor=cursor, total=total)


@query(
    "orders.orders_with_lines",
    reads=("orders.order_summaries", "orders.customer_orders"),
    tags=lambda p: (f"customer:{p.customer_id}" if p.customer_id else "orders",),
    may_ask=own,
)
def orders_with_lines(
    db: Reader,
    *,
    customer_id: UUID | None = None,
    status: OrderStatus | None = None,
    where: Conditions = (),
    order: Order = ("-created_at", "-order_number"),
    limit: int = 20,
    offset: int = 0,
    cursor: str | None = None,
    total: bool = False,
) -> Page[OrderWithLines]:
    """The same, each with its lines, of one moment: two statements, however many orders."""
    orders = Filters(OrderSummary).matching(customer_id=customer_id, status=status)
    page = orders.where(*where).order_by(*order).limit(limit).offset(offset)
    found = db.page(OrderSummary, "order_summaries", page, cursor=cursor, total=total)
    ids = [one.order_id for one in found]
    lines = {
        one.order_id: one.items
        for one in db.rows(CustomerOrder, "histories_of_orders", order_ids=ids)
    }
    rows = (OrderWithLines(order=one, items=lines.get(one.order_id, ())) for one in found)
    return Page(rows, next=found.next, total=found.total)


@query(
    "orders.order_by_number",
    reads=("orders.order_summaries",),
    tags=lambda p: (f"order-number:{p.order_number}",),
    may_ask=own,
)
def order_by_number(
    db: Reader, *, order_number: str, customer_id: UUID | None = None
) -> OrderSummary | None:
    """One order, by the number that its customer knows; with his id, only if it is his."""
    his = {} if customer_id is None else {"customer_id": customer_id}
    return db.find(OrderSummary, "order_summaries", order_number=order_number, **his)


@query(
    "orders.order_details",
    reads=(
        "orders.order_summaries",
        "orders.order_items",
        "orders.payments",
        "orders.order_status_timeline",
    ),
    tags=lambda p: (f"order:{p.order_id}",),
    may_ask=own,
)
def order_details(
    db: Reader, *, order_id: UUID, customer_id: UUID | None = None
) -> OrderDetails | None:
    """All about one order: its summary, lines, payments and times; with a customer's id, only if it
    is his."""
    his = {} if customer_id is None else {"customer_id": customer_id}
    order = db.find(OrderSummary, "order_summaries", order_id=order_id, **his)
    timeline = db.find(OrderStatusTimeline, "order_status_timeline", order_id=order_id)
    if order is None or timeline is None:
        return None
    lines = Filters(OrderItem).eq("order_id", order_id).order_by("line").limit(MOST_LINES)
    items = db.select(OrderItem, "order_items", lines)
    paid = Filters(Payment).eq("order_id", order_id).order_by("paid_at")
    payments = tuple(db.select(Payment, "payments", paid))
    return OrderDetails(order=order, items=tuple(items), payments=payments, timeline=timeline)


@query(
    "orders.customer_orders",
    reads=("orders.customer_orders",),
    tags=lambda p: (f"customer:{p.customer_id}",),
    may_ask=own,
)
def customer_orders(
    db: Reader,
    *,
    customer_id: UUID,
    where: Conditions = (),
    order: Order = ("-created_at", "-order_number"),
    limit: int = 100,
    offset: int = 0,
    cursor: str | None = None,
    total: bool = False,
) -> Page[CustomerOrder]:
    """A customer's history, the latest order first, each with its lines."""
    orders = Filters(CustomerOrder).eq("customer_id", customer_id).where(*where)
    page = orders.order_by(*order).limit(limit).offset(offset)
    return db.page(CustomerOrder, "customer_orders", page, cursor=cursor, total=total)


@query(
    "orders.product_inventory",
    reads=("orders.product_inventory",),
    tags=lambda p: (f"product:{p.product_id}" if p.product_id else "inventory",),
    may_ask=anyone,
)
def product_inventory(
    db: Reader,
    *,
    product_id: UUID | None = None,
    low_stock: bool | None = None,
    where: Conditions = (),
    order: Order = ("product_name",),
    limit: int = 100,
    offset: int = 0,
    cursor: str | None = None,
    total: bool = False,
) -> Page[ProductInventory]:
    """Stock by product, in order of name: of all or of one, low or not."""
    stock = Filters(ProductInventory).matching(product_id=product_id, low_stock=low_stock)
    page = stock.where(*where).order_by(*order).limit(limit).offset(offset)
    return db.page(ProductInventory, "product_inventory", page, cursor=cursor, total=total)


@query("orders.revenue_by_product", views=("query.revenue_by_product",), may_ask=staff)
def revenue_by_product(
    db: Reader,
    *,
    product_id: UUID | None = None,
    where: Conditions = (),
    order: Order = ("-total_revenue", "product_id"),
    limit: int = 100,
    offset: int = 0,
    cursor: str | None = None,
    total: bool = False,
) -> Page[ProductRevenue]:
    """What products have brought in, the best first, as of the last refresh."""
    products = Filters(ProductRevenue).matching(product_id=product_id).where(*where)
    page = products.order_by(*order).limit(limit).offset(offset)
    return db.page(ProductRevenue, "revenue_by_product", page, cursor=cursor, total=total)


@query("orders.customer_lifetime_value", views=("query.customer_lifetime_value",), may_ask=own)
def customer_lifetime_value(
    db: Reader,
    *,
    customer_id: UUID | None = None,
    where: Conditions = (),
    order: Order = ("-lifetime_value", "customer_id"),
    limit: int = 100,
    offset: int = 0,
    cursor: str | None = None,
    total: bool = False,
) -> Page[CustomerLifetimeValue]:
    """What customers have spent, the best first, as of the last refresh."""
    customers = Filters(CustomerLifetimeValue).matching(customer_id=customer_id).where(*where)
    page = customers.order_by(*order).limit(limit).offset(offset)
    return db.page(
        CustomerLifetimeValue, "customer_lifetime_value", page, cursor=cursor, total=total
    )


@query(
    "orders.order_status_timeline",
    reads=("orders.order_status_timeline",),
    tags=lambda p: (f"order:{p.order_id}",),
    may_ask=staff,
)
def order_status_timeline(db: Reader, *, order_id: UUID) -> OrderStatusTimeline | None:
    """When an order took each step, and the hours between."""
    return db.find(OrderStatusTimeline, "order_status_timeline", order_id=order_id)


@query("orders.audit_log", may_ask=admins)
def audit_log(
    db: Reader,
    *,
    entity_type: str | None = None,
    entity_id: str | UUID | None = None,
    where: Conditions = (),
    order: Order = ("-audit_id",),
    limit: int = 100,
    offset: int = 0,
    cursor: str | None = None,
    total: bool = False,
) -> Page[AuditEntry]:
    """Who changed what, the latest first. `entity_type` is a write table: `orders`, `products`."""
    entity = None if entity_id is None else str(entity_id)
    lines = (
        Filters(AuditLine).matching(entity_type=_table(entity_type), entity_id=entity).where(*where)
    )
    wanted = lines.order_by(*order).limit(limit).offset(offset)
    page = db.page(AuditLine, "audit_log", wanted, cursor=cursor, total=total)
    found = db.rows(AuditValues, "audit_values", ids=[line.audit_id for line in page])
    values = {each.audit_id: dict(each) for each in found}
    entries = [AuditEntry(**{**dict(line), **values[line.audit_id]}) for line in page]
    return Page(entries, page.next, page.total)


def _table(entity_type: str | None) -> str | None:
    if entity_type is None or "." in entity_type:
        return entity_type
    return f"command.{entity_type}"
