"""What waits although nobody says so: the net under every wake-up."""

from __future__ import annotations

from dataclasses import dataclass

from worker import event_log
from worker.base import db
from worker.base.sql import statement
from worker.event_log.subscribers import subscriptions


@dataclass(frozen=True, slots=True)
class Waiting:
    """Groups of subscriptions that lag; whether commands are due; whether tags wait."""

    groups: frozenset[str]
    commands: bool
    tags: bool


def find_work() -> Waiting:
    """Look at the log, the enqueued commands and the invalidations: three short statements."""
    names = {one.name: one.group for one in subscriptions}
    with db.writer() as connection:
        horizon = event_log.horizon(connection)
        lag = {"names": list(names), "horizon": horizon}
        behind = connection.execute(statement("worker.ops", "lagging"), lag).fetchall()
        due = connection.execute(statement("worker.ops", "commands_are_due")).fetchone()
        tags = connection.execute(statement("worker.ops", "tags_wait")).fetchone()
    groups = frozenset(names[name] for (name,) in behind)
    return Waiting(groups, bool(due and due[0]), bool(tags and tags[0]))
