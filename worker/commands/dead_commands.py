"""Dead commands: those that failed for good, with all that it takes to run them again.

    dead receipt ─▶ open ─┬─ retry    the receipt is open again, the command waits among the
                     ▲    │           enqueued ones under its own id; it may die again ─┐
                     │    └─ discard  the receipt stays dead                            │
                     └───────────────────────────────────────────────────────────────────┘

A retry keeps the command's id: whoever waits for its receipt gets the new one, and if the command
had its effect after all, it does not have it twice. A command that came by a chain goes back to it:
what was to follow it follows once it succeeds, and gets `rejected` receipts if it is discarded.

A command that a saga sent is not retried here. The saga has heard that it is dead and has gone on,
perhaps compensating what came before it: the saga is what can be retried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from worker.base import db, secrets
from worker.base.db import Connection
from worker.base.errors import Permanent
from worker.commands import SQL, after_commit, receipts
from worker.commands.chain_continuation import ChainContinuation, signatures
from worker.commands.decoding import commands as declared
from worker.commands.errors import UnknownCommand
from worker.commands.event_task import event_tasks
from worker.commands.receipts import saga_behind

PORTION = 500
"""Dead commands that are retried in one transaction."""


@dataclass(frozen=True, slots=True)
class DeadCommand:
    """A command that failed for good; `payload` as it came, fields marked secret hidden.

    `follows` names the tasks of its chain that wait for it, `state` is open, retried or discarded.
    """

    command_id: UUID
    name: str
    payload: Mapping[str, Any]
    key: str | None
    actor: str
    roles: tuple[str, ...]
    follows: tuple[str, ...]
    error: str
    attempts: int
    first_died_at: datetime
    last_died_at: datetime
    state: str
    closed_at: datetime | None
    closed_by: str | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values but for the id and the times."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RetriedCommands:
    """The dead commands of one name that were retried; those that sagas have sent were left."""

    name: str
    retried: tuple[UUID, ...]
    of_sagas: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values but for the ids."""
        return asdict(self)


class UnknownDeadCommand(Permanent):
    """No dead command has this id; `status` is that of its receipt, if it has one."""

    def __init__(self, command_id: UUID, status: str | None = None) -> None:
        told = f"it is not dead: its receipt says {status}" if status else "no such dead command"
        super().__init__(f"{told} (command {command_id})")
        self.command_id, self.status = command_id, status


class DeadCommandIsClosed(Permanent):
    """A dead command was retried or discarded already."""

    def __init__(self, command_id: UUID, state: str, closed_by: str | None) -> None:
        super().__init__(
            f"the dead command is closed: {state} by {closed_by} (command {command_id})"
        )
        self.command_id, self.state, self.closed_by = command_id, state, closed_by


class BelongsToSaga(Permanent):
    """A saga sent this dead command, and has gone on without it."""

    def __init__(self, command_id: UUID, saga_id: UUID) -> None:
        super().__init__(
            "a saga sent this command and has gone on without it: retry the saga, if it is stuck"
            f" (command {command_id}, saga {saga_id})"
        )
        self.command_id, self.saga_id = command_id, saga_id


class SecretsNotKept(Permanent):
    """A dead command whose secrets were not kept: it can only be sent anew."""

    def __init__(self, command_id: UUID, fields: Sequence[str]) -> None:
        super().__init__(f"{secrets.SEND_ANEW} (command {command_id}, fields {', '.join(fields)})")
        self.command_id, self.fields = command_id, tuple(fields)


def commands(*, closed: bool = False, limit: int = 100) -> list[DeadCommand]:
    """Dead commands, the latest first: the open ones, or with `closed` all of them."""
    with db.writer() as connection:
        rows = connection.execute(SQL["dead_commands"], {"closed": closed, "limit": limit})
        return [_dead(*row) for row in rows]


def show(command_id: UUID) -> DeadCommand:
    """One dead command. Raises UnknownDeadCommand."""
    with db.writer() as connection:
        return _find(connection, command_id)


