"""A command's task in the worker: what becomes of its message.

receipt there, or run ─▶ succeeded · rejected · dead, as worker/commands/command.py has it
not yet: `after=` has no receipt, the database is away or in conflict
         ─▶ the same message again, later, with a count of it in its header (see put_off.py)
the process ended every time ─▶ a dead letter

No message is acknowledged before its command has a receipt, of whatever status, or another message
stands for it. That is so for burials too: who cannot bury a command puts it off, with the reason
that it will die of in the message's header.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import psycopg
from celery.exceptions import Ignore, Retry, SoftTimeLimitExceeded

from worker.base.actor import from_header
from worker.base.celery_internals import COMMAND_REQUEST, EngineTask
from worker.base.db_errors import message_of
from worker.base.encoding import fingerprint_in
from worker.base.errors import ServerUnavailable
from worker.base.intake.checks import Fault, Letter
from worker.base.logs import get_logger
from worker.base.server_errors import server_errors, unavailable
from worker.base.settings import get_settings
from worker.commands import after_commit, put_off, releases
from worker.commands.call_arguments import HEADER, as_uuid, no_positional, stopper
from worker.commands.chain_continuation import all_of, go_on, links_of
from worker.commands.decoding import commands, decode, ready, undeclared
from worker.commands.errors import (
    CommandDead,
    CommandIdReused,
    DatabaseAway,
    DatabaseInConflict,
    InvalidCommand,
    NotReady,
)
from worker.commands.executor import BatchRun, because, end, execute
from worker.commands.message_checks import command_fault
from worker.commands.receipts import Outcome, PutOff
from worker.commands.revoking import end_message
from worker.commands.routing import unroutable
from worker.commands.settling import dead, ended, refused
from worker.contracts import Envelope, Receipt, Status

log = get_logger(__name__)
_LONGEST_PAUSE = 0.5
_SHORT_PAUSES = 6
"""How many pauses of a command that waits for others are shorter than the longest."""
NOT_RUN = "not run: an earlier command of its chain did not succeed (command {})"


class CommandRun(EngineTask):
    """The worker's side of a command's task."""

    abstract = True
    Request = COMMAND_REQUEST
    typing = False  # a payload is checked against its model, which says more
    max_retries = 3
    """How often a command is run again after its worker process died."""
    default_retry_delay = 1
    is_kept_until_due = True
    settles_with_its_effect = True
    """Its receipt is written in the transaction of its effect: if there is one, all is undone."""

    def fault(self, letter: Letter) -> Fault | None:
        """What is wrong with a message for this command; asked in the worker's main process."""
        return command_fault(letter)

    def concealed(self, payload: Any) -> str | None:
        """A payload as Flower may show it; None where all of it may be shown."""
        spec = commands.get(self.name)
        if spec is None or not spec.concealed:
            return None
        return spec.shown(payload) if isinstance(payload, Mapping) else "..."

    def run(self, *args: Any, **payload: Any) -> dict[str, Any]:
        """Run the command that this message holds."""
        envelope = ready(self._envelope(args, payload))
        if envelope.payload is not payload:
            self.request.kwargs = dict(envelope.payload)  # as it is sent on, if it has to wait
        outcome = self._outcome(envelope, stopper(args))
        try:
            return self._conclude(envelope, outcome)
        except SoftTimeLimitExceeded as error:  # it comes again, and finds its receipt
            raise put_off.give_back(error) from error

    def _outcome(self, envelope: Envelope, stopped: str | None) -> Outcome:
        header = self._sent_header()
        if reason := header.get("bury"):
            return end(dead(envelope, str(reason)))
        if stopped := header.get("stopped") or stopped:
            why = NOT_RUN.format(stopped)
            return end(ended(undeclared(envelope), Status.REJECTED, error=why))
        try:
            if releases.why_elsewhere(envelope):
                links = all_of(self.request) or envelope.links
                for _, why in releases.hand_over([replace(envelope, links=links)]):
                    return end(ended(undeclared(envelope), Status.REJECTED, error=why))
                raise Ignore  # its receipt is another worker's to give
            nobody_takes = None if header.get("routed") else unroutable(envelope.links)
            if nobody_takes:
                return end(ended(undeclared(envelope), Status.REJECTED, error=nobody_takes))
            run = self._execute(envelope)
        except SoftTimeLimitExceeded:
            return self._bury(envelope, put_off.too_long())
        except (psycopg.Error, ServerUnavailable) as error:
            return because(error) or DatabaseAway(message_of(error), whole=False)
        after_commit.wake_readers(run.event_types)
        return run.outcomes[0]

    def _conclude(self, envelope: Envelope, outcome: Outcome) -> dict[str, Any]:
        match outcome:
            case NotReady():
                return self._wait(envelope, outcome)
            case DatabaseAway():
                raise self._put_off(envelope, outcome, away=self._counted("away"))
            case DatabaseInConflict():
                return self._try_later(envelope, outcome)
            case CommandIdReused():
                raise outcome
            case _:
                return self._answer(envelope, outcome)

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
            fingerprint=fingerprint_in(header.get("fingerprint")),
        )

    def _sent_header(self) -> dict[str, Any]:
        return cast("dict[str, Any]", (self.request.headers or {}).get(HEADER) or {})

    def _answer(self, envelope: Envelope, receipt: Receipt) -> dict[str, Any]:
        """The task's result. What follows in its chain is sent, or stopped, and its chord counts
        it, before it is given: if that cannot be done now, this message comes again and finds the
        receipt."""
        self._count(receipt)
        if receipt.status is Status.DEAD:
            raise CommandDead(receipt)
        if receipt.status is Status.REJECTED:
            self._tell_chain(envelope, after_commit.REFUSED_BEFORE.format(receipt.command_id))
        else:
            self._go_on(envelope, receipt)
        return receipt.to_json()

    def _count(self, receipt: Receipt) -> None:
        try:
            after_commit.count_member(self.request, receipt)
        except server_errors() as error:
            url = get_settings().servers.result
            told = unavailable("the result backend", url, error, "Check CQRS_RESULT_URL.")
            raise put_off.give_back(told) from error

    def _tell_chain(self, envelope: Envelope, why: str) -> None:
        try:
            after_commit.skip(links_of(self.request), why)
        except (psycopg.Error, ServerUnavailable) as error:
            away = because(error) or DatabaseAway(message_of(error), whole=False)
            raise self._put_off(envelope, away, away=self._counted("away")) from error
        self.request.chain = self.request.callbacks = None

    def _go_on(self, envelope: Envelope, receipt: Receipt) -> None:
        """Send what follows. A link that nobody could send is refused: its sender hears of it."""
        try:
            go_on(self.request, receipt.to_json())
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            if isinstance(error, (ServerUnavailable, *server_errors())):
                raise put_off.give_back(error) from error
            name, id_ = type(error).__name__, str(envelope.id)
            log.error("its chain cannot go on", command=self.name, id=id_, exc_info=error)
            why = f"it could not be sent after the one before it ({name}: {error}; command {id_})"
            self._tell_chain(envelope, why)

    def _wait(self, envelope: Envelope, waiting: NotReady) -> dict[str, Any]:
        """Come back shortly; the pauses grow to half a second and end at `after_timeout`."""
        decoded = decode(envelope)
        if decoded.refusal is not None:  # it will be no better then
            return self._conclude(envelope, end(refused(decoded, decoded.refusal)))
        limit, waits = get_settings().after_timeout, self._sent_header().get("waits", 0)
        if _waited(waits) >= limit:
            missing = ", ".join(map(str, waiting.missing))
            reason = f"waited {limit:g} s for commands without a receipt ({missing})"
            refusal = ended(undeclared(envelope), Status.REJECTED, error=reason)
            return self._conclude(envelope, end(refusal))
        raise self._reschedule(_pause(waits), waiting, waits=waits + 1)

    def _try_later(self, envelope: Envelope, why: DatabaseInConflict) -> dict[str, Any]:
        """Come back with backoff and jitter; after `command_attempts` it is a dead letter."""
        tries = self._counted("tries")
        if tries >= get_settings().command_attempts:
            return self._conclude(envelope, self._bury(envelope, put_off.in_vain(tries, why)))
        raise self._put_off(envelope, why, tries=tries)

    def _bury(self, envelope: Envelope, reason: str) -> Outcome:
        """Make the command a dead letter. If that cannot be written, the message remembers it."""
        outcome = end(dead(envelope, reason))
        if isinstance(outcome, DatabaseAway | DatabaseInConflict):
            raise self._put_off(envelope, outcome, bury=reason, away=self._counted("away"))
        return outcome

    def _counted(self, what: str) -> int:
        """How often this has happened to the command now: `tries`, `away`."""
        return int(self._sent_header().get(what, 0)) + 1

    def _put_off(self, envelope: Envelope, why: PutOff, **header: Any) -> Retry:
        seconds = put_off.backoff(max(n for n in header.values() if isinstance(n, int)))
        put_off.note([(envelope, why)], seconds)
        return self._reschedule(seconds, why, **header)

    def _reschedule(self, seconds: float, why: Exception, **header: Any) -> Retry:
        """Send this very message again, later; raises Reject if that cannot be done.

        Not by `Task.retry`: its counter is kept for worker processes that die, and waiting for
        another command is no failure.
        """
        again = self.signature_from_request(
            self.request, countdown=seconds, retries=self.request.retries
        )
        again.set(headers={**(self.request.headers or {}), HEADER: self._sent_header() | header})
        if self.request.is_eager:
            time.sleep(seconds)
            return Retry(exc=why, when=seconds, is_eager=True, sig=again)
        return put_off.send_again(again.apply_async, why, seconds)

    def on_killed(self, request: Any, error: BaseException) -> None:
        """It is dead: its receipt, and the chord that it is a member of, say so before its message
        is done. If that cannot be written now, a message goes out that buries it; raises what says
        that this cannot be, either."""
        try:
            envelope = self._envelope((), request.kwargs or {})
        except InvalidCommand:
            return  # nobody can wait for a receipt under such an id
        try:
            outcome = self._bury(envelope, put_off.killed(error))
        except Retry as later:
            request.chord = None  # whoever buries it counts it
            log.warning("its burial is put off", id=request.id, reason=str(later.exc))
            return
        if isinstance(outcome, Receipt):
            after_commit.count_member(request, outcome)

    def on_revoked(self, request: Any, reason: str) -> None:
        """Celery is about to throw this command's message away: it gets its receipt first.

        In the worker's main process. Raises what the database raises: then the message stays.
        """
        self.request_stack.push(request)
        try:
            envelope = self._envelope((), request.kwargs or {})
        except InvalidCommand:
            return  # nobody can wait for a receipt under such an id
        finally:
            self.request_stack.pop()
        end_message(envelope, reason)


def _pause(waits: int) -> float:
    """Seconds until the next look of a command that has waited so often."""
    return float(min(_LONGEST_PAUSE, 0.01 * 2 ** min(waits, _SHORT_PAUSES)))


def _waited(waits: int) -> float:
    """Seconds that a command has waited in all."""
    short = min(waits, _SHORT_PAUSES)
    return sum(map(_pause, range(short))) + (waits - short) * _LONGEST_PAUSE
