"""A command's task in the worker: what becomes of its message.

receipt there, or run ─▶ succeeded · rejected · dead, as worker/commands/command.py has it
not yet: `after=` has no receipt, the database is away or in conflict
         ─▶ the same message again, later, with a count of it in its header
the process ended every time ─▶ a dead letter
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, cast

import psycopg
from celery import signals
from celery.exceptions import (
    Ignore,
    Retry,
    SoftTimeLimitExceeded,
    TimeLimitExceeded,
    WorkerLostError,
)

from worker.base.actor import from_header
from worker.base.celery_internals import COMMAND_REQUEST, EngineTask
from worker.base.errors import ServerUnavailable
from worker.base.intake.checks import Fault, Letter
from worker.base.settings import get_settings
from worker.commands import after_commit, releases
from worker.commands.call_arguments import HEADER, as_uuid, no_positional
from worker.commands.chain_continuation import links_of
from worker.commands.decoding import decode
from worker.commands.errors import CommandDead, CommandIdReused, NotReady
from worker.commands.executor import BatchRun, execute
from worker.commands.message_checks import command_fault
from worker.commands.routing import unroutable
from worker.commands.settling import mark_dead, refuse, refused, settle
from worker.contracts import Envelope, Receipt, Status


class CommandRun(EngineTask):
    """The worker's side of a command's task."""

    abstract = True
    Request = COMMAND_REQUEST
    typing = False  # a payload is checked against its model, which says more
    max_retries = 3
    """How often a command is run again after its worker process died."""
    default_retry_delay = 1

    def fault(self, letter: Letter) -> Fault | None:
        """What is wrong with a message for this command; asked in the worker's main process."""
        return command_fault(letter)

    def run(self, *args: Any, **payload: Any) -> dict[str, Any]:
        """Run the command that this message holds."""
        envelope = self._envelope(args, payload)
        try:
            if releases.why_elsewhere(envelope):
                releases.hand_over([envelope])
                raise Ignore  # its receipt is another worker's to give
            if nobody_takes := unroutable(envelope.links):
                return self._answer(refuse(envelope, nobody_takes))
            run = self._execute(envelope)
        except ServerUnavailable as error:
            raise self._reschedule(self._backoff(), error, **self._tried()) from error
        except psycopg.OperationalError as error:
            return self._try_later(envelope, error)
        except SoftTimeLimitExceeded:
            limit = get_settings().task_soft_time_limit
            return self._answer(mark_dead(envelope, f"it took longer than {limit} s"))
        after_commit.wake_readers(run.event_types)
        (outcome,) = run.outcomes
        match outcome:
            case NotReady():
                return self._wait(envelope, outcome)
            case CommandIdReused():
                raise outcome
            case _:
                return self._answer(outcome)

    def _execute(self, envelope: Envelope) -> BatchRun:
        return execute([envelope], dequeue=self._sent_header().get("enqueued", False))

    def _envelope(self, args: Sequence[Any], payload: Mapping[str, Any]) -> Envelope:
        request, header = self.request, self._sent_header()
        no_positional(self.name, args)
        return Envelope(
            as_uuid(request.id),
            self.name,
            payload,
            from_header(header.get("actor")),
            after=tuple(as_uuid(id_, "after") for id_ in header.get("after", ())),
            correlation_id=as_uuid(request.root_id or request.id),
            causation_id=request.parent_id,
            links=links_of(request),
            schema=header.get("schema"),
        )

    def _sent_header(self) -> dict[str, Any]:
        return cast("dict[str, Any]", (self.request.headers or {}).get(HEADER) or {})

    def _answer(self, receipt: Receipt) -> dict[str, Any]:
        if receipt.status is Status.DEAD:
            raise CommandDead(receipt)
        if receipt.status is Status.REJECTED:
            after_commit.stop_chain(self.request, receipt)
        return receipt.to_json()

    def _wait(self, envelope: Envelope, waiting: NotReady) -> dict[str, Any]:
        """Come back shortly; the pauses grow to half a second and end at `after_timeout`."""
        decoded = decode(envelope)
        if decoded.refusal is not None:  # it will be no better then
            return self._answer(settle(refused(decoded, decoded.refusal)))
        limit, waits = get_settings().after_timeout, self._sent_header().get("waits", 0)
        if sum(map(_pause, range(waits))) >= limit:
            missing = ", ".join(map(str, waiting.missing))
            reason = f"waited {limit:g} s for commands without a receipt ({missing})"
            return self._answer(refuse(envelope, reason))
        raise self._reschedule(_pause(waits), waiting, waits=waits + 1)

    def _try_later(self, envelope: Envelope, error: psycopg.Error) -> dict[str, Any]:
        """Come back with backoff and jitter; after `command_attempts` it is a dead letter."""
        tries = self._tried()["tries"]
        if tries >= get_settings().command_attempts:
            return self._answer(
                mark_dead(envelope, f"the database could not run it in {tries} tries")
            )
        raise self._reschedule(self._backoff(), error, tries=tries)

    def _tried(self) -> dict[str, int]:
        return {"tries": self._sent_header().get("tries", 0) + 1}

    def _backoff(self) -> float:
        """Seconds until the next try: doubled each time, half a minute at most, with jitter."""
        doubled = 0.25 * float(2 ** min(self._tried()["tries"], 7))
        return min(30.0, doubled) * random.uniform(0.5, 1.5)  # noqa: S311

    def _reschedule(self, seconds: float, why: Exception, **counts: int) -> Retry:
        """Send this very message again, later.

        Not by `Task.retry`: its counter is kept for worker processes that die, and waiting for
        another command is no failure.
        """
        again = self.signature_from_request(
            self.request, countdown=seconds, retries=self.request.retries
        )
        again.set(headers={**(self.request.headers or {}), HEADER: self._sent_header() | counts})
        again.apply_async()
        return Retry(exc=why, when=seconds)


@signals.task_failure.connect
def _end_what_kills(
    sender: Any, task_id: str, exception: BaseException, kwargs: Any, **_: Any
) -> None:
    """A command that killed its process too often, or ran out of time, gets a `dead` receipt."""
    if isinstance(sender, CommandRun) and isinstance(
        exception, WorkerLostError | TimeLimitExceeded
    ):
        reason = f"its worker process ended every time ({type(exception).__name__})"
        mark_dead(sender._envelope((), kwargs or {}), reason)


def _pause(tries: int) -> float:
    return float(min(0.5, 0.01 * 2**tries))
