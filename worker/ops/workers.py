"""The workers on our queues, and those of them that throw away what they take.

    knows no task of the engine's   another app's worker, with a queue of ours in its `-Q`
    lacks some tasks                a worker of ours with other code, or other CQRS_DOMAINS
    shares its name with another    what each of them takes and knows cannot be told apart

Celery has a worker discard a message whose task it does not know. Every worker on a broker answers
who asks, whatever its app, which queues it takes from and which tasks it knows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import redis
from kombu.exceptions import OperationalError as BrokerError

from worker.base.app import QUEUES, app
from worker.commands.decoding import commands
from worker.commands.event_task import event_tasks

ENGINE_TASKS = frozenset({"cqrs.drain", "cqrs.project", "cqrs.sweep"})
"""Tasks that every worker of ours knows, whatever its domains."""


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A worker that answered, the queues of ours that it takes from, and what it does wrong."""

    name: str
    queues: Sequence[str]
    problem: str | None = None


def workers(timeout: float) -> list[WorkerStatus]:
    """The workers on our queues that answer within `timeout` seconds."""
    try:
        taken = _queues(timeout)
        ours = sorted(name for name, each in taken.items() if any(map(_ours, each)))
        known = _known_tasks([name for name in ours if len(taken[name]) == 1], timeout)
    except (BrokerError, redis.RedisError, OSError):
        return []
    return [_status(name, taken[name], known.get(name)) for name in ours]


def _queues(timeout: float) -> dict[str, list[set[str]]]:
    """By name of worker: the queues of each that answers under that name, whatever its app."""
    found = defaultdict(list)
    for answer in app.control.broadcast("active_queues", reply=True, timeout=timeout) or ():
        for name, queues in answer.items():
            found[name].append({queue["name"] for queue in queues})
    return found


def _ours(queues: set[str]) -> set[str]:
    return queues.intersection(QUEUES)


def _status(name: str, answers: Sequence[set[str]], known: set[str] | None) -> WorkerStatus:
    queues = sorted(set().union(*map(_ours, answers)))
    if len(answers) == 1:
        return WorkerStatus(name, queues, _problem(queues, known))
    return WorkerStatus(
        name,
        queues,
        f"is the name of {len(answers)} workers, and which of them knows our tasks cannot be told:"
        " give each its own with `-n` (`-n engine@%h`)",
    )


def _known_tasks(names: Sequence[str], timeout: float) -> dict[str, set[str]]:
    if not names:
        return {}
    inspect = app.control.inspect(names, timeout=timeout, limit=len(names))
    answers = inspect.registered() or {}
    return {name: {task.partition(" ")[0] for task in tasks} for name, tasks in answers.items()}


def _problem(queues: Sequence[str], known: set[str] | None) -> str | None:
    """Why a worker throws away messages of our queues; None if it knows all that come there."""
    if known is None:
        return None  # it has ended meanwhile
    needed = {task.name for task in (*commands, *event_tasks)} | ENGINE_TASKS
    if not (unknown := sorted(needed - known)):
        return None
    if ENGINE_TASKS.isdisjoint(known):
        return (
            "is another app's worker: it throws away what it takes from our queues. Take"
            f" {', '.join(queues)} from its `-Q`, and run `celery -A worker worker` beside it"
        )
    more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
    return (
        f"does not know {unknown[0]}{more}, and throws those away:"
        " give it the code and the CQRS_DOMAINS of this shell, and start it anew"
    )
