"""What the events of this domain mean for answers that no row's tag can name."""

from __future__ import annotations

from models.sales.events import SaleCompleted, SaleReturned
from worker import invalidation_rule

WAIT = 10.0
"""Seconds from a sale to the refresh of the view that sums it; `after=` asks for it at once."""

sums_of_sales = invalidation_rule(
    "sales.sums_of_sales",
    on=(SaleCompleted, SaleReturned),
    refresh={"query.sales_summary_by_day": WAIT},
)
