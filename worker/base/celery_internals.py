"""What we take from Celery's insides, each with its reason: look here first when Celery changes.

EngineTask       `_exec_options`, `extract_exec_options`  whose time limits hold
CommandRequest   `Request.on_timeout`, `request_stack`   who sent a task that its limit killed
                 `Request._announce_revoked`             a receipt for what Celery throws away
CommandChords    `Backend.on_chord_part_return`,         a refused member stops its chord, and
                 `chord_error_from_stack`, `_fail_chain`  what depends on it hears of it
ResultBackend    `RedisBackend._store_result` and what   results of a batch in one round trip;
                 it is made of, `by_url`                 a full server fails no task
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache, cached_property
from importlib import resources
from typing import Any, NamedTuple

import redis.exceptions
import structlog
from celery import Task, states
from celery.app.backends import by_url
from celery.app.task import extract_exec_options
from celery.backends.base import Backend
from celery.backends.redis import RedisBackend
from celery.utils.dispatch import Signal
from celery.worker.request import Request
from celery.worker.state import task_ready

from worker.base.chain_parts import all_links
from worker.base.encoding import to_json
from worker.base.errors import CqrsError
from worker.contracts import Status, is_receipt

log = structlog.get_logger(__name__)
TRIES = {"max_retries": 3, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5}
"""How long a worker waits for a result backend that is away before it goes on without it."""


class EngineTask(Task):  # type: ignore[misc]  # celery has no types
    """A task that tells no worker how long it may take.

    Celery takes a task's limits from the settings, writes them into every message, and lets the
    message overrule the worker: the settings of whoever sent it would decide how long a worker may
    take. So they stay out of the message, and the worker takes those of its own settings, or of the
    task as its own code has it. A limit that a single call names still travels.
    """

    abstract = True

    @classmethod
    def on_bound(cls, app: Any) -> None:
        """Collect what goes into each message, once."""
        options = extract_exec_options(cls)
        cls._exec_options = {**options, "time_limit": None, "soft_time_limit": None}


class CommandRequest(Request):  # type: ignore[misc]  # celery has no types
    """A command's message in the worker's main process, laid open to those who hear of its failure.

    Celery itself does so for lost workers alone. Of a command that was killed by its time limit
    nobody could say who had sent it, or what follows it.
    """

    def on_timeout(self, soft: bool, timeout: float) -> None:
        """A time limit has passed."""
        self.task.request_stack.push(self._context)
        try:
            super().on_timeout(soft, timeout)
        finally:
            self.task.request_stack.pop()

    def _announce_revoked(
        self, reason: str, terminated: bool, signum: object, expired: bool
    ) -> None:
        """The task was revoked, expired or terminated: Celery throws its message away.

        Not before the command has its receipt. Without one the message stays, for another try.
        """
        try:
            self.task.on_revoked(self._context, reason)
        except Exception as error:
            log.warning("revoked, but no receipt could be written", id=self.id, reason=str(error))
            task_ready(self)
            self.reject(requeue=True)
            return
        super()._announce_revoked(reason, terminated, signum, expired)


class Result(NamedTuple):
    """What became of a task: `value` is a receipt, or an exception where `state` is FAILURE."""

    task_id: str
    state: str
    value: Any


chord_failed = Signal(name="chord_failed", providing_args={"body", "error"})
"""A chord's member did not succeed, so that its body (a signature) is not run."""


class CommandChords(Backend):  # type: ignore[misc]  # celery has no types
    """What a result backend does about chords, where their members are commands.

    To Celery a refusal is a result like any other. A chord's body depends on its members: if one
    has not succeeded, it is not run, and everybody who is told so hears it by `chord_failed`.
    """

    def on_chord_part_return(self, request: Any, state: str, result: Any, **more: Any) -> None:
        """A member is done."""
        if state == states.SUCCESS and is_receipt(result) and result["status"] == Status.REJECTED:
            state = states.FAILURE
            result = CqrsError(f"{result['error']} (command {result['command_id']})")
        super().on_chord_part_return(request, state, result, **more)

    def chord_error_from_stack(self, callback: Any, exc: Any = None) -> Any:
        """A chord's body cannot be run."""
        error = exc if exc is not None else sys.exc_info()[1]
        told = super().chord_error_from_stack(callback, exc)
        chord_failed.send(sender=self, body=callback, error=error)
        return told

    def _fail_chain(self, chain: Any, *args: Any, **options: Any) -> None:
        super()._fail_chain(all_links(chain), *args, **options)


class ResultBackend(CommandChords, RedisBackend):  # type: ignore[misc]  # celery has no types
    """Celery's result backend on Redis, with a short way for receipts.

    Celery stores a result in two round trips: it looks for an earlier one, so that a task that runs
    twice cannot put a failure over a success, then sets the new one and publishes it. A receipt is
    the same however often it is given: it needs no look, and those of a batch are stored by one
    call.

    A result that the server does not take is logged and given up: Celery would take the task for
    failed, and its message for done. Receipts are in PostgreSQL.
    """

    def store_all(self, results: Iterable[Result]) -> None:
        """Store results and wake whoever waits for them, in one round trip.

        Raises redis.exceptions.ConnectionError if Redis stays away.
        """
        self._publish([self._entry(one) for one in results])

    def _store_result(
        self, task_id: str, result: Any, state: str, *rest: Any, request: Any = None, **more: Any
    ) -> Any:
        try:
            if state != states.SUCCESS or not is_receipt(result):
                return super()._store_result(task_id, result, state, *rest, request=request, **more)
            self._publish([self._entry(Result(task_id, state, result), request)])
        except redis.exceptions.RedisError as error:
            log.warning("result not stored", task=task_id, state=state, reason=str(error))
        return result

    def _entry(self, one: Result, request: Any = None) -> tuple[str, str]:
        value = one.value if one.state == states.SUCCESS else self.prepare_exception(one.value)
        meta = self._get_result_meta(value, one.state, None, request)
        meta["task_id"] = one.task_id
        # Celery's own encoding keeps the types of an exception's arguments, and takes its time.
        text = to_json(meta) if one.state == states.SUCCESS else self.encode(meta)
        return self.get_key_for_task(one.task_id), text

    def _publish(self, entries: list[tuple[str, str]]) -> None:
        if entries:
            keys, texts = zip(*entries, strict=True)
            self.ensure(self._script, (keys, [self.expires, *texts]), **TRIES)

    @cached_property
    def _script(self) -> Any:
        file = resources.files("worker.base").joinpath("store_results.lua")
        return self.client.register_script(file.read_text(encoding="utf-8"))


def result_backend(app: Any, url: str) -> Any:
    """The result backend at this address: ours on Redis, Celery's own on everything else."""
    backend, address = by_url(url, app.loader)
    ours = ResultBackend if backend is RedisBackend else _with_chords(backend)
    return ours(app=app, url=address)


@cache
def _with_chords(backend: type[Backend]) -> type[Backend]:
    return type(backend.__name__, (CommandChords, backend), {"__module__": backend.__module__})
