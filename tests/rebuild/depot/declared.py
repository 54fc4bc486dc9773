"""The read models of the depot, declared but not subscribed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from decimal import Decimal
from types import SimpleNamespace

from tests.rebuild.depot.models import Cancelled, Changed, Placed, Shipped, orders, stock
from worker.base.settings import get_settings
from worker.event_log import StoredEvent
from worker.subscriptions.projection import Projection, Row

PACE = SimpleNamespace(pause=float(os.environ.get("DEPOT_PAUSE", "0")))
"""Seconds that it takes to fold an order that is placed, where a test wants it slow: no matter for
the rows, and so for no fingerprint."""

DEAF = "deaf"
"""A file in CQRS_HOME: whoever folds next takes it away, and hears no time limit any more."""

order_list = Projection("depot.orders", orders, group="depot", by_stream=True)
stock_list = Projection("depot.stock", stock, group="depot")


def _be_deaf_once() -> None:
    """Where a test asks for it: do not hear the soft time limit, but only one time."""
    try:
        (get_settings().home / DEAF).unlink()
    except FileNotFoundError:
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    signal.pause()


@order_list.on(Placed)
def _(row: Row | None, event: StoredEvent) -> Row:
    _be_deaf_once()
    time.sleep(PACE.pause)
    first = {"shipped": False, "changes": 0}
    return {**event.data, **first, "updated_at": event.recorded_at.isoformat()}


@order_list.on(Changed)
def _(row: Row | None, event: StoredEvent) -> Row:
    if row is None:
        raise LookupError("no such order")
    row["total"], row["changes"] = str(Decimal(event.data["total"])), row["changes"] + 1
    return row | {"updated_at": event.recorded_at.isoformat()}


@order_list.on(Shipped)
def _(row: Row | None, event: StoredEvent) -> Row:
    if row is None:
        raise LookupError("no such order")
    return row | {"shipped": True, "updated_at": event.recorded_at.isoformat()}


@order_list.on(Cancelled)
def _(row: Row | None, event: StoredEvent) -> None:
    return None


def _pieces(event: StoredEvent) -> Mapping[str, tuple[str, int]]:
    return {line["product"]: (line["product"], line["pieces"]) for line in event.data["lines"]}


@stock_list.on_each(Placed, _pieces)
def _(row: Row | None, event: StoredEvent, part: tuple[str, int]) -> Row:
    product, pieces = part
    return {"product": product, "taken": (row["taken"] if row else 0) + pieces}
