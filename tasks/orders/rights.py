"""Who may do and see what in the shop: staff everything, a customer what is his own.

A customer acts under his id: `acting_as(f"customer:{customer_id}")`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from models.orders.write import orders
from worker import Actor, State, only

staff = only("clerk", "admin")
admins = only("admin")


def is_customer(actor: Actor, customer_id: UUID | None) -> bool:
    """Whether it is this customer himself."""
    return customer_id is not None and actor.name == f"customer:{customer_id}"


def own(actor: Actor, asked: Any) -> bool:
    """Staff; and a customer who names himself in what he sends or asks."""
    return staff(actor) or is_customer(actor, asked.customer_id)


def own_order(actor: Actor, command: Any, state: State) -> bool:
    """Staff; and the customer whose order it is. Of one that is not there, nobody else is told."""
    if staff(actor):
        return True
    order = state.get(orders, command.order_id)
    return order is not None and is_customer(actor, order["customer_id"])
