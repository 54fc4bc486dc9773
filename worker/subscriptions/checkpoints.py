"""Checkpoints: how far a subscription has read, one row for each of its partitions.

A projection whose rows are fed by one stream each may be split into partitions, so that several
workers share it: partition k of n handles the streams whose hash is k modulo n, and has a row
`name#k`. A subscription that is not split has one row of its plain name. The subscription is as far
as its slowest partition: that is what `query.checkpoints` says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from zlib import crc32

import psycopg

from worker.base.db import Connection
from worker.base.settings import get_settings
from worker.base.sql import blocks
from worker.event_log import StoredEvent

SQL = blocks("worker.subscriptions", "checkpoints.sql")
NARROWING = 4
"""Bits by which a batch shrinks for each process that died over it: a sixteenth."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A row of `cqrs.subscriptions`: one subscription, or one of its partitions."""

    name: str
    subscription: str
    partition: int
    partitions: int
    position: int
    read_table: str | None
    table_version: int | None
    batch_size: int | None
    dead_letters: int
    deaths: int
    held: bool
    """Somebody has it now; once done, they look whether there is more."""
    mark: str | None
    """Who took it last and was rolled back, the process having died: see batch.py."""
    limit: int = 1
    """How many events the next batch may hold; fewer, down to one, where processes died."""

    def own(self, events: Iterable[StoredEvent], types: Collection[str]) -> list[StoredEvent]:
        """Those of these events that are of the given types and belong to this partition."""
        if self.partitions == 1:
            return [event for event in events if event.type in types]
        return [
            event
            for event in events
            if event.type in types and partition_of(event.stream, self.partitions) == self.partition
        ]


def partition_of(stream: str, partitions: int) -> int:
    """The partition that a stream belongs to: the same in every process, on every version."""
    return crc32(stream.encode()) % partitions


def own_events(
    together: Iterable[Checkpoint],
    page: Sequence[StoredEvent],
    types: Mapping[str, Collection[str]],
) -> dict[str, list[StoredEvent]]:
    """Which events of a page each of these checkpoints is to handle; types by subscription."""
    return {at.name: at.own(page, types[at.subscription]) for at in together}


def read(connection: Connection, names: Collection[str]) -> list[Checkpoint]:
    """The checkpoints of these subscriptions that are not paused, those in trouble last."""
    default = get_settings().projection_batch_size
    checkpoints = [
        Checkpoint(*row) for row in connection.execute(SQL["checkpoints"], {"names": [*names]})
    ]
    return [replace(at, limit=_limit(at, default)) for at in checkpoints]


def _limit(at: Checkpoint, default: int) -> int:
    return max(1, (at.batch_size or default) >> NARROWING * at.deaths)


def of(connection: Connection, subscription: str) -> list[Checkpoint]:
    """Every checkpoint of a subscription, as it is at this moment."""
    rows = connection.execute(SQL["checkpoints_of"], {"subscription": subscription})
    return [Checkpoint(*row) for row in rows]


@contextmanager
def held(connection: Connection, *subscriptions: str) -> Iterator[list[Checkpoint]]:
    """A transaction that holds every checkpoint of a subscription, or of several.

    Waits for batches that run, `lock_timeout` at most. If the block fails, what it did is undone,
    and the checkpoints are let go by a commit all the same: a rollback would leave a mark on them.
    """
    names = {"subscriptions": list(subscriptions)}
    failed: BaseException | None = None
    try:
        with connection.transaction():
            rows = connection.execute(SQL["hold"], names).fetchall()
            try:
                with connection.transaction():
                    yield [Checkpoint(*row) for row in rows]
            except BaseException as error:
                failed = error
    except psycopg.Error:  # one of several was not to be had: let go of those that were
        if not connection.closed:
            connection.execute(SQL["wipe_marks"], names)
        raise
    if failed is not None:
        raise failed
