"""How events become the read models of the orders domain: pure folds of plain rows.

orders.py       order_summaries, order_items, customer_orders
payments.py     payments, order_status_timeline
inventory.py    product_inventory
"""

from tasks.orders.projections.inventory import product_inventory
from tasks.orders.projections.orders import customer_orders, order_items, order_summaries
from tasks.orders.projections.payments import order_status_timeline, payments

__all__ = [
    "customer_orders",
    "order_items",
    "order_status_timeline",
    "order_summaries",
    "payments",
    "product_inventory",
]
