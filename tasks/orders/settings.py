"""The shop's own settings: `CQRS_ORDERS_TAX_RATE`, `_SHIPPING`, `_REORDER_LEVEL`."""

from __future__ import annotations

from functools import lru_cache

from models.orders.rules import Pricing
from worker import declare_section, section

declare_section("orders", Pricing)


@lru_cache(maxsize=1)
def pricing() -> Pricing:
    """The shop's settings, read at first use. Raises BadSettings, naming the variable."""
    return section("orders", Pricing)
