"""What the folds share: sums of decimals, the later time, the shop's own day."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from worker import Row, today

NOTHING = "0.00"


def plus(row: Row, **changes: Any) -> Row:
    """The row with decimals added to its columns."""
    return row | {name: str(Decimal(row[name]) + change) for name, change in changes.items()}


def later(one: str | None, other: str) -> str:
    """The later of two instants: the log is in the order of commits, not of the tills' clocks."""
    if one is None:
        return other
    return max(one, other, key=datetime.fromisoformat)


def day_of(instant: str) -> str:
    """The day that it was in the shop: by `CQRS_TIME_ZONE`, whatever the hour's offset then."""
    return today(datetime.fromisoformat(instant)).isoformat()
