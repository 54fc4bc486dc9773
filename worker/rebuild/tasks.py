"""Rebuilds and verifications as Celery tasks: in slices, so that none outlives its time limit.

A slice that is not done asks to be delivered again under its own id, so whoever waits for the
result waits for the whole. It names the rebuild that it goes on with: one that was cancelled
between two slices, or finished by somebody else, is not begun again. One whose worker was killed,
by a time limit too, is delivered again and goes on. Flower shows the state PROGRESS with positions,
events and ETA.

While a release is rolled out, old and new workers share the queue. A rebuild that is owed to a new
version is passed on by old ones until a new one has it. None puts a table of a lower version in
the place of a higher one: only `cqrs rebuild` does, for a release that is rolled back.

What fails is red, and so is drift that a verification finds: the others are rebuilt, or verified,
all the same, and then the task fails by the projection's name. It stands in `cqrs status` until the
projection has been rebuilt, or verified, by whomever.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Any

from celery import Task
from celery.exceptions import SoftTimeLimitExceeded

from worker.base import db, slots, standing_failures
from worker.base.app import app
from worker.base.logs import get_logger
from worker.base.settings import get_settings
from worker.base.standing_failures import MaintenanceFailed
from worker.event_log.subscribers import subscriptions
from worker.rebuild import verify
from worker.rebuild.errors import (
    TIME_IS_UP,
    CodeTooOld,
    NotComparable,
    NotSentFor,
    RebuildCancelled,
    RebuildFailed,
    RebuildRunning,
    RebuildUnfinished,
    UnknownProjection,
    VerificationUnfinished,
)
from worker.rebuild.jobs import EVERY, ProgressCallback, RebuildProgress
from worker.rebuild.run import DRIFT, REBUILD, rebuild
from worker.rebuild.together import moved_together
from worker.subscriptions.errors import in_one_line
from worker.subscriptions.projection import Projection

log = get_logger(__name__)

PASS_ON = (1.0, 3.0)
"""Seconds, from and to, until a task that another worker or another time is better for comes again:
not always the same, or else the same worker might get it every time."""
MOST_PASSES = 1_800
"""Times that an old worker passes a rebuild on: an hour, if nobody new comes."""
NO_GAP = 30.0
"""Seconds until a swap that found no gap is tried again."""

PATIENCE, PAUSE = 30.0, 0.5
"""Seconds that a broker is asked to take the message for the rest, and between two tries."""
VERIFY = "cqrs.verify"
"""What a projection's verification is called among the failures that stand."""


@app.task(name="cqrs.maintenance.rebuild", bind=True, max_retries=None, acks_on_timeout=False)
def rebuild_projection(
    self: Task,
    name: str,
    from_position: int = 0,
    jobs: int = 2,
    version: int | None = None,
    continues: int | None = None,
) -> dict[str, Any]:
    """Rebuild a projection; what it came to, as `Rebuilt.to_json`. Raises what `rebuild` raises.

    With `version` the rebuild is owed: code that declares a lower one passes it on, and one that
    runs already is waited for, since it may have begun too early. `continues` is for the task
    itself: the rebuild of which this is a further slice.
    """
    if version is not None and (declared := declared_version(name)) < version:
        old = CodeTooOld(name, version, declared)
        raise self.retry(exc=old, countdown=_pass_on_delay(), max_retries=MOST_PASSES)
    options = {"from_position": from_position, "jobs": jobs}
    try:
        return _slice(self, name, continues, owed=version is not None, **options)
    except RebuildFailed as failed:
        standing_failures.note_or_log(REBUILD, name, failed)
        raise
    except _NextSlice as later:
        rest = {"name": name, "version": version, "continues": later.continues, **options}
        raise self.retry(args=(), kwargs=rest, countdown=later.seconds) from None


