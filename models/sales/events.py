"""What has happened in the sales domain. Events tell a projection all that it needs.

Streams: `sales.product-<id>`, `sales.sale-<id>`, `sales.customer-<id>`, `sales.department-<id>`,
`sales.unit-<id>`. A sale writes SaleStarted, a SaleItemAdded for each line and SaleCompleted into
its own, an InventoryAdjusted for each product into that product's, and, on credit, a
CustomerBalanceChanged into the customer's.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field, SkipValidation
from typing_extensions import TypedDict

from worker.contracts import AsText, Event, Money

Pieces = Annotated[
    Decimal,
    Field(max_digits=13, decimal_places=3, allow_inf_nan=False),
    AsText,
]
"""A quantity with at most three decimals; JSON: a decimal string."""

Worth = Annotated[
    Decimal,
    Field(max_digits=26, decimal_places=2, allow_inf_nan=False),
    AsText,
]
"""What a whole stock is worth: more digits than one price has."""


class Payment(StrEnum):
    """How a sale is paid."""

    CASH = "cash"
    CARD = "card"
    CREDIT = "credit"


class SaleStatus(StrEnum):
    """Whether a sale stands, or some or all of it has come back."""

    COMPLETED = "completed"
    PARTLY_RETURNED = "partly_returned"
    RETURNED = "returned"


class DepartmentCreated(Event):
    """A department was added."""

    type: ClassVar[str] = "sales.DepartmentCreated"

    department_id: UUID
    name: str
    created_at: datetime


class UnitCreated(Event):
    """A unit was added."""

    type: ClassVar[str] = "sales.UnitCreated"

    unit_id: UUID
    name: str
    created_at: datetime


class CustomerRegistered(Event):
    """A customer's account was opened; he owes nothing."""

    type: ClassVar[str] = "sales.CustomerRegistered"

    customer_id: UUID
    name: str
    phone: str | None
    credit_limit: Money
    registered_at: datetime


class ProductEvent(Event):
    """What every event of a product says.

    `version` counts them. The two changes are what the event does to the shop's inventory as a
    whole: how many products are low on stock (-1, 0, 1), and what all stock is worth.
    """

    product_id: UUID
    version: int
    low_stock_change: int
    inventory_value_change: Worth


class ProductCreated(ProductEvent):
    """A product was added, none of it in stock."""

    type: ClassVar[str] = "sales.ProductCreated"

    code: str
    description: str
    sell_price: Money
    cost_price: Money | None
    department_id: UUID | None
    department_name: str | None
    unit_id: UUID | None
    unit_name: str | None
    minimum_stock: Pieces
    quantity_in_stock: Pieces
    price_change_id: UUID
    created_at: datetime


class ProductUpdated(ProductEvent):
    """A product is described anew; all of it is said, changed or not."""

    type: ClassVar[str] = "sales.ProductUpdated"

    description: str
    department_id: UUID | None
    department_name: str | None
    unit_id: UUID | None
    unit_name: str | None
    minimum_stock: Pieces
    updated_at: datetime


class ProductPriceChanged(ProductEvent):
    """A product sells for, or costs, something else; both prices are said, with the old ones."""

    type: ClassVar[str] = "sales.ProductPriceChanged"

    price_change_id: UUID
    old_sell_price: Money
    sell_price: Money
    old_cost_price: Money | None
    cost_price: Money | None
    changed_at: datetime


class ProductDeactivated(ProductEvent):
    """A product was taken out of the range: it is low on stock no more, and worth what it was."""

    type: ClassVar[str] = "sales.ProductDeactivated"

    deactivated_at: datetime


class InventoryAdjusted(ProductEvent):
    """Goods came onto the shelf (+) or left it (-): by hand, by a sale, by a return."""

    type: ClassVar[str] = "sales.InventoryAdjusted"

    movement_id: UUID
    quantity_change: Pieces
    quantity_in_stock: Pieces
    reason: str
    sale_id: UUID | None
    adjusted_at: datetime


class SaleStarted(Event):
    """Somebody stands at the till."""

    type: ClassVar[str] = "sales.SaleStarted"

    sale_id: UUID
    sale_number: str
    customer_id: UUID | None
    payment_type: Payment
    started_at: datetime


class SaleItemAdded(Event):
    """A line of a sale. `subtotal` is quantity * unit_price, to the cent."""

    type: ClassVar[str] = "sales.SaleItemAdded"

    item_id: UUID
    sale_id: UUID
    sale_number: str
    line: int
    product_id: UUID
    product_code: str
    description: str
    quantity: Pieces
    unit_price: Money
    subtotal: Money
    sold_at: datetime


class SaleCompleted(Event):
    """A sale is done: `total` = `paid_amount` - `change_amount` + `credited_amount`."""

    type: ClassVar[str] = "sales.SaleCompleted"

    sale_id: UUID
    sale_number: str
    customer_id: UUID | None
    customer_name: str | None
    payment_type: Payment
    item_count: int
    total: Money
    paid_amount: Money
    change_amount: Money
    credited_amount: Money
    sold_at: datetime


class ReturnedLine(TypedDict):
    """What came back of a line: `quantity` and `amount` now, `returned` of it in all by now."""

    item_id: UUID
    line: int
    product_id: UUID
    quantity: Pieces
    returned: Pieces
    amount: Money


class SaleReturned(Event):
    """Goods came back. `amount` is what they were sold for: `credited_amount` of it comes off the
    customer's balance, `refunded_amount` is paid out. `sold_at` is the sale's own time, `closes`
    whether all of it is back now."""

    type: ClassVar[str] = "sales.SaleReturned"

    sale_id: UUID
    sale_number: str
    customer_id: UUID | None
    payment_type: Payment
    lines: SkipValidation[list[ReturnedLine]]
    amount: Money
    credited_amount: Money
    refunded_amount: Money
    status: SaleStatus
    closes: bool
    reason: str
    sold_at: datetime
    returned_at: datetime


class CustomerBalanceChanged(Event):
    """A customer owes more (+) or less (-): by a sale, a return, a payment."""

    type: ClassVar[str] = "sales.CustomerBalanceChanged"

    customer_id: UUID
    balance_change: Money
    balance: Money
    reason: str
    sale_id: UUID | None
    changed_at: datetime
