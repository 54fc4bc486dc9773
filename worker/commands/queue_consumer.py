"""The queue consumer: chooses enqueued commands, leases them, runs them as one batch.

    waiting ─▶ leased (due_at ahead, attempt counted) ─▶ settled: row deleted, receipt final
       ▲  │         │ it runs: the lease is renewed (see leases.py)
       │  │         │ its process dies: the lease ends
       │  │         │ the database is away, or in conflict: put off, and the row says why
       │  │         │ it took longer than a task may: alone the next time; if it was, it is dead
       │  │         │
       │  └─ cannot be read · waited in vain · tried too often ─▶ ended by SQL alone
       └────────────┘

Event tasks of reactions wait in the same place; they are sent on to queue `reactions`. So are dead
commands that are retried and have a chain: each goes out as a message again, with what follows it.

Choosing is done by one worker at a time, so that two never run commands of one key side by side;
running is not. A command whose lease ended was perhaps what killed its worker: from its second
attempt on it runs alone, and after `command_attempts` it is a dead letter. A lease that ends too
early does no harm: the receipt decides who was first. What is handed to a message of its own is not
tried by that: its message may wait long in its queue. A command that has its receipt, since it came
by a message too, is taken off the list.

What cannot be read costs no other: rows come as text and are decoded one by one, and ending a
command decodes nothing. What this worker does not know it leaves to others (see releases.py), and
buries it only once its patience is over. What has to wait is looked at ever more seldom, and holds
up nobody behind it: a drain looks on to the end of the list.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from celery.exceptions import SoftTimeLimitExceeded

from worker.base import db, wake_ups
from worker.base.app import app
from worker.base.encoding import to_json
from worker.base.errors import ServerUnavailable
from worker.base.logs import get_logger
from worker.base.pipeline import Pipeline
from worker.base.settings import get_settings
from worker.commands import SQL, after_commit, leases, put_off, releases
from worker.commands.batch_message import run_and_tell
from worker.commands.decoding import decode, undeclared
from worker.commands.ended_by_sql import Ended, end, readable
from worker.commands.errors import DatabaseAway, DatabaseInConflict, NotReady
from worker.commands.event_task import event_tasks, start
from worker.commands.leases import Leases
from worker.commands.receipts import Outcome
from worker.commands.settling import refused
from worker.contracts import Envelope, Status

log = get_logger(__name__)

LOOK_AGAIN = 0.25
"""Seconds until a command that waits for others is looked at again, the first time."""
SHARE_OF_WAITING, LONGEST_PAUSE = 0.1, 5.0
"""Later on: this share of what it has waited, and so many seconds at most."""
PAGE = 2
"""How many times more rows are looked at than a batch has commands."""
TRY_AGAIN = 5.0
"""Seconds until a command is tried again that misses something, such as a table."""
TURN = 10.0
"""Seconds after which a drain hands over to the next one, so that no task runs for long."""


@dataclass(slots=True)
class Choice:
    """What a worker takes, what it reschedules, and what it gives up on. `settled` have their
    receipt already."""

    run: list[Envelope] = field(default_factory=list)
    start: list[Envelope] = field(default_factory=list)
    later: list[UUID] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    settled: list[UUID] = field(default_factory=list)
    elsewhere: list[UUID] = field(default_factory=list)
    attempts: dict[UUID, int] = field(default_factory=dict)
    """How often each was tried before: those that are handed over know it, too."""
    again: set[float] = field(default_factory=set)
    """Seconds until those of `later` are due again, and a drain is to come by."""
    beyond: int = 0
    """Where to look on, if there may be more: behind what was looked at and has to wait."""

    @property
    def leases(self) -> Leases:
        """What this process holds while it runs them."""
        return {envelope.id: self.attempts[envelope.id] + 1 for envelope in self.run}

    def __bool__(self) -> bool:
        return bool(self.run or self.start or self.ended or self.settled or self.beyond)


@app.task(name="cqrs.drain", ignore_result=True)
def drain() -> None:
    """Run what waits, batch by batch, until nothing is due or this worker's turn is over."""
    wake_ups.lower_signal("cqrs.drain")
    size = get_settings().batch_size
    until = time.monotonic() + min(TURN, get_settings().task_soft_time_limit / 3)
    whole_turn = True
    beyond, again = 0, set[float]()
    while choice := claim(size, beyond):
        beyond = choice.beyond
        if len(choice.run) == size:
            after_commit.wake_queue_consumer()  # there may be more than one worker can do
        if not carry_out(choice, whole_turn=whole_turn):
            break  # the sweep asks again
        again, whole_turn = again | choice.again, False
        if time.monotonic() > until:
            after_commit.wake_queue_consumer()
            break
    for seconds in sorted(again | choice.again):
        after_commit.wake_later("cqrs.drain", seconds)