@app.task(
    name="cqrs.maintenance.rebuild_all",
    bind=True,
    max_retries=None,
    ignore_result=True,
    acks_on_timeout=False,
)
def rebuild_all(
    self: Task,
    names: Sequence[str] | None = None,
    every: float | None = None,
    continues: int | None = None,
) -> None:
    """Rebuild projections one after the other (all, if none is named).

    A failure stops no other. Raises MaintenanceFailed for the one at hand, once the others are sent
    for.
    """
    if not slots.take("cqrs.maintenance.rebuild_all", every):
        return
    names = projections() if names is None else names
    if not names:
        return
    failed: dict[str, str] = {}
    try:
        _slice(self, names[0], continues)
    except _NextSlice as later:
        rest = {"names": list(names), "continues": later.continues}
        raise self.retry(args=(), kwargs=rest, countdown=later.seconds) from None
    except (RebuildRunning, RebuildCancelled) as error:  # somebody sees to it
        log.info("not rebuilt", projection=names[0], reason=str(error))
    except Exception as error:  # the domain's own, too: a fold that fails, say
        failed[names[0]] = standing_failures.note_or_log(REBUILD, names[0], error)
        log.warning("rebuild failed", projection=names[0], reason=in_one_line(error))
    left = [name for name in names[1:] if name not in _moved_with(names[0])]
    failed |= _send_for(left)
    if failed:
        raise MaintenanceFailed("cqrs.maintenance.rebuild_all", failed)


def _send_for(left: Sequence[str]) -> dict[str, str]:
    """Have the rest rebuilt; a broker that takes no message is asked for a while. If it does not:
    why each of them was not rebuilt, which stands until it is."""
    if not left:
        return {}
    patience = min(PATIENCE, get_settings().task_soft_time_limit * 0.2)
    until = time.monotonic() + patience
    while True:
        try:
            app.send_task("cqrs.maintenance.rebuild_all", args=(left,), ignore_result=True)
            return {}
        except Exception as error:  # full, away, or whatever its client makes of that
            if time.monotonic() > until:
                why = NotSentFor(in_one_line(error))
                return {name: standing_failures.note_or_log(REBUILD, name, why) for name in left}
        time.sleep(PAUSE)


@app.task(name="cqrs.maintenance.verify", bind=True, max_retries=None, acks_on_timeout=False)
def verify_sample(
    self: Task,
    names: Sequence[str] | None = None,
    sample: int | None = None,
    every: float | None = None,
    differing: dict[str, int] | None = None,
    failed: dict[str, str] | None = None,
) -> dict[str, int]:
    """Verify a sample of rows of each projection (all, if none is named); rows that differ, by
    name. A projection that waits for its rebuild is left out.

    It is done in slices, as a rebuild is; `differing` and `failed` are for the task itself: what
    earlier ones have found. A failure stops no other. Raises MaintenanceFailed at the end: also for
    rows that differ, now or since they were found, until that is mended or acknowledged.
    """
    if not slots.take("cqrs.maintenance.verify", every):
        return {}
    rows = get_settings().verify_sample if sample is None else sample
    left = list(projections() if names is None else names) if rows else []
    found, failed = dict(differing or {}), dict(failed or {})
    until = time.monotonic() + _slice_seconds()
    while left:
        try:
            found[left[0]] = _verify(self, left[0], rows, until)
            if drifted := _drifted(left[0], found[left[0]]):
                failed[left[0]] = drifted
        except (VerificationUnfinished, SoftTimeLimitExceeded):
            rest = {"names": left, "sample": rows, "differing": found, "failed": failed}
            raise self.retry(args=(), kwargs=rest, countdown=0.0) from None
        except NotComparable as error:  # `cqrs status` says that it needs a rebuild
            log.info("not verified", projection=left[0], reason=str(error))
        except Exception as error:  # the domain's own, too
            failed[left[0]] = standing_failures.note_or_log(VERIFY, left[0], error)
            log.warning("not verified", projection=left[0], reason=in_one_line(error))
        left.pop(0)
    if failed:
        raise MaintenanceFailed("cqrs.maintenance.verify", failed)
    return found


