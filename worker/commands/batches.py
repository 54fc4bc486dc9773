"""Many commands in one message: `delay_many`, and the Celery task that runs it.

A batch runs in transactions of `batch_size` commands. Each command keeps its own id, receipt and
result, so that whoever sent it cannot tell how it travelled. Delivered twice, it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import psycopg
from celery.exceptions import SoftTimeLimitExceeded

from worker.base.actor import from_header, to_header
from worker.base.app import app
from worker.base.encoding import to_json
from worker.base.errors import ServerUnavailable
from worker.base.settings import get_settings
from worker.commands import after_commit, releases
from worker.commands.call_arguments import HEADER, as_uuid, broker_errors
from worker.commands.command_result import CommandResult
from worker.commands.executor import execute
from worker.commands.releases import schema_named
from worker.contracts import Actor, Envelope, uuid7

T = TypeVar("T")
MOST_IN_A_MESSAGE = 1_000


def send_batch(
    commands: Sequence[tuple[str, Mapping[str, Any]]], actor: Actor
) -> list[CommandResult]:
    """Send commands (name, payload on the wire) as few messages; returns their handles in order."""
    ids = [str(uuid7()) for _ in commands]
    lines = [[id_, name, wire] for id_, (name, wire) in zip(ids, commands, strict=True)]
    with broker_errors():
        for part in _messages(lines):
            names = sorted({name for _, name, _ in part})
            app.send_task(
                "cqrs.run_batch",
                kwargs={"commands": part, "actor": to_header(actor)},
                kwargsrepr=f"<{len(part)} commands>",
                headers={HEADER: {"schemas": {name: schema_named(name) for name in names}}},
                ignore_result=True,
            )
    return [CommandResult(id_, app=app) for id_ in ids]


@app.task(
    name="cqrs.run_batch", bind=True, ignore_result=True, max_retries=3, default_retry_delay=1
)
def run_batch(self: Any, commands: Sequence[Any], actor: Mapping[str, Any] | None = None) -> None:
    """Run the commands of one `delay_many` message, in their order."""
    sender, batch = from_header(actor), as_uuid(self.request.id)
    schemas = ((self.request.headers or {}).get(HEADER) or {}).get("schemas") or {}
    envelopes = [
        Envelope(
            as_uuid(id_),
            name,
            payload,
            sender,
            correlation_id=batch,
            schema=schemas.get(name),
        )
        for id_, name, payload in commands
    ]
    try:
        here, elsewhere = releases.sorted_out(envelopes)
        releases.hand_over(elsewhere)
        for part in in_parts(here, get_settings().batch_size):
            run_and_tell(part)
    except (psycopg.OperationalError, ServerUnavailable, SoftTimeLimitExceeded) as error:
        # Until the database is there, or in pieces: what was done of it is not done again.
        pause = min(30.0, 0.5 * 2 ** min(self.request.retries, 6))
        raise self.retry(exc=error, countdown=pause, max_retries=None) from error


def _messages(lines: Sequence[list[Any]]) -> Iterator[list[list[Any]]]:
    """Lines in as few messages as their number and their size allow."""
    most = get_settings().max_message_bytes * 5 // 8  # it travels in base64, with headers
    part: list[list[Any]] = []
    size = 0
    for line in lines:
        length = len(to_json(line))
        if part and (len(part) == MOST_IN_A_MESSAGE or size + length > most):
            yield part
            part, size = [], 0
        part.append(line)
        size += length
    if part:
        yield part


def run_and_tell(envelopes: Sequence[Envelope], *, dequeue: bool = False) -> None:
    """Run a batch; then wake the readers and publish every command's result."""
    run = execute(envelopes, dequeue=dequeue)
    after_commit.wake_readers(run.event_types)
    ids = (envelope.id for envelope in envelopes)
    after_commit.publish_results(list(zip(ids, run.outcomes, strict=True)))


def in_parts(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """A sequence in pieces of at most `size`."""
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part
