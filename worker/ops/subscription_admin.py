"""Operating subscriptions: pause, resume, reset, batch sizes, partitions.

Whoever changes a checkpoint holds it, so that a batch which runs is let finish first, and one that
was planned before is refused by its own lock and read again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from worker import event_log
from worker.base import db
from worker.base.backoff import Backoff
from worker.base.db import Connection
from worker.base.errors import Permanent, Transient
from worker.base.settings import get_settings
from worker.event_log.subscribers import Subscriber, subscriptions
from worker.reactions.saga_declaration import SagaType
from worker.subscriptions import checkpoints, dead_letters
from worker.subscriptions import runner as subscription
from worker.subscriptions.checkpoints import SQL, Checkpoint
from worker.subscriptions.errors import UNDECLARED
from worker.subscriptions.partitions import must_be_divisible
from worker.subscriptions.projection import Projection
from worker.subscriptions.registration import must_register

LARGEST_BATCH = 50_000
LEEWAY = 1.0
"""Days (a tenth of the retention, if that is less) within which what is done again must be done:
receipts that are to be forgotten so soon are not counted on."""


class UnknownSubscription(Permanent):
    """No domain that is loaded declares this subscription; `known`: it has a checkpoint."""

    def __init__(self, name: str, known: bool = False) -> None:
        sentence = UNDECLARED if known else f"no such subscription{subscriptions.hint(name)}"
        super().__init__(f"{sentence} (subscription {name})")
        self.subscription, self.known = name, known


class OutOfRange(Permanent, ValueError):
    """A number that is too small or too large, or a position that does not exist yet."""


class UnsafeReset(Permanent):
    """A reset that would count events twice, leave some out, or do again what was done."""

    def __init__(self, name: str, reason: str, advice: str) -> None:
        super().__init__(f"{reason}. {advice} (subscription {name})")
        self.subscription = name


class PartitionsApart(Transient):
    """The partitions of a subscription did not come to one position in time."""

    def __init__(self, name: str, positions: Sequence[int]) -> None:
        shown = ", ".join(map(str, positions))
        super().__init__(
            "the partitions are not at one position: let them catch up while few events come,"
            f" then try again (subscription {name}, positions {shown})"
        )
        self.subscription, self.positions = name, tuple(positions)


@dataclass(frozen=True, slots=True)
class Operated:
    """A subscription after an operation."""

    subscription: str
    position: int
    paused: bool
    partitions: int
    batch_size: int | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def pause(name: str) -> Operated:
    """Let a subscription stand still until it is resumed; a batch that runs is finished first."""
    return _operate(name, lambda c, _: c.execute(SQL["pause"], _with(name, paused=True)))


def resume(name: str) -> Operated:
    """Let a subscription go on. Its next wake-up or the sweep gets it moving."""
    return _operate(name, lambda c, _: c.execute(SQL["pause"], _with(name, paused=False)))


def set_batch_size(name: str, size: int | None) -> Operated:
    """Set how many events a batch of it holds at most; None: what the settings say.

    A batch is one transaction: smaller ones let an answer be fresh sooner, larger ones catch up
    faster. Raises OutOfRange for a size that is not 1 to 50,000.
    """
    if size is not None and not 1 <= size <= LARGEST_BATCH:
        raise OutOfRange(f"a batch holds 1 to {LARGEST_BATCH:,} events (is {size})")
    return _operate(name, lambda c, _: c.execute(SQL["set_batch_size"], _with(name, size=size)))


def reset(name: str, position: int, *, force: bool = False, by: str) -> Operated:
    """Put a subscription at a position, so that it reads on from there.

    Back, it handles again what it has handled. For a saga that is harmless: the log says what
    became of its commands. For a reaction it is harmless while the receipts of what it started then
    are kept (ids are derived from the events, so nothing happens twice), and not beyond. For a
    projection it never is: its rows hold the effect of these events already and would count them
    twice. Forward, it never handles what it skips. What is not harmless is refused with UnsafeReset
    unless `force` says that you know. A projection that is to be built anew is rebuilt (`cqrs
    rebuild`), which resets nothing and shows no half-built table.

    Dead letters ahead of the position are superseded: their events come anew. Discarded ones stay
    discarded. Raises OutOfRange for a position that does not exist yet.
    """
    subscriber = _subscriber(name)

    def put(connection: Connection, places: Sequence[Checkpoint]) -> None:
        last = event_log.horizon(connection)
        if not 0 <= position <= last:
            raise OutOfRange(f"no such position yet: 0 to {last} exist (is {position})")
        if not force:
            _refuse_unsafe(connection, subscriber, places, position)
        dead_letters.supersede(connection, name, after=position, by=by)
        connection.execute(SQL["reset"], _with(name, position=position))
        dead_letters.count(connection, [place.name for place in places])

    return _operate(name, put)


def set_partitions(name: str, partitions: int, *, timeout: float = 10.0) -> Operated:
    """Split a projection among so many workers, by stream; 1: one whole again.

    Only a projection that says `by_stream=True` can be split: see partitions.py. The number changes
    when all partitions are at one position; meanwhile this process helps them to get there, for
    `timeout` seconds. Raises CannotPartition, PartitionsApart.
    """
    with db.writer() as connection:
        must_be_divisible(connection, _subscriber(name), partitions)
    backoff = Backoff(timeout)
    while True:
        try:
            return _operate(name, lambda c, places: _divide(c, name, places, partitions))
        except PartitionsApart:
            if not backoff.rest():
                raise
            subscription.catch_up([name], seconds=backoff.left)


def _divide(
    connection: Connection, name: str, parts: Sequence[Checkpoint], partitions: int
) -> None:
    positions = [part.position for part in parts]
    if len(set(positions)) > 1:
        raise PartitionsApart(name, positions)
    rows = connection.execute(SQL["drop_checkpoints"], _with(name)).fetchall()
    position, _, table, version, paused, size = rows[0]
    kept = {"position": position, "table": table, "shape": version, "paused": paused, "size": size}
    kept["changed"] = max(row[1] for row in rows)
    added = connection.execute(SQL["add_partitions"], _with(name, partitions=partitions, **kept))
    dead_letters.count(connection, [row[0] for row in added])


def _refuse_unsafe(
    connection: Connection, subscriber: Subscriber, places: Sequence[Checkpoint], position: int
) -> None:
    name, upto = subscriber.name, max(place.position for place in places)
    if any(place.position < position for place in places):
        raise UnsafeReset(
            name,
            "events would be left out for good",
            "Discard single ones as dead letters, or use --force",
        )
    if isinstance(subscriber, Projection) and upto > position:
        raise UnsafeReset(
            name,
            "its rows hold these events already and would count them twice",
            "Rebuild it with `cqrs rebuild`, or use --force if its table was mended by hand",
        )
    if not isinstance(subscriber, Projection | SagaType):
        _refuse_forgotten(connection, subscriber, position, upto)


def _refuse_forgotten(
    connection: Connection, subscriber: Subscriber, position: int, upto: int
) -> None:
    """Raise UnsafeReset if receipts of what it started about events in between may be gone."""
    days = get_settings().receipts_retention
    passed = {
        "position": position,
        "upto": upto,
        "types": event_log.stored_types(subscriber.event_types),
    }
    kept = {"days": days - min(LEEWAY, days / 10)}
    forgotten = connection.execute(SQL["forgotten"], passed | kept).fetchone()
    if forgotten is not None:
        since, first = forgotten
        raise UnsafeReset(
            subscriber.name,
            f"receipts are kept from {since:%Y-%m-%d %H:%M} UTC on only, and what it started about"
            " earlier events would happen a second time",
            f"Reset it to {first} or later, or use --force if it may happen twice",
        )


def _operate(name: str, change: Callable[[Connection, Sequence[Checkpoint]], object]) -> Operated:
    """Change a subscription's checkpoints; one that has never run yet is given them first."""
    with db.writer() as connection:
        if declared := subscriptions.get(name):
            must_register(connection, declared)
        with checkpoints.held(connection, name) as places:
            if not places:
                raise UnknownSubscription(name)
            change(connection, places)
            row = connection.execute(SQL["operated"], _with(name)).fetchone()
            assert row is not None
            return Operated(name, *row)


def _subscriber(name: str) -> Subscriber:
    subscriber = subscriptions.get(name)
    if subscriber is not None:
        return subscriber
    with db.writer() as connection:
        raise UnknownSubscription(name, known=bool(checkpoints.of(connection, name)))


def must_exist(name: str) -> None:
    """Raises UnknownSubscription for one that is not declared and has never run."""
    if name in subscriptions:
        return
    with db.writer() as connection:
        if not checkpoints.of(connection, name):
            raise UnknownSubscription(name)


def _with(name: str, **values: Any) -> dict[str, Any]:
    return {"subscription": name, **values}
