"""The result backend on Redis: a short way for receipts, and forks and outages survived.

See celery_internals.py for what is taken from Celery's insides, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib import resources
from typing import Any
from weakref import WeakSet

import redis.exceptions
from celery import states
from celery.backends.redis import RedisBackend, ResultConsumer

from worker.base import forks
from worker.base.celery_internals import Result, ResultsLost
from worker.base.command_chords import CommandChords
from worker.base.encoding import to_json
from worker.base.logs import get_logger
from worker.contracts import is_receipt

log = get_logger(__name__)
TRIES = {"max_retries": 3, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5}
"""How long a worker waits for a result backend that is away before it goes on without it."""


class ResultListener(ResultConsumer):  # type: ignore[misc]  # celery has no types
    """Celery's, but for what it says when the server stays away: no restart is needed."""

    @contextmanager
    def reconnect_on_error(self) -> Iterator[None]:
        """Connect again after an error, once, with the subscriptions that there were.

        Who waits comes again, and has PostgreSQL to look into meanwhile. Raises ResultsLost.
        """
        try:
            yield
        except TimeoutError:
            raise  # nothing came
        except self._connection_errors:
            try:
                self._reconnect_pubsub()
            except self._connection_errors as error:
                raise ResultsLost(str(error)) from error

    def start(self, initial_task_id: str, **options: Any) -> None:
        """Begin to listen; after an outage, to all that was listened to before.

        Of threads that come together, one begins: a second connection would never be closed.
        """
        with self._locked():
            if self._pubsub is not None:
                self._consume_from(initial_task_id)
            elif self.subscribed_to:
                self.subscribed_to.add(self._get_key_for_task(initial_task_id))
                self._reconnect_pubsub()
            else:
                super().start(initial_task_id, **options)


class ResultBackend(CommandChords, RedisBackend):  # type: ignore[misc]  # celery has no types
    """Celery's result backend on Redis, with a short way for receipts.

    Celery stores a result in two round trips: it looks for an earlier one, so that a task that runs
    twice cannot put a failure over a success, then sets the new one and publishes it. A receipt is
    the same however often it is given: it needs no look, and those of a batch are stored by one
    call.

    A result that the server does not take is logged and given up: Celery would take the task for
    failed, and its message for done. Receipts are in PostgreSQL.
    """

    ResultConsumer = ResultListener
    result_consumer: ResultListener

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._gathered: list[tuple[str, str]] | None = None
        _backends.add(self)
        forks.in_child(_forget_backends)

    def forget_connections(self) -> None:
        """In a forked child: listen on a connection of its own, for the handles that it has too.

        Celery does so for its own forks alone, and goes on with the parent's subscriptions.
        """
        forks.keep(self.result_consumer, self.__dict__.pop("client", None))
        self.__dict__.pop("_script", None)
        for waiting in self._pending_results:
            waiting.clear()
        self.result_consumer = self.ResultConsumer(
            self, self.app, self.accept, self._pending_results, self._pending_messages
        )

    def on_task_call(self, producer: Any, task_id: str) -> None:
        """Nothing yet: whoever waits for the result listens first, then looks whether it is there.

        Celery listens as soon as a task is sent: a call more for each, and none is sent for 19
        seconds while the result store is away.
        """

    def store_all(self, results: Iterable[Result]) -> None:
        """Store results and wake whoever waits for them, in one round trip.

        Raises redis.exceptions.ConnectionError if Redis stays away.
        """
        self._publish([self._entry(one) for one in results])

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Keep the receipts that are stored in this block, and store them at its end by one call.

        For a process that does one thing at a time. Like each alone: what is not taken is logged.
        """
        self._gathered = []
        try:
            yield
        finally:
            entries, self._gathered = self._gathered, None
            try:
                self._publish(entries)
            except redis.exceptions.RedisError as error:
                log.warning("results not stored", tasks=len(entries), reason=str(error))

    def _store_result(
        self, task_id: str, result: Any, state: str, *rest: Any, request: Any = None, **more: Any
    ) -> Any:
        try:
            if state != states.SUCCESS or not is_receipt(result):
                return super()._store_result(task_id, result, state, *rest, request=request, **more)
            entry = self._entry(Result(task_id, state, result), request)
            if self._gathered is None:
                self._publish([entry])
            else:
                self._gathered.append(entry)
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


_backends: WeakSet[ResultBackend] = WeakSet()
"""Each thread has one, and handles keep theirs."""


def _forget_backends() -> None:
    for backend in list(_backends):
        backend.forget_connections()
