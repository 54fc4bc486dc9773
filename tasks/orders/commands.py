"""Handlers of the orders domain: each loads, lets a rule decide, and hands over what changes.

A handler declares the rows that it needs, so that a batch loads them with one statement a table.
Tables are locked in the order of `models.orders.write`: the order first, then its products.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from models.orders import rules
from models.orders.commands import (
    AddOrderItem,
    AddProduct,
    AdjustInventory,
    CancelOrder,
    ChangePrice,
    CreateOrder,
    DeactivateProduct,
    ProcessPayment,
    RegisterCustomer,
    UpdateCustomer,
    UpdateOrderStatus,
    UpdateProduct,
)
from models.orders.events import (
    CustomerRegistered,
    CustomerUpdated,
    InventoryAdjusted,
    OrderCancelled,
    OrderCreated,
    OrderDelivered,
    OrderItemAdded,
    OrderProcessingStarted,
    OrderShipped,
    OrderStatus,
    PaymentProcessed,
    ProductAdded,
    ProductDeactivated,
    ProductPriceChanged,
    ProductUpdated,
)
from models.orders.write import (
    customer_row,
    customers,
    item_row,
    order_items,
    order_numbers,
    order_row,
    orders,
    payment_row,
    payments,
    product_row,
    products,
)
from tasks.orders.common import (
    receipt,
    release,
    reserve,
    step_time,
    take_off_the_shelf,
)
from tasks.orders.rights import own, own_order, staff
from tasks.orders.settings import pricing
from worker import LoadRows, State, Work, anyone, command, draw, lock, lock_via, read


# ---------------------------------------------------------------------------------- catalogue
@command(
    "orders.register_customer",
    RegisterCustomer,
    may_send=anyone,
    emits=(CustomerRegistered,),
    needs=lambda c: (read(customers, c.customer_id), read(customers, email=c.email)),
)
def register_customer(c: RegisterCustomer, state: State, work: Work) -> dict[str, Any]:
    """Adds a customer."""
    event = rules.register_customer(
        c,
        existing=state.get(customers, c.customer_id),
        same_email=state.first(customers, email=c.email),
        now=state.now,
    )
    work.insert(customers, customer_row(event))
    work.emit(f"customer-{c.customer_id}", event)
    return {"customer_id": c.customer_id}


@command(
    "orders.add_product",
    AddProduct,
    may_send=staff,
    emits=(ProductAdded,),
    needs=lambda c: (read(products, c.product_id), read(products, sku=c.sku)),
)
def add_product(c: AddProduct, state: State, work: Work) -> dict[str, Any]:
    """Adds a product to the catalogue, with what lies on the shelf."""
    event = rules.add_product(
        c,
        existing=state.get(products, c.product_id),
        same_sku=state.first(products, sku=c.sku),
        pricing=pricing(),
        now=state.now,
    )
    work.insert(products, product_row(event))
    work.emit(f"product-{c.product_id}", event)
    return {"product_id": c.product_id, "sku": c.sku}


@command(
    "orders.update_customer",
    UpdateCustomer,
    may_send=own,
    emits=(CustomerUpdated,),
    needs=lambda c: (
        lock(customers, c.customer_id),
        *((read(customers, email=c.email),) if c.email is not None else ()),
    ),
)
def update_customer(c: UpdateCustomer, state: State, work: Work) -> dict[str, Any]:
    """Changes what is known of a customer."""
    event = rules.update_customer(
        c,
        customer=state.get(customers, c.customer_id),
        same_email=state.first(customers, email=c.email) if c.email is not None else None,
        now=state.now,
    )
    work.update(customers, c.customer_id, **event.model_dump(exclude={"customer_id", "updated_at"}))
    work.emit(f"customer-{c.customer_id}", event)
    return {"customer_id": c.customer_id}


@command(
    "orders.update_product",
    UpdateProduct,
    may_send=staff,
    emits=(ProductUpdated,),
    needs=lambda c: (lock(products, c.product_id),),
)
def update_product(c: UpdateProduct, state: State, work: Work) -> dict[str, Any]:
    """Changes how a product is described, and when it counts as low."""
    event = rules.update_product(c, product=state.get(products, c.product_id), now=state.now)
    described = event.model_dump(include={"name", "description", "reorder_level"})
    work.update(products, c.product_id, **described)
    work.emit(f"product-{c.product_id}", event)
    return {"product_id": c.product_id}


@command(
    "orders.change_price",
    ChangePrice,
    may_send=staff,
    emits=(ProductPriceChanged,),
    needs=lambda c: (lock(products, c.product_id),),
)
def change_price(c: ChangePrice, state: State, work: Work) -> dict[str, Any]:
    """Changes what a product is sold for, and what it costs."""
    event = rules.change_price(c, product=state.get(products, c.product_id), now=state.now)
    work.update(products, c.product_id, price=event.price, cost=event.cost)
    work.emit(f"product-{c.product_id}", event)
    return {"product_id": c.product_id, "price": event.price, "cost": event.cost}


@command(
    "orders.deactivate_product",
    DeactivateProduct,
    may_send=staff,
    emits=(ProductDeactivated,),
    needs=lambda c: (lock(products, c.product_id),),
)
def deactivate_product(c: DeactivateProduct, state: State, work: Work) -> dict[str, Any]:
    """Gives a product up: no order takes it any more."""
    event = rules.deactivate_product(c, product=state.get(products, c.product_id), now=state.now)
    work.update(products, c.product_id, active=False, reorder_level=0)
    work.emit(f"product-{c.product_id}", event)
    return {"product_id": c.product_id}


@command(
    "orders.adjust_inventory",
    AdjustInventory,
    may_send=staff,
    emits=(InventoryAdjusted,),
    needs=lambda c: (lock(products, c.product_id),),
)
def adjust_inventory(c: AdjustInventory, state: State, work: Work) -> dict[str, Any]:
    """Puts pieces on the shelf or takes them off, outside any order."""
    event = rules.adjust_inventory(c, product=state.get(products, c.product_id), now=state.now)
    work.update(products, c.product_id, quantity_available=event.quantity_available)
    work.emit(f"product-{c.product_id}", event)
    return {"product_id": c.product_id, "quantity_available": event.quantity_available}


# ---------------------------------------------------------------------------------- orders
@command(
    "orders.create_order",
    CreateOrder,
    may_send=own,
    emits=(OrderCreated,),
    needs=lambda c: (
        read(customers, c.customer_id),
        read(orders, c.order_id),
        lock(products, *(item.product_id for item in c.items)),
        draw(order_numbers),
    ),
)
def create_order(c: CreateOrder, state: State, work: Work) -> dict[str, Any]:
    """Takes an order: prices its lines, reserves the goods, gives it a number."""
    event = rules.create_order(
        c,
        customer=state.get(customers, c.customer_id),
        existing=state.get(orders, c.order_id),
        products=[state.get(products, item.product_id) for item in c.items],
        number=state.number(order_numbers),
        pricing=pricing(),
        now=state.now,
    )
    work.insert(orders, order_row(event))
    for item in event.items:
        work.insert(order_items, item_row(c.order_id, item))
    reserve(state, work, event.pieces)
    work.emit(f"order-{c.order_id}", event)
    return {**receipt(event, OrderStatus.PENDING), "total": event.total}


@command(
    "orders.add_order_item",
    AddOrderItem,
    may_send=own_order,
    emits=(OrderItemAdded,),
    needs=lambda c: (lock(orders, c.order_id), lock(products, c.product_id)),
)
def add_order_item(c: AddOrderItem, state: State, work: Work) -> dict[str, Any]:
    """Adds a line to a pending order and reserves its goods."""
    event = rules.add_order_item(
        c,
        order=state.get(orders, c.order_id),
        product=state.get(products, c.product_id),
        now=state.now,
    )
    work.update(
        orders,
        c.order_id,
        item_count=event.item["line"],
        subtotal=event.subtotal,
        tax=event.tax,
        total=event.total,
        version=event.version,
    )
    work.insert(order_items, item_row(c.order_id, event.item))
    reserve(state, work, event.pieces)
    work.emit(f"order-{c.order_id}", event)
    line = {"item_id": event.item["item_id"], "total": event.total}
    return {**receipt(event, OrderStatus.PENDING), **line}


def _payment_needs(c: ProcessPayment) -> tuple[LoadRows, ...]:
    order = lock(orders, c.order_id)
    if c.transaction_id is None:
        return (order,)
    return (order, read(payments, transaction_id=c.transaction_id))


@command(
    "orders.process_payment",
    ProcessPayment,
    may_send=own_order,
    emits=(PaymentProcessed,),
    needs=_payment_needs,
)
def process_payment(c: ProcessPayment, state: State, work: Work) -> dict[str, Any]:
    """Pays a pending order, with exactly its total."""
    used = state.first(payments, transaction_id=c.transaction_id) if c.transaction_id else None
    event = rules.process_payment(
        c,
        order=state.get(orders, c.order_id),
        same_transaction=used,
        now=state.now,
    )
    work.insert(payments, payment_row(event))
    paid = {"status": OrderStatus.PAID, "paid_at": event.paid_at}
    work.update(orders, c.order_id, version=event.version, **paid)
    work.emit(f"order-{c.order_id}", event)
    paid_by = {"payment_id": event.payment_id, "paid_at": event.paid_at}
    return {**receipt(event, OrderStatus.PAID), **paid_by}


def _goods_of(order_id: UUID) -> tuple[LoadRows, ...]:
    """An order, its lines, and the products of these lines, to be changed."""
    return (
        lock(orders, order_id),
        lock_via(products, order_items, order_id=order_id),
        read(order_items, order_id=order_id),
    )


def _status_needs(c: UpdateOrderStatus) -> tuple[LoadRows, ...]:
    ships = c.status is OrderStatus.SHIPPED
    return _goods_of(c.order_id) if ships else (lock(orders, c.order_id),)


@command(
    "orders.update_order_status",
    UpdateOrderStatus,
    may_send=staff,
    emits=(OrderProcessingStarted, OrderShipped, OrderDelivered),
    needs=_status_needs,
)
def update_order_status(c: UpdateOrderStatus, state: State, work: Work) -> dict[str, Any]:
    """Moves a paid order one step on; shipping takes its goods off the shelf."""
    event = rules.update_order_status(
        c,
        order=state.get(orders, c.order_id),
        items=state.find(order_items, order_id=c.order_id),
        now=state.now,
    )
    work.update(orders, c.order_id, status=c.status, version=event.version, **step_time(event))
    if isinstance(event, OrderShipped):
        take_off_the_shelf(state, work, event.pieces)
    work.emit(f"order-{c.order_id}", event)
    return receipt(event, c.status)


@command(
    "orders.cancel_order",
    CancelOrder,
    may_send=own_order,
    emits=(OrderCancelled,),
    needs=lambda c: (*_goods_of(c.order_id), lock(payments, order_id=c.order_id)),
)
def cancel_order(c: CancelOrder, state: State, work: Work) -> dict[str, Any]:
    """Gives an unshipped order up: releases its goods, pays back what was paid."""
    event = rules.cancel_order(
        c,
        order=state.get(orders, c.order_id),
        items=state.find(order_items, order_id=c.order_id),
        payment=state.first(payments, order_id=c.order_id),
        now=state.now,
    )
    work.update(
        orders,
        c.order_id,
        status=OrderStatus.CANCELLED,
        version=event.version,
        cancelled_at=event.cancelled_at,
        cancellation_reason=event.reason,
    )
    if event.payment_id is not None:
        work.update(
            payments,
            event.payment_id,
            status="refunded",
            refund_amount=event.refund_amount,
            refunded_at=event.cancelled_at,
        )
    release(state, work, event.pieces)
    work.emit(f"order-{c.order_id}", event)
    refund = {"refund_amount": event.refund_amount, "cancelled_at": event.cancelled_at}
    return {**receipt(event, OrderStatus.CANCELLED), **refund}