def retry(command_id: UUID, *, by: str) -> DeadCommand:
    """Let a dead command be run again, with its own id, payload, actor and roles.

    Returns at once; its receipt says what became of it. Raises UnknownDeadCommand,
    DeadCommandIsClosed, BelongsToSaga, SecretsNotKept.
    """
    with db.writer() as connection:
        _must_have_no_saga(connection, command_id)
        _must_be_whole(connection, command_id)
        command = _act(connection, "revive_dead_command", command_id, by)
    after_commit.wake_queue_consumer()
    return command


def retry_all(name: str, *, by: str) -> RetriedCommands:
    """Let every open dead command, or event task, of one name be run again, each under its id.

    Returns at once. Raises UnknownCommand for a name that stands for nothing here, and of which
    nothing is dead.
    """
    ids: list[UUID] = []
    asked = {"name": name, "by": by, "portion": PORTION}
    with db.writer() as connection:
        while rows := connection.execute(SQL["revive_dead_commands"], asked).fetchall():
            ids += [command_id for (command_id,) in rows]
        left = connection.execute(SQL["dead_commands_of_sagas"], asked).fetchone()
    of_sagas = int(left[0]) if left else 0
    if not ids and not of_sagas and name not in declared and name not in event_tasks:
        raise UnknownCommand(name, declared.hint(name))
    after_commit.wake_queue_consumer()
    return RetriedCommands(name, tuple(ids), of_sagas)


def discard(command_id: UUID, *, by: str) -> DeadCommand:
    """Give a dead command up for good, and with it what follows it in its chain.

    Raises UnknownDeadCommand, DeadCommandIsClosed.
    """
    reason = f"an earlier command of its chain was given up (command {command_id})"
    with db.writer() as connection, connection.transaction():
        command = _act(connection, "discard_dead_command", command_id, by)
        links = connection.execute(SQL["dead_command_links"], {"command": command_id}).fetchone()
        # Before it is closed: who is killed in between finds it open, and discards it again.
        after_commit.skip(_links(links[0]) if links else None, reason)
    return command


def _act(connection: Connection, statement: str, command_id: UUID, by: str) -> DeadCommand:
    what = {"command": command_id, "by": by}
    done = connection.execute(SQL[statement], what).fetchone()
    command = _find(connection, command_id)
    if done is None or not done[0]:
        raise DeadCommandIsClosed(command_id, command.state, command.closed_by)
    return command


def _must_have_no_saga(connection: Connection, command_id: UUID) -> None:
    row = connection.execute(SQL["dead_command_causation"], {"command": command_id}).fetchone()
    saga_id = saga_behind(row[0]) if row else None
    if saga_id is not None:
        raise BelongsToSaga(command_id, saga_id)


def _must_be_whole(connection: Connection, command_id: UUID) -> None:
    row = connection.execute(SQL["dead_command"], {"command": command_id}).fetchone()
    if row is not None and (lost := secrets.not_kept(_readable(row[2]))):
        raise SecretsNotKept(command_id, lost)


def _find(connection: Connection, command_id: UUID) -> DeadCommand:
    row = connection.execute(SQL["dead_command"], {"command": command_id}).fetchone()
    if row is None:
        receipt = receipts.find(connection, [command_id]).get(command_id)
        raise UnknownDeadCommand(command_id, receipt.status.value if receipt else None)
    return _dead(*row)


def _dead(
    command_id: UUID, name: str, payload: str, key: str, actor: str, *rest: Any
) -> DeadCommand:
    spec = declared.get(name)
    kept = _readable(payload)
    shown = spec.hidden(kept) if spec else kept
    roles, links, *others = rest
    follows = tuple(str(sig["task"]) for sig in signatures(_links(links)))
    return DeadCommand(command_id, name, shown, key, actor, tuple(roles), follows, *others)


def _readable(payload: str) -> Mapping[str, Any]:
    """A payload, or its text where no program can read it: it may be why the command is dead."""
    try:
        value = orjson.loads(payload)
    except ValueError:
        return {"unreadable": payload}
    return value if isinstance(value, dict) else {"no object": value}


def _links(links: str | None) -> ChainContinuation | None:
    return None if links is None else orjson.loads(links)
