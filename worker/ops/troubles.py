"""What is wrong, out of all that the status knows: each trouble with its kind and what to do.

`cqrs status` fails while there is one, unless its kind is tolerated. What goes on by itself (a lag,
a paused subscription, commands that wait for their time) is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from worker.base.settings import get_settings
from worker.base.standing_failures import StandingFailure
from worker.ops.status import HolderStatus, LockWait, LogStatus, Status
from worker.rebuild.run import DRIFT


class Kind(StrEnum):
    """What a trouble is about."""

    SERVERS = "servers"
    DATABASE = "database"
    WORKERS = "workers"
    PUT_OFF = "put-off"
    SUBSCRIPTIONS = "subscriptions"
    DEAD_LETTERS = "dead-letters"
    DEAD_COMMANDS = "dead-commands"
    MESSAGES = "messages"
    READ_MODELS = "read-models"
    VIEWS = "views"
    MAINTENANCE = "maintenance"
    SAGAS = "sagas"
    LOCKS = "locks"
    HORIZON = "horizon"
    CHANGESETS = "changesets"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that somebody has to look at."""

    kind: Kind
    sentence: str


def troubles(status: Status) -> list[Trouble]:
    """All that is wrong, the servers first."""
    found = [*_servers(status), *_workers(status), *_put_off(status)]
    return found if status.log is None else found + list(_log(status.log))


def _servers(status: Status) -> Iterator[Trouble]:
    for server in status.servers:
        if server.problem:
            sentence = f"{server.name} at {server.url}: {server.problem}"
            yield Trouble(Kind.SERVERS, sentence)
    if status.problem:
        yield Trouble(Kind.DATABASE, status.problem)


def _workers(status: Status) -> Iterator[Trouble]:
    taken = {queue for worker in status.workers for queue in worker.queues}
    if idle := [queue.name for queue in status.queues if queue.name not in taken]:
        queues = "queue" if len(idle) == 1 else "queues"
        sentence = f"no worker answers that takes {queues} {', '.join(idle)}: start one"
        yield Trouble(Kind.WORKERS, sentence)
    for worker in status.workers:
        if worker.problem:
            yield Trouble(Kind.WORKERS, f"{worker.name} {worker.problem}")


def _put_off(status: Status) -> Iterator[Trouble]:
    for each in status.put_off:
        sentence = f"put off until it is mended: {each.count:,} × {each.name}: {each.reason}"
        yield Trouble(Kind.PUT_OFF, sentence)


def _log(log: LogStatus) -> Iterator[Trouble]:
    yield from _subscriptions(log)
    if log.dead_commands:
        sentence = f"{log.dead_commands} dead commands (cqrs dead-letters list)"
        yield Trouble(Kind.DEAD_COMMANDS, sentence)
    if log.refused_messages:
        sentence = f"{log.refused_messages} messages were refused (cqrs refused list)"
        yield Trouble(Kind.MESSAGES, sentence)
    yield from (Trouble(Kind.LOCKS, _wait(wait)) for wait in log.lock_waits)
    yield from _holders(log)
    yield from _models(log)
    yield from (failure(one) for one in log.failures if one.acknowledged_at is None)
    for stuck in log.stuck_sagas:
        sentence = f"{stuck.count} stuck sagas of {stuck.saga_type} (cqrs sagas list)"
        yield Trouble(Kind.SAGAS, sentence)
    for change in log.changesets:
        if change.orphaned:
            sentence = f"the process of changeset {change.id} has ended; beat settles it"
            yield Trouble(Kind.CHANGESETS, sentence)


def _subscriptions(log: LogStatus) -> Iterator[Trouble]:
    for one in log.subscriptions:
        if one.error:
            sentence = f"subscription {one.name} stopped at {one.position}: {one.error}"
            yield Trouble(Kind.SUBSCRIPTIONS, sentence)
        if one.dead_letters:
            sentence = f"{one.name} has {one.dead_letters} dead letters (cqrs dead-letters list)"
            yield Trouble(Kind.DEAD_LETTERS, sentence)


def _holders(log: LogStatus) -> Iterator[Trouble]:
    """Who has held the horizon for longer than the settings have patience."""
    for holder in log.holders:
        if holder.held is not None and holder.held > get_settings().horizon_patience:
            yield Trouble(Kind.HORIZON, _holder(holder))


def _holder(holder: HolderStatus) -> str:
    by = f"prepared transaction {holder.prepared}" if holder.prepared else f"process {holder.pid}"
    named = [by, holder.user and f"user {holder.user}", holder.application_name, holder.state]
    who = ", ".join(part for part in named if part)
    end = "ROLLBACK PREPARED, or COMMIT" if holder.prepared else "pg_terminate_backend"
    return (
        f"nothing above position {holder.fence} is read: a transaction that appended there has not"
        f" ended for {holder.held:.0f} s ({who}); end it ({end})"
    )


_FAILED = {
    "cqrs.refresh": (Kind.VIEWS, "refresh of"),
    "cqrs.rebuild": (Kind.READ_MODELS, "rebuild of"),
    "cqrs.verify": (Kind.READ_MODELS, "verification of"),
    DRIFT: (Kind.READ_MODELS, "verification of"),
}


def failure(one: StandingFailure) -> Trouble:
    """A failure that stands: what failed, why, how often, and what to do once it is known."""
    kind, what = _FAILED.get(one.task, (Kind.MAINTENANCE, one.task))
    name = " ".join(part for part in (what, one.subject) if part)
    return Trouble(kind, f"{name} failed: {one.sentence} (cqrs failures list)")


def _wait(wait: LockWait) -> str:
    holder = ", ".join(
        part
        for part in (
            f"process {wait.blocker_pid}",
            wait.user and f"user {wait.user}",
            wait.blocker,
            wait.state,
            wait.transaction_seconds is not None and f"open for {wait.transaction_seconds:.0f} s",
        )
        if part
    )
    return (
        f"{wait.application_name} (process {wait.pid}) has waited {wait.seconds:.0f} s for a lock"
        f" on {wait.relation or 'a row'}; it is held by {holder}"
    )


def _models(log: LogStatus) -> Iterator[Trouble]:
    told = {one.subject for one in log.failures if one.task == DRIFT}
    for model in log.read_models:
        if model.needs_rebuild:
            sentence = f"read model {model.name}: {model.needs_rebuild} (cqrs rebuild)"
            yield Trouble(Kind.READ_MODELS, sentence)
        elif model.drifted and model.name not in told:
            sentence = f"read model {model.name} has rows that drifted (cqrs rebuild)"
            yield Trouble(Kind.READ_MODELS, sentence)
