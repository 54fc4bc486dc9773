"""Many commands in one message: `delay_many`, and the Celery task that runs it.

A batch runs in transactions of `batch_size` commands. Each command keeps its own id, receipt and
result, so that whoever sent it cannot tell how it travelled. Delivered twice, it changes nothing.
One line that is wrong, or cannot be run now, costs the others nothing: see batch_message.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded, WorkerLostError

from worker.base.actor import to_header
from worker.base.app import app
from worker.base.celery_internals import EngineTask
from worker.base.encoding import to_json
from worker.base.logs import get_logger
from worker.base.settings import get_settings
from worker.commands import put_off
from worker.commands.batch_message import NAME, BatchMessage, Left, Line, run_and_tell, send
from worker.commands.call_arguments import broker_errors
from worker.commands.command_result import CommandResult
from worker.commands.errors import DatabaseAway
from worker.contracts import Actor

log = get_logger(__name__)
T = TypeVar("T")
MOST_IN_A_MESSAGE = 1_000


def send_batch(
    commands: Sequence[tuple[UUID, str, Mapping[str, Any]]], actor: Actor
) -> list[CommandResult]:
    """Send commands (id, name, payload on the wire) as few messages; returns their handles."""
    lines = [[str(id_), name, wire] for id_, name, wire in commands]
    with broker_errors():
        for part in _messages(lines):
            send(part, to_header(actor))
    handles = [CommandResult(str(id_), task_name=name, app=app) for id_, name, _ in commands]
    for handle, (_, _, wire) in zip(handles, commands, strict=True):
        handle.payload = wire
    return handles


class BatchTask(EngineTask):
    """The task that runs a `delay_many` message."""

    abstract = True

    def on_killed(self, request: Any, error: BaseException) -> None:
        """Its lines go apart, so that the one that does it is found; a lone one is dead. Raises
        what the broker raises."""
        kwargs = request.kwargs or {}
        message = BatchMessage(request, kwargs.get("actor"))
        lines = [message.read(raw) for raw in kwargs.get("commands", ())]
        if len(lines) == 1 and not message.bury(lines[0], put_off.killed(error)):
            return
        for line in lines:
            send([line.raw], message.actor, schemas=message.schemas)


@app.task(
    name=NAME,
    base=BatchTask,
    bind=True,
    ignore_result=True,
    max_retries=3,
    default_retry_delay=1,
)
def run_batch(self: Any, commands: Sequence[Any], actor: Mapping[str, Any] | None = None) -> None:
    """Run the commands of one `delay_many` message, in their order."""
    message = BatchMessage(self.request, actor)
    lines = [message.read(raw) for raw in commands]
    if self.request.retries and len(lines) > 1:
        raise message.split(lines, (), WorkerLostError("its worker process ended"))
    left: list[Left] = []
    parts = list(in_parts(lines, get_settings().batch_size))
    for place, part in enumerate(parts):
        rest = [line for later in parts[place + 1 :] for line in later]
        try:
            left += message.run(part)
        except SoftTimeLimitExceeded as error:
            _after_limit(message, part, [*(one.line for one in left), *rest], error)
            return
        if left and isinstance(why := left[-1].why, DatabaseAway) and why.whole:
            left += [Left(line, why) for line in rest]
            break
    message.put_off(left)


def _after_limit(
    message: BatchMessage, part: Sequence[Line], rest: Sequence[Line], error: Exception
) -> None:
    """A part took longer than a task may: its lines go apart, until the one is found."""
    if len(part) > 1:
        raise message.split(part, rest, error)
    left = message.bury(part[0], put_off.too_long())
    again = [*rest, *(one.line for one in left)]
    if again:
        raise message.split((), again, error)


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


def in_parts(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """A sequence in pieces of at most `size`."""
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part


__all__ = ["in_parts", "run_and_tell", "run_batch", "send_batch"]
