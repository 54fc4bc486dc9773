"""What `cqrs.rebuilds` knows of a rebuild: enough to go on after a SIGKILL.

Whatever is noted of a rebuild that has ended meanwhile is refused: a process that was taken for
dead finds that out at its next word, and what it has done since is rolled back with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import errors as pg

from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.base.logs import get_logger
from worker.rebuild import shadow as shadow_tables
from worker.rebuild.compare import Drift
from worker.rebuild.coverage import SQL, ExcludedEvents, PositionVector
from worker.rebuild.errors import RebuildCancelled, RebuildRunning, RebuildUnfinished
from worker.rebuild.fingerprint import fingerprint
from worker.rebuild.sessions import restore, unlimited
from worker.subscriptions.errors import in_one_line
from worker.subscriptions.projection import Projection

log = get_logger(__name__)


@dataclass(slots=True)
class RebuildJournal:
    """One rebuild's row. While its parts are built, `parts` says how far each is; after that,
    `reached` says how far the shadow table is. `migrated_from` is the version of the live table
    whose rows are migrated, where they are not folded. `walked` is the key, or the position, up to
    which the state it is in has come. `folds` is the fingerprint of the code that began it.

    The fields are as the table has them; each method writes, then changes them. Those that write
    raise RebuildCancelled if somebody has asked for that, and RebuildUnfinished if it has ended.
    """

    connection: Connection
    rebuild_id: int
    name: str
    version: int
    folds: str | None
    shadow: str
    state: str
    goes_live: bool
    checkpoint: int
    upto: int
    reached: PositionVector
    events: int
    excluded: ExcludedEvents
    walked: str | None
    rows: int | None
    differing: int | None
    drift: list[Drift]
    migrated_from: int | None

    def parts(self) -> dict[int, int]:
        """The position of each part."""
        what = {"rebuild_id": self.rebuild_id}
        return dict(self.connection.execute(SQL["parts"], what).fetchall())

    def enter(self, state: str) -> None:
        """The rebuild is in its next state, at its beginning."""
        self._note("enter", state=state)
        self.state, self.walked = state, None

    def note_progress(self, position: int, events: int) -> None:
        """How far it is."""
        self._note("note_progress", position=position, events=events)

    def note_marked(self, upto: int, excluded: ExcludedEvents) -> None:
        """Up to where parts are to be built, and without what."""
        self._note("note_marked", upto=upto, left_out=to_json(excluded.to_json()))
        self.upto, self.excluded = upto, excluded

    def forget_marks(self) -> None:
        """The rows that were marked are folded."""
        self.connection.execute(SQL["forget_keys"], {"rebuild_id": self.rebuild_id})

    def forget_parts(self) -> None:
        """Nobody writes for it any more: waits for whoever does, and refuses who comes later."""
        self.connection.execute(SQL["forget_parts"], {"rebuild_id": self.rebuild_id})

    def note_walked(self, walked: str | None) -> None:
        """How far the state it is in has come; None: as far as it goes."""
        self._note("note_walked", walked=walked)
        self.walked = walked

    def note_reached(self, reached: PositionVector, excluded: ExcludedEvents, events: int) -> None:
        """How far the shadow table is, and what it leaves out."""
        what: dict[str, Any] = {"reached": list(reached.positions), "position": reached.lowest}
        plain = to_json(excluded.to_json())
        self._note("note_reached", **what, events=events, left_out=plain)
        self.reached, self.excluded, self.events = reached, excluded, events

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Whatever is noted inside, in a transaction that is rolled back, is forgotten here too."""
        before = self.reached, self.excluded, self.events
        try:
            yield
        finally:
            self.reached, self.excluded, self.events = before

    def note_compared(
        self, upto: str | None, rows: int, differing: int | None, drift: Sequence[Drift]
    ) -> None:
        """How many rows there are up to a key, how many of the live ones differ, and some of
        these; None: that cannot be told."""
        plain = to_json([row.to_json() for row in drift])
        self._note("note_compared", walked=upto, rows=rows, differing=differing, drift=plain)
        self.walked, self.rows, self.differing, self.drift = upto, rows, differing, list(drift)

    def go_live(self, replaced: str | None, connection: Connection) -> None:
        """The rebuild is done, in the transaction of its swap; unless it was cancelled before."""
        self._note("end", state="done", error=None, replaced=replaced, by=connection)

    def end(self, state: str, error: str | None = None) -> bool:
        """The rebuild is over, whether cancelled or not; False if it was before."""
        what = {"rebuild_id": self.rebuild_id, "state": state, "error": error, "replaced": None}
        return bool(self.connection.execute(SQL["end"], what).fetchall())

    def _note(self, block: str, *, by: Connection | None = None, **values: Any) -> None:
        what = {"rebuild_id": self.rebuild_id} | values
        rows = (by or self.connection).execute(SQL[block], what).fetchall()
        if not rows:
            why = "another process has ended it"
            raise RebuildUnfinished(self.name, why, self.rebuild_id)
        if rows[0][0]:
            raise RebuildCancelled(self.name)


