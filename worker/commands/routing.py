"""Where a command goes, and what follows it: refused before it runs, if nobody would take that.

    chain(create_order.s(...), print_label.s(...).set(queue="shop"))

    queue of ours (commands, ...)   our workers take it: a task that they know
    named in CQRS_FOREIGN_QUEUES    another Celery app's worker takes it: any task but our commands
    any other queue                 nobody
    no queue                        our workers, if they know the task; else nobody

Celery sends what follows once a command has committed. A link that cannot be sent then is lost, and
one that is sent to a worker which does not know it is thrown away there. So the whole rest of a
chain is looked at beforehand: where it is sent, as far as that can be seen (Unroutable is raised),
and by the worker before it runs the command (a `rejected` receipt, nothing is written).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from celery import _state
from celery.utils.functional import maybe_list

from worker.base.app import QUEUES, app
from worker.base.errors import did_you_mean
from worker.base.settings import get_settings
from worker.commands.chain_continuation import ChainContinuation, signatures
from worker.commands.decoding import commands
from worker.commands.errors import Unroutable


def check(name: str, options: Mapping[str, Any]) -> None:
    """Look at a command that is being sent with these options of Celery's, and at its chain.

    A task without a queue that this process does not know may be known to the workers: that is for
    them to say, unless it is known to be another app's. Raises Unroutable.
    """
    links = {"chain": options.get("chain") or (), "link": maybe_list(options.get("link") or ())}
    why = _why_not({"task": name, "options": options}, _may_be_ours)
    if why := why or unroutable(links, _may_be_ours):
        raise Unroutable(name, why)


def unroutable(
    links: ChainContinuation | None, is_ours: Callable[[Mapping[str, Any]], bool] | None = None
) -> str | None:
    """Why something that follows a command would be taken by nobody; None if all of it is."""
    reasons = (_why_not(sig, is_ours or _is_known) for sig in signatures(links))
    return next(filter(None, reasons), None)


def _why_not(sig: Mapping[str, Any], is_ours: Callable[[Mapping[str, Any]], bool]) -> str | None:
    name, foreign = sig["task"], get_settings().foreign_queues
    queue = (sig.get("options") or {}).get("queue")
    queue = getattr(queue, "name", queue)
    if queue in foreign and queue not in QUEUES:
        if name not in commands:
            return None
        return f"{name} is a command: no worker of the queue {queue} knows it, only those of ours"
    if queue is not None and queue not in QUEUES:
        hint = did_you_mean(queue, (*QUEUES, *foreign))
        return (
            f"no worker is known to take {name} from the queue {queue}{hint}."
            " Queues of other Celery apps are named in CQRS_FOREIGN_QUEUES"
        )
    if is_ours(sig):
        return None
    return (
        f"our workers do not know the task {name}{did_you_mean(name, app.tasks)}. If another Celery"
        " app runs it, name its queue in CQRS_FOREIGN_QUEUES and in the chain:"
        " .set(queue=...)"
    )


def _is_known(sig: Mapping[str, Any]) -> bool:
    return sig["task"] in app.tasks


def _may_be_ours(sig: Mapping[str, Any]) -> bool:
    """A signature made from a task object of another app's is known to be of that app.

    That our app has the task as well says nothing: Celery adds an app's tasks to every other app of
    the process. A shared task that no app has claimed may be one that our workers load, and so may
    be any task that is sent to a queue of ours by name.
    """
    task = getattr(sig, "_type", None)
    named = "queue" in (sig.get("options") or {})
    return task is None or named or task.app in (app, _state.default_app)