def _pause(waited: float) -> float:
    """Seconds until a command that has waited so long is looked at again: in steps of LOOK_AGAIN,
    so that those that wait together are looked at together."""
    pause = min(waited * SHARE_OF_WAITING, LONGEST_PAUSE)
    return max(1, math.ceil(pause / LOOK_AGAIN)) * LOOK_AGAIN


def carry_out(choice: Choice, *, whole_turn: bool = True) -> bool:
    """Do what was chosen; False if the database is away. Raises what kept it from ending some."""
    start(choice.start, choice.attempts)  # nothing may keep these from it: they are on their way
    try:
        outcomes = _run(choice, whole_turn)
        _put_off(choice.run, outcomes)
        if any(isinstance(outcome, NotReady) for outcome in outcomes):
            choice.again.add(LOOK_AGAIN)
    finally:
        end(choice.ended)
    return not any(isinstance(one, DatabaseAway) and one.whole for one in outcomes)


def _run(choice: Choice, whole_turn: bool) -> list[Outcome]:
    if not choice.run:
        return []
    try:
        with leases.holding(choice.leases):
            return run_and_tell(choice.run, dequeue=True)
    except SoftTimeLimitExceeded:
        if len(choice.run) == 1 and whole_turn:
            end([Ended(choice.run[0].id, Status.DEAD, put_off.too_long())])
        else:  # one of them, or it had what others left of the time: it runs alone
            _put_off(choice.run, [DatabaseInConflict(put_off.too_long())] * len(choice.run))
        raise


def _put_off(envelopes: Sequence[Envelope], outcomes: Sequence[Outcome]) -> None:
    """Come back to what was not run. One that is away gets its attempt back; if that cannot be
    written, its lease ends by itself."""
    rows = [
        {
            "command_id": envelope.id,
            "reason": str(outcome) if isinstance(outcome, NotReady) else outcome.reason,
            "tried": isinstance(outcome, DatabaseInConflict),
            "seconds": _rest(outcome),
        }
        for envelope, outcome in zip(envelopes, outcomes, strict=True)
        if isinstance(outcome, DatabaseAway | DatabaseInConflict | NotReady)
    ]
    if not rows:
        return
    try:
        with db.writer() as connection:
            connection.execute(SQL["put_off_commands"], {"commands": to_json(rows)})
    except (psycopg.Error, ServerUnavailable) as error:
        log.warning("put off until their lease ends", commands=len(rows), reason=str(error))


def _rest(outcome: Outcome) -> float:
    match outcome:
        case DatabaseAway():
            return TRY_AGAIN
        case NotReady():  # it stood behind one of its batch that was put off
            return LOOK_AGAIN
    return put_off.backoff(1)


def claim(size: int, beyond: int = 0) -> Choice:
    """Lease up to `size` commands that may run now, of those that this worker knows.

    `beyond`: of those that were enqueued after this one (its `seq`), as an earlier choice says it.
    """
    releases.tell_what_we_know()
    known = releases.known_names()
    with db.commands() as connection:
        with Pipeline(connection) as pipeline:
            pipeline.execute("BEGIN")
            pipeline.execute(SQL["lock_claims"])
            rows = pipeline.execute(SQL["waiting_commands"], _wanted(size, beyond, known))
        choice = choose(rows.dicts(), size)
        if not choice.run:  # nothing to do but to look for what nobody does
            choice.ended += _unknown(connection, known, size)
        with Pipeline(connection) as pipeline:
            lease, on_its_way = get_settings().lease, get_settings().visibility_timeout
            _lease(pipeline, "lease_commands", [envelope.id for envelope in choice.run], lease)
            sent = [envelope.id for envelope in choice.start]
            _lease(pipeline, "reschedule_commands", sent, on_its_way)
            _lease(pipeline, "look_again", choice.later, LOOK_AGAIN)
            _lease(pipeline, "reschedule_commands", choice.elsewhere, releases.LOOK_AGAIN)
            if choice.settled:
                pipeline.execute(SQL["dequeue"], {"ids": choice.settled})
            pipeline.execute("COMMIT")
    return choice


def _wanted(size: int, beyond: int, known: Sequence[str]) -> dict[str, Any]:
    largest = get_settings().max_message_bytes
    return {"limit": size * PAGE, "beyond": beyond, "known": known, "largest": largest}


