"""One e-mail address a customer, one SKU a product, and never less than nothing on the shelf."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from models.orders.commands import (
    MOST_STOCK,
    AddProduct,
    AdjustInventory,
    ChangePrice,
    DeactivateProduct,
    RegisterCustomer,
    UpdateCustomer,
    UpdateProduct,
)
from models.orders.events import (
    CustomerRegistered,
    CustomerUpdated,
    InventoryAdjusted,
    ProductAdded,
    ProductDeactivated,
    ProductPriceChanged,
    ProductUpdated,
)
from models.orders.rules.figures import Pricing, Row, no_longer_sold, sellable, short
from worker.contracts import Command, Refusal, RefusalKind, to_cents


def register_customer(
    c: RegisterCustomer, *, existing: Row | None, same_email: Row | None, now: datetime
) -> CustomerRegistered:
    """A customer is new by id and by e-mail address."""
    if existing is not None:
        raise Refusal(
            "this customer exists already", kind=RefusalKind.CONFLICT, customer_id=c.customer_id
        )
    if same_email is not None:
        raise Refusal(
            "another customer has this e-mail address",
            kind=RefusalKind.CONFLICT,
            errors={"email": "is taken"},
            email=c.email,
            customer_id=same_email["customer_id"],
        )
    return CustomerRegistered(
        customer_id=c.customer_id,
        email=c.email,
        name=c.name,
        phone=c.phone,
        address=c.address,
        city=c.city,
        country=c.country,
        registered_at=now,
    )


def add_product(
    c: AddProduct, *, existing: Row | None, same_sku: Row | None, pricing: Pricing, now: datetime
) -> ProductAdded:
    """A product is new by id and by SKU."""
    if existing is not None:
        raise Refusal(
            "this product exists already", kind=RefusalKind.CONFLICT, product_id=c.product_id
        )
    if same_sku is not None:
        raise Refusal(
            "another product has this SKU",
            kind=RefusalKind.CONFLICT,
            errors={"sku": "is taken"},
            sku=c.sku,
            product_id=same_sku["product_id"],
        )
    return ProductAdded(
        product_id=c.product_id,
        sku=c.sku,
        name=c.name,
        description=c.description,
        price=to_cents(c.price),
        cost=to_cents(c.cost),
        quantity_available=c.quantity_available,
        reorder_level=pricing.reorder_level if c.reorder_level is None else c.reorder_level,
        added_at=now,
    )


def adjust_inventory(
    c: AdjustInventory, *, product: Row | None, now: datetime
) -> InventoryAdjusted:
    """What is reserved cannot be taken off the shelf."""
    product = _known(c.product_id, product)
    if c.quantity_change + sellable(product) < 0:
        raise short(c.product_id, sellable(product), -c.quantity_change, "quantity_change")
    quantity = product["quantity_available"] + c.quantity_change
    if quantity > MOST_STOCK:
        raise Refusal(
            "too many pieces of one product",
            product_id=c.product_id,
            quantity=quantity,
            most=MOST_STOCK,
        )
    return InventoryAdjusted(
        product_id=c.product_id,
        quantity_change=c.quantity_change,
        quantity_available=quantity,
        reason=c.reason,
        adjusted_at=now,
    )


def update_customer(
    c: UpdateCustomer, *, customer: Row | None, same_email: Row | None, now: datetime
) -> CustomerUpdated:
    """Something changes, and an e-mail address stays one customer's."""
    if customer is None:
        unknown = {"customer_id": "is unknown"}
        raise Refusal(
            "no such customer",
            kind=RefusalKind.NOT_FOUND,
            errors=unknown,
            customer_id=c.customer_id,
        )
    if same_email is not None and same_email["customer_id"] != c.customer_id:
        raise Refusal(
            "another customer has this e-mail address",
            kind=RefusalKind.CONFLICT,
            errors={"email": "is taken"},
            email=c.email,
        )
    fields = ("email", "name", "phone", "address", "city", "country")
    now_known = _changed(c, customer, fields)
    return CustomerUpdated(customer_id=c.customer_id, **now_known, updated_at=now)


def update_product(c: UpdateProduct, *, product: Row | None, now: datetime) -> ProductUpdated:
    """Something changes, of a product that is sold."""
    product = _sold(c.product_id, product)
    described = _changed(c, product, ("name", "description", "reorder_level"))
    return ProductUpdated(product_id=c.product_id, **described, updated_at=now)


def change_price(c: ChangePrice, *, product: Row | None, now: datetime) -> ProductPriceChanged:
    """A price or a cost changes, of a product that is sold."""
    product = _sold(c.product_id, product)
    prices = _changed(c, product, ("price", "cost"))
    return ProductPriceChanged(
        product_id=c.product_id,
        old_price=product["price"],
        old_cost=product["cost"],
        price=to_cents(prices["price"]),
        cost=to_cents(prices["cost"]),
        changed_at=now,
    )


def deactivate_product(
    c: DeactivateProduct, *, product: Row | None, now: datetime
) -> ProductDeactivated:
    """A product is given up once."""
    _sold(c.product_id, product)
    return ProductDeactivated(product_id=c.product_id, deactivated_at=now)


def _known(product_id: UUID, product: Row | None) -> Row:
    if product is None:
        unknown = {"product_id": "is unknown"}
        raise Refusal(
            "no such product", kind=RefusalKind.NOT_FOUND, errors=unknown, product_id=product_id
        )
    return product


def _sold(product_id: UUID, product: Row | None) -> Row:
    product = _known(product_id, product)
    if not product["active"]:
        raise no_longer_sold(product_id, "product_id")
    return product


def _changed(c: Command, row: Row, fields: Sequence[str]) -> dict[str, Any]:
    """The row's values, with what the command gives in their place: it has to give something."""
    given = {field: getattr(c, field) for field in fields if getattr(c, field) is not None}
    if not given:
        errors = dict.fromkeys(fields, "is left out, like all the others")
        raise Refusal("nothing is to be changed", kind=RefusalKind.VALIDATION, errors=errors)
    return {field: row[field] for field in fields} | given
