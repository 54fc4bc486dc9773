"""Rebuilds of read tables that nobody notices.

    building ─▶ indexing ─▶ following ─▶ comparing ─▶ swapping ─▶ done
       │ parts, in processes, each folds the rows of some keys in memory and copies them
       └─ killed, cancelled, or failed: the live table is as it was

A new table, `query.<name>_v<next>`, is built from the log beside the live one, follows
it, is compared with it at one position, and takes its place behind the view `query.<name>`. What
differed is written down in `cqrs.rebuilds`: drift, row by row. A projection of another version
(with other columns) goes live the same way, while the old table serves. A rebuild from a checkpoint
begins with the live rows that no event has touched since: see copy_unchanged.py.

What is promised:

- Readers of the view see the old table or the new one, both complete, and wait for the swap no
  longer than `swapping.LOCK_WAIT`. So it is when columns go or change, and views that
  are built on it must be made again: materialized ones are computed beforehand (views.py).
- Folding is all that happens: no reaction, no invalidation, no refresh is due to a rebuild, except
  those that tell of rows which differ.
- A SIGKILL loses at most what was folded since each part's last flush; the next call goes on from
  there, in whatever state the rebuild was. So it can be done in slices of any length.
- Rows of two codes never meet: a rebuild goes on only under the folds that began it, and is begun
  anew under others (fingerprint.py). A task never brings back a table of a lower version.
- Two rebuilds of one projection cannot run at once: a rebuild is a lock of the session. A process
  that was taken for dead and is not finds its rebuild ended, or its part moved, and writes nothing.
- One that was cancelled does not go live, and one that goes live was not cancelled.
- What others have added to the table and its views comes along, grants, policies, triggers,
  publications and all, or the rebuild does not begin and names it (belongings.py).
- Nothing is dropped before the swap has committed, and then only the table that was replaced.
"""

from worker.rebuild.compare import Drift
from worker.rebuild.errors import (
    AnotherRebuild,
    CannotCarryOver,
    CannotStartThere,
    CodeTooOld,
    NoSuchPosition,
    RebuildCancelled,
    RebuildFailed,
    RebuildRunning,
    RebuildUnfinished,
    TypesLost,
    UnknownProjection,
    ViewInUse,
)
from worker.rebuild.jobs import RebuildProgress
from worker.rebuild.run import Rebuilt, cancel, rebuild
from worker.rebuild.verify import LastVerified, ReadModelHealth, read_model_health

__all__ = [
    "AnotherRebuild",
    "CannotCarryOver",
    "CannotStartThere",
    "CodeTooOld",
    "Drift",
    "LastVerified",
    "NoSuchPosition",
    "ReadModelHealth",
    "RebuildCancelled",
    "RebuildFailed",
    "RebuildProgress",
    "RebuildRunning",
    "RebuildUnfinished",
    "Rebuilt",
    "TypesLost",
    "UnknownProjection",
    "ViewInUse",
    "cancel",
    "read_model_health",
    "rebuild",
]
