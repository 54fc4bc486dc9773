"""What `cqrs status` knows: where everything is, how far it has come, and who holds it up.

A server that does not answer is a line that says so; what the others know is told all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

import psycopg
import redis
from psycopg import errors as pg
from psycopg.rows import dict_row
from pydantic_core import to_jsonable_python

from worker.base import db, migrate, standing_failures
from worker.base.db import Connection
from worker.base.db_errors import message_of
from worker.base.encoding import to_json
from worker.base.errors import NotMigrated, ServerUnavailable
from worker.base.registry import load_domains
from worker.base.sql import blocks, quoted
from worker.base.standing_failures import StandingFailure
from worker.commands import put_off
from worker.commands.put_off import PutOffCommands
from worker.commands.releases import known_names
from worker.event_log import stored_types
from worker.event_log.subscribers import subscriptions
from worker.ops import servers, workers
from worker.ops.servers import QueueStatus, ServerStatus
from worker.ops.workers import WorkerStatus
from worker.rebuild import LastVerified, ReadModelHealth, read_model_health
from worker.subscriptions.registration import disowned

LAG_RANGE = 100_000
"""Positions over which a lag is counted; beyond that it is said to be at least that."""

_NO_WRITES = "PostgreSQL takes no writes: commands are put off until it does"
LONG_WAIT = 1.0
"""Seconds; shorter waits for a lock are everybody's."""
PATIENCE = 3
"""How many times as long workers have to answer if some queue seems to be taken by none."""

_SQL = blocks("worker.ops", "status.sql")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SubscriptionStatus:
    """How far a subscription has come, and what is wrong with it.

    `lag_events` counts the events of its types that it has not handled, `lag_seconds` is the age of
    the oldest of them; unless `lag_is_exact` there are more. Both are None, and `declared` is
    false, for a subscription that no loaded domain declares. `deaths` counts processes that died
    over the batch it is at.
    """

    name: str
    kind: str
    declared: bool
    position: int
    lag_events: int | None
    lag_seconds: float | None
    lag_is_exact: bool
    paused: bool
    error: str | None
    partitions: int
    batch_size: int | None
    deaths: int
    dead_letters: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LastRebuilt:
    """The last rebuild that went live: when, and how many rows of the table before it differed from
    what the log says; None if the two could not be compared."""

    at: datetime
    differing: int | None


@dataclass(frozen=True, slots=True)
class ReadModelStatus:
    """A projection's live `table`, None before its first run.

    `needs_rebuild` says why it does, and is None if it does not. It has `drifted` if the last
    verification found rows that differ, and no rebuild has put them right since.
    """

    name: str
    table: str | None
    needs_rebuild: str | None
    drifted: bool
    verified: LastVerified | None
    rebuilt: LastRebuilt | None


@dataclass(frozen=True, slots=True)
class HolderStatus:
    """A transaction that holds the horizon at `fence`; `prepared` names one without a process.

    `seconds` is its age, `held` for how long it has held the horizon at least; None: it has just
    begun. `user` is who logged in, or who prepared it.
    """

    fence: int
    pid: int | None
    prepared: str | None
    application_name: str | None
    state: str | None
    seconds: float | None
    user: str | None
    held: float | None


@dataclass(frozen=True, slots=True)
class LockWait:
    """A session of ours that waits for a lock on `relation`, and one that holds it.

    The holder's `user`, `blocker` (its application name) and `state` are None if we may not know;
    `transaction_seconds` is how long its transaction is open.
    """

    pid: int
    application_name: str
    seconds: float
    relation: str | None
    blocker_pid: int | None
    user: str | None
    blocker: str | None
    state: str | None
    transaction_seconds: float | None


@dataclass(frozen=True, slots=True)
class RebuildStatus:
    """A rebuild under way: complete up to `position` of `upto`, so many events folded."""

    name: str
    state: str
    position: int
    upto: int
    events: int
    seconds: float


