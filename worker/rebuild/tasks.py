"""Rebuilds and verifications as Celery tasks: in slices, so that none outlives its time limit.

A slice that is not done asks to be delivered again under its own id, so whoever waits for the
result waits for the whole. Flower shows the state PROGRESS with positions, events and ETA.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from celery import Task

from worker import verify
from worker.app import app
from worker.errors import CqrsError
from worker.operating import slots
from worker.projection import Projection
from worker.rebuild.errors import TIME_IS_UP, RebuildUnfinished
from worker.rebuild.progress import Progress
from worker.rebuild.run import rebuild
from worker.running.subscribers import subscriptions
from worker.settings import get_settings

log = structlog.get_logger(__name__)


@app.task(name="cqrs.maintenance.rebuild", bind=True, max_retries=None)
def rebuild_projection(
    self: Task, name: str, from_position: int = 0, jobs: int = 2
) -> dict[str, Any]:
    """Rebuild a projection; what it came to, as `Rebuilt.to_json`. Raises what `rebuild` raises."""
    return _slice(self, name, from_position=from_position, jobs=jobs)


@app.task(name="cqrs.maintenance.rebuild_all", bind=True, max_retries=None, ignore_result=True)
def rebuild_all(self: Task, names: Sequence[str] | None = None, every: float | None = None) -> None:
    """Rebuild projections one after the other (all, if none is named); a failure stops no other."""
    if not slots.take("cqrs.maintenance.rebuild_all", every):
        return
    names = projections() if names is None else names
    if not names:
        return
    try:
        _slice(self, names[0])
    except CqrsError as error:
        log.warning("rebuild failed", projection=names[0], reason=str(error))
    app.send_task("cqrs.maintenance.rebuild_all", args=(list(names[1:]),), ignore_result=True)


@app.task(name="cqrs.maintenance.verify")
def verify_sample(
    names: Sequence[str] | None = None, sample: int | None = None, every: float | None = None
) -> dict[str, int]:
    """Verify a sample of rows of each projection (all, if none is named); rows that differ, by
    name. A projection that cannot be verified now is left out."""
    if not slots.take("cqrs.maintenance.verify", every):
        return {}
    rows = get_settings().verify_sample if sample is None else sample
    wanted = projections() if names is None else names
    found: dict[str, int] = {}
    for name in wanted if rows else ():
        try:
            found[name] = verify.verify(name, sample=rows).differing
        except CqrsError as error:
            log.warning("not verified", projection=name, reason=str(error))
    return found


def projections() -> list[str]:
    """The names of all projections."""
    return sorted(one.name for one in subscriptions if isinstance(one, Projection))


def _slice(task: Task, name: str, **options: Any) -> dict[str, Any]:
    """As much of a rebuild as fits into the time limit; raises Celery's Retry for the rest."""

    def tell(progress: Progress) -> None:
        if not task.ignore_result:
            task.update_state(state="PROGRESS", meta=progress.to_json())

    seconds = get_settings().task_soft_time_limit * 0.6
    try:
        return rebuild(name, progress=tell, seconds=seconds, **options).to_json()
    except RebuildUnfinished as unfinished:
        wait = 0 if unfinished.why == TIME_IS_UP else 30
        raise task.retry(exc=unfinished, countdown=wait) from None


__all__ = ["projections", "rebuild_all", "rebuild_projection", "verify_sample"]
