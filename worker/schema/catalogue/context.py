"""What every function of this package is given: how to connect, the read side, the limits."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import psycopg
from pydantic import BaseModel, Field

from worker.base.actor import operator
from worker.base.db import Connection
from worker.schema.catalogue.read_side import ReadSide
from worker.schema.change.change import DEFAULT_SCHEMAS, Schemas

Connect = Callable[[], Connection]


class Limits(BaseModel, frozen=True):
    """How long a changeset may make others wait. Seconds, all of them."""

    lock_timeout: float = Field(
        2.0, gt=0, description="longest that one try waits for locks: others queue no longer"
    )
    statement_timeout: float = Field(300.0, gt=0, description="longest that one operation runs")
    lock_attempts: int = Field(
        10, ge=1, le=1_000, description="times that a changeset is tried that waits for locks"
    )
    lock_pause: float = Field(
        0.5, ge=0, description="pause before the second try; doubles up to 30 s, with jitter"
    )
    turn_timeout: float = Field(
        10.0, gt=0, description="longest wait for another changeset that is being executed"
    )
    changeset_timeout: float | None = Field(
        None, gt=0, description="longest that a whole changeset runs; unset: as long as it takes"
    )

    def within(self, seconds: float) -> Limits:
        """The same, for one whose own time is limited: a changeset that ends by then."""
        own = min(seconds, self.changeset_timeout or seconds)
        statement = min(own, self.statement_timeout)
        return self.model_copy(update={"changeset_timeout": own, "statement_timeout": statement})


@dataclass(frozen=True, slots=True)
class Context:
    """How this package reaches the world.

    `connect` opens a connection of its own each time (not one of a pool: the one-at-a-time lock and
    the settings are the session's); it is closed here. The user that it connects as owns the
    schemas. `actor` is written into the history.
    """

    connect: Connect
    read_side: ReadSide
    limits: Limits = field(default_factory=Limits)
    schemas: Schemas = DEFAULT_SCHEMAS
    actor: str = field(default_factory=operator)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection in autocommit, without prepared statements; closed afterwards."""
        with closing(self.connect()) as connection:
            if connection.info.transaction_status is not psycopg.pq.TransactionStatus.IDLE:
                connection.rollback()
            connection.autocommit = True
            connection.prepare_threshold = None
            yield connection


def this_process() -> str:
    """Host and process id, as the history names who executes a changeset."""
    return f"{socket.gethostname()}:{os.getpid()}"