def _verify(task: Task, name: str, sample: int, until: float) -> int:
    """How many rows of a projection's sample differ, if that can be told in time."""
    left = max(0.0, until - time.monotonic())
    tell = _teller(task)
    differing = verify.verify(name, sample=sample, seconds=left, progress=tell).differing
    with db.writer() as connection:
        standing_failures.mend(connection, VERIFY, name)
    return differing


def _drifted(name: str, differing: int) -> str | None:
    """That rows of a projection differ from the log, unless somebody knows it."""
    with db.writer() as connection:
        for one in standing_failures.find(connection):
            if (one.task, one.subject) == (DRIFT, name) and one.acknowledged_at is None:
                return f"{differing:,} rows of the sample differ; {one.sentence}"
    return None


def projections() -> list[str]:
    """The names of all projections."""
    return sorted(
        subscriber.name for subscriber in subscriptions if isinstance(subscriber, Projection)
    )


def _pass_on_delay() -> float:
    return random.uniform(*PASS_ON)  # noqa: S311  # no secret hangs on it


def declared_version(name: str) -> int:
    """The version that this code declares of a projection; 0 for one that it does not know."""
    subscriber = subscriptions.get(name)
    return subscriber.version if isinstance(subscriber, Projection) else 0


class _NextSlice(Exception):
    """There is more to do, of this rebuild, in so many seconds: a signal inside this module."""

    def __init__(self, continues: int | None, seconds: float) -> None:
        self.continues, self.seconds = continues, seconds


def _moved_with(name: str) -> set[str]:
    """Those that have been rebuilt together with a projection, if this code knows it."""
    subscriber = subscriptions.get(name)
    if not isinstance(subscriber, Projection):
        return set()
    try:
        return {other.name for other in moved_together(subscriber)}
    except UnknownProjection:
        return set()


def _slice_seconds() -> float:
    """How long a slice may take."""
    return get_settings().task_soft_time_limit * 0.6


def _teller(task: Task) -> ProgressCallback:
    """Tells Flower how far a task is, twice a second at most, and whoever waits for its result."""
    last = 0.0

    def tell(progress: RebuildProgress) -> None:
        nonlocal last
        if time.monotonic() - last < EVERY and progress.state == "verifying":
            return
        last = time.monotonic()
        task.send_event("task-progress", progress=progress.to_json())
        if task.request.id and not task.ignore_result:
            task.update_state(state="PROGRESS", meta=progress.to_json())

    return tell


def _slice(
    task: Task, name: str, continues: int | None, *, owed: bool = False, **options: Any
) -> dict[str, Any]:
    """As much of a rebuild as fits into the time limit; raises _Later for the rest."""
    try:
        limits: dict[str, Any] = {"seconds": _slice_seconds(), "may_go_back": False}
        done = rebuild(name, continues=continues, progress=_teller(task), **limits, **options)
        return done.to_json()
    except RebuildUnfinished as unfinished:
        wait = 0.0 if unfinished.why == TIME_IS_UP else NO_GAP
        raise _NextSlice(unfinished.rebuild_id or continues, wait) from None
    except SoftTimeLimitExceeded:
        raise _NextSlice(continues, 0.0) from None
    except RebuildRunning as running:
        if not owed and not _is_redelivered(task):
            raise
        same = continues if owed else continues or running.rebuild_id
        raise _NextSlice(same, _pass_on_delay()) from None


def _is_redelivered(task: Task) -> bool:
    """Whether what runs already may be an earlier slice, or a delivery that was given up."""
    redelivered = (task.request.delivery_info or {}).get("redelivered")
    return bool(task.request.retries or redelivered)


__all__ = ["projections", "rebuild_all", "rebuild_projection", "verify_sample"]
