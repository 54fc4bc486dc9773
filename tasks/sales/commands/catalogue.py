"""Handlers of the catalogue: departments, units, products, prices, stock."""

from __future__ import annotations

from typing import Any

from models.sales import rules
from models.sales.commands import (
    AdjustStock,
    ChangePrice,
    CreateDepartment,
    CreateProduct,
    CreateUnit,
    DeactivateProduct,
    UpdateProduct,
)
from models.sales.events import (
    DepartmentCreated,
    InventoryAdjusted,
    ProductCreated,
    ProductDeactivated,
    ProductPriceChanged,
    ProductUpdated,
    UnitCreated,
)
from models.sales.write import (
    departments,
    price_history,
    products,
    units,
)
from tasks.sales.commands.shared import move, placed_in, product_stream, row_of
from tasks.sales.rights import managers
from worker import LoadRows, State, Work, command, lock, lock_via, read
from worker.contracts.tables import named


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
        same_name=state.first(departments, name=c.name),
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
        same_name=state.first(units, name=c.name),
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
        *placed_in(c.department_id, c.unit_id),
        read(products, c.product_id),
        read(products, code=c.code),
    ),
)
def create_product(c: CreateProduct, state: State, work: Work) -> dict[str, Any]:
    """Adds a product, none of it in stock."""
    event = rules.create_product(
        c,
        existing=state.get(products, c.product_id),
        same_code=state.first(products, code=c.code),
        department=row_of(state, departments, c.department_id),
        unit=row_of(state, units, c.unit_id),
        now=state.now,
    )
    work.insert(products, named(products, event))
    work.insert(price_history, named(price_history, event, changed_at=event.created_at))
    work.emit(product_stream(c.product_id), event)
    return {"product_id": c.product_id, "code": c.code}


def _update_needs(c: UpdateProduct) -> tuple[LoadRows, ...]:
    """The product, what it is to be in, and what it is in now: the event says both names."""
    return (
        *placed_in(c.department_id, c.unit_id),
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
        department=row_of(state, departments, c.department_id or there.get("department_id")),
        unit=row_of(state, units, c.unit_id or there.get("unit_id")),
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
    work.emit(product_stream(c.product_id), event)
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
    work.emit(product_stream(c.product_id), event)
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
    move(work, [event])
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
    work.emit(product_stream(c.product_id), event)
    return {"product_id": c.product_id, "version": event.version}
