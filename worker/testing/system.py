"""The whole engine inside a test: commands run, read models follow, queries answer, in one process.

    system.run(write_note, author="ada", text="hello")   a command, as a worker would run it
    system.catch_up()                                    all that follows from it, until it is done
    notes_of.ask(author="ada").data                      what the application sees

It is the engine's own code on a real PostgreSQL: the executor with its one transaction, the runner
of the subscriptions, the queue consumer, the refreshes. Only the messages between them are missing,
so that a test waits for nothing and fails where the fault is: an error of an event task is raised
as it is, and a fold that fails is told by `catch_up`. Commands that the code under test enqueues
are run by `catch_up` as well; those that it sends by `.delay()` need a worker (`cqrs_workers`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from worker import refresh
from worker.base import db
from worker.base.settings import get_settings
from worker.base.sql import statement
from worker.commands import event_task
from worker.commands.call_arguments import payload_of
from worker.commands.command import CommandTask
from worker.commands.errors import CommandDead
from worker.commands.event_task import event_tasks
from worker.commands.executor import execute
from worker.commands.queue_consumer import carry_out, claim
from worker.contracts import Command, Envelope, Receipt, Status
from worker.ops.maintenance import find_work
from worker.reactions import deadlines
from worker.subscriptions import runner
from worker.testing.databases import Database

C = TypeVar("C", bound=Command)
MOST_ROUNDS = 200
"""Rounds after which what follows from what is taken to be a circle."""
PATIENCE = 1.0
"""Seconds that `catch_up` waits for a command that waits for another; what is due later stays."""


class Unsettled(AssertionError):
    """Something failed for good, or never ends; `failures` has a sentence for each."""

    def __init__(self, *failures: str) -> None:
        super().__init__("; ".join(failures))
        self.failures = failures


@dataclass(frozen=True)
class System(Database):
    """The engine with the domains of the settings, on a database of this test's own."""

    def run(
        self,
        command: CommandTask[C],
        /,
        *args: C,
        command_id: UUID | None = None,
        **fields: Any,
    ) -> Receipt:
        """Run a command in this process, as its sender (`acting_as`); its receipt.

        It takes what `.delay()` takes. A refusal is a receipt. Raises InvalidCommand, and
        CommandDead for a command that fails: its error is in the log that the test shows.
        """
        envelope = command.envelope(payload_of(command.name, args, fields), (), None, command_id)
        (outcome,) = execute([envelope]).outcomes
        if not isinstance(outcome, Receipt):
            raise outcome
        if outcome.status is Status.DEAD:
            raise CommandDead(outcome)
        return outcome

    def catch_up(self) -> None:
        """Let everything happen that follows: projections, reactions, sagas, enqueued commands,
        event tasks, invalidations, refreshes of views, until nothing is left to do.

        Raises Unsettled if something failed for good, and whatever an event task raises.
        """
        for _ in range(MOST_ROUNDS):
            runner.catch_up()
            _run_enqueued()
            deadlines.notice()
            if not _is_work_left():
                break
        else:
            raise Unsettled(f"there is still work after {MOST_ROUNDS} rounds: is it a circle?")
        if failures := self._failures():
            raise Unsettled(*failures)
        refresh.refresh_all()
        runner.invalidate()

    def rows(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """What a statement gives, as the owner of the database."""
        with self.connect() as connection:
            return connection.execute(query, parameters).fetchall()

    def events(self) -> list[tuple[str, Any]]:
        """The log: each event's type and data, in order."""
        return self.rows("SELECT type, data FROM cqrs.events ORDER BY position")

    def _failures(self) -> list[str]:
        return [str(failure) for (failure,) in self.rows(statement("worker.testing", "failures"))]


def _run_enqueued() -> None:
    """Run enqueued commands batch by batch, and event tasks on the spot, while any is due."""
    while choice := claim(get_settings().batch_size):
        tasks, choice.start = choice.start, []
        carry_out(choice)
        for task in tasks:
            _start(task)


def _start(task: Envelope) -> None:
    """Run an event task here, under its own id and with its receipt; its error is raised."""
    if (known := event_tasks.get(task.name)) is None:
        event_task.start([task], {})  # a command that goes on with a chain: a message, for a worker
        return
    known.apply(kwargs=dict(task.payload), task_id=str(task.id), throw=True)


def _is_work_left() -> bool:
    """Whether there is more to do; waits for a command that is put off for a moment."""
    with db.writer() as connection:
        row = connection.execute(statement("worker.testing", "seconds_until_due")).fetchone()
    seconds = row[0] if row else None
    if seconds is not None and seconds < PATIENCE:
        time.sleep(max(0.0, seconds))
        return True
    return bool(find_work().groups)
