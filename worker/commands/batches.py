"""Many commands in one message: `delay_many`, and the Celery task that runs it.

A batch runs in transactions of `batch_size` commands. Each command keeps its own id, receipt and
result, so that whoever sent it cannot tell how it travelled. Delivered twice, it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from celery.exceptions import SoftTimeLimitExceeded

from worker.base.actor import from_header, to_header
from worker.base.app import app
from worker.base.errors import ServerUnavailable
from worker.base.settings import get_settings
from worker.commands import after_commit
from worker.commands.call_arguments import as_uuid, broker_errors
from worker.commands.command_result import CommandResult
from worker.commands.executor import execute
from worker.contracts import Actor, Envelope

T = TypeVar("T")
MOST_IN_A_MESSAGE = 1_000


def send_batch(
    commands: Sequence[tuple[UUID, str, Mapping[str, Any]]], actor: Actor
) -> list[CommandResult]:
    """Send commands (id, name, payload on the wire) as few messages; returns their handles."""
    lines = [[str(id_), name, wire] for id_, name, wire in commands]
    with broker_errors():
        for part in in_parts(lines, MOST_IN_A_MESSAGE):
            app.send_task(
                "cqrs.run_batch",
                kwargs={"commands": part, "actor": to_header(actor)},
                kwargsrepr=f"<{len(part)} commands>",
                ignore_result=True,
            )
    handles = [CommandResult(str(id_), task_name=name, app=app) for id_, name, _ in commands]
    for handle, (_, _, wire) in zip(handles, commands, strict=True):
        handle.payload = wire
    return handles


@app.task(
    name="cqrs.run_batch", bind=True, ignore_result=True, max_retries=3, default_retry_delay=1
)
def run_batch(self: Any, commands: Sequence[Any], actor: Mapping[str, Any] | None = None) -> None:
    """Run the commands of one `delay_many` message, in their order."""
    sender = from_header(actor)
    envelopes = [
        Envelope(as_uuid(id_), name, payload, sender, correlation_id=as_uuid(self.request.id))
        for id_, name, payload in commands
    ]
    try:
        for part in in_parts(envelopes, get_settings().batch_size):
            run_and_tell(part)
    except (psycopg.OperationalError, ServerUnavailable, SoftTimeLimitExceeded) as error:
        # Until the database is there, or in pieces: what was done of it is not done again.
        pause = min(30.0, 0.5 * 2 ** min(self.request.retries, 6))
        raise self.retry(exc=error, countdown=pause, max_retries=None) from error


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
