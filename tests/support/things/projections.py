"""The read models of the things, and the places where things come to grief.

A worker dies over the place "crater" and stands still at "swamp"; there is no such place as
"nowhere"; and the table takes no price of 1,000,000.00 or more. `mended` makes the first three
passable, as a new release would.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from threading import Event as Never

from tests.support.things.models import (
    ThingAdded,
    ThingBumped,
    ThingDropped,
    ThingMoved,
    ThingPriced,
    ThingShipped,
    place_rows,
    thing_rows,
)
from worker.event_log import StoredEvent
from worker.subscriptions.projection import Row, projection, row_from

GROUP = "things"
_mended: set[str] = set()

thing_list = projection(
    "things.list",
    thing_rows,
    group=GROUP,
    tags=lambda row: (f"thing:{row['thing_id']}", "things"),
    by_stream=True,
)
place_list = projection(
    "things.places", place_rows, group=GROUP, tags=lambda row: (f"place:{row['place']}",)
)


@contextmanager
def mended(*places: str) -> Iterator[None]:
    """Make places passable for a while, in this process."""
    _mended.update(places)
    try:
        yield
    finally:
        _mended.difference_update(places)


@thing_list.on(ThingAdded)
def _(row: Row | None, event: StoredEvent) -> Row:
    return _new(event)


@thing_list.on(ThingBumped)
def _(row: Row | None, event: StoredEvent) -> Row:
    assert row is not None
    row |= {"n": row["n"] + event.data["by"], "changes": row["changes"] + 1}
    return row | _at(event)


@thing_list.on(ThingPriced)
def _(row: Row | None, event: StoredEvent) -> Row:
    if row is None:
        raise LookupError("no such thing")
    row["price"], row["changes"] = str(Decimal(event.data["price"])), row["changes"] + 1
    return row | _at(event)


@thing_list.on(ThingShipped)
def _(row: Row | None, event: StoredEvent) -> Row:
    if row is None:
        raise LookupError("no such thing")
    return row | {"shipped": True, **_at(event)}


@thing_list.on(ThingMoved)
def _(row: Row | None, event: StoredEvent) -> Row:
    place = event.data["place"]
    _pass(place)
    if row is None:
        row = _new(event)
    been = f"{row['places']} {place}".strip()
    row |= {"places": been, "moves": row["moves"] + 1, "price": event.data["price"]}
    return row | _at(event)


@thing_list.on(ThingDropped)
def _(row: Row | None, event: StoredEvent) -> None:
    return None


def _new(event: StoredEvent) -> Row:
    first = {"n": 0, "changes": 0, "moves": 0, "places": "", "shipped": False}
    row = row_from(thing_rows, event, **first, **_at(event))
    blank = {"name": "", "owner": "", "parts": [], "labels": []}
    return row | {column: value for column, value in blank.items() if row[column] is None}


def _at(event: StoredEvent) -> Row:
    return {"updated_at": event.recorded_at.isoformat()}


def _pass(place: str) -> None:
    if place in _mended:
        return
    if place == "nowhere":
        raise LookupError("there is no such place")
    if place == "crater":
        os.kill(os.getpid(), signal.SIGKILL)
    if place == "swamp":
        Never().wait()


def _comes_to(event: StoredEvent) -> Mapping[str, tuple[str, int]]:
    return {event.data["place"]: (event.data["place"], 1)}


def _consists_of(event: StoredEvent) -> Mapping[str, tuple[str, int]]:
    parts = event.data.get("parts", ())
    return {part["place"]: (part["place"], part["pieces"]) for part in parts}


@place_list.on_each(ThingAdded, _consists_of)
@place_list.on_each(ThingMoved, _comes_to)
def _(row: Row | None, event: StoredEvent, part: tuple[str, int]) -> Row:
    place, pieces = part
    return {"place": place, "held": (row["held"] if row else 0) + pieces}
