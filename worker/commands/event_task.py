"""Event tasks: what a reaction does outside the database (an e-mail, a call to another service).

    @event_task("orders.send_confirmation", Confirmation)
    def send_confirmation(c: Confirmation, task_id: UUID) -> dict[str, Any]:
        mailer.send(to=c.email, ..., idempotency_key=str(task_id))

An event task is a Celery task on queue `reactions` with a receipt of its own:

    reaction commits ─▶ submitted ─▶ sent ─▶ runs ─▶ succeeded (row gone, receipt final)
                          ▲            │       │├─ its process dies: sent again when its lease ends
                          │            │       └─ raises: again after 2, 4, 8 ... s, up to hours;
                          │            │              after `event_task_attempts` it is `dead`
                          └────────────┘ lost with its broker: sent again

It is written in the reaction's transaction and sent until its receipt is final, so none is lost.
An attempt counts when it is made, not when its message is sent, which may wait long in its queue.
The message says how often the task had been tried by then: one that comes twice, or late, finds the
receipt, or that the task was tried since, and does nothing. So nobody runs it twice at a time. What
it raised last stands in its row, and in its dead letter.

Between the effect and the receipt a process can still die: there, at least once is all that anybody
can promise, and `task_id`, the same in every attempt, lets the other side see that it is a
repetition.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from celery.exceptions import Ignore, SoftTimeLimitExceeded
from pydantic_core import to_jsonable_python
from typing_extensions import ParamSpec

from worker.base import db
from worker.base.app import app
from worker.base.celery_internals import EngineTask
from worker.base.encoding import storable
from worker.base.intake.checks import Fault, Letter
from worker.base.logs import get_logger
from worker.base.registry import Registry
from worker.base.settings import get_settings
from worker.base.validation_errors import without_json_form
from worker.commands import SQL, chain_continuation, leases
from worker.commands.call_arguments import HEADER
from worker.commands.decoding import Decoded, model_class, undeclared
from worker.commands.message_checks import command_fault
from worker.commands.put_off import too_long
from worker.commands.receipts import Settled
from worker.commands.settling import ended, settle_once
from worker.contracts import Envelope, Message, Receipt, Status

log = get_logger(__name__)
M = TypeVar("M", bound=Message)
SEND_AGAIN = 5.0
"""Seconds until a message is sent again that could not be sent."""
LONGEST_REASON = 300
"""Characters that are kept of what an attempt raised."""
P = ParamSpec("P", default=...)
"""What the message's constructor takes, as in `worker.commands.command`."""


class EventTask(EngineTask, Generic[M, P]):
    """An event task as a Celery task; it is started by reactions, never by `.delay()`."""

    model: type[M]
    effect: Callable[[M, UUID], Any]
    purpose: str
    abstract = True
    max_retries = 3
    """How often it is run again after its worker process died."""
    default_retry_delay = 1

    def wire(self, payload: M | Mapping[str, Any]) -> dict[str, Any]:
        """A payload, checked, as plain JSON values. Raises pydantic's ValidationError."""
        return self.model.model_validate(payload).model_dump(mode="json")

    def fault(self, letter: Letter) -> Fault | None:
        """What is wrong with a message for this task: it bears an id like a command's."""
        return command_fault(letter)

    def run(self, **payload: Any) -> dict[str, Any]:
        """Do it, unless there is a receipt that says it was done."""
        envelope = Envelope(UUID(self.request.id), self.name, payload)
        outcome = settle_once(undeclared(envelope), self._do, enqueued=True)
        if not isinstance(outcome, Receipt):
            raise outcome
        return outcome.to_json()

    def _do(self, task: Decoded) -> Settled:
        envelope = task.envelope
        attempt = self._begin(envelope.id)
        try:
            with leases.holding({envelope.id: attempt}):
                data = self.effect(self.model.model_validate(envelope.payload), envelope.id)
                data = self._storable(envelope.id, data)
        except Exception as error:
            _put_off(envelope.id, attempt, error)
            raise
        return ended(task, Status.SUCCEEDED, data=data)

    def _storable(self, task_id: UUID, data: Any) -> Any:
        """What the effect returned, as a receipt can hold it: the effect is done, and is not to be
        done again because of what it says of itself."""
        try:
            plain = to_jsonable_python(data)
            if not without_json_form(plain):
                return plain
        except Exception as error:
            log.error("its result is kept as text", task=self.name, id=str(task_id), exc_info=error)
            return storable(repr(data)[:LONGEST_REASON])
        log.error("its result is kept as text in part", task=self.name, id=str(task_id))
        return storable(plain)

    def _begin(self, task_id: UUID) -> int:
        """Take the task for this process; the number of the attempt. Raises Ignore if somebody has
        it, or has tried it, since this message was sent."""
        sent = ((self.request.headers or {}).get(HEADER) or {}).get("attempts")
        take = {"id": task_id, "attempts": sent, "seconds": get_settings().lease}
        with db.writer() as connection:
            row = connection.execute(SQL["begin_event_task"], take).fetchone()
        if row is None and sent is not None:
            raise Ignore("another message of this task was faster")
        return int(row[0]) if row else 0


