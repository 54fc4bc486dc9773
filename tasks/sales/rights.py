"""Who may do and see what at the till.

cashier     sells, takes back, takes payments, opens accounts; asks everything
manager     that, and the catalogue, prices, stock, and another price than a product's
a customer  sees what is his own: `acting_as(f"customer:{customer_id}")`
"""

from __future__ import annotations

from typing import Any

from models.sales.commands import ProcessSale
from worker import Actor, only

managers = only("manager", "admin")
staff = only("cashier", "manager", "admin")


def may_sell(actor: Actor, c: ProcessSale) -> bool:
    """Staff; at another price than the product's, managers."""
    if any(item.unit_price is not None for item in c.items):
        return managers(actor)
    return staff(actor)


def own(actor: Actor, asked: Any) -> bool:
    """Staff; and a customer who asks for himself."""
    return staff(actor) or (
        asked.customer_id is not None and actor.name == f"customer:{asked.customer_id}"
    )