def unfinished(connection: Connection, name: str) -> RebuildJournal | None:
    """The rebuild of this projection that has begun and not ended, if there is one."""
    row = connection.execute(SQL["unfinished"], {"name": name}).fetchone()
    if row is None:
        return None
    *facts, reached, events, excluded, walked, rows, differing, drift, migrated_from = row
    shown = [Drift.of(plain) for plain in drift or ()]
    far = [PositionVector(tuple(reached)), events, ExcludedEvents.of(excluded)]
    known: list[Any] = [*facts, *far, walked, rows, differing, shown, migrated_from]
    return RebuildJournal(connection, *known)


def begin(
    connection: Connection,
    projection: Projection,
    *,
    shadow: str,
    goes_live: bool,
    checkpoint: int,
    upto: int,
    parts: int,
    excluded: ExcludedEvents,
    migrated_from: int | None = None,
) -> RebuildJournal:
    """Write down a new rebuild in the caller's transaction."""
    plan = {"shadow": shadow, "goes_live": goes_live, "checkpoint": checkpoint, "upto": upto}
    code = {"name": projection.name, "shape": projection.version, "folds": fingerprint(projection)}
    known = {**code, "left_out": to_json(excluded.to_json())}
    seeded = checkpoint or migrated_from is not None
    first = {"state": "seeding" if seeded else "building", "parts": parts}
    begun_with = {**plan, **known, **first, "migrated_from": migrated_from}
    connection.execute(SQL["begin"], begun_with)
    begun = unfinished(connection, projection.name)
    assert begun is not None
    return begun


def ask_to_cancel(connection: Connection, name: str) -> bool:
    """Ask whoever rebuilds a projection to stop; False when nobody does."""
    return bool(connection.execute(SQL["ask_to_cancel"], {"name": name}).fetchall())


@contextmanager
def rebuild_lock(connection: Connection, name: str) -> Iterator[None]:
    """The right to rebuild a projection, for as long as the connection lives.

    Statements may take as long as they need meanwhile. Raises RebuildRunning.
    """
    if not connection.execute(SQL["try_rebuild_lock"], {"name": name}).fetchall()[0][0]:
        row = connection.execute(SQL["running"], {"name": name}).fetchone()
        raise RebuildRunning(name, row[0] if row else None)
    try:
        with unlimited(connection):
            yield
    finally:
        restore(connection, SQL["release_rebuild_lock"], {"name": name})


def abandon(
    connection: Connection,
    projection: Projection,
    journal: RebuildJournal,
    state: str,
    why: str | None = None,
) -> None:
    """End a rebuild that leads nowhere, with its table; one that has ended is left alone.

    A process that writes for it still, though it was taken for dead, is waited for, and refused at
    its next flush: the table's name may be given away by then.
    """
    shadow_tables.cancel_detached(connection, projection.table, journal.shadow)
    with connection.transaction():
        if journal.end(state, error=why):
            journal.forget_parts()
            journal.forget_marks()
            shadow_tables.drop_staged_views(connection, journal.shadow)
            shadow_tables.drop(connection, projection.table, journal.shadow)


def drop_replaced(connection: Connection, projection: Projection) -> None:
    """Drop tables that were live once; one that somebody built upon directly stays for now."""
    for rebuild_id, table in connection.execute(
        SQL["replaced"], {"name": projection.name}
    ).fetchall():
        try:
            with connection.transaction():
                connection.execute("SET LOCAL lock_timeout = '5s'")
                shadow_tables.drop(connection, projection.table, table)
                connection.execute(SQL["forget_replaced"], {"rebuild_id": rebuild_id})
        except (pg.LockNotAvailable, pg.DependentObjectsStillExist) as error:
            log.warning("old table stays for now", table=table, reason=in_one_line(error))
