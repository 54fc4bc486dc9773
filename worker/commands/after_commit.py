"""What follows a commit: results for whoever waits, wake-ups for the readers, chains that stop.

None of it carries correctness. A result that is lost is found in PostgreSQL, and a wake-up that is
lost is sent again by the sweep. So all of it is best effort: what cannot be done is logged, and
never raised, for the message of a command that has its receipt must not fail. The one exception is
a chain that stops: its other commands get receipts, and who cannot write those comes again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg
from celery import states
from celery.app.task import Context

from worker.base import wake_ups
from worker.base.actor import from_header
from worker.base.app import app
from worker.base.celery_internals import Result, chord_failed, store_results
from worker.base.errors import CqrsError, ServerUnavailable, Transient
from worker.base.intake.substitute import as_uuid
from worker.base.logs import get_logger
from worker.base.server_errors import unavailable
from worker.base.settings import get_settings
from worker.commands.call_arguments import HEADER
from worker.commands.chain_continuation import ChainContinuation, signatures
from worker.commands.decoding import commands
from worker.commands.errors import CommandDead, CommandIdReused
from worker.commands.message_checks import header_faults
from worker.commands.receipts import Outcome
from worker.commands.settling import refuse
from worker.contracts import Envelope, Receipt, Status
from worker.event_log.subscribers import groups_for

log = get_logger(__name__)
SKIP = "cqrs.skip"
"""The task that tells of commands that are not run, where that could not be written at once."""
REFUSED_BEFORE = "an earlier command of its chain was refused (command {})"
"""Why a command is not run that stands behind a refused one, by its id."""


def wake_readers(event_types: Iterable[str]) -> None:
    """Tell each group of subscriptions that is interested in these events that there is work."""
    for group in groups_for(event_types):
        wake("cqrs.project", group)


def wake_queue_consumer() -> None:
    """Tell the workers that enqueued commands wait."""
    wake("cqrs.drain")


def wake(task: str, *args: str, force: bool = False) -> None:
    """Send a task unless one of its kind waits already; `force` sends it although the signal says
    so, unless many wait."""
    signal = ":".join((task, *args))
    if wake_ups.raise_signal(signal, again=force):
        try:
            app.send_task(task, args=args, ignore_result=True)
        except Exception as error:
            wake_ups.lower_signal(signal)
            _not_sent(task, error)


def wake_later(task: str, seconds: float) -> None:
    """Send a task after a short while; if the message is lost, the sweep does it."""
    try:
        app.send_task(task, ignore_result=True, countdown=seconds)
    except Exception as error:
        _not_sent(task, error)


def _not_sent(task: str, error: Exception) -> None:
    told = unavailable("the broker", get_settings().servers.broker, error, "Check CQRS_BROKER_URL.")
    log.warning("wake-up not sent; the sweep will", task=task, reason=str(told))


def publish_results(outcomes: Sequence[tuple[UUID, Outcome]]) -> None:
    """Give the result backend what a batch's commands came to, in one round trip."""
    results = [
        _result(str(command_id), outcome)
        for command_id, outcome in outcomes
        if not isinstance(outcome, Transient)
    ]
    try:
        store_results(app.backend, results)
    except Exception as error:
        url = get_settings().servers.result
        told = unavailable("the result backend", url, error, "Check CQRS_RESULT_URL.")
        log.warning("results not published", commands=len(results), reason=str(told))


def _result(task_id: str, outcome: Receipt | CommandIdReused) -> Result:
    if isinstance(outcome, CqrsError):
        return Result(task_id, states.FAILURE, outcome)
    if outcome.status is Status.DEAD:
        return Result(task_id, states.FAILURE, CommandDead(outcome))
    return Result(task_id, states.SUCCESS, outcome.to_json())


def count_member(request: Any, receipt: Receipt) -> None:
    """Count a command for the chord that it is a member of, as Celery does after it has returned.

    Here, because Celery takes a task for failed, and its message for done, that could not be
    counted: the body of its chord would never be run. Raises what the result backend raises.
    """
    if request.chord and not request.is_eager:
        _, state, value = _result(str(receipt.command_id), receipt)
        app.backend.on_chord_part_return(request, state, value)
        request.chord = None


def skip(links: ChainContinuation | None, why: str) -> None:
    """Give every command among these links a receipt that says why it was not run.

    Who waits for the last one would wait for ever otherwise. Raises psycopg.Error and
    ServerUnavailable if a receipt cannot be written.
    """
    for sig in signatures(links):
        _skip(sig, f"not run: {why}")


def _skip(sig: Mapping[str, Any], reason: str) -> None:
    task_id = sig.get("options", {}).get("task_id")
    name, why = str(sig["task"]), CqrsError(reason)
    if not task_id or (name in commands and not as_uuid(task_id)):
        return
    if name in commands:
        header = (sig["options"].get("headers") or {}).get(HEADER)
        named = header.get("actor") if isinstance(header, dict) else None
        actor = from_header(None if header_faults({"actor": named}) else named)
        receipt = refuse(Envelope(UUID(task_id), name, sig.get("kwargs") or {}, actor), reason)
        publish_results([(UUID(task_id), receipt)])
    else:
        _best_effort(task_id, lambda: app.backend.store_result(task_id, why, states.FAILURE))
    if sig["options"].get("chord"):
        failed = states.FAILURE
        _best_effort(task_id, lambda: app.backend.on_chord_part_return(_member(sig), failed, why))


def fail_member(command_id: UUID, links: ChainContinuation | None, why: str) -> None:
    """Tell the chord of a command that came to nothing, if it is a member of one."""
    if links and links.get("chord"):
        told = {"task": "?", "options": {**links, "task_id": str(command_id)}}
        _best_effort(
            str(command_id),
            lambda: app.backend.on_chord_part_return(_member(told), states.FAILURE, CqrsError(why)),
        )


def _best_effort(task_id: str, tell: Callable[[], object]) -> None:
    """Tell of a task of somebody else's, or of a chord's; who waits for it may not hear of it."""
    try:
        tell()
    except Exception as error:
        log.warning("result not published", task=task_id, reason=str(error))


def _member(sig: Mapping[str, Any]) -> Context:
    """The last link of a chain that is a member of a chord, as the backend counts members."""
    options = sig["options"]
    request = {
        "id": options["task_id"],
        "group": options.get("group_id"),
        "chord": options["chord"],
    }
    return Context({**request, "group_index": options.get("group_index")})


@chord_failed.connect
def _skip_body(body: Mapping[str, Any], error: BaseException, **_: Any) -> None:
    """A member of a chord did not succeed: its body is not run, nor what follows that."""
    why = f"a member of its chord did not succeed: {error.__cause__ or error}"
    links = {"chain": [body], "link": []}
    try:
        skip(links, why)
    except (psycopg.Error, ServerUnavailable) as away:  # nobody would come here again
        log.warning("told later that a chord's body is not run", reason=str(away))
        app.send_task(SKIP, kwargs={"links": links, "why": why}, ignore_result=True)
