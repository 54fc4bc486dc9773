"""The write tables as a team with an ORM declares them: every column, every relationship.

The tables are those of `models.orders.write`, so no column can be missing or of another type.
Relationships load lazily, as they do by default; who wants more says so at the query.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import DeclarativeBase, Mapped, relationship

from models.orders import write


class Base(DeclarativeBase):
    """The registry of these classes."""


class Customer(Base):
    """A customer and the orders, the latest first."""

    __table__ = write.customers

    customer_id: Mapped[UUID]
    email: Mapped[str]
    name: Mapped[str]

    orders: Mapped[list[Order]] = relationship(
        back_populates="customer",
        order_by=(write.orders.c.created_at.desc(), write.orders.c.order_number.desc()),
    )


class Order(Base):
    """An order, with its lines in their order."""

    __table__ = write.orders

    order_id: Mapped[UUID]
    order_number: Mapped[str]
    customer_id: Mapped[UUID]
    status: Mapped[str]
    item_count: Mapped[int]
    subtotal: Mapped[Decimal]
    tax: Mapped[Decimal]
    shipping: Mapped[Decimal]
    total: Mapped[Decimal]
    notes: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[datetime]
    cancellation_reason: Mapped[str | None]

    customer: Mapped[Customer] = relationship(back_populates="orders")
    items: Mapped[list[OrderItem]] = relationship(
        back_populates="order", order_by=write.order_items.c.line
    )
    payments: Mapped[list[Payment]] = relationship(back_populates="order")


class Product(Base):
    """A product and its stock."""

    __table__ = write.products

    product_id: Mapped[UUID]
    sku: Mapped[str]
    name: Mapped[str]
    price: Mapped[Decimal]
    quantity_available: Mapped[int]
    quantity_reserved: Mapped[int]
    reorder_level: Mapped[int]


class OrderItem(Base):
    """A line of an order."""

    __table__ = write.order_items

    item_id: Mapped[UUID]
    order_id: Mapped[UUID]
    line: Mapped[int]
    product_id: Mapped[UUID]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal]
    subtotal: Mapped[Decimal]

    order: Mapped[Order] = relationship(back_populates="items")
    product: Mapped[Product] = relationship()


class Payment(Base):
    """A payment of an order."""

    __table__ = write.payments

    payment_id: Mapped[UUID]
    order_id: Mapped[UUID]
    refund_amount: Mapped[Decimal]

    order: Mapped[Order] = relationship(back_populates="payments")
