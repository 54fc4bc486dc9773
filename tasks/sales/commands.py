"""Handlers of the sales domain: each loads, lets a rule decide, and hands over what changes.

Tables are locked in the order of `models.sales.write`: a customer, a sale, then its products.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from models.sales import rules
from models.sales.commands import (
    AdjustStock,
    ChangePrice,
    CreateDepartment,
    CreateProduct,
    CreateUnit,
    DeactivateProduct,
    ProcessSale,
    RecordCustomerPayment,
    RegisterCustomer,
    ReturnSale,
    UpdateProduct,
)
from models.sales.events import (
    CustomerBalanceChanged,
    CustomerRegistered,
    DepartmentCreated,
    InventoryAdjusted,
    ProductCreated,
    ProductDeactivated,
    ProductPriceChanged,
    ProductUpdated,
    SaleCompleted,
    SaleItemAdded,
    SaleReturned,
    SaleStarted,
    SaleStatus,
    UnitCreated,
)
from models.sales.write import (
    customers,
    departments,
    price_history,
    products,
    sale_items,
    sale_numbers,
    sales,
    stock_movements,
    units,
)
from tasks.sales.rights import managers, may_sell, staff
from worker import LoadedRow, LoadRows, State, Work, command, draw, lock, lock_via, read
from worker.contracts.tables import named


# ---------------------------------------------------------------------------------- catalogue
@command(
    "sales.create_department",
    CreateDepartment,
    may_send=managers,
    emits=(DepartmentCreated,),
    needs=lambda c: (read(departments, c.department_id), read(departments, name=c.name)),
)
def create_department(c: CreateDepartment, state: State, work: Work) -> dict[str, Any]:
    """Adds a department."""
    event = rules.create_department(
        c,
        existing=state.get(departments, c.department_id),
        same_name=_first(state.find(departments, name=c.name)),
        now=state.now,
    )
    work.insert(departments, named(departments, event))
    work.emit(f"sales.department-{c.department_id}", event)
    return {"department_id": c.department_id}


@command(
    "sales.create_unit",
    CreateUnit,
    may_send=managers,
    emits=(UnitCreated,),
    needs=lambda c: (read(units, c.unit_id), read(units, name=c.name)),
)
def create_unit(c: CreateUnit, state: State, work: Work) -> dict[str, Any]:
    """Adds a unit."""
    event = rules.create_unit(
        c,
        existing=state.get(units, c.unit_id),
        same_name=_first(state.find(units, name=c.name)),
        now=state.now,
    )
    work.insert(units, named(units, event))
    work.emit(f"sales.unit-{c.unit_id}", event)
    return {"unit_id": c.unit_id}


@command(
    "sales.create_product",
    CreateProduct,
    may_send=managers,
    emits=(ProductCreated,),
    needs=lambda c: (
        *_placed_in(c.department_id, c.unit_id),
        read(products, c.product_id),
        read(products, code=c.code),
    ),
)
def create_product(c: CreateProduct, state: State, work: Work) -> dict[str, Any]:
    """Adds a product, none of it in stock."""
    event = rules.create_product(
        c,
        existing=state.get(products, c.product_id),
        same_code=_first(state.find(products, code=c.code)),
        department=_named(state, departments, c.department_id),
        unit=_named(state, units, c.unit_id),
        now=state.now,
    )
    work.insert(products, named(products, event))
    work.insert(price_history, named(price_history, event, changed_at=event.created_at))
    work.emit(_stream(c.product_id), event)
    return {"product_id": c.product_id, "code": c.code}


def _update_needs(c: UpdateProduct) -> tuple[LoadRows, ...]:
    """The product, what it is to be in, and what it is in now: the event says both names."""
    return (
        *_placed_in(c.department_id, c.unit_id),
        lock_via(departments, products, product_id=c.product_id),
        lock_via(units, products, product_id=c.product_id),
        lock(products, c.product_id),
    )


@command(
    "sales.update_product",
    UpdateProduct,
    may_send=managers,
    emits=(ProductUpdated,),
    needs=_update_needs,
)
def update_product(c: UpdateProduct, state: State, work: Work) -> dict[str, Any]:
    """Describes a product anew."""
    product = state.get(products, c.product_id)
    there = product or {}
    event = rules.update_product(
        c,
        product=product,
        department=_named(state, departments, c.department_id or there.get("department_id")),
        unit=_named(state, units, c.unit_id or there.get("unit_id")),
        now=state.now,
    )
    work.update(
        products,
        c.product_id,
        description=event.description,
        department_id=event.department_id,
        unit_id=event.unit_id,
        minimum_stock=event.minimum_stock,
        version=event.version,
    )
    work.emit(_stream(c.product_id), event)
    return {"product_id": c.product_id, "version": event.version}


@command(
    "sales.change_price",
    ChangePrice,
    may_send=managers,
    emits=(ProductPriceChanged,),
    needs=lambda c: (lock(products, c.product_id),),
)
def change_price(c: ChangePrice, state: State, work: Work) -> dict[str, Any]:
    """Changes what a product sells for, or what it costs."""
    event = rules.change_price(c, product=state.get(products, c.product_id), now=state.now)
    prices = {"sell_price": event.sell_price, "cost_price": event.cost_price}
    work.update(products, c.product_id, version=event.version, **prices)
    work.insert(price_history, named(price_history, event))
    work.emit(_stream(c.product_id), event)
    return {"product_id": c.product_id, "version": event.version, **prices}


@command(
    "sales.adjust_stock",
    AdjustStock,
    may_send=managers,
    emits=(InventoryAdjusted,),
    needs=lambda c: (lock(products, c.product_id),),
)
def adjust_stock(c: AdjustStock, state: State, work: Work) -> dict[str, Any]:
    """Puts goods on the shelf or takes them off, outside any sale."""
    event = rules.adjust_stock(c, product=state.get(products, c.product_id), now=state.now)
    _move(work, [event])
    return {"product_id": c.product_id, "quantity_in_stock": event.quantity_in_stock}


@command(
    "sales.deactivate_product",
    DeactivateProduct,
    may_send=managers,
    emits=(ProductDeactivated,),
    needs=lambda c: (lock(products, c.product_id),),
)
def deactivate_product(c: DeactivateProduct, state: State, work: Work) -> dict[str, Any]:
    """Takes a product out of the range."""
    event = rules.deactivate_product(c, product=state.get(products, c.product_id), now=state.now)
    work.update(products, c.product_id, active=False, version=event.version)
    work.emit(_stream(c.product_id), event)
    return {"product_id": c.product_id, "version": event.version}


# ---------------------------------------------------------------------------------- customers
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
    _owe(work, event)
    return {"customer_id": c.customer_id, "balance": event.balance}


# ---------------------------------------------------------------------------------- sales
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
        products={code: _first(state.find(products, code=code)) for code in _codes(c)},
        number=state.number(sale_numbers),
        now=state.now,
    )
    work.insert(sales, named(sales, sold.completed, status=SaleStatus.COMPLETED))
    for item in sold.items:
        work.insert(sale_items, named(sale_items, item))
    for event in (sold.started, *sold.items, sold.completed):
        work.emit(f"sales.sale-{c.sale_id}", event)
    _move(work, sold.stock)
    if sold.balance is not None:
        _owe(work, sold.balance)
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
        customer=_named(state, customers, sale["customer_id"] if sale else None),
        items=items,
        products={item["product_id"]: _there(state, item["product_id"]) for item in items},
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
    _move(work, back.stock)
    if back.balance is not None:
        _owe(work, back.balance)
    return {
        "sale_id": c.sale_id,
        "status": event.status,
        "amount": event.amount,
        "refunded_amount": event.refunded_amount,
    }


# ---------------------------------------------------------------------------------- shared
def _move(work: Work, events: Iterable[InventoryAdjusted]) -> None:
    """Move goods, and note each movement."""
    for event in events:
        work.update(
            products,
            event.product_id,
            quantity_in_stock=event.quantity_in_stock,
            version=event.version,
        )
        work.insert(stock_movements, named(stock_movements, event))
        work.emit(_stream(event.product_id), event)


def _owe(work: Work, event: CustomerBalanceChanged) -> None:
    work.update(customers, event.customer_id, balance=event.balance)
    work.emit(f"sales.customer-{event.customer_id}", event)


def _codes(c: ProcessSale) -> list[str]:
    """The codes of a sale, each once."""
    return list(dict.fromkeys(item.product_code for item in c.items))


def _placed_in(department_id: UUID | None, unit_id: UUID | None) -> tuple[LoadRows, ...]:
    """The department and the unit that are named."""
    wanted = ((departments, department_id), (units, unit_id))
    return tuple(read(table, key) for table, key in wanted if key is not None)


def _named(state: State, table: Any, key: UUID | None) -> LoadedRow | None:
    return None if key is None else state.get(table, key)


def _there(state: State, product_id: UUID) -> LoadedRow:
    product = state.get(products, product_id)
    if product is None:
        raise LookupError(f"a line's product is not loaded (product {product_id})")
    return product


def _stream(product_id: UUID) -> str:
    return f"sales.product-{product_id}"


def _first(rows: list[LoadedRow]) -> LoadedRow | None:
    return rows[0] if rows else None
