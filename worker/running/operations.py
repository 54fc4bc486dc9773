"""Operating subscriptions: pause, resume, reset, batch sizes, partitions.

Whoever changes a checkpoint holds it, so that a batch which runs is let finish first, and one that
was planned before is refused by its own lock and read again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from worker import db, event_log, subscription
from worker.db import Connection
from worker.errors import Permanent, Transient
from worker.projection import Projection
from worker.reading.patience import Patience
from worker.running import checkpoints, parking
from worker.running.checkpoints import SQL, Checkpoint
from worker.running.subscribers import Subscriber, subscriptions

MOST_PARTITIONS = 64
LARGEST_BATCH = 50_000


class UnknownSubscription(Permanent):
    """No subscription has this name, or it has no checkpoint yet."""

    def __init__(self, name: str) -> None:
        close = subscriptions.closest(name)
        hint = f"; did you mean {close}?" if close else ""
        super().__init__(f"no such subscription{hint} (subscription {name})")
        self.subscription = name


class OutOfRange(Permanent, ValueError):
    """A number that is too small or too large, or a position that does not exist yet."""


class UnsafeReset(Permanent):
    """A reset that would count events twice or leave some out."""

    def __init__(self, name: str, reason: str, advice: str) -> None:
        super().__init__(f"{reason}. {advice} (subscription {name})")
        self.subscription = name


class CannotPartition(Permanent):
    """A subscription that cannot be split."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{reason} (subscription {name})")
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

    Back, it handles again what it has handled. That is harmless for a reaction (ids are derived
    from the events, so nothing happens twice), but not for a projection, whose rows hold the effect
    of these events already: it would count them twice. Forward, it never handles what it skips.
    Both are refused with UnsafeReset unless `force` says that you know. A projection that is to be
    built anew is rebuilt (`cqrs rebuild`), which resets nothing and shows no half-built table.

    Dead letters ahead of the position are superseded: their events come anew. Discarded ones stay
    discarded. Raises OutOfRange for a position that does not exist yet.
    """
    subscriber = _subscriber(name)

    def put(connection: Connection, places: Sequence[Checkpoint]) -> None:
        last = event_log.horizon(connection)
        if not 0 <= position <= last:
            raise OutOfRange(f"no such position yet: 0 to {last} exist (is {position})")
        if not force:
            _refuse_unsafe(subscriber, places, position)
        parking.supersede(connection, name, after=position, by=by)
        connection.execute(SQL["reset"], _with(name, position=position))
        parking.count(connection, [place.name for place in places])

    return _operate(name, put)


def set_partitions(name: str, partitions: int, *, timeout: float = 10.0) -> Operated:
    """Split a projection among so many workers, by stream; 1: one whole again.

    Only a projection whose rows are each fed by one stream can be split: one with `merge` columns
    collects from many streams, and two partitions would overwrite each other. The number changes
    when all partitions are at one position; meanwhile this process helps them to get there, for
    `timeout` seconds. Raises CannotPartition, PartitionsApart.
    """
    _must_be_divisible(_subscriber(name), partitions)
    patience = Patience(timeout)
    while True:
        try:
            return _operate(name, lambda c, places: _divide(c, name, places, partitions))
        except PartitionsApart:
            if not patience.rest():
                raise
            subscription.catch_up([name], seconds=patience.left)


def _divide(
    connection: Connection, name: str, places: Sequence[Checkpoint], partitions: int
) -> None:
    positions = [place.position for place in places]
    if len(set(positions)) > 1:
        raise PartitionsApart(name, positions)
    rows = connection.execute(SQL["drop_checkpoints"], _with(name)).fetchall()
    position, _, table, shape, paused, size = rows[0]
    kept = {"position": position, "table": table, "shape": shape, "paused": paused, "size": size}
    kept["changed"] = max(row[1] for row in rows)
    made = connection.execute(SQL["add_partitions"], _with(name, partitions=partitions, **kept))
    parking.count(connection, [row[0] for row in made])


def _must_be_divisible(subscriber: Subscriber, partitions: int) -> None:
    if not 1 <= partitions <= MOST_PARTITIONS:
        raise CannotPartition(
            subscriber.name, f"1 to {MOST_PARTITIONS} partitions are possible (is {partitions})"
        )
    if not isinstance(subscriber, Projection):
        raise CannotPartition(subscriber.name, "only a projection can be split")
    if subscriber.merge:
        columns = ", ".join(subscriber.merge)
        reason = f"its rows collect from many streams (merge {columns}): it cannot be split"
        raise CannotPartition(subscriber.name, reason)


def _refuse_unsafe(subscriber: Subscriber, places: Sequence[Checkpoint], position: int) -> None:
    if any(place.position < position for place in places):
        raise UnsafeReset(
            subscriber.name,
            "events would be left out for good",
            "Discard single ones as dead letters, or use --force",
        )
    if isinstance(subscriber, Projection) and any(p.position > position for p in places):
        raise UnsafeReset(
            subscriber.name,
            "its rows hold these events already and would count them twice",
            "Rebuild it with `cqrs rebuild`, or use --force if its table was mended by hand",
        )


def _operate(name: str, change: Callable[[Connection, Sequence[Checkpoint]], object]) -> Operated:
    with db.writer() as connection, checkpoints.held(connection, name) as places:
        if not places:
            raise UnknownSubscription(name)
        change(connection, places)
        row = connection.execute(SQL["operated"], _with(name)).fetchone()
        assert row is not None
        return Operated(name, *row)


def _subscriber(name: str) -> Subscriber:
    subscriber = subscriptions.get(name)
    if subscriber is None:
        raise UnknownSubscription(name)
    return subscriber


def _with(name: str, **values: Any) -> dict[str, Any]:
    return {"subscription": name, **values}
