"""What can be asked of the sales domain: the payload of each command, as it goes on the wire.

Ids are UUIDv7, made by the caller or, where left out, when the command is sent. Money is a decimal
string with at most two decimals, a quantity one with at most three, never a float.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from models.sales.events import Payment, Pieces
from worker.contracts import Code, Command, Message, Name, Price, Text, uuid7

MOST_PIECES = Decimal("1000000000.000")
"""More of one product than this is a mistake."""
MOST_LINES = 200
"""Longest sale, in lines."""


def _not_zero(change: Decimal) -> Decimal:
    if change == 0:
        raise ValueError("a change of 0 changes nothing")
    return change


Stock = Annotated[Pieces, Field(ge=0, le=MOST_PIECES)]
Amount = Annotated[Pieces, Field(gt=0, le=Decimal("1000000"))]
"""How much of a product is sold or comes back: more than 0, at most a million."""
Change = Annotated[Pieces, Field(ge=-MOST_PIECES, le=MOST_PIECES), AfterValidator(_not_zero)]
Paid = Annotated[Price, Field(gt=0)]


class CreateDepartment(Command):
    """Add a department. Its name must be new."""

    department_id: UUID = Field(default_factory=uuid7)
    name: Name


class CreateUnit(Command):
    """Add a unit that products are counted in: piece, kilogram. Its name must be new."""

    unit_id: UUID = Field(default_factory=uuid7)
    name: Name


class RegisterCustomer(Command):
    """Open a customer's account. Up to `credit_limit` he may owe."""

    customer_id: UUID = Field(default_factory=uuid7)
    name: Name
    phone: Text | None = None
    credit_limit: Price = Decimal("0.00")


class CreateProduct(Command):
    """Add a product, none of it in stock. The code must be new.

    `minimum_stock`: with less than this it is low on stock.
    """

    product_id: UUID = Field(default_factory=uuid7)
    code: Code
    description: Name
    sell_price: Price
    cost_price: Price | None = None
    department_id: UUID | None = None
    unit_id: UUID | None = None
    minimum_stock: Stock = Decimal("0.000")


class UpdateProduct(Command):
    """Describe a product anew. What is left out stays as it is."""

    product_id: UUID
    description: Name | None = None
    department_id: UUID | None = None
    unit_id: UUID | None = None
    minimum_stock: Stock | None = None


class ChangePrice(Command):
    """Change what a product sells for, what it costs, or both. What is left out stays."""

    product_id: UUID
    sell_price: Price | None = None
    cost_price: Price | None = None


class AdjustStock(Command):
    """Put goods on the shelf (+) or take them off (-), for a reason: delivery, breakage, count."""

    product_id: UUID
    quantity_change: Change
    reason: Name


class DeactivateProduct(Command):
    """Take a product out of the range: it can be sold no more, and stays in what was sold."""

    product_id: UUID


class SaleItem(Message):
    """A line of a sale. `unit_price` left out is the product's; another takes a role's right."""

    product_code: Code
    quantity: Amount
    unit_price: Price | None = None


class ProcessSale(Command):
    """Sell: goods leave the shelf, money comes in, or goes onto the customer's balance.

    Cash pays at least the total, and change is given; a card pays exactly the total; on credit the
    customer pays what he likes, up to the total, and owes the rest.
    """

    sale_id: UUID = Field(default_factory=uuid7)
    items: Annotated[list[SaleItem], Field(min_length=1, max_length=MOST_LINES)]
    customer_id: UUID | None = None
    payment_type: Payment
    paid_amount: Price = Decimal("0.00")


class ReturnItem(Message):
    """How much of a sale's line comes back."""

    line: Annotated[int, Field(ge=1, le=MOST_LINES)]
    quantity: Amount


class ReturnSale(Command):
    """Take goods back: some of some lines, or, without `items`, all that is not back yet."""

    sale_id: UUID
    items: Annotated[list[ReturnItem], Field(min_length=1, max_length=MOST_LINES)] | None = None
    reason: Text = ""


class RecordCustomerPayment(Command):
    """A customer pays off some of what he owes, at most all of it."""

    customer_id: UUID
    amount: Paid
