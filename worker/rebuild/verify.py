"""The verifier: are the live rows what the log says?

    some keys ─▶ fold them anew, up to the checkpoints (sampling.py: in slices, resumable)
              ─▶ one snapshot: checkpoints, these keys' live rows ─▶ fold the rest ─▶ compare

Half of the keys are taken from the table, which finds rows that are wrong or should not be there,
half from events of the log, which finds rows that are missing. The snapshot is short; the folding
reads the log, which does not change. A table that was put back meanwhile is begun anew with.
`verify_all` compares every row: it is a rebuild that stops before the swap.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from worker.base import db, standing_failures
from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.base.logs import get_logger
from worker.event_log.subscribers import subscriptions
from worker.rebuild.compare import Drift, compare
from worker.rebuild.coverage import SQL, PositionVector, excluded_events
from worker.rebuild.errors import (
    NotComparable,
    TooFarBehind,
    VerificationUnfinished,
    projection_named,
)
from worker.rebuild.jobs import ProgressCallback, RebuildProgress
from worker.rebuild.part import copy_rows
from worker.rebuild.run import DRIFT, rebuild
from worker.rebuild.sampling import FOLDED, SAMPLED, SampleFold, TableState, run_lock, scratch
from worker.rebuild.shadow import schema_of
from worker.subscriptions import checkpoints
from worker.subscriptions.projection import Projection

log = get_logger(__name__)

SAMPLE = 200
"""Rows that are looked at, unless told otherwise."""
TRIES = 3
"""Times that a run is begun anew, since the live table was put back while it went on."""


@dataclass(frozen=True, slots=True)
class Verified:
    """How many rows were looked at, at which position, and those that differ (the first hundred).

    `complete` says that it was all of them.
    """

    name: str
    position: int
    checked: int
    complete: bool
    differing: int
    drift: Sequence[Drift]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def verify(
    name: str,
    *,
    sample: int = SAMPLE,
    seconds: float | None = None,
    progress: ProgressCallback | None = None,
) -> Verified:
    """Fold about `sample` rows of a projection anew and compare them with the live ones.

    With `seconds`, VerificationUnfinished is raised when time is up: call again to go on. One that
    was killed goes on as well. `progress` is called at each window of the log.

    Raises UnknownProjection, NotComparable, VerificationRunning, and what a fold raises.
    """
    projection = projection_named(name)
    until = float("inf") if seconds is None else time.monotonic() + seconds
    with db.owner() as connection, scratch(connection), run_lock(connection, name):
        connection.execute(SQL["prepare_session"])
        for _ in range(TRIES):
            live = _live_table(connection, projection)
            run = _going_on(connection, projection, live, sample, until, progress)
            if (verified := _compared(run, live, until)) is not None:
                return _noted(connection, verified)
    raise TooFarBehind(name)


def _going_on(
    connection: Connection,
    projection: Projection,
    live: TableState,
    sample: int,
    until: float,
    progress: ProgressCallback | None,
) -> SampleFold:
    """The run that was left unfinished, or a new one."""
    given: dict[str, Any] = {"until": until, "tell": _teller(projection, live, progress)}
    run = SampleFold.noted(connection, projection.name, projection, **given)
    if run is not None and run.position <= live.reached.lowest and run.holds_still(live.excluded):
        return run
    keys = live.some_keys(connection, projection, sample)
    return SampleFold(connection, projection.name, projection, keys, live.excluded, **given)


def _compared(run: SampleFold, live: TableState, until: float) -> Verified | None:
    """Fold up to where the live table is, and compare; None if that was put back meanwhile."""
    connection, projection = run.connection, run.projection
    try:
        run.fold(live.reached.lowest)
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            now = _live_table(connection, projection)
            connection.execute(SQL["drop_scratch"])
            now.keep_rows(connection, projection, run.keys)
        if now.reached.lowest < run.position or not run.holds_still(now.excluded):
            run.forget()
            return None
        run.until = float("inf")  # what has come in since is little
        run.fold(now.reached.highest, now.folded)
    except VerificationUnfinished:
        raise
    except Exception:
        run.forget()
        raise
    run.forget()
    rows = filter(None, run.rows.values())
    copy_rows(connection, projection.table, FOLDED, rows, "pg_temp")
    differing, drift = compare(connection, projection.table, SAMPLED, FOLDED, "pg_temp")
    return Verified(
        projection.name, now.reached.highest, len(run.keys), False, differing, drift, run.took
    )


def _teller(
    projection: Projection, live: TableState, progress: ProgressCallback | None
) -> Callable[[int], None]:
    """Tells how far a run is, as a rebuild does."""
    began = time.monotonic()

    def tell(position: int) -> None:
        if progress is not None:
            took, total = time.monotonic() - began, max(live.reached.highest, position)
            progress(RebuildProgress(projection.name, "verifying", position, total, 0, took, None))

    return tell


def verify_all(name: str, *, jobs: int = 2, progress: ProgressCallback | None = None) -> Verified:
    """Compare every row of a projection with what the log says; the live table is not changed.

    Raises UnknownProjection, NotComparable, TooFarBehind, and what `rebuild` raises: a rebuild that
    is under way, or was killed and waits to go on, is not put aside for it.
    """
    projection = projection_named(name)
    with db.owner() as connection:
        upto = _live_table(connection, projection).reached.highest
    done = rebuild(name, goes_live=False, jobs=jobs, progress=progress)
    if done.differing is None:
        raise TooFarBehind(name)
    with db.owner() as connection:
        verified = Verified(name, upto, done.rows, True, done.differing, done.drift, done.seconds)
        return _noted(connection, verified)


def _live_table(connection: Connection, projection: Projection) -> TableState:
    held = checkpoints.of(connection, projection.name)
    if any(at.table_version != projection.version for at in held):
        raise NotComparable(projection.name)
    table = (held[0].read_table if held else None) or projection.first_table
    reached = PositionVector.by(held) if held else PositionVector((0,))
    return TableState(table, reached, excluded_events(connection, projection.name))


def _noted(connection: Connection, verified: Verified) -> Verified:
    """The same, written down; what differs is an error in the log, and a failure that stands."""
    plain = verified.to_json()
    connection.execute(SQL["note_verified"], plain | {"drift": to_json(plain["drift"])})
    if verified.differing:
        standing_failures.note(connection, DRIFT, verified.name, DRIFTED)
        shown = [str(row) for row in verified.drift[:10]]
        log.error("rows drifted", projection=verified.name, rows=verified.differing, some=shown)
    elif verified.complete:  # a sample says nothing about the rows that another one has found
        standing_failures.mend(connection, DRIFT, verified.name)
    return verified


DRIFTED = "rows are not what the log says: `cqrs status` says how many, `cqrs rebuild` mends them"


# ----------------------------------------------------------------------- read model health
@dataclass(frozen=True, slots=True)
class LastVerified:
    """The last verification: when, up to which position, of how many rows (`complete`: of all),
    and how many of them differed from what the log says."""

    at: datetime
    position: int
    checked: int
    complete: bool
    differing: int


@dataclass(frozen=True, slots=True)
class ReadModelHealth:
    """A projection's live table. `needs_rebuild` says why it does, and is None if it does not;
    `table` is None before its first run, `verified` before its first verification."""

    name: str
    table: str | None
    needs_rebuild: str | None
    verified: LastVerified | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, but for the time."""
        return asdict(self)


