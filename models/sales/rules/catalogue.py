"""One code a product, and never less than nothing on the shelf."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models.sales.commands import (
    MOST_PIECES,
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
from models.sales.rules.figures import (
    NO_PIECES,
    NOTHING,
    Faults,
    Row,
    effect,
    is_low,
    moved,
    must_be_new,
    must_be_there,
    pieces,
    unknown,
)
from worker.contracts import Refusal, RefusalKind, to_cents
from worker.contracts.values import derived_uuid


def create_department(
    c: CreateDepartment, *, existing: Row | None, same_name: Row | None, now: datetime
) -> DepartmentCreated:
    """A department is new by id and by name."""
    faults = Faults()
    must_be_new(faults, existing, "department_id")
    must_be_new(faults, same_name, "name", "is taken")
    faults.refuse("this department exists already", department_id=c.department_id)
    return DepartmentCreated(department_id=c.department_id, name=c.name, created_at=now)


def create_unit(
    c: CreateUnit, *, existing: Row | None, same_name: Row | None, now: datetime
) -> UnitCreated:
    """A unit is new by id and by name."""
    faults = Faults()
    must_be_new(faults, existing, "unit_id")
    must_be_new(faults, same_name, "name", "is taken")
    faults.refuse("this unit exists already", unit_id=c.unit_id)
    return UnitCreated(unit_id=c.unit_id, name=c.name, created_at=now)


def create_product(
    c: CreateProduct,
    *,
    existing: Row | None,
    same_code: Row | None,
    department: Row | None,
    unit: Row | None,
    now: datetime,
) -> ProductCreated:
    """A product is new by id and by code; its department and unit, where named, are known."""
    faults = Faults()
    must_be_new(faults, existing, "product_id")
    must_be_new(faults, same_code, "code", "is taken")
    must_be_there(faults, department, c.department_id, "department_id")
    must_be_there(faults, unit, c.unit_id, "unit_id")
    faults.refuse("the product cannot be added", code=c.code)
    return ProductCreated(
        product_id=c.product_id,
        version=1,
        low_stock_change=int(is_low(NO_PIECES, c.minimum_stock, active=True)),
        inventory_value_change=NOTHING,
        code=c.code,
        description=c.description,
        sell_price=to_cents(c.sell_price),
        cost_price=None if c.cost_price is None else to_cents(c.cost_price),
        department_id=c.department_id,
        department_name=_name(department),
        unit_id=c.unit_id,
        unit_name=_name(unit),
        minimum_stock=pieces(c.minimum_stock),
        quantity_in_stock=NO_PIECES,
        price_change_id=derived_uuid(c.product_id, "price 1"),
        created_at=now,
    )


def update_product(
    c: UpdateProduct,
    *,
    product: Row | None,
    department: Row | None,
    unit: Row | None,
    now: datetime,
) -> ProductUpdated:
    """What is named changes, to something known. `department` and `unit` are those that it will
    have."""
    if product is None:
        raise unknown("product", "product_id", product_id=c.product_id)
    wanted = (c.description, c.department_id, c.unit_id, c.minimum_stock)
    if all(value is None for value in wanted):
        raise _nothing_to_do("description", "department_id", "unit_id", "minimum_stock")
    faults = Faults()
    _must_be_active(faults, product)
    must_be_there(faults, department, c.department_id, "department_id")
    must_be_there(faults, unit, c.unit_id, "unit_id")
    faults.refuse("the product cannot be changed", product_id=c.product_id)
    minimum = product["minimum_stock"] if c.minimum_stock is None else pieces(c.minimum_stock)
    return ProductUpdated(
        **effect(product, minimum_stock=minimum),
        description=product["description"] if c.description is None else c.description,
        department_id=c.department_id or product["department_id"],
        department_name=_name(department),
        unit_id=c.unit_id or product["unit_id"],
        unit_name=_name(unit),
        minimum_stock=minimum,
        updated_at=now,
    )


def change_price(c: ChangePrice, *, product: Row | None, now: datetime) -> ProductPriceChanged:
    """A product gets another price than it has."""
    if product is None:
        raise unknown("product", "product_id", product_id=c.product_id)
    if c.sell_price is None and c.cost_price is None:
        raise _nothing_to_do("sell_price", "cost_price")
    faults = Faults()
    _must_be_active(faults, product)
    faults.refuse("the product cannot be changed", product_id=c.product_id)
    sell = product["sell_price"] if c.sell_price is None else to_cents(c.sell_price)
    cost = product["cost_price"] if c.cost_price is None else to_cents(c.cost_price)
    its = effect(product, sell_price=sell, cost_price=cost)
    return ProductPriceChanged(
        **its,
        price_change_id=derived_uuid(c.product_id, f"price {its['version']}"),
        old_sell_price=product["sell_price"],
        sell_price=sell,
        old_cost_price=product["cost_price"],
        cost_price=cost,
        changed_at=now,
    )


def adjust_stock(c: AdjustStock, *, product: Row | None, now: datetime) -> InventoryAdjusted:
    """No more is taken off the shelf than lies there."""
    if product is None:
        raise unknown("product", "product_id", product_id=c.product_id)
    there = product["quantity_in_stock"]
    faults = Faults()
    if there + c.quantity_change < 0:
        faults.note(RefusalKind.BUSINESS_RULE, "quantity_change", f"at least -{there}")
    if there + c.quantity_change > MOST_PIECES:
        faults.note(RefusalKind.BUSINESS_RULE, "quantity_change", f"at most {MOST_PIECES - there}")
    faults.refuse(
        "the stock cannot be that",
        product_id=c.product_id,
        quantity_in_stock=there,
        quantity_change=c.quantity_change,
    )
    return moved(product, c.quantity_change, reason=c.reason, sale_id=None, now=now)


def deactivate_product(
    c: DeactivateProduct, *, product: Row | None, now: datetime
) -> ProductDeactivated:
    """A product is taken out of the range once."""
    if product is None:
        raise unknown("product", "product_id", product_id=c.product_id)
    faults = Faults()
    _must_be_active(faults, product)
    faults.refuse("this product is out of the range already", product_id=c.product_id)
    return ProductDeactivated(**effect(product, active=False), deactivated_at=now)


def _must_be_active(faults: Faults, product: Row) -> None:
    if not product["active"]:
        faults.note(RefusalKind.CONFLICT, "product_id", "is out of the range")


def _nothing_to_do(*fields: str) -> Refusal:
    wrong = dict.fromkeys(fields, "one of these is required")
    return Refusal("nothing is to be changed", kind=RefusalKind.VALIDATION, errors=wrong)


def _name(row: Row | None) -> Any:
    return None if row is None else row["name"]