def _unknown(connection: Any, known: Sequence[str], size: int) -> list[Ended]:
    """Commands whose patience is over: no worker that was there lately knows their name."""
    patience = get_settings().unknown_patience
    largest = get_settings().max_message_bytes
    asked = {"known": known, "patience": patience, "limit": size, "largest": largest}
    with Pipeline(connection) as pipeline:
        rows = pipeline.execute(SQL["unknown_commands"], asked)
    return [_given_up(row, releases.waited_in_vain(row["name"], patience)) for row in rows.dicts()]


def _given_up(row: Mapping[str, Any], why: str) -> Ended:
    found = readable(row)
    envelope = None if isinstance(found, Ended) else found
    return Ended(row["command_id"], Status.DEAD, why, envelope, is_known=False)


def _lease(pipeline: Pipeline, name: str, ids: Sequence[UUID], seconds: float) -> None:
    if ids:
        pipeline.execute(SQL[name], {"ids": list(ids), "seconds": seconds})


def choose(rows: Iterable[dict[str, Any]], size: int) -> Choice:
    """Decide, in order, what of the waiting commands one batch can hold."""
    choice, taken, held_keys = Choice(), set[UUID](), set[str]()
    rows = list(rows)
    for row in rows:
        choice.attempts[row["command_id"]] = row["attempts"]
        if len(choice.run) == size or row["key"] in held_keys:
            continue
        if not _take(choice, row, taken) and row["key"] is not None:
            held_keys.add(row["key"])
        if choice.run and row["attempts"]:
            break
    if len(rows) == size * PAGE and not choice.run:
        choice.beyond = rows[-1]["seq"]
    return choice


def _take(choice: Choice, row: dict[str, Any], taken: set[UUID]) -> bool:
    """Put one command where it belongs; False when later ones of its key have to wait for it."""
    if row["settled"]:
        choice.settled.append(row["command_id"])
        return True
    envelope = readable(row)
    if isinstance(envelope, Ended):
        choice.ended.append(envelope)
    elif row["attempts"] >= _most_attempts(envelope.name):
        choice.ended.append(Ended(envelope.id, Status.DEAD, _tried_in_vain(row), envelope))
    elif why := releases.why_elsewhere(envelope):
        return _leave(choice, envelope, row, why)
    elif not taken.issuperset(row["missing"]):
        return _wait(choice, envelope, row)
    elif row["by_sender"] and envelope.name in event_tasks:
        reason = f"{row['actor']} may not start an event task: reactions do"
        choice.ended.append(Ended(envelope.id, Status.REJECTED, reason, envelope))
    else:
        return _begin(choice, envelope, row["attempts"], taken)
    return True


def _leave(choice: Choice, envelope: Envelope, row: Mapping[str, Any], why: str) -> bool:
    """A command that another release has to decide on; without one it is dead in the end."""
    if row["waited"] < get_settings().unknown_patience:
        choice.elsewhere.append(envelope.id)
        return False
    choice.ended.append(Ended(envelope.id, Status.DEAD, why, envelope, is_known=False))
    return True


def _wait(choice: Choice, envelope: Envelope, row: Mapping[str, Any]) -> bool:
    """A command whose `after=` has no receipt; if none is on its way, it is refused in the end."""
    limit = get_settings().after_timeout
    if envelope.schema is None and (wrong := decode(envelope).refusal) is not None:
        no = refused(undeclared(envelope), wrong)  # it will be no better then
        choice.ended.append(Ended(no.envelope.id, no.status, no.error or "", envelope, no.errors))
        return True
    if not row["unknown"] or row["waited"] < limit:
        choice.later.append(envelope.id)
        choice.again.add(_pause(row["waited"]))
        return False
    missing = ", ".join(map(str, row["missing"]))
    reason = f"waited {limit:g} s for commands without a receipt ({missing})"
    choice.ended.append(Ended(envelope.id, Status.REJECTED, reason, envelope))
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


def _most_attempts(name: str) -> int:
    settings = get_settings()
    return settings.event_task_attempts if name in event_tasks else settings.command_attempts


def _tried_in_vain(row: Mapping[str, Any]) -> str:
    tries, why = row["attempts"], row["put_off"]
    if why is None:
        return "its worker process ended every time"
    if row["name"] in event_tasks:
        return f"not done in {tries} tries; the last one raised {why}"
    return f"the database could not run it in {tries} tries ({why})"