@dataclass(frozen=True, slots=True)
class DeploymentStatus:
    """A deployment that was begun and has not ended."""

    name: str
    begun_by: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ChangesetStatus:
    """A schema change that is being executed, or rolled back; `version` is None for a refresh.

    `orphaned`: the process that did it has ended.
    """

    id: str
    description: str
    version: str | None
    by: str
    seconds: float
    undoing: bool
    orphaned: bool


@dataclass(frozen=True, slots=True)
class StuckSagas:
    """Sagas of one kind that wait for a person, as of the last refresh of `query.saga_status`."""

    saga_type: str
    count: int


@dataclass(frozen=True, slots=True)
class UnknownCommands:
    """Enqueued commands of a name that no loaded domain declares, and the age of the oldest: they
    wait for a worker of another release (see worker/commands/releases.py)."""

    name: str
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class LogStatus:
    """What the database knows. `enqueued_seconds` is the age of the oldest enqueued command,
    `failures` what the engine does by itself and has failed to do, acknowledged or not."""

    horizon: int
    last_position: int
    holders: Sequence[HolderStatus]
    subscriptions: Sequence[SubscriptionStatus]
    read_models: Sequence[ReadModelStatus]
    enqueued: int
    enqueued_due: int
    enqueued_seconds: float | None
    enqueued_put_off: Sequence[PutOffCommands]
    dead_commands: int
    waiting_tags: int
    rebuilds: Sequence[RebuildStatus]
    deployments: Sequence[DeploymentStatus]
    changesets: Sequence[ChangesetStatus]
    stuck_sagas: Sequence[StuckSagas]
    lock_waits: Sequence[LockWait]
    refused_messages: int
    unknown_commands: Sequence[UnknownCommands]
    failures: Sequence[StandingFailure]


