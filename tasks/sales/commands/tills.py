"""Handlers of the till: sales and returns, customers and what they owe.

Tables are locked in the order of `models.sales.write`: a customer, a sale, then its products.
"""

from __future__ import annotations

from typing import Any

from models.sales import rules
from models.sales.commands import (
    ProcessSale,
    RecordCustomerPayment,
    RegisterCustomer,
    ReturnSale,
)
from models.sales.events import (
    CustomerBalanceChanged,
    CustomerRegistered,
    InventoryAdjusted,
    SaleCompleted,
    SaleItemAdded,
    SaleReturned,
    SaleStarted,
    SaleStatus,
)
from models.sales.write import (
    customers,
    products,
    sale_items,
    sale_numbers,
    sales,
)
from tasks.sales.commands.shared import move, owe, row_of
from tasks.sales.rights import may_sell, staff
from worker import State, Work, command, draw, lock, lock_via, read
from worker.contracts.tables import named


@command(
    "sales.register_customer",
    RegisterCustomer,
    may_send=staff,
    emits=(CustomerRegistered,),
    needs=lambda c: (read(customers, c.customer_id),),
)
def register_customer(c: RegisterCustomer, state: State, work: Work) -> dict[str, Any]:
    """Opens a customer's account."""
    event = rules.register_customer(c, existing=state.get(customers, c.customer_id), now=state.now)
    work.insert(customers, named(customers, event, created_at=event.registered_at))
    work.emit(f"sales.customer-{c.customer_id}", event)
    return {"customer_id": c.customer_id}


@command(
    "sales.record_customer_payment",
    RecordCustomerPayment,
    may_send=staff,
    emits=(CustomerBalanceChanged,),
    needs=lambda c: (lock(customers, c.customer_id),),
)
def record_customer_payment(c: RecordCustomerPayment, state: State, work: Work) -> dict[str, Any]:
    """Takes some of what a customer owes."""
    event = rules.record_customer_payment(
        c, customer=state.get(customers, c.customer_id), now=state.now
    )
    owe(work, event)
    return {"customer_id": c.customer_id, "balance": event.balance}


def _sale_needs(c: ProcessSale) -> tuple[Any, ...]:
    buyer = () if c.customer_id is None else (lock(customers, c.customer_id),)
    goods = (lock(products, code=code) for code in _codes(c))
    return (*buyer, read(sales, c.sale_id), *goods, draw(sale_numbers))


@command(
    "sales.process_sale",
    ProcessSale,
    may_send=may_sell,
    emits=(SaleStarted, SaleItemAdded, SaleCompleted, InventoryAdjusted, CustomerBalanceChanged),
    needs=_sale_needs,
)
def process_sale(c: ProcessSale, state: State, work: Work) -> dict[str, Any]:
    """Sells: takes goods off the shelf, and money or a promise of it."""
    sold = rules.process_sale(
        c,
        existing=state.get(sales, c.sale_id),
        customer=None if c.customer_id is None else state.get(customers, c.customer_id),
        products={code: state.first(products, code=code) for code in _codes(c)},
        number=state.number(sale_numbers),
        now=state.now,
    )
    work.insert(sales, named(sales, sold.completed, status=SaleStatus.COMPLETED))
    for item in sold.items:
        work.insert(sale_items, named(sale_items, item))
    for event in (sold.started, *sold.items, sold.completed):
        work.emit(f"sales.sale-{c.sale_id}", event)
    move(work, sold.stock)
    if sold.balance is not None:
        owe(work, sold.balance)
    return {
        "sale_id": c.sale_id,
        "sale_number": sold.completed.sale_number,
        "total": sold.completed.total,
        "change_amount": sold.completed.change_amount,
        "credited_amount": sold.completed.credited_amount,
    }


@command(
    "sales.return_sale",
    ReturnSale,
    may_send=staff,
    emits=(SaleReturned, InventoryAdjusted, CustomerBalanceChanged),
    needs=lambda c: (
        lock_via(customers, sales, sale_id=c.sale_id),
        lock(sales, c.sale_id),
        lock_via(products, sale_items, sale_id=c.sale_id),
        read(sale_items, sale_id=c.sale_id),
    ),
)
def return_sale(c: ReturnSale, state: State, work: Work) -> dict[str, Any]:
    """Takes goods back, and gives back what they were sold for."""
    sale, items = state.get(sales, c.sale_id), state.find(sale_items, sale_id=c.sale_id)
    back = rules.return_sale(
        c,
        sale=sale,
        customer=row_of(state, customers, sale["customer_id"] if sale else None),
        items=items,
        products={item["product_id"]: state.loaded(products, item["product_id"]) for item in items},
        now=state.now,
    )
    event = back.returned
    assert sale is not None  # the rule has refused it
    work.update(
        sales,
        c.sale_id,
        status=event.status,
        returned_amount=sale["returned_amount"] + event.amount,
        uncredited_amount=sale["uncredited_amount"] + event.credited_amount,
    )
    for line in event.lines:
        work.update(sale_items, line["item_id"], returned=line["returned"])
    work.emit(f"sales.sale-{c.sale_id}", event)
    move(work, back.stock)
    if back.balance is not None:
        owe(work, back.balance)
    return {
        "sale_id": c.sale_id,
        "status": event.status,
        "amount": event.amount,
        "refunded_amount": event.refunded_amount,
    }


def _codes(c: ProcessSale) -> list[str]:
    """The codes of a sale, each once."""
    return list(dict.fromkeys(item.product_code for item in c.items))
