"""Our app, with a worker that kills itself where a test asks for it: `celery -A` this module.

A test sets the Redis key `crash:<kind>:<point>` to `child` or `worker`; the first process that
comes by takes the key away and is killed by SIGKILL, alone or with its parent and all its siblings.

Never imported by a test: it changes psycopg and the pipeline for the whole process.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import psycopg
from celery import current_task
from celery.signals import task_postrun

from tests.support.crash_points import flag, mark
from worker import app
from worker.base import wake_ups
from worker.base.pipeline import Pipeline
from worker.commands import executor
from worker.subscriptions import runner
from worker.subscriptions.projection import Projection


def _kind() -> str:
    return "projection" if current_task and current_task.name == "cqrs.project" else "command"


def _maybe_die(point: str) -> None:
    kind, redis = _kind(), wake_ups.client()
    wanted = redis.getdel(flag(kind, point))
    if wanted is None:
        return
    redis.set(mark(kind, point), "1")
    if wanted == b"child":
        os.kill(os.getpid(), signal.SIGKILL)
    else:
        os.killpg(os.getpgid(0), signal.SIGKILL)


def _replace(owner: Any, name: str, by: Callable[[Any], Any]) -> None:
    """Put another function in the place of one that must be there: else we would kill nobody."""
    if name not in vars(owner):
        raise RuntimeError(f"there is no {name} in {owner.__name__} any more: mend tests.support")
    setattr(owner, name, by(vars(owner)[name]))


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


def _execute_or_die(execute: Callable[..., Any]) -> Callable[..., Any]:
    def run(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        if query == "BEGIN":
            _maybe_die("before begin")
        if query == "COMMIT":
            if self._pipeline is not None:
                self._pipeline.sync()  # all that comes before the commit has been done by now
            _maybe_die("before commit")
        return execute(self, query, *args, **kwargs)

    return run


def _run_or_die(run: Callable[[Pipeline], None]) -> Callable[[Pipeline], None]:
    def run_or_die(self: Pipeline) -> None:
        statements = [reply.statement.sql for reply in self._replies]
        if b"BEGIN" in statements:
            _maybe_die("before begin")
        if b"COMMIT" in statements:
            commit = statements.index(b"COMMIT")
            self._replies, rest = self._replies[:commit], self._replies[commit:]
            run(self)  # all that comes before the commit has been done by now
            _maybe_die("before commit")
            self._replies = rest
        run(self)

    return run_or_die


_in_the_handler = partial(_before, "in the handler")
_after_commit = partial(_after, "after commit")

_replace(psycopg.Connection, "execute", _execute_or_die)
_replace(Pipeline, "_run", _run_or_die)
_replace(executor._Batch, "_decide", _in_the_handler)
_replace(Projection, "fold", _in_the_handler)
_replace(executor, "_run", _after_commit)
_replace(runner, "advance", _after_commit)
task_postrun.connect(lambda **_: _maybe_die("before ack"), weak=False)

__all__ = ["app"]
