"""One e-mail address a customer, one SKU a product, and never less than nothing on the shelf."""

from __future__ import annotations

from datetime import datetime

from models.orders.commands import MOST_STOCK, AddProduct, AdjustInventory, RegisterCustomer
from models.orders.events import CustomerRegistered, InventoryAdjusted, ProductAdded
from models.orders.rules.figures import Pricing, Row, sellable, short
from worker.contracts import Refusal, RefusalKind, to_cents


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
    if product is None:
        raise Refusal("no such product", kind=RefusalKind.NOT_FOUND, product_id=c.product_id)
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
