"""Each slot of the schedule happens once, however many beats send it.

Beat passes its period along. The first message that comes in a period takes the slot in the
database; those that come after it, sent by another beat, find it taken and do nothing. The same
message delivered again, because its worker died, has the slot still and goes on.
"""

from __future__ import annotations

from typing import Any

from celery import current_task

from worker.base import db
from worker.base.settings import DAY, get_settings
from worker.base.sql import statement
from worker.contracts import uuid7


def take(task: str, every: float | None) -> bool:
    """Whether this call is the first in its slot; without a period it is nobody's slot, and runs.

    `every`: the period in seconds. Slots are counted by the database's clock, so that the clocks
    of the beats need not agree. A period of a whole day is a day of the settings' time zone, so
    that days of 23 and 25 hours have one slot each; it begins half an hour before midnight, so that
    a beat whose clock is a little ahead takes no slot of the day before.
    """
    if every is None:
        return True
    with db.writer() as connection:
        zone = get_settings().time_zone if every == DAY else None
        slot = {"task": task, "every": every, "holder": _message(), "zone": zone}
        row = connection.execute(statement("worker.base", "take_slot"), slot).fetchone()
    if current_task:
        current_task.request.slot_was_taken = row is None
    return row is not None


def was_taken(task: Any) -> bool:
    """Whether the call that a task is at found its slot taken, and so did nothing."""
    return bool(getattr(task.request, "slot_was_taken", False))


def _message() -> str:
    running = current_task and current_task.request.id
    return str(running or uuid7())
