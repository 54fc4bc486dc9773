"""Whatever the schedule starts and fails stands as a failure, a domain's own entries too.

A task of the schedule is given its period as `every`. If it raises, that is written down under its
name, red in `cqrs status`; the next run that succeeds takes it back, but for one that finds its
slot taken and does nothing. What is written down by its subject already, as a view's refresh is,
is not written twice. Celery's own record, Flower's, is a failure in any case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from celery import signals

from worker.base import db, slots, standing_failures
from worker.base.app import app
from worker.base.errors import ServerUnavailable
from worker.base.logs import get_logger
from worker.base.standing_failures import MaintenanceFailed
from worker.refresh import RefreshFailed

log = get_logger(__name__)


@signals.task_failure.connect
def _failed(
    sender: Any = None,
    exception: BaseException | None = None,
    kwargs: Mapping[str, Any] | None = None,
    **_: Any,
) -> None:
    if exception is None or not _is_scheduled(sender, kwargs):
        return
    by_subject = isinstance(exception, MaintenanceFailed | RefreshFailed)
    if by_subject and sender.name not in NAMED_BY_PART:
        return
    standing_failures.note_or_log(sender.name, "", exception)


NAMED_BY_PART = frozenset({"cqrs.sweep", "cqrs.maintenance.prune"})
"""Tasks whose parts are no subjects of failures of their own."""


@signals.task_success.connect
def _succeeded(sender: Any = None, **_: Any) -> None:
    if _is_scheduled(sender, sender.request.kwargs) and not slots.was_taken(sender):
        try:
            with db.writer() as connection:
                standing_failures.mend(connection, sender.name)
        except (psycopg.Error, ServerUnavailable) as away:
            log.warning("success not written down", task=sender.name, reason=str(away))


def _is_scheduled(sender: Any, kwargs: Mapping[str, Any] | None) -> bool:
    return getattr(sender, "app", None) is app and bool((kwargs or {}).get("every"))
