"""What follows a commit: results for whoever waits, wake-ups for the readers, chains that stop.

None of it carries correctness. A result that is lost is found in PostgreSQL, and a wake-up that is
lost is sent again by the sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from celery import states
from kombu.exceptions import OperationalError as BrokerError

from worker.base import wake_ups
from worker.base.app import app
from worker.base.celery_internals import Result, store_results
from worker.base.errors import CqrsError
from worker.base.intake.substitute import as_uuid
from worker.base.logs import get_logger
from worker.commands.chain_continuation import ChainContinuation, links_of, signatures
from worker.commands.decoding import commands
from worker.commands.errors import CommandDead, NotReady
from worker.commands.receipts import Outcome
from worker.commands.settling import refuse
from worker.contracts import Envelope, Receipt, Status
from worker.event_log.subscribers import groups_for

log = get_logger(__name__)


def wake_readers(event_types: Iterable[str]) -> None:
    """Tell each group of subscriptions that is interested in these events that there is work."""
    for group in groups_for(event_types):
        wake("cqrs.project", group)


def wake_queue_consumer() -> None:
    """Tell the workers that enqueued commands wait."""
    wake("cqrs.drain")


def wake(task: str, *args: str, force: bool = False) -> None:
    """Send a task unless one of its kind waits already; `force` sends it whatever the signal says.

    A message that nobody took while its signal lasted expires: the next one says the same.
    """
    if wake_ups.raise_signal(":".join((task, *args))) or force:
        try:
            app.send_task(task, args=args, ignore_result=True, expires=wake_ups.EXPIRES_MS / 1000)
        except (BrokerError, OSError) as error:
            wake_ups.lower_signal(":".join((task, *args)))
            log.warning("wake-up not sent; the sweep will", task=task, reason=str(error))


def wake_later(task: str, seconds: float) -> None:
    """Send a task after a short while; if the message is lost, the sweep does it."""
    try:
        app.send_task(task, ignore_result=True, countdown=seconds, expires=seconds + 15)
    except (BrokerError, OSError) as error:
        log.warning("wake-up not sent; the sweep will", task=task, reason=str(error))


def publish_results(outcomes: Sequence[tuple[UUID, Outcome]]) -> None:
    """Give the result backend what a batch's commands came to, in one round trip."""
    results = [
        _result(str(command_id), outcome)
        for command_id, outcome in outcomes
        if not isinstance(outcome, NotReady)
    ]
    store_results(app.backend, results)


def _result(task_id: str, outcome: Outcome) -> Result:
    if isinstance(outcome, CqrsError):
        return Result(task_id, states.FAILURE, outcome)
    if outcome.status is Status.DEAD:
        return Result(task_id, states.FAILURE, CommandDead(outcome))
    return Result(task_id, states.SUCCESS, outcome.to_json())


def stop_chain(request: Any, refused: Receipt) -> None:
    """Keep the rest of a refused command's chain from running."""
    links = links_of(request)
    request.chain = request.callbacks = None
    skip(links, f"an earlier command of its chain was refused (command {refused.command_id})")


def skip(links: ChainContinuation | None, why: str) -> None:
    """Give every command among these links a receipt that says why it was not run.

    Who waits for the last one would wait for ever otherwise.
    """
    for sig in signatures(links):
        _skip(sig, f"not run: {why}")


def _skip(sig: Mapping[str, Any], reason: str) -> None:
    task_id = sig.get("options", {}).get("task_id")
    name = str(sig["task"])
    if not task_id or (name in commands and not as_uuid(task_id)):
        return
    if name in commands:
        receipt = refuse(Envelope(UUID(task_id), name, sig.get("kwargs") or {}), reason)
        publish_results([(UUID(task_id), receipt)])
    else:
        app.backend.store_result(task_id, CqrsError(reason), states.FAILURE)