event_tasks: Registry[EventTask[Any]] = Registry("event task")


def event_task(
    name: str, model: Callable[P, M]
) -> Callable[[Callable[[M, UUID], Any]], EventTask[M, P]]:
    """Declare an event task: its explicit name, and the message that it takes.

    The function takes (message, task id) and may do what it likes; what it returns is the receipt's
    `data`. If it raises, it is tried again, `event_task_attempts` times in all, with pauses that
    grow to `event_task_longest_pause`. Raises TypeError for a model that is no class of messages.
    """
    message = model_class(name, model, Message)

    def declare(effect: Callable[[M, UUID], Any]) -> EventTask[M, P]:
        purpose = (effect.__doc__ or "").strip().partition("\n")[0]
        task = app.task(
            EventTask.run,
            name=name,
            base=EventTask,
            bind=True,
            model=message,
            effect=staticmethod(effect),
            purpose=purpose,
            __doc__=effect.__doc__,
            __module__=effect.__module__,
        )
        event_tasks.add(name, task)
        return cast("EventTask[M, P]", task)

    return declare


def start(envelopes: Iterable[Envelope], attempts: Mapping[UUID, int]) -> None:
    """Send event tasks on their way, and commands that go on with a chain.

    `attempts`: how often each was tried before. What cannot be sent now comes up again shortly.
    """
    for envelope in envelopes:
        ours = envelope.name in event_tasks
        try:
            options = (
                {"queue": "reactions", "headers": {HEADER: {"attempts": attempts[envelope.id]}}}
                if ours
                else chain_continuation.message(envelope)
            )
            app.send_task(
                envelope.name, kwargs=dict(envelope.payload), task_id=str(envelope.id), **options
            )
        except Exception as error:
            log.warning("not sent; it will be", task=envelope.name, reason=str(error))
            with db.writer() as connection:
                again = {"ids": [envelope.id], "seconds": SEND_AGAIN}
                connection.execute(SQL["reschedule_commands"], again)


def pause(tries: int) -> float:
    """Seconds until a task is tried again: doubled each time up to hours, with jitter, so that an
    outage of a night is survived, and nobody is run down after it."""
    longest = get_settings().event_task_longest_pause
    return float(min(2.0 ** min(tries, 32), longest)) * random.uniform(0.8, 1.0)  # noqa: S311


def _put_off(task_id: UUID, attempt: int, why: Exception) -> None:
    """Let the task be tried again later; after its last attempt, at once: then it is ended."""
    last = attempt >= get_settings().event_task_attempts
    again = {
        "id": task_id,
        "attempts": attempt,
        "reason": raised(why),
        "seconds": 0.0 if last else pause(attempt),
    }
    with db.writer() as connection:
        connection.execute(SQL["put_off_event_task"], again)


def raised(error: Exception) -> str:
    """What an attempt raised, short enough for a row."""
    if isinstance(error, SoftTimeLimitExceeded):
        return f"{type(error).__name__}: {too_long()}"
    told = str(storable(" ".join(str(error).split())))
    return f"{type(error).__name__}: {told[:LONGEST_REASON]}" if told else type(error).__name__
