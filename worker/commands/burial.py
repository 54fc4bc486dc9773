"""What is kept of a dead command, in the transaction of its receipt, so that it can be run again.

A receipt tells payloads apart but does not hold them, and a message that was delivered is gone. So
a command that dies leaves its payload, actor, roles and the rest of its chain in
`cqrs.dead_commands`; dead_commands.py says what can be done with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from worker.base.encoding import to_json
from worker.base.pipeline import Pipeline
from worker.base.sql import blocks
from worker.commands.receipts import Settled
from worker.contracts import Status

SQL = blocks("worker.commands", "dead_commands.sql")


def keep(asked: Pipeline, settled: Iterable[Settled]) -> None:
    """Keep those of these commands that are dead; nothing is sent if there are none."""
    rows = [_row(one) for one in settled if one.status is Status.DEAD]
    if rows:
        asked.execute(SQL["keep"], {"commands": to_json(rows)})


def _row(one: Settled) -> dict[str, Any]:
    envelope = one.envelope
    return {
        "command_id": envelope.id,
        "name": envelope.name,
        "payload": envelope.payload,
        "key": envelope.key,
        "actor": envelope.actor.name,
        "roles": sorted(envelope.actor.roles),
        "correlation_id": envelope.correlation_id,
        "causation_id": envelope.causation_id,
        "links": envelope.links,
        "error": one.error,
    }
