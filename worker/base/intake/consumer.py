"""Celery's consumer, which looks at each message before Celery does, on every transport.

What Celery itself would discard (a task that it does not know, a message that it calls invalid or
cannot decode) comes here as well, so that nothing is acknowledged that was not written down. The
last net is for what nobody has thought of: whatever raises while a message is taken is that
message's fault, and sets it aside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from celery.exceptions import InvalidTaskError
from celery.worker.consumer import Consumer as CeleryConsumer
from kombu.exceptions import ContentDisallowed, DecodeError

from worker.base.celery_internals import EngineTask
from worker.base.intake import checks, substitute
from worker.base.intake.checks import Fault, Letter, Reason
from worker.base.intake.due import far_off
from worker.base.intake.substitute import Substitute
from worker.base.logs import get_logger
from worker.base.settings import get_settings
from worker.base.validation_errors import unstorable
from worker.contracts import is_receipt

log = get_logger(__name__)

EVENTS_WAIT = 0.02
"""Seconds that events of a busy worker wait for others."""


class Waiting(Protocol):
    """Requests that wait in a worker's main process."""

    def __len__(self) -> int:
        """How many wait."""

    def leave(self) -> None:
        """Forget them: their messages are given back with all that is not acknowledged."""


class Consumer(CeleryConsumer):  # type: ignore[misc]  # celery has no types
    """Celery's consumer with a check in front of it."""

    _take: Callable[[Any], Any]
    waiting: Waiting | None = None
    """What waits in this process although Celery takes it for handed to the pool."""
    _events_due = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        settings = get_settings()
        taken = set(self.app.amqp.queues.consume_from)
        commands_alone = taken == {self.app.conf.task_default_queue}
        if settings.delay_in_batches and commands_alone and self.hub is not None:
            self.initial_prefetch_count *= settings.command_prefetch  # it is that of the processes
            self.prefetch_multiplier *= settings.command_prefetch

    def on_close(self) -> None:
        """The connection is lost, or the worker ends: Celery forgets what it has not begun."""
        super().on_close()
        if self.waiting is not None:
            self.waiting.leave()
        if self._events_due:
            self._events_due = False
            super().on_send_event_buffered()

    def on_send_event_buffered(self) -> None:
        """Events are to be published. While commands wait for a process, so do they, for moments:
        Celery publishes once in each round of its loop, which takes one message a round."""
        if not self.waiting:
            super().on_send_event_buffered()
        elif not self._events_due:
            self._events_due = True
            self.timer.call_after(EVENTS_WAIT, self._publish_events)

    def _publish_events(self) -> None:
        if self._events_due:
            self._events_due = False
            self._flush_events()

    def create_task_handler(self, *args: Any, **options: Any) -> Callable[[Any], Any]:
        """What is called with each message."""
        self._take = super().create_task_handler(*args, **options)
        return self._received

    def _received(self, message: Any) -> Any:
        try:
            instead = self._instead_of(message)
            return self._take(message) if instead is None else self._replace(message, instead)
        except (*self.connection_errors, *self.channel_errors):
            raise
        except Exception as error:
            return self._refuse(message, error)

    def _instead_of(self, message: Any) -> Substitute | None:
        letter = self._letter(message)
        if isinstance(letter, Fault):
            return self._set_aside(message, letter)
        task = self.app.tasks.get(letter.task)
        if task is None:
            return self._unknown(message, letter)
        if not isinstance(task, EngineTask):
            return None
        if fault := task.fault(letter):
            return self._set_aside(message, fault)
        if task.is_kept_until_due and (due := far_off(letter)):
            return substitute.hand_over(_queue(message), letter, due)
        return None

    def _letter(self, message: Any) -> Letter | Fault:
        fault = checks.content_fault(
            message.headers, message.content_type, message.content_encoding
        ) or _too_large(message.body)
        if fault is not None:
            return fault
        try:
            payload = message.decode()
        except Exception as error:
            return checks.decoding_fault(error)
        if checks.may_be_deep(message.body or "") and checks.is_deeper(payload):
            return Fault(Reason.TOO_DEEP, {"body": "has too many levels"})
        return checks.read(message.headers, payload)

    def _unknown(self, message: Any, letter: Letter) -> Substitute:
        """Nobody here knows the task: it may be a command of another release, or a mistake."""
        comes_alone = all(map(is_receipt, letter.args))  # but for what those before it came to
        if comes_alone and substitute.as_uuid(letter.id) and not _is_engines(letter.task):
            if errors := unstorable(letter.kwargs):
                return self._set_aside(message, Fault(Reason.COMMAND, errors))
            return substitute.hand_over(_queue(message), letter)
        return self._set_aside(message, Fault(Reason.UNKNOWN_TASK, {"task": letter.task}))

    def _set_aside(self, message: Any, fault: Fault) -> Substitute:
        decoded = message._decoded_cache
        return substitute.set_aside(_queue(message), fault, message.body, message.headers, decoded)

    def _refuse(self, message: Any, error: BaseException) -> Any:
        if _is_ours(message):  # it would go round in circles
            log.critical("a message of our own cannot be taken", exc_info=error)
            return message.ack_log_error(log, self.connection_errors)
        known = isinstance(error, InvalidTaskError | ContentDisallowed | DecodeError)
        log.error(
            "a message cannot be taken",
            queue=_queue(message),
            reason=type(error).__name__,
            exc_info=None if known else error,
        )
        fault = Fault(Reason.UNREADABLE, {"message": f"{type(error).__name__}: {error}"})
        return self._replace(message, self._set_aside(message, fault))

    def _replace(self, message: Any, instead: Substitute) -> Any:
        """Take the substitute for this message: its acknowledgement is the message's own."""
        message.headers, message.body = instead
        message.content_type, message.content_encoding = checks.CONTENT_TYPE, "utf-8"
        message._decoded_cache = None
        message.errors = []
        try:
            return self._take(message)
        except (*self.connection_errors, *self.channel_errors):
            raise
        except Exception as error:
            return self._refuse(message, error)

    # ------------------------------------------------------- what Celery would log and forget
    def on_decode_error(self, message: Any, exc: BaseException) -> None:
        """A body that cannot be decompressed or decoded."""
        self._refuse(message, exc)

    def on_invalid_task(self, body: Any, message: Any, exc: BaseException) -> None:
        """What Celery calls invalid, such as a time that is none."""
        self._refuse(message, exc)

    def on_unknown_message(self, body: Any, message: Any) -> None:
        """What names no task."""
        self._refuse(message, TypeError("names no task"))

    def on_unknown_task(self, body: Any, message: Any, exc: BaseException) -> None:
        """A task that is registered, but not with this consumer."""
        self._refuse(message, exc)


def _too_large(body: Any) -> Fault | None:
    largest = get_settings().max_message_bytes
    if body is not None and len(body) > largest:
        what = f"is {len(body)} bytes; at most {largest} are taken"
        return Fault(Reason.TOO_LARGE, {"body": what})
    return None


def _queue(message: Any) -> str:
    info = message.delivery_info
    key = info.get("routing_key") if isinstance(info, dict) else None
    return key if isinstance(key, str) and checks.is_text(key) else "?"


def _is_engines(task: str) -> bool:
    return task.startswith(("cqrs.", "schema.", "celery."))


def _is_ours(message: Any) -> bool:
    headers = message.headers
    return isinstance(headers, dict) and headers.get("task") in (
        substitute.SET_ASIDE,
        substitute.HAND_OVER,
    )
