"""A shadow table takes the place of the live one, and nobody notices.

    hold the checkpoints ─▶ meet ─▶ old snapshots are gone ─▶ switch the view ─▶ commit
             ▲                                │ a snapshot or a lock that takes too long
             └── let everybody pass, follow ◀─┘

- The swap holds the checkpoints, so that the live table stands still, and brings the shadow to the
  same place. Then it waits for every transaction whose snapshot is older than that: to such a
  snapshot the view would show the new table as it was then, with rows missing (a report under
  REPEATABLE READ, say, that looks at the view for the first time after the swap). At last it
  switches the view and the checkpoints' `read_table` in one transaction.
- It waits for old snapshots and for locks a moment and no longer, lets everybody pass, and tries
  again: the projection stands still for `SNAPSHOT_WAIT` seconds at most, and readers that come
  while it waits for the view's lock queue for `LOCK_WAIT`. While a snapshot is there that will not
  go soon, a dump's say, it holds nothing at all.
- A cancel comes before the swap or after it, never half way: whoever is told that the rebuild
  stops sees the old table.
- Whoever swaps and is cut off from the server holds the checkpoints for `CUT_OFF` seconds.

Snapshots of a standby are not seen here: a long transaction there, if it looks at the view for the
first time after the swap, is cancelled by the standby or may miss rows.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import errors as pg

from worker.base import db
from worker.base.db import Connection
from worker.cache import source_tag
from worker.commands import after_commit
from worker.rebuild import belongings, views
from worker.rebuild.coverage import SQL, PositionVector, excluded_events
from worker.rebuild.errors import RebuildUnfinished, must_name_all_types
from worker.rebuild.following import Follower
from worker.rebuild.journal import RebuildJournal
from worker.rebuild.sessions import restore
from worker.rebuild.shadow import schema_of
from worker.rebuild.views import DependentView
from worker.refresh import materialized_views, note_invalidation, request
from worker.subscriptions import checkpoints, dead_letters
from worker.subscriptions.checkpoints import Checkpoint
from worker.subscriptions.projection import Projection
from worker.subscriptions.registration import forget_types

LOCK_WAIT = 0.1
"""Seconds that a swap waits for a lock."""
SNAPSHOT_WAIT = 0.5
"""Seconds that a swap waits for old snapshots."""
CUT_OFF = 10.0
"""Seconds after which the server gives up on a swap that says nothing."""
IN_THE_WAY = (psycopg.OperationalError, pg.IdleInTransactionSessionTimeout)
"""Locks that are not to be had, deadlocks, a connection that was lost: it is tried again. If the
server is away, the rebuild's own connection says so."""


class _NotNow(Exception):
    """The swap has to be tried again: a signal inside this module. It says what is in the way."""


