"""The rules of the trade: `(command, what is known) -> event`, or a Refusal. Pure.

    catalogue.py    customers and products
    orders.py       an order from its taking to its end
    figures.py      prices, amounts, pieces

Rows are what the handler was given of the write tables, None where there is none. Nothing here
knows a database, a clock or a queue, so every rule can be tried in a millisecond.
"""

from models.orders.rules.catalogue import (
    add_product,
    adjust_inventory,
    change_price,
    deactivate_product,
    register_customer,
    update_customer,
    update_product,
)
from models.orders.rules.figures import Pricing
from models.orders.rules.orders import (
    add_order_item,
    cancel_order,
    create_order,
    process_payment,
    update_order_status,
)

__all__ = [
    "Pricing",
    "add_order_item",
    "add_product",
    "adjust_inventory",
    "cancel_order",
    "change_price",
    "create_order",
    "deactivate_product",
    "process_payment",
    "register_customer",
    "update_customer",
    "update_order_status",
    "update_product",
]
