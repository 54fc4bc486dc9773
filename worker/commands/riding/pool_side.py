"""The pool's process: a batch is decided in one transaction, then each task runs as always.

    execute ─▶ verdicts ─▶ each task, under Celery's own tracer, finds its verdict ─▶ its answer
       │                     └ it has none (something of its own to see to): it runs by itself
       ├ its turn was over ─▶ those not begun have no answer
       └ the soft limit    ─▶ those without an answer go alone

A verdict is an outcome as `execute` gives it to a command alone. The process may die anywhere here:
no message is acknowledged before the main process has all answers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple, TypeAlias

from celery.app.task import Context
from celery.app.trace import fast_trace_task, trace_task_ret
from celery.exceptions import SoftTimeLimitExceeded
from kombu.serialization import loads, prepare_accept_content

from worker.base.app import app
from worker.base.celery_internals import results_gathered
from worker.base.logs import get_logger
from worker.commands import after_commit
from worker.commands.executor import execute
from worker.commands.receipts import Outcome
from worker.commands.riding import verdict
from worker.commands.riding.companions import LONGEST
from worker.commands.turn import Turn
from worker.contracts import Envelope

log = get_logger(__name__)
Traced: TypeAlias = tuple[Any, Any, float | None]
"""What Celery's tracer answers: failed, what it came to, seconds (None: it comes again)."""


class Passenger(NamedTuple):
    """A message as Celery gives it to its tracer."""

    task: str
    id: str
    request: dict[str, Any]
    body: Any
    content_type: str | None
    content_encoding: str | None


class Arrival(NamedTuple):
    """What became of a batch: an answer for each, or None; and by name the longest decision.

    `apart`: those without an answer are to go alone.
    """

    answers: list[Traced | None]
    longest: dict[str, float]
    apart: bool = False


class _Decided(NamedTuple):
    """The verdicts by place, the places that were not begun, and the seconds that it took."""

    verdicts: dict[int, tuple[Envelope, Outcome]]
    not_begun: frozenset[int]
    seconds: float = 0.0


def run_together(passengers: Sequence[Passenger], most_seconds: float) -> Arrival:
    """Run the commands of some messages. `most_seconds`: when the last of their tasks begins."""
    until = time.monotonic() + most_seconds
    turn, answers = Turn.of(LONGEST), list[Traced | None]()
    try:
        decided = _decide(passengers, turn)
        with results_gathered(app.backend):
            for answer in _answers(passengers, decided, until):
                answers.append(answer)  # what is there when the time is over counts
    except SoftTimeLimitExceeded:
        log.warning("a batch took too long: its commands go alone", commands=len(passengers))
        missing = [None] * (len(passengers) - len(answers))
        return Arrival([*answers, *missing], turn.longest, apart=True)
    return Arrival(answers, turn.longest)


def _decide(passengers: Sequence[Passenger], turn: Turn) -> _Decided:
    found = {place: _companion(one) for place, one in enumerate(passengers)}
    together = {place: envelope for place, envelope in found.items() if envelope is not None}
    if len(together) < 2:
        return _Decided({}, frozenset())
    began = time.monotonic()
    run = execute(list(together.values()), turn=turn)
    after_commit.wake_readers(run.event_types)
    begun = zip(together.items(), run.outcomes, strict=False)
    verdicts = {place: (envelope, outcome) for (place, envelope), outcome in begun}
    return _Decided(verdicts, frozenset(together.keys() - verdicts), time.monotonic() - began)


def _companion(one: Passenger) -> Envelope | None:
    """The command of a message, if it may be decided with others."""
    try:
        task = app.tasks[one.task]
        args, kwargs, embed = _contents(one)
        task.request_stack.push(Context({**one.request, **(embed or {})}, args=args, kwargs=kwargs))
        try:
            envelope: Envelope | None = task.companion(args, kwargs)
        finally:
            task.request_stack.pop()
    except SoftTimeLimitExceeded:
        raise
    except Exception:  # its own task says what it is
        return None
    return envelope


def _contents(one: Passenger) -> Any:
    if not one.content_type:
        return one.body
    accept = prepare_accept_content(app.conf.accept_content)
    return loads(one.body, one.content_type, one.content_encoding, accept=accept)


def _answers(
    passengers: Sequence[Passenger], decided: _Decided, until: float
) -> Iterator[Traced | None]:
    trace = fast_trace_task if app.use_fast_trace_task else trace_task_ret
    for place, one in enumerate(passengers):
        if place in decided.not_begun or (place and time.monotonic() > until):
            yield None
            continue
        found = decided.verdicts.get(place)
        with verdict.given(found[0].id, found[1]) if found else nullcontext():
            failed, value, seconds = trace(*one)
        if found and seconds is not None:
            seconds += decided.seconds
        yield failed, value, seconds
