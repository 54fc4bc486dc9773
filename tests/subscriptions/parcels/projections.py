"""Read models of the parcels, and the places where they come to grief.

A worker dies over the place "crater" and stands still at "swamp"; there is no such place as
"nowhere"; and the table takes no parcel of 1,000.00 or more. `mended` makes the first three
passable, as a new release would.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event as Never
from typing import Any

from tests.subscriptions.parcels.models import ParcelLost, ParcelMoved, depots, parcels
from worker.event_log import StoredEvent
from worker.subscriptions.projection import Row, projection

GROUP = "parcels"
_mended: set[str] = set()

tracking = projection(
    "parcels.tracking",
    parcels,
    group=GROUP,
    tags=lambda row: (f"parcel:{row['parcel']}",),
    by_stream=True,
)
arrivals = projection("parcels.arrivals", depots, group=GROUP)


@contextmanager
def mended(*places: str) -> Iterator[None]:
    """Make places passable for a while, in this process."""
    _mended.update(places)
    try:
        yield
    finally:
        _mended.difference_update(places)


@tracking.on(ParcelMoved)
def _(row: Row | None, event: StoredEvent) -> Row:
    place = event.data["place"]
    _pass(place)
    before = row["places"] + " " if row else ""
    return {**event.data, "places": before + place, "weight": event.data["weight"]}


@tracking.on(ParcelLost)
def _(row: Row | None, event: StoredEvent) -> None:
    return None


def _pass(place: str) -> None:
    if place in _mended:
        return
    if place == "nowhere":
        raise LookupError("there is no such place")
    if place == "crater":
        os.kill(os.getpid(), signal.SIGKILL)
    if place == "swamp":
        Never().wait()


def _depot(event: StoredEvent) -> Mapping[str, Any]:
    return {event.data["place"]: None}


@arrivals.on_each(ParcelMoved, _depot)
def _(row: Row | None, event: StoredEvent, _part: Any) -> Row:
    before = row or {"depot": event.data["place"], "arrivals": 0}
    return {**before, "arrivals": before["arrivals"] + 1}