@dataclass(frozen=True, slots=True)
class Status:
    """Everything. `log` is None, and `problem` says why, while the database cannot be asked."""

    servers: Sequence[ServerStatus]
    workers: Sequence[WorkerStatus]
    queues: Sequence[QueueStatus]
    log: LogStatus | None
    problem: str | None = None
    put_off: Sequence[PutOffCommands] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; times as ISO 8601 text."""
        return cast("dict[str, Any]", to_jsonable_python(asdict(self)))


def gather(*, timeout: float = 0.7) -> Status:
    """Ask everybody. Workers have `timeout` seconds to answer."""
    load_domains()
    log, problem = _log()
    queues = servers.queues()
    answering = workers.workers(timeout)
    if {queue.name for queue in queues} - {name for one in answering for name in one.queues}:
        answering = workers.workers(timeout * PATIENCE)  # a busy machine: the silent, asked again
    return Status(servers.servers(), answering, queues, log, problem, _put_off(log))


def subscription_statuses() -> list[SubscriptionStatus]:
    """How far each subscription has come; those of the domains that are loaded."""
    with db.owner() as connection:
        _, last = _one(connection, "horizon")
        return _subscriptions(connection, last)


def _log() -> tuple[LogStatus | None, str | None]:
    try:
        with db.owner() as connection:
            return _ask(connection), _another_version() or _takes_no_writes(connection)
    except ServerUnavailable as error:
        return None, str(error)
    except pg.ObjectNotInPrerequisiteState as error:  # a standby has no horizon
        return None, f"{_NO_WRITES} ({message_of(error)})"
    except psycopg.Error as error:
        if migrate.is_missing_object(error):
            return None, str(NotMigrated(migrate.current(), migrate.head()))
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            return None, _too_few_rights()
        raise


def _too_few_rights() -> str:
    """What the user of the settings may do, and the GRANT that lets it look at everything."""
    with db.owner() as connection:
        user, owner, group = _one(connection, "rights")
    wanted = f"To look at everything: GRANT {quoted(owner)} TO {quoted(user)}."
    if group is None:
        wanted = f"To enqueue, read receipts and ask: GRANT {db.SENDER} TO {quoted(user)}. {wanted}"
    may = f"as a member of {group}" if group else "as a member of none of the groups"
    return f"{user} may do too little here, {may}. {wanted}"


def _another_version() -> str | None:
    """What to do about a database that is not at the version of this code, if it is not."""
    found, needed = migrate.current(), migrate.head()
    return None if found == needed else str(NotMigrated(found, needed))


def _takes_no_writes(connection: Connection) -> str | None:
    setting, standby = _one(connection, "takes_no_writes")
    if standby:
        return f"{_NO_WRITES} (it is a standby)"
    return f"{_NO_WRITES} (default_transaction_read_only is on)" if setting == "on" else None


def _put_off(log: LogStatus | None) -> list[PutOffCommands]:
    """Commands that came as messages are noted in the cache server, enqueued ones in the table."""
    try:
        noted = put_off.noted()
    except redis.RedisError:
        noted = []  # its own line says that it does not answer
    return [*noted, *(log.enqueued_put_off if log else ())]


def _ask(connection: Connection) -> LogStatus:
    horizon, last = _one(connection, "horizon")
    enqueued, due, seconds, dead, tags = _one(connection, "backlog")
    return LogStatus(
        horizon,
        last,
        _each(connection, HolderStatus, "holders"),
        _subscriptions(connection, last),
        _read_models(connection),
        enqueued,
        due,
        seconds,
        _each(connection, PutOffCommands, "enqueued_put_off"),
        dead,
        tags,
        _each(connection, RebuildStatus, "rebuilds"),
        _each(connection, DeploymentStatus, "deployments"),
        _each(connection, ChangesetStatus, "changesets"),
        _each(connection, StuckSagas, "sagas"),
        _each(connection, LockWait, "waiting_for_locks", longer_than=LONG_WAIT),
        _one(connection, "refused")[0],
        _unknown_commands(connection),
        standing_failures.find(connection),
    )


def _each(connection: Connection, kind: Callable[..., T], name: str, **parameters: Any) -> list[T]:
    return [kind(*row) for row in connection.execute(_SQL[name], parameters or None)]


def _unknown_commands(connection: Connection) -> list[UnknownCommands]:
    rows = connection.execute(_SQL["unknown_commands"], {"known": known_names()})
    return [UnknownCommands(*row) for row in rows]


def _one(connection: Connection, name: str) -> tuple[Any, ...]:
    row = connection.execute(_SQL[name]).fetchone()
    assert row is not None
    return row


def _subscriptions(connection: Connection, last: int) -> list[SubscriptionStatus]:
    declared = [
        {"name": subscriber.name, "types": stored_types(subscriber.event_types)}
        for subscriber in subscriptions
    ]
    parameters = {"declared": to_json(declared), "range": LAG_RANGE, "last": last}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["subscriptions"], parameters).fetchall()
    refused = disowned(connection, list(subscriptions))
    return [_subscription(row | {"error": refused.get(row["name"], row["error"])}) for row in rows]


def _subscription(row: dict[str, Any]) -> SubscriptionStatus:
    subscriber = subscriptions.get(row["name"])
    if subscriber is None:
        row |= {"lag_events": None, "lag_seconds": None}
    kind = type(subscriber).__name__.lower().removesuffix("type") if subscriber else "unknown"
    return SubscriptionStatus(kind=kind, declared=subscriber is not None, **row)


def _read_models(connection: Connection) -> list[ReadModelStatus]:
    """Every projection that a loaded domain declares, by name."""
    rows = connection.execute(_SQL["last_rebuilds"])
    rebuilt = {name: LastRebuilt(*rest) for name, *rest in rows}
    return [
        _read_model(health, rebuilt.get(health.name)) for health in read_model_health(connection)
    ]


def _read_model(health: ReadModelHealth, rebuilt: LastRebuilt | None) -> ReadModelStatus:
    verified = health.verified
    mended = verified and rebuilt and rebuilt.at > verified.at
    drifted = bool(verified and verified.differing and not mended)
    return ReadModelStatus(
        health.name, health.table, health.needs_rebuild, drifted, verified, rebuilt
    )
