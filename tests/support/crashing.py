"""Our app, with a worker that kills itself where a test asks for it: `celery -A` this module.

A test sets the Redis key `crash:<kind>:<point>` to `child` or `worker`; the first process that
comes by takes the key away and is killed by SIGKILL, alone or with its parent and all its siblings.

Never imported by a test: it changes psycopg and the exchange for the whole process.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import wraps
from typing import Any

import psycopg
from celery import current_task
from celery.signals import task_postrun

from tests.support.crash_points import flag
from worker import app
from worker.base import wake_ups
from worker.base.pipeline import Pipeline
from worker.commands import executor
from worker.subscriptions import runner
from worker.subscriptions.batch import advance
from worker.subscriptions.projection import Projection


def _kind() -> str:
    return "projection" if current_task and current_task.name == "cqrs.project" else "command"


def _maybe_die(point: str) -> None:
    wanted = wake_ups.client().getdel(flag(_kind(), point))
    if wanted == b"child":
        os.kill(os.getpid(), signal.SIGKILL)
    elif wanted == b"worker":
        os.killpg(os.getpgid(0), signal.SIGKILL)


def _before(point: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        _maybe_die(point)
        return function(*args, **kwargs)

    return run


def _after(point: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        _maybe_die(point)
        return result

    return run


_execute = psycopg.Connection.execute


def _execute_or_die(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
    if query == "BEGIN":
        _maybe_die("before begin")
    if query == "COMMIT":
        if self._pipeline is not None:
            self._pipeline.sync()  # all that comes before the commit has been done by now
        _maybe_die("before commit")
    return _execute(self, query, *args, **kwargs)


psycopg.Connection.execute = _execute_or_die  # type: ignore[method-assign]


_run = Pipeline._run


def _run_or_die(self: Pipeline) -> None:
    statements = [reply.statement.sql for reply in self._replies]
    if b"BEGIN" in statements:
        _maybe_die("before begin")
    if b"COMMIT" in statements:
        commit = statements.index(b"COMMIT")
        self._replies, rest = self._replies[:commit], self._replies[commit:]
        _run(self)  # all that comes before the commit has been done by now
        _maybe_die("before commit")
        self._replies = rest
    _run(self)


Pipeline._run = _run_or_die  # type: ignore[method-assign]
executor._Batch._decide = _before("in the handler", executor._Batch._decide)  # type: ignore[method-assign]
Projection.fold = _before("in the handler", Projection.fold)  # type: ignore[method-assign]
executor._run = _after("after commit", executor._run)
vars(runner)["advance"] = _after("after commit", advance)
task_postrun.connect(lambda **_: _maybe_die("before ack"), weak=False)

__all__ = ["app"]
