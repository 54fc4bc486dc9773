"""The result backend on Redis, with a short way for receipts (see celery_internals.py)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from importlib import resources
from typing import Any

from celery import states
from celery.backends.redis import RedisBackend

from worker.base.celery_internals import Result
from worker.base.encoding import to_json
from worker.contracts import is_receipt


class ResultBackend(RedisBackend):  # type: ignore[misc]  # celery has no types
    """Celery's result backend on Redis, with a short way for receipts.

    Celery stores a result in two round trips: it looks for an earlier one, so that a task that runs
    twice cannot put a failure over a success, then sets the new one and publishes it. A receipt is
    the same however often it is given: it needs no look, and those of a batch are stored by one
    call.
    """

    def store_all(self, results: Iterable[Result]) -> None:
        """Store results and wake whoever waits for them, in one round trip.

        Raises redis.exceptions.ConnectionError if Redis stays away.
        """
        self._publish([self._entry(one) for one in results])

    def _store_result(
        self, task_id: str, result: Any, state: str, *rest: Any, request: Any = None, **more: Any
    ) -> Any:
        if state != states.SUCCESS or not is_receipt(result):
            return super()._store_result(task_id, result, state, *rest, request=request, **more)
        self._publish([self._entry(Result(task_id, state, result), request)])
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
            self.ensure(self._script, (keys, [self.expires, *texts]))

    @cached_property
    def _script(self) -> Any:
        file = resources.files("worker.base").joinpath("store_results.lua")
        return self.client.register_script(file.read_text(encoding="utf-8"))
