"""The worker's remote control, where it is about commands: `revoke` reaches those enqueued too.

Celery's `revoke` marks an id in the worker's memory and waits for its message. An enqueued command
has none: it stands in PostgreSQL, and is settled there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any
from uuid import UUID

from celery.worker.control import Panel

from worker.base.logs import get_logger
from worker.commands.revoking import end_enqueued

log = get_logger(__name__)
_VERBS = ("revoke", "terminate")


def listen() -> None:
    """Do more at Celery's own verbs, in this process."""
    for verb in _VERBS:
        Panel.data[verb] = _with_enqueued(Panel.data[verb])


def _with_enqueued(verb: Callable[..., Any]) -> Callable[..., Any]:
    if hasattr(verb, "__wrapped__"):
        return verb

    @wraps(verb)
    def control(state: Any, *args: Any, **options: Any) -> Any:
        answer = verb(state, *args, **options)
        try:
            end_enqueued(_ids(options.get("task_id", args[-1:])))
        except Exception as error:
            log.warning("revoked; enqueued commands not looked for", reason=str(error))
        return answer

    return control


def _ids(given: Any) -> Iterator[UUID]:
    for one in given if isinstance(given, list | tuple | set) else [given]:
        try:
            yield UUID(str(one))
        except ValueError:
            continue  # no command has such an id