@dataclass(slots=True)
class Swap:
    """The end of one rebuild. `replaces` is the table behind the view now, of whatever version.

    `changed`: cached answers and materialized views are to be computed anew.
    """

    connection: Connection
    projection: Projection
    journal: RebuildJournal
    follower: Follower
    replaces: str | None
    changed: bool
    _staged: Sequence[DependentView] | None = None

    @contextmanager
    def prepared(self, *, alone: bool) -> Iterator[None]:
        """The views over the shadow table are computed, as far as that can be done beforehand: for
        several together it cannot, since one may be built on all of them. Raises TypesLost."""
        must_name_all_types(self.connection, self.projection)
        self.follower.follow()
        if not alone:
            yield
            return
        where = self.connection, self.projection.table, self.journal.shadow
        with views.staged(*where, self.follower.follow) as self._staged:
            yield

    def _unfinished(self, why: str) -> RebuildUnfinished:
        return RebuildUnfinished(self.projection.name, why, self.journal.rebuild_id)

    def wait_for_old_snapshots(self, own: set[int]) -> None:
        """Return when nobody sees the shadow table as it was. Raises _NotNow."""
        until = time.monotonic() + SNAPSHOT_WAIT
        old = self._snapshots(own)
        while old:
            if time.monotonic() > until:
                pid, application = next(iter(old.values()))
                raise _NotNow(f"process {pid} ({application}) keeps an old snapshot")
            time.sleep(0.005)
            now = self._snapshots(own)
            old = {transaction: old[transaction] for transaction in old if transaction in now}

    def _snapshots(self, own: set[int]) -> dict[str, tuple[int, str]]:
        rows = self.connection.execute(SQL["snapshots"]).fetchall()
        return {transaction: (pid, name) for transaction, pid, name in rows if pid not in own}

    def go_live(self, holder: Connection, places: Sequence[Checkpoint]) -> None:
        """Switch the view and the checkpoints, in the holder's transaction."""
        where = holder, self.projection.table, self.journal.shadow
        if self._staged is not None and not views.is_current(*where, self._staged):
            raise self._unfinished("views that are built on it were changed meanwhile")
        if self.replaces is not None:
            belongings.carry_over(*where[:2], self.replaces, self.journal.shadow)
        views.switch(*where, self._staged)
        self._supersede_dead_letters(holder)
        reached = list(self.journal.reached.positions)
        here = {"subscription": self.projection.name, "reached": reached, "changed": self.changed}
        table = {"table": self.journal.shadow, "shape": self.projection.version}
        holder.execute(SQL["go_live"], here | table)
        forget_types(holder, self.projection)
        dead_letters.count(holder, [at.name for at in places])
        if self.changed:
            self._note_consequences(holder)
        self.journal.go_live(self.replaces, holder)

    def _supersede_dead_letters(self, holder: Connection) -> None:
        """Those that hold nothing back any more, since the new table has what they wait for."""
        held_back = self.journal.excluded.parked_from
        streams = [
            s
            for s in excluded_events(holder, self.projection.name).parked_from
            if s not in held_back
        ]
        holder.execute(SQL["supersede"], {"subscription": self.projection.name, "streams": streams})

    def _note_consequences(self, holder: Connection) -> None:
        """What was computed from the table as it was is to be computed anew."""
        tags = [source_tag(self.projection.name)]
        note_invalidation(holder, self.projection.name, tags, self.journal.reached.lowest)
        read = f"{schema_of(self.projection.table)}.{self.projection.table.name}"
        request(holder, {view.name: 0.0 for view in materialized_views(holder).over([read])})


def swap(swaps: Sequence[Swap], until: float) -> None:
    """Put shadow tables behind their views, all in one transaction.

    Raises RebuildUnfinished, which names the first of them, when time is up; TypesLost.
    """
    with ExitStack() as stack:
        for each in swaps:
            stack.enter_context(each.prepared(alone=len(swaps) == 1))
        while (blocker := _try(swaps)) is not None:
            if time.monotonic() > until:
                raise swaps[0]._unfinished(f"the swap found no gap: {blocker}")
            time.sleep(LOCK_WAIT * (1 + random.random()))  # noqa: S311  # spreads the tries, no secret
            for each in swaps:
                each.follower.follow()


def _try(swaps: Sequence[Swap]) -> str | None:
    """Swap; or what is in the way."""
    try:
        swaps[0].wait_for_old_snapshots(set())
        _hold_and_swap(swaps)
    except (*IN_THE_WAY, _NotNow) as error:
        return " ".join(str(error).split())
    return None


def _hold_and_swap(swaps: Sequence[Swap]) -> None:
    """Whoever wants to move the projections meanwhile goes away: they are called back."""
    names = [each.projection.name for each in swaps]
    try:
        with _bounded_session() as holder, checkpoints.held(holder, *names) as held:
            places = {name: [at for at in held if at.subscription == name] for name in names}
            for each in swaps:
                each.follower.meet(PositionVector.by(places[each.projection.name]))
            swaps[0].wait_for_old_snapshots({holder.info.backend_pid})
            for each in swaps:
                each.go_live(holder, places[each.projection.name])
    finally:
        for group in {each.projection.group for each in swaps}:
            after_commit.wake("cqrs.project", group)


@contextmanager
def _bounded_session() -> Iterator[Connection]:
    """A connection that waits for a lock a moment only, and is not waited for for long."""
    with db.owner() as connection:
        try:
            limits = {"lock": f"{LOCK_WAIT * 1000:.0f}", "idle": f"{CUT_OFF * 1000:.0f}"}
            connection.execute(SQL["bound_session"], limits)
            yield connection
        finally:
            restore(connection)
