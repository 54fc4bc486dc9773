"""What we take from Celery's insides, each with its reason: look here first when Celery changes.

EngineTask       `_exec_options`, `extract_exec_options`  whose time limits hold
                 `retry`, which drops what it cannot send a message that is given back
EngineResult     `AsyncResult.__del__`                   no word at the interpreter's end
CommandRequest   `Request._announce_revoked`             a receipt for what Celery throws away
EngineRequest    `Request.__repr__`                      no payload in a log line
                 `Request.on_failure`, `on_timeout`,     what was killed is written down before its
                 `request_stack`                         message is done
CommandChords    `Backend.on_chord_part_return`,         a refused member stops its chord, and
                 `chord_error_from_stack`, `_fail_chain`  what depends on it hears of it
ResultBackend    `RedisBackend._store_result` and what   results of a batch in one round trip,
                 it is made of, `by_url`, its pending    which a full server fails not; listening
                 results                                 begins with the wait, and anew in a fork
ResultListener   `ResultConsumer._reconnect_pubsub`,     a server that is away is waited for; no
                 `_locked`, `subscribed_to`              restart is asked for

The request is made in workers alone, and the backend brings redis-py: each is in a module of its
own, loaded when it is needed. Importing a command needs neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from celery import Task
from celery.app.backends import by_url
from celery.app.task import extract_exec_options
from celery.exceptions import Reject
from celery.result import AsyncResult
from celery.utils.dispatch import Signal

from worker.base.backoff import rest

if TYPE_CHECKING:
    from worker.base.intake.checks import Fault, Letter

PAUSE = 1.0
"""Seconds that a process keeps a message that it has to give back: it would come again at once."""
ENGINE_REQUEST = "worker.base.command_request:EngineRequest"
COMMAND_REQUEST = "worker.base.command_request:CommandRequest"
"""As Celery itself names a task's request: a worker loads it when it takes the first message."""


class EngineTask(Task):  # type: ignore[misc]  # celery has no types
    """A task that tells no worker how long it may take.

    Celery takes a task's limits from the settings, writes them into every message, and lets the
    message overrule the worker: the settings of whoever sent it would decide how long a worker may
    take. So they stay out of the message, and the worker takes those of its own settings, or of the
    task as its own code has it. A limit that a single call names still travels.
    """

    abstract = True
    Request = ENGINE_REQUEST

    @classmethod
    def on_bound(cls, app: Any) -> None:
        """Collect what goes into each message, once."""
        options = extract_exec_options(cls)
        cls._exec_options = {**options, "time_limit": None, "soft_time_limit": None}

    is_kept_until_due = False
    """Whether a message for it that is not due for a while is kept as a row until it is."""

    def concealed(self, payload: Any) -> str | None:
        """A payload as Flower may show it; None where all of it may be shown."""
        return None

    def retry(self, *args: Any, **options: Any) -> Any:
        """As Celery's. A message that the broker does not take is given back, after a pause; Celery
        would drop it."""
        from worker.base.server_errors import server_errors

        try:
            return super().retry(*args, **options)
        except Reject as not_sent:
            if not isinstance(not_sent.reason, server_errors()):
                raise
            rest(PAUSE)
            raise Reject(not_sent.reason, requeue=True) from not_sent

    def on_killed(self, request: Any, error: BaseException) -> None:
        """Its process has died, or was ended by its time limit, and it is not run again: write down
        what somebody waits for. In the worker's main process; if it raises, the message stays."""

    def fault(self, letter: Letter) -> Fault | None:
        """What is wrong with a message for this task; asked in the worker's main process.

        Of a task of the engine its arguments' types are checked, of any other how many there are.
        """
        from worker.base.intake.arguments import check_arguments
        from worker.base.intake.checks import Fault, Reason

        try:
            self.__header__(*letter.args, **letter.kwargs)
            if letter.task.startswith(("cqrs.", "schema.")):
                check_arguments(self.run, letter.args, letter.kwargs)
        except (TypeError, ValueError) as error:
            return Fault(Reason.ARGUMENTS, {"arguments": str(error)})
        return None


class EngineResult(AsyncResult):  # type: ignore[misc]  # celery has no types
    """The handle of any task of ours."""

    def __del__(self) -> None:
        """Stop listening for the result. At the interpreter's end the connection may be gone
        before the handle: that is nothing to tell anybody."""
        with suppress(Exception):
            super().__del__()


def result_backend(app: Any, url: str) -> Any:
    """The result backend at this address: ours on Redis, Celery's own on everything else."""
    from celery.backends.redis import RedisBackend

    from worker.base.command_chords import with_chords
    from worker.base.redis_results import ResultBackend

    backend, address = by_url(url, app.loader)
    ours = ResultBackend if backend is RedisBackend else with_chords(backend)
    return ours(app=app, url=address)


class ResultsLost(Exception):
    """The connection on which results are listened to cannot be had again for now."""


class Result(NamedTuple):
    """What became of a task: `value` is a receipt, or an exception where `state` is FAILURE."""

    task_id: str
    state: str
    value: Any


chord_failed = Signal(name="chord_failed", providing_args={"body", "error"})
"""A chord's member did not succeed, so that its body (a signature) is not run."""


def store_results(backend: Any, results: Sequence[Result]) -> None:
    """Store results and wake whoever waits for them: by one call where the backend is ours."""
    from worker.base.redis_results import ResultBackend

    if isinstance(backend, ResultBackend):
        backend.store_all(results)
        return
    for task_id, state, value in results:
        backend.store_result(task_id, value, state)
