"""The queue consumer: chooses enqueued commands, leases them, runs them as one batch.

    waiting ─▶ leased (due_at ahead, attempt counted) ─▶ settled: row deleted, receipt final
       ▲            │ the worker dies: the lease ends
       └────────────┘

Event tasks of reactions wait in the same place; they are sent on to queue `reactions`. So are dead
commands that are retried and have a chain: each goes out as a message again, with what follows it.

Choosing is done by one worker at a time, so that two never run commands of one key side by side;
running is not. A command whose lease ended was perhaps what killed its worker: from its second
attempt on it runs alone, and after `command_attempts` it is a dead letter. A lease that ends too
early does no harm: the receipt decides who was first.

What this worker does not know it leaves to others (see releases.py), and buries it only once its
patience is over.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg

from worker.base import db, wake_ups
from worker.base.app import app
from worker.base.logs import get_logger
from worker.base.pipeline import Pipeline
from worker.base.settings import get_settings
from worker.commands import SQL, after_commit, releases
from worker.commands.batches import run_and_tell
from worker.commands.event_task import event_tasks, start
from worker.commands.settling import mark_dead, refuse
from worker.contracts import Actor, Envelope

log = get_logger(__name__)

LEASE = 15.0
"""Seconds that a worker has for a batch before others may run it."""
LOOK_AGAIN = 0.25
"""Seconds until a command that waits for others is looked at again."""
TURN = 10.0
"""Seconds after which a drain hands over to the next one, so that no task runs for long."""


@dataclass(slots=True)
class Choice:
    """What a worker takes, what it reschedules, and what it gives up on."""

    run: list[Envelope] = field(default_factory=list)
    start: list[Envelope] = field(default_factory=list)
    later: list[UUID] = field(default_factory=list)
    dead: list[Envelope] = field(default_factory=list)
    refuse: list[tuple[Envelope, str]] = field(default_factory=list)
    elsewhere: list[UUID] = field(default_factory=list)
    unknown: list[tuple[Envelope, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.run or self.start or self.dead or self.refuse or self.unknown)


@app.task(name="cqrs.drain", ignore_result=True)
def drain() -> None:
    """Run what waits, batch by batch, until nothing is due or this worker's turn is over."""
    wake_ups.lower_signal("cqrs.drain")
    size = get_settings().batch_size
    until = time.monotonic() + min(TURN, get_settings().task_soft_time_limit / 3)
    while choice := claim(size):
        if len(choice.run) == size:
            after_commit.wake_queue_consumer()  # there may be more than one worker can do
        carry_out(choice)
        if time.monotonic() > until:
            after_commit.wake_queue_consumer()
            return
    if choice.later:
        after_commit.wake_later("cqrs.drain", LOOK_AGAIN)


def carry_out(choice: Choice) -> None:
    """Do what was chosen."""
    for envelope in choice.dead:
        mark_dead(envelope, "its worker process ended every time")
    for envelope, why in choice.unknown:
        mark_dead(envelope, why)
    for envelope, why in choice.refuse:
        refuse(envelope, why)
    start(choice.start)
    if not choice.run:
        return
    try:
        run_and_tell(choice.run, dequeue=True)
    except psycopg.OperationalError as error:
        log.warning("batch runs again after its lease", commands=len(choice.run), reason=str(error))
        raise


def claim(size: int) -> Choice:
    """Lease up to `size` commands that may run now, of those that this worker knows."""
    releases.tell_what_we_know()
    known = releases.known_names()
    with db.commands() as connection:
        with Pipeline(connection) as pipeline:
            pipeline.execute("BEGIN")
            pipeline.execute(SQL["lock_claims"])
            waiting = {"limit": size * 2, "known": known}
            rows = pipeline.execute(SQL["waiting_commands"], waiting)
        choice = choose(rows.dicts(), size)
        if not choice.run:  # nothing to do but to look for what nobody does
            choice.unknown += _unknown(connection, known, size)
        with Pipeline(connection) as pipeline:
            _lease(pipeline, "lease_commands", [envelope.id for envelope in choice.run], LEASE)
            tasks = [envelope.id for envelope in choice.start]
            _lease(pipeline, "lease_commands", tasks, get_settings().visibility_timeout)
            _lease(pipeline, "reschedule_commands", choice.later, LOOK_AGAIN)
            _lease(pipeline, "reschedule_commands", choice.elsewhere, releases.LOOK_AGAIN)
            buried = [envelope.id for envelope, _ in choice.unknown]
            _lease(pipeline, "lease_commands", buried, LEASE)
            pipeline.execute("COMMIT")
    return choice


def _unknown(connection: Any, known: Sequence[str], size: int) -> list[tuple[Envelope, str]]:
    """Commands whose patience is over: no worker that was there lately knows their name."""
    patience = get_settings().unknown_patience
    asked = {"known": known, "patience": patience, "limit": size}
    with Pipeline(connection) as pipeline:
        rows = pipeline.execute(SQL["unknown_commands"], asked)
    return [
        (envelope, releases.waited_in_vain(envelope, patience))
        for envelope in map(_envelope, rows.dicts())
    ]


def _lease(pipeline: Pipeline, name: str, ids: Sequence[UUID], seconds: float) -> None:
    if ids:
        pipeline.execute(SQL[name], {"ids": list(ids), "seconds": seconds})


def choose(rows: Iterable[dict[str, Any]], size: int) -> Choice:
    """Decide, in order, what of the waiting commands one batch can hold."""
    choice, taken, held_keys = Choice(), set[UUID](), set[str]()
    for row in rows:
        if len(choice.run) == size or row["key"] in held_keys:
            continue
        if not _take(choice, row, taken) and row["key"] is not None:
            held_keys.add(row["key"])
        if choice.run and row["attempts"]:
            break
    return choice


def _take(choice: Choice, row: dict[str, Any], taken: set[UUID]) -> bool:
    """Put one command where it belongs; False when later ones of its key have to wait for it."""
    settings = get_settings()
    envelope = _envelope(row)
    if row["attempts"] >= settings.command_attempts:
        choice.dead.append(envelope)
    elif why := releases.why_elsewhere(envelope):
        if row["waited"] < settings.unknown_patience:
            choice.elsewhere.append(envelope.id)
            return False
        choice.unknown.append((envelope, why))
    elif not taken.issuperset(row["missing"]):
        if not row["unknown"] or row["waited"] < settings.after_timeout:
            choice.later.append(envelope.id)
            return False
        missing = ", ".join(map(str, row["missing"]))
        reason = f"waited {settings.after_timeout:g} s for commands without a receipt ({missing})"
        choice.refuse.append((envelope, reason))
    elif row["by_sender"] and envelope.name in event_tasks:
        reason = f"{row['actor']} may not start an event task: reactions do"
        choice.refuse.append((envelope, reason))
    else:
        return _begin(choice, envelope, row["attempts"], taken)
    return True


def _begin(choice: Choice, envelope: Envelope, attempts: int, taken: set[UUID]) -> bool:
    if envelope.links or envelope.name in event_tasks:
        choice.start.append(envelope)
    elif attempts and choice.run:
        return False  # it runs alone, next time
    else:
        choice.run.append(envelope)
        taken.add(envelope.id)
    return True


def _envelope(row: dict[str, Any]) -> Envelope:
    return Envelope(
        row["command_id"],
        row["name"],
        row["payload"],
        Actor(row["actor"], frozenset(row["roles"])),
        after=tuple(row["after"]),
        key=row["key"],
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
        links=row["links"],
        schema=row["schema"],
    )
