"""What `cqrs.rebuilds` knows of a rebuild: enough to go on after a SIGKILL.

Whatever is noted of a rebuild that has ended meanwhile is refused: a process that was taken for
dead finds that out at its next word, and what it has done since is rolled back with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.base.sql import blocks
from worker.rebuild.compare import Drift
from worker.rebuild.errors import RebuildCancelled, RebuildRunning, RebuildUnfinished
from worker.rebuild.excluded_events import ExcludedEvents
from worker.rebuild.fingerprint import fingerprint
from worker.rebuild.position_vector import PositionVector
from worker.rebuild.sessions import restore, unlimited
from worker.subscriptions.projection import Projection

SQL = blocks("worker.rebuild")


@dataclass(slots=True)
class Journal:
    """One rebuild's row. While its parts are built, `parts` says how far each is; after that,
    `reached` says how far the shadow table is. `walked` is the key, or the position, up to which
    the state it is in has come. `folds` is the fingerprint of the code that began it.

    The fields are as the table has them; each method writes, then changes them. Those that write
    raise RebuildCancelled if somebody has asked for that, and RebuildUnfinished if it has ended.
    """

    connection: Connection
    rebuild_id: int
    name: str
    shape: int
    folds: str | None
    shadow: str
    state: str
    goes_live: bool
    checkpoint: int
    upto: int
    reached: PositionVector
    events: int
    left_out: ExcludedEvents
    walked: str | None
    rows: int | None
    differing: int | None
    drift: list[Drift]

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

    def note_marked(self, upto: int, left_out: ExcludedEvents) -> None:
        """Up to where parts are to be built, and without what."""
        self._note("note_marked", upto=upto, left_out=to_json(left_out.to_json()))
        self.upto, self.left_out = upto, left_out

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

    def note_reached(self, reached: PositionVector, left_out: ExcludedEvents, events: int) -> None:
        """How far the shadow table is, and what it leaves out."""
        what: dict[str, Any] = {"reached": list(reached.positions), "position": reached.lowest}
        plain = to_json(left_out.to_json())
        self._note("note_reached", **what, events=events, left_out=plain)
        self.reached, self.left_out, self.events = reached, left_out, events

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Whatever is noted inside, in a transaction that is rolled back, is forgotten here too."""
        before = self.reached, self.left_out, self.events
        try:
            yield
        finally:
            self.reached, self.left_out, self.events = before

    def note_compared(
        self, upto: str | None, rows: int, differing: int | None, drift: Sequence[Drift]
    ) -> None:
        """How many rows there are up to a key, how many of the live ones differ, and some of
        these; None: that cannot be told."""
        plain = to_json([one.to_json() for one in drift])
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


def unfinished(connection: Connection, name: str) -> Journal | None:
    """The rebuild of this projection that has begun and not ended, if there is one."""
    row = connection.execute(SQL["unfinished"], {"name": name}).fetchone()
    if row is None:
        return None
    *facts, reached, events, left_out, walked, rows, differing, drift = row
    shown = [Drift.of(one) for one in drift or ()]
    far = [PositionVector(tuple(reached)), events, ExcludedEvents.of(left_out)]
    known: list[Any] = [*facts, *far, walked, rows, differing, shown]
    return Journal(connection, *known)


def begin(
    connection: Connection,
    one: Projection,
    *,
    shadow: str,
    goes_live: bool,
    checkpoint: int,
    upto: int,
    parts: int,
    left_out: ExcludedEvents,
) -> Journal:
    """Write down a new rebuild in the caller's transaction."""
    plan = {"shadow": shadow, "goes_live": goes_live, "checkpoint": checkpoint, "upto": upto}
    code = {"name": one.name, "shape": one.version, "folds": fingerprint(one)}
    known = {**code, "left_out": to_json(left_out.to_json())}
    first = {"state": "seeding" if checkpoint else "building", "parts": parts}
    connection.execute(SQL["begin"], {**plan, **known, **first})
    begun = unfinished(connection, one.name)
    assert begun is not None
    return begun


def ask_to_cancel(connection: Connection, name: str) -> bool:
    """Ask whoever rebuilds a projection to stop; False when nobody does."""
    return bool(connection.execute(SQL["ask_to_cancel"], {"name": name}).fetchall())


@contextmanager
def turn(connection: Connection, name: str) -> Iterator[None]:
    """The right to rebuild a projection, for as long as the connection lives.

    Statements may take as long as they need meanwhile. Raises RebuildRunning.
    """
    if not connection.execute(SQL["try_turn"], {"name": name}).fetchall()[0][0]:
        row = connection.execute(SQL["running"], {"name": name}).fetchone()
        raise RebuildRunning(name, row[0] if row else None)
    try:
        with unlimited(connection):
            yield
    finally:
        restore(connection, SQL["end_turn"], {"name": name})
