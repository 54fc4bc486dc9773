"""Reactions: what happens next, when something has happened.

    welcome = reaction("shop.welcome")

    @welcome.on(CustomerRegistered)
    def _(event: StoredEvent, then: Then) -> None:
        then.run(open_account, OpenAccount(customer_id=event.data["customer_id"]))
        then.start(send_greeting, email=event.data["email"])

A reaction is a subscription like a projection, but what it writes is further commands and event
tasks. They are enqueued in the transaction that moves its checkpoint, under ids that are derived
from the reaction's name, the event's position and their own place:

    event ─▶ reaction ─▶ enqueued, checkpoint moved ─▶ drained: the command runs, the task is sent
                │ killed before the commit: nothing was written, and it is done again
                └ done again (checkpoint set back): the same ids have receipts, so nothing happens

Receipts are kept for a while (CQRS_RECEIPTS_RETENTION), and a checkpoint is not set back further.
So every command has effect exactly once, and every event task at least once with one receipt.
Rebuilding a projection does not touch reactions. A reaction's function is pure but for `then`; it
enqueues the same things in the same order whenever it sees the same event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias, overload
from uuid import UUID, uuid5

from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.commands import SQL as COMMANDS_SQL
from worker.commands import after_commit
from worker.commands.awaitable_verbs import C
from worker.commands.command import CommandTask
from worker.commands.decoding import prepare
from worker.commands.enqueue import command_row
from worker.commands.event_task import EventTask, M, P
from worker.contracts import SYSTEM_ACTOR, Actor, Envelope, Event
from worker.event_log import StoredEvent
from worker.event_log.subscribers import subscriptions

GROUP = "reactions"
_IDS = UUID("6c0f7f0e-4e0b-5d0a-9a54-6b6f2b7a1c11")


class Then:
    """What one reaction wants done about one event."""

    def __init__(self, reaction: str, event: StoredEvent, ids_of: str | None = None) -> None:
        self._reaction, self._event, self._ids_of = reaction, event, ids_of or reaction
        self.envelopes: list[Envelope] = []

    def run(
        self,
        command: CommandTask[C],
        payload: C | Mapping[str, Any],
        *,
        key: str | None = None,
        after: Iterable[UUID] = (),
    ) -> UUID:
        """Enqueue a command; returns its id. `key` and `after` order it, as in `enqueue`.

        Raises InvalidCommand when the payload is wrong.
        """
        ready = prepare(command.spec, payload, self._next_id())
        return self._add(command.name, ready.wire, key, tuple(after), ready.fingerprint)

    @overload
    def start(self, task: EventTask[M], payload: M, /) -> UUID: ...
    @overload
    def start(self, task: EventTask[M, P], /, *args: P.args, **fields: P.kwargs) -> UUID: ...
    def start(self, task: EventTask[Any], /, *args: Any, **fields: Any) -> UUID:
        """Start an event task; returns its id. Raises ValidationError when the payload is wrong."""
        return self._add(task.name, task.wire(*args or (fields,)), None, ())

    def _next_id(self) -> UUID:
        return derived_id(self._ids_of, self._event.position, len(self.envelopes))

    def _add(
        self,
        name: str,
        wire: Mapping[str, Any],
        key: str | None,
        after: tuple[UUID, ...],
        fingerprint: bytes | None = None,
    ) -> UUID:
        event = self._event
        correlation = event.metadata.get("correlation_id")
        envelope = Envelope(
            self._next_id(),
            name,
            wire,
            Actor(f"reaction:{self._reaction}", frozenset({SYSTEM_ACTOR})),
            after=after,
            key=key,
            correlation_id=UUID(correlation) if correlation else None,
            causation_id=f"event:{event.position}",
            fingerprint=fingerprint,
        )
        self.envelopes.append(envelope)
        return envelope.id


React: TypeAlias = Callable[[StoredEvent, Then], None]


@dataclass(eq=False)
class Reaction:
    """A subscription that answers events with commands and event tasks."""

    name: str
    group: str = GROUP
    since: datetime | None = None
    purpose: str = ""
    renamed_from: tuple[str, ...] = ()
    forgets: frozenset[str] = frozenset()
    _functions: dict[str, list[React]] = field(default_factory=dict)

    @property
    def event_types(self) -> frozenset[str]:
        """The types of event that it answers."""
        return frozenset(self._functions)

    @property
    def functions(self) -> list[React]:
        """Whatever is called to answer an event."""
        return [each for functions in self._functions.values() for each in functions]

    def on(self, *events: type[Event]) -> Callable[[React], React]:
        """Answer these events."""

        def declare(function: React) -> React:
            for event in events:
                self._functions.setdefault(event.type, []).append(function)
            return function

        return declare

    def batch(self, events: Sequence[StoredEvent]) -> ReactionBatch:
        """These events, ready to be answered."""
        return ReactionBatch(self, events)

    def answer(self, event: StoredEvent) -> list[Envelope]:
        """What is to be done about one event."""
        if self.since is not None and event.recorded_at < self.since:
            return []
        then = Then(self.name, event, ids_of=(*self.renamed_from, self.name)[0])
        for function in self._functions.get(event.type, ()):
            function(event, then)
        return then.envelopes


def reaction(
    name: str,
    *,
    since: datetime | None = None,
    purpose: str = "",
    renamed_from: str | Iterable[str] = (),
    forgets: Iterable[str] = (),
) -> Reaction:
    """Declare a reaction. Its name is its checkpoint's.

    `renamed_from` is the name that it had before, or several, the oldest first: it goes on from
    their checkpoint, and the ids of what it starts are still derived from the oldest. `forgets` are
    types of events that it answered once and now leaves alone: else it stops at the next of them.

    A new reaction reads the log from its beginning; it leaves events recorded before `since` alone,
    so that one added to an old system does not answer what happened years ago.
    """
    former = (renamed_from,) if isinstance(renamed_from, str) else tuple(renamed_from)
    declared = Reaction(name, since=since, purpose=purpose, renamed_from=former)
    declared.forgets = frozenset(forgets)
    subscriptions.add(name, declared)
    return declared


class ReactionBatch:
    """A batch of events on its way through a reaction."""

    def __init__(self, reaction: Reaction, events: Sequence[StoredEvent]) -> None:
        self.tags: set[str] = set()
        self._reaction, self._events = reaction, events
        self._envelopes: list[Envelope] = []

    def request(self, connection: Connection) -> None:
        """Nothing: all that a reaction knows stands in the event."""

    def fold(self) -> None:
        """Answer the events."""
        self._envelopes = [
            envelope for event in self._events for envelope in self._reaction.answer(event)
        ]

    def write(self, connection: Connection) -> None:
        """Enqueue what is to be done."""
        write_commands(connection, self._envelopes)

    def committed(self) -> None:
        """Wake the workers."""
        if self._envelopes:
            after_commit.wake_queue_consumer()


def derived_id(subscription: str, position: int, place: int) -> UUID:
    """The id of the command or task that a subscription starts for an event: always the same."""
    return uuid5(_IDS, f"{subscription}/{position}/{place}")


def write_commands(connection: Connection, envelopes: Sequence[Envelope]) -> None:
    """Enqueue commands in the open transaction; those that are there already are left alone."""
    if envelopes:
        rows = [command_row(place, envelope) for place, envelope in enumerate(envelopes)]
        connection.execute(COMMANDS_SQL["enqueue_derived"], {"commands": to_json(rows)})