def read_model_health(connection: Connection) -> list[ReadModelHealth]:
    """Every declared projection's, by name."""
    projections = {
        subscriber.name: subscriber
        for subscriber in subscriptions
        if isinstance(subscriber, Projection)
    }
    declared = [
        {"name": name, "schema": schema_of(subscriber.table)}
        for name, subscriber in projections.items()
    ]
    rows = connection.execute(SQL["read_model_health"], {"declared": to_json(declared)}).fetchall()
    return [
        ReadModelHealth(
            name, table, _why(projections[name], table, shape, columns), _verified(*last)
        )
        for name, table, shape, columns, *last in rows
    ]


def _why(
    projection: Projection, table: str | None, shape: int | None, columns: Collection[str]
) -> str | None:
    """Why the code and the live table do not go together."""
    if table is None:
        return None
    if shape is not None and shape != projection.version:
        return (
            f"the code declares version {projection.version}, the live table is of version {shape}"
        )
    if not columns:
        return f"there is no table {table}"
    lacking = [str(column.name) for column in projection.table.c if column.name not in columns]
    if lacking:
        return f"the live table lacks {', '.join(lacking)}: declare a new version"
    return None


def _verified(at: datetime | None, *rest: Any) -> LastVerified | None:
    return None if at is None else LastVerified(at, *rest)
