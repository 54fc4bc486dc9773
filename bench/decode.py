"""What versions of events cost those who have none: decoding with the look at them, and without.

    python -m bench.decode

Rounds alternate, in CPU time of this process, so that a busy machine slows both alike. Last comes
what it costs where every event goes through one upcaster.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import orjson

from models.orders.events import OrderCreated, OrderDelivered, OrderShipped
from worker import Event, StoredEvent
from worker.contracts import upcaster
from worker.event_log import stored_events

EVENTS, ROUNDS = 5_000, 80
KINDS = (OrderCreated, OrderDelivered, OrderShipped)


class Renumbered(Event):
    """An event whose first version lacks a field."""

    type: ClassVar[str] = "bench.Renumbered"
    schema_version: ClassVar[int] = 2


@upcaster(Renumbered, 1)
def _(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "currency": "EUR"}


def _rows(types: Sequence[str]) -> list[tuple[Any, ...]]:
    item = {"product_id": 7, "quantity": 3, "unit_price": "12.50", "discount": "0"}
    data = {"order_id": "0199f0c0-0000-7000-8000-000000000001", "customer_id": "ALFKI"}
    text = orjson.dumps({**data, "items": [item] * 2, "total": "75.00"}).decode()
    metadata = '{"command_id": "0199f0c0-0000-7000-8000-000000000001", "actor": "user:1"}'
    now = datetime.now(UTC)
    return [
        (n, f"order-{n % 97}", n, types[n % len(types)], 1, text, metadata, now)
        for n in range(EVENTS)
    ]


def _decoded(rows: Sequence[Sequence[Any]]) -> list[StoredEvent]:
    """As `stored_events` was before there were versions."""
    decode, make, event = orjson.loads, tuple.__new__, StoredEvent
    return [
        make(event, (position, stream, version, type_, schema, decode(data), metadata, at))
        for position, stream, version, type_, schema, data, metadata, at in rows
    ]


def _speed(decode: Callable[[Any], Any], rows: Sequence[Any]) -> float:
    began = time.process_time()
    decode(rows)
    return EVENTS / (time.process_time() - began)


def main() -> None:
    """Measure and print."""
    plain, old = _rows([event.type for event in KINDS]), _rows([Renumbered.type])
    gc.disable()
    without, now, upcast = [], [], []
    for _ in range(ROUNDS):
        without.append(_speed(_decoded, plain))
        now.append(_speed(stored_events, plain))
        upcast.append(_speed(stored_events, old))
    before = statistics.median(without)
    told = (("without versions", without), ("none changed", now), ("one upcaster", upcast))
    for name, speeds in told:
        median = statistics.median(speeds)
        print(f"{name:<18}{median:>12,.0f} events/s  {median / before:.2f} x")


if __name__ == "__main__":
    main()
