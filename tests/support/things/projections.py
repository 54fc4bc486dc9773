"""The read model of the things."""

from __future__ import annotations

from tests.support.things.models import ThingAdded, ThingBumped, ThingDropped, thing_rows
from worker.event_log import StoredEvent
from worker.subscriptions.projection import Row, projection

thing_list = projection(
    "things.list",
    thing_rows,
    tags=lambda row: (f"thing:{row['thing_id']}", "things"),
    by_stream=True,
)


@thing_list.on(ThingAdded)
def _(row: Row | None, event: StoredEvent) -> Row:
    return {**event.data, "n": 0, "changes": 0}


@thing_list.on(ThingBumped)
def _(row: Row | None, event: StoredEvent) -> Row:
    assert row is not None
    return {**row, "n": row["n"] + event.data["by"], "changes": row["changes"] + 1}


@thing_list.on(ThingDropped)
def _(row: Row | None, event: StoredEvent) -> None:
    return None
