"""What the events of this domain mean for answers that no row's tag can name.

Revenue and lifetime value are sums over paid orders: only a payment or a cancellation moves them.
The wait gathers events: however many orders are paid within it, the views are refreshed once.
"""

from __future__ import annotations

from models.orders.events import OrderCancelled, PaymentProcessed
from worker import invalidation_rule

WAIT = 10.0
"""Seconds from a payment to the refresh of the views that sum it; `after=` asks for it at once."""

sums_of_paid_orders = invalidation_rule(
    "orders.sums_of_paid_orders",
    on=(PaymentProcessed, OrderCancelled),
    refresh={"query.revenue_by_product": WAIT, "query.customer_lifetime_value": WAIT},
)
