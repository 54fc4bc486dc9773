"""Deadlines of sagas: rows with a due time, found by the sweep; no message waits, no clock counts.

    due ─┬─ a command is under way ─▶ revoke it: a `rejected` receipt, unless it has one
         └─ waits for an event     ─▶ append cqrs.SagaDeadlinePassed to the log

Neither moves the saga. Both put into the log what happened, and the saga's subscription reads it
there in order, after whatever else came first. A command that is revoked while it runs finds
its receipt settled when it wants to commit, and leaves nothing behind.
"""

from __future__ import annotations

from uuid import UUID

import psycopg

from worker import event_log
from worker.base import db, wake_ups
from worker.base.app import app
from worker.base.logs import get_logger
from worker.commands import after_commit
from worker.commands.receipts import SAGA
from worker.commands.settling import SETTLED_ELSEWHERE, refuse
from worker.contracts import Envelope
from worker.contracts.engine_events import SagaCommandSettled, SagaDeadlinePassed, saga_stream
from worker.event_log import NewEvent
from worker.reactions.saga_declaration import SQL

log = get_logger(__name__)
TASK = "cqrs.react_deadlines"
LOOK_AGAIN = 30.0
"""Seconds until a command that was revoked is revoked again, should its saga not move."""


@app.task(name=TASK, ignore_result=True)
def deadlines() -> None:
    """Notice every deadline that has passed."""
    wake_ups.lower_signal(TASK)
    if notice():
        after_commit.wake_readers({SagaCommandSettled.type, SagaDeadlinePassed.type})


def wake_due() -> None:
    """Wake a worker if a deadline has passed: the sweep's part."""
    with db.writer() as connection:
        due = connection.execute(SQL["sagas_are_due"]).fetchone()
    if due and due[0]:
        after_commit.wake(TASK, force=True)


def notice() -> int:
    """Put into the log what follows from the deadlines that have passed; how many there were."""
    with db.writer() as connection:
        due = connection.execute(SQL["due_sagas"]).fetchall()
    for saga_id, step, command_id, name in due:
        if command_id is None:
            _note_overdue(saga_id, step)
        else:
            cause = f"{SAGA}{saga_id}"
            _revoke(saga_id, step, Envelope(UUID(command_id), name, {}, causation_id=cause))
    return len(due)


def _note_overdue(saga_id: UUID, step: str) -> None:
    passed = SagaDeadlinePassed(saga_id=saga_id, step=step)
    with db.writer() as connection, connection.transaction():
        noticed = {"id": saga_id, "step": step, "seconds": None}
        if connection.execute(SQL["deadline_noticed"], noticed).fetchone():
            event = NewEvent(saga_stream(saga_id), passed.type, passed.payload())
            event_log.append(connection, [event])


def _revoke(saga_id: UUID, step: str, command: Envelope) -> None:
    try:
        receipt = refuse(command, f"revoked: its saga's deadline has passed (step {step})")
        log.info("deadline passed", saga=str(saga_id), step=step, command=str(receipt.status))
    except psycopg.Error as error:
        if error.sqlstate != SETTLED_ELSEWHERE:  # else it ended at this very moment
            raise
    with db.writer() as connection:
        noticed = {"id": saga_id, "step": step, "seconds": LOOK_AGAIN}
        connection.execute(SQL["deadline_noticed"], noticed)
