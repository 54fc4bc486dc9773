"""Sagas (process managers): several commands as one process, compensated if one is refused.

    journey = saga(
        "travel.journey", JourneyWanted, key="journey_id",
        steps=[
            step("room", send(book_room, _room), undo=send(free_room, _room), within=60),
            step("flight", send(book_flight, _flight), undo=send(cancel, _flight), within=60),
            step("paid", wait(JourneyPaid, key="journey_id"), within=3 * DAY),
        ],
        completed=send(send_tickets, _journey), failed=send(say_sorry, _journey),
    )

A saga is a subscription. Everything that drives it is in the log, in one order: the event that
starts it, events that it waits for, and, because a command that a saga sent appends
`cqrs.SagaCommandSettled` in the very transaction that writes its receipt, what became of each of
its commands, refusals and dead letters included. In one transaction a batch of events moves the
sagas, enqueues their next commands under derived ids, and moves the checkpoint. So whoever is
killed when, every step is taken exactly once.

What was done is undone by compensation: each step names the command that undoes it (`undo`), and
when a step is refused or overdue, those of the steps before it are sent, the last first.

A deadline is a row with a due time (`cqrs.sagas.due_at`), found by the sweep. It never guesses what
a command under way has done: it revokes the command by giving it a `rejected` receipt, and if the
command was faster, its own receipt holds. Either way the log says which (deadlines.py).

A saga can be read back from the log: delete its row and set the checkpoint back, and the same
events lead to the same state and to the same ids. Nothing is sent again of which the log says what
became of it; it says so for ever, while receipts are pruned.

What ended long ago (`CQRS_SAGAS_RETENTION`) is pruned: its history goes, and of its row all but how
it ended and what it has seen. That much stays, so that its key never begins a second saga.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from worker import event_log
from worker.base import db
from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.base.registry import Registry
from worker.base.sql import blocks
from worker.commands import after_commit
from worker.commands.awaitable_verbs import C
from worker.commands.command import CommandTask
from worker.commands.decoding import prepare
from worker.commands.enqueue import command_row
from worker.commands.receipts import SAGA
from worker.contracts import SYSTEM_ACTOR, Actor, Envelope, Event
from worker.contracts.engine_events import (
    SagaCommandSettled,
    SagaDeadlinePassed,
    SagaRetryAsked,
    saga_stream,
)
from worker.event_log import NewEvent, StoredEvent
from worker.event_log.subscribers import subscriptions
from worker.reactions.reaction import GROUP
from worker.reactions.state_machine import (
    SagaMachine,
    SagaPlan,
    SagaState,
    SagaStep,
    Send,
    SentCommand,
    Wait,
)

SQL = blocks("worker.reactions", "saga.sql")
_IDS = UUID("b5f7a1d2-6a0e-5b5c-8f43-2f6f0c1f9e77")
_OURS = frozenset(event.type for event in (SagaCommandSettled, SagaDeadlinePassed, SagaRetryAsked))


def send(command: CommandTask[C], payload: Callable[[SagaState], C | Mapping[str, Any]]) -> Send:
    """Send a command; `payload(state)` makes it from what the saga knows."""
    return Send(command, lambda state: prepare(command.spec, payload(state)).wire)


def wait(event: type[Event], *, key: str) -> Wait:
    """Wait for an event; its field `key` holds the key of its saga."""
    return Wait(event, key)


def step(
    name: str, what: Send | Wait, *, undo: Send | None = None, within: float | None = None
) -> SagaStep:
    """A step: what is done or waited for, how it is undone, its deadline in seconds."""
    return SagaStep(name, what, undo, within)


@dataclass(frozen=True, eq=False, slots=True)
class SagaType:
    """A kind of saga: what starts it, which field of that event is its key, and its plan.

    `event_types` are those that may drive a saga of this kind. `renamed_from` are the names that it
    had, the oldest first: the ids of its sagas, and of their commands, are derived from that.
    """

    name: str
    starts: type[Event]
    key: str
    plan: SagaPlan
    event_types: frozenset[str]
    purpose: str = ""
    group: str = GROUP
    renamed_from: tuple[str, ...] = ()
    forgets: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """All names that it has had, the oldest first."""
        return (*self.renamed_from, self.name)

    @property
    def keeps(self) -> tuple[str, ...]:
        """The tables that it keeps, together with all other sagas."""
        return ("cqrs.sagas", "cqrs.saga_events")

    @property
    def waits(self) -> list[tuple[SagaStep, Wait]]:
        """The steps that wait for an event."""
        return self.plan.waits

    def id_of(self, key: object) -> UUID:
        """The id of the saga with this key."""
        return uuid5(_IDS, f"{self.names[0]}/{key}")

    def batch(self, events: Sequence[StoredEvent]) -> SagaBatch:
        """These events, ready to drive what they concern."""
        return SagaBatch(self, events)

    def concerned(self, event: StoredEvent) -> UUID:
        """The saga that an event may concern; whether there is such a one, the table says."""
        if event.type in _OURS:
            return UUID(event.data["saga_id"])
        if event.type == self.starts.type:
            return self.id_of(event.data[self.key])
        return self.id_of(
            next(event.data[what.key] for _, what in self.waits if what.event.type == event.type)
        )


sagas: Registry[SagaType] = Registry("saga")


def saga(
    name: str,
    starts: type[Event],
    *,
    key: str,
    steps: Iterable[SagaStep],
    completed: Send | None = None,
    failed: Send | None = None,
    purpose: str = "",
    renamed_from: str | Iterable[str] = (),
    forgets: Iterable[str] = (),
) -> SagaType:
    """Declare a saga. Its name is its checkpoint's.

    `renamed_from` is the name that it had before, or several, the oldest first: it goes on from
    their checkpoint, with the sagas that are under way, under the ids that they have. `forgets`
    are types of events that drove it once, and no longer do. It starts
    with the event `starts`, once for each value of that event's field `key`. Raises ValueError for
    a plan without steps, with two of one name, or with one event for two of them.
    """
    plan = SagaPlan(tuple(steps), completed, failed)
    names = [step.name for step in plan.steps]
    events = [starts.type, *(what.event.type for _, what in plan.waits)]
    if not names or len(set(names)) < len(names) or len(set(events)) < len(events):
        raise ValueError(f"a saga needs steps, each with a name and an event of its own ({name})")
    former = (renamed_from,) if isinstance(renamed_from, str) else tuple(renamed_from)
    own, old = _OURS.union(events), frozenset(forgets)
    kind = SagaType(name, starts, key, plan, own, purpose, renamed_from=former, forgets=old)
    sagas.add(name, kind)
    subscriptions.add(name, kind)
    return kind


def retry(saga_id: UUID) -> None:
    """Ask a stuck saga to send its refused compensation again; others pay no attention."""
    event = SagaRetryAsked(saga_id=saga_id)
    with db.writer() as connection:
        event_log.append(connection, [NewEvent(saga_stream(saga_id), event.type, event.payload())])
    after_commit.wake_readers({event.type})


class SagaBatch:
    """A batch of events on its way through the sagas of one kind."""

    def __init__(self, kind: SagaType, events: Sequence[StoredEvent]) -> None:
        self.tags: set[str] = set()
        self._kind, self._events = kind, events
        self._machines: dict[UUID, SagaMachine] = {}
        self._keys: dict[UUID, str] = {}
        self._notes: list[dict[str, Any]] = []
        self._cursor: Any = None

    def request(self, connection: Connection) -> None:
        """Ask for the sagas that these events may concern."""
        ids = list({self._kind.concerned(event) for event in self._events})
        wanted = {"ids": ids, "types": list(self._kind.names)}
        self._cursor = connection.execute(SQL["load_sagas"], wanted)

    def fold(self) -> None:
        """Let the events drive them."""
        now = datetime.now(UTC)
        for saga_id, key, state, due_at in self._cursor:
            known = SagaState.model_validate_json(state)
            self._machines[saga_id] = SagaMachine(self._kind.plan, saga_id, known, now, due_at)
            self._keys[saga_id] = key
        for event in self._events:
            self._drive(event, now)

    def write(self, connection: Connection) -> None:
        """Write the state of the sagas, what drove them, and the commands that they send."""
        moved = [self._row(machine) for machine in self._machines.values() if machine.history]
        if not moved:
            return
        kept = {"sagas": to_json(moved), "type": self._kind.name}
        connection.execute(SQL["keep_sagas"], kept)
        connection.execute(SQL["note_saga_events"], {"notes": to_json(self._notes)})
        if commands := self._commands():
            connection.execute(SQL["enqueue_unsettled"], {"commands": to_json(commands)})

    def committed(self) -> None:
        """Wake the workers."""
        if any(machine.sent for machine in self._machines.values()):
            after_commit.wake_queue_consumer()

    def _drive(self, event: StoredEvent, now: datetime) -> None:
        saga_id = self._kind.concerned(event)
        machine = self._machines.get(saga_id)
        if machine is None and event.type == self._kind.starts.type:
            machine = self._begin(saga_id, event, now)
        if machine is None or event.version <= machine.state.seen.get(event.stream, 0):
            return
        before = len(machine.history)
        drive(self._kind, machine, event)
        machine.state.seen[event.stream] = event.version
        self._notes += (
            {"saga_id": saga_id, "event_type": what, "event_data": data, "position": event.position}
            for what, data in machine.history[before:]
        )

    def _begin(self, saga_id: UUID, event: StoredEvent, now: datetime) -> SagaMachine:
        correlation = event.metadata.get("correlation_id")
        state = SagaState(start=event.data, correlation_id=correlation)
        machine = self._machines[saga_id] = SagaMachine(self._kind.plan, saga_id, state, now)
        self._keys[saga_id] = str(event.data[self._kind.key])
        return machine

    def _row(self, machine: SagaMachine) -> dict[str, Any]:
        return {
            "saga_id": machine.saga_id,
            "key": self._keys[machine.saga_id],
            "state": machine.state.model_dump(mode="json"),
            "due_at": machine.due_at,
        }

    def _commands(self) -> list[dict[str, Any]]:
        """The commands to send, each with the stream that says what becomes of it."""
        sent = [
            (machine, command) for machine in self._machines.values() for command in machine.sent
        ]
        return [
            command_row(place, envelope(self._kind.name, machine, command))
            | {"stream": saga_stream(machine.saga_id)}
            for place, (machine, command) in enumerate(sent)
        ]


def drive(kind: SagaType, machine: SagaMachine, event: StoredEvent) -> None:
    """Let one event happen to one saga."""
    data: Mapping[str, Any] = event.data
    if event.type == kind.starts.type:
        if not machine.state.seen:  # else it was started before
            machine.start()
    elif event.type == SagaCommandSettled.type:
        command_id = UUID(data["command_id"])
        machine.settled(command_id, data["status"], data.get("data"), data.get("error"))
    elif event.type == SagaDeadlinePassed.type:
        machine.overdue(data["step"])
    elif event.type == SagaRetryAsked.type:
        machine.retry()
    else:
        name = next(step.name for step, what in kind.waits if what.event.type == event.type)
        machine.arrived(name, event.data)


def envelope(kind: str, machine: SagaMachine, sent: SentCommand) -> Envelope:
    """A saga's command on its way; its causation says to whom its outcome is told."""
    return Envelope(
        sent.command_id,
        sent.name,
        sent.payload,
        Actor(f"saga:{kind}", frozenset({SYSTEM_ACTOR})),
        correlation_id=machine.state.correlation_id,
        causation_id=f"{SAGA}{machine.saga_id}",
    )
