"""Event tasks: what a reaction does outside the database (an e-mail, a call to another service).

    @event_task("orders.send_confirmation", Confirmation)
    def send_confirmation(c: Confirmation, task_id: UUID) -> dict[str, Any]:
        mailer.send(to=c.email, ..., idempotency_key=str(task_id))

An event task is a Celery task on queue `reactions` with a receipt of its own:

    reaction commits ─▶ submitted ─▶ sent ─▶ runs ─▶ succeeded (row gone, receipt final)
                          ▲            │       └─ raises: again after 2, 4, 8 ... s, then `dead`
                          └────────────┘ lost with its broker or worker: sent again

It is written in the reaction's transaction and sent until its receipt is final, so none is lost;
a message that comes twice finds the receipt and does nothing. Between the effect and the receipt a
process can still die: there, at least once is all that anybody can promise, and `task_id`, the same
in every attempt, lets the other side see that it is a repetition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from typing_extensions import ParamSpec

from worker.base import db
from worker.base.app import app
from worker.base.celery_internals import EngineTask
from worker.base.intake.checks import Fault, Letter
from worker.base.logs import get_logger
from worker.base.registry import Registry
from worker.commands import SQL, chain_continuation
from worker.commands.decoding import Decoded, model_class, undeclared
from worker.commands.message_checks import command_fault
from worker.commands.receipts import Settled
from worker.commands.settling import ended, settle_once
from worker.contracts import Envelope, Message, Receipt, Status

log = get_logger(__name__)
M = TypeVar("M", bound=Message)
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
        try:
            data = self.effect(self.model.model_validate(envelope.payload), envelope.id)
        except Exception:
            _reschedule([envelope.id])
            raise
        return ended(task, Status.SUCCEEDED, data=data)


event_tasks: Registry[EventTask[Any]] = Registry("event task")


def event_task(
    name: str, model: Callable[P, M]
) -> Callable[[Callable[[M, UUID], Any]], EventTask[M, P]]:
    """Declare an event task: its explicit name, and the message that it takes.

    The function takes (message, task id) and may do what it likes; what it returns is the receipt's
    `data`. If it raises, it is tried again, `command_attempts` times in all. Raises TypeError for a
    model that is no class of messages.
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


def start(envelopes: Iterable[Envelope]) -> None:
    """Send event tasks on their way, and commands that go on with a chain.

    What cannot be sent now comes up again shortly.
    """
    for envelope in envelopes:
        ours = envelope.name in event_tasks
        try:
            options = {"queue": "reactions"} if ours else chain_continuation.message(envelope)
            app.send_task(
                envelope.name, kwargs=dict(envelope.payload), task_id=str(envelope.id), **options
            )
        except Exception as error:
            log.warning("not sent; it will be", task=envelope.name, reason=str(error))
            _reschedule([envelope.id])


def _reschedule(ids: list[UUID]) -> None:
    with db.writer() as connection:
        connection.execute(SQL["reschedule_by_attempts"], {"ids": ids})
