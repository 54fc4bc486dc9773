"""What `cqrs.rebuilds` knows of a rebuild: enough to go on after a SIGKILL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from worker.db import Connection
from worker.encoding import to_json
from worker.projection import Projection
from worker.rebuild.compare import Drift
from worker.rebuild.errors import RebuildCancelled, RebuildRunning
from worker.rebuild.left_out import LeftOut
from worker.rebuild.reached import Reached
from worker.sql import blocks

SQL = blocks("worker.rebuild")


@dataclass(slots=True)
class Journal:
    """One rebuild's row. While its parts are built, `parts` says how far each is; after that,
    `reached` says how far the shadow table is.

    The fields are as the table has them; each method writes, then changes them.
    """

    connection: Connection
    rebuild_id: int
    name: str
    shape: int
    shadow: str
    state: str
    goes_live: bool
    first: int
    upto: int
    reached: Reached
    events: int
    left_out: LeftOut

    def parts(self) -> dict[int, int]:
        """The position of each part."""
        return dict(self._do("parts"))

    def enter(self, state: str, **facts: Any) -> None:
        """The rebuild is in its next state; `facts` are columns that are known now."""
        self._do("enter", **{"rows": None, "differing": None, "drift": None} | facts, state=state)
        self.state = state

    def note_progress(self, position: int, events: int) -> None:
        """How far it is. Raises RebuildCancelled if somebody has asked for that."""
        if self._do("note_progress", position=position, events=events)[0][0]:
            raise RebuildCancelled(self.name)

    def note_reached(self, reached: Reached, left_out: LeftOut, events: int) -> None:
        """How far the shadow table is, and what it leaves out. Raises RebuildCancelled."""
        plain = {"reached": list(reached.positions), "left_out": to_json(left_out.to_json())}
        if self._do("note_reached", **plain, position=reached.lowest, events=events)[0][0]:
            raise RebuildCancelled(self.name)
        self.reached, self.left_out, self.events = reached, left_out, events

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Whatever is noted inside, in a transaction that is rolled back, is forgotten here too."""
        before = self.reached, self.left_out, self.events
        try:
            yield
        finally:
            self.reached, self.left_out, self.events = before

    def end(self, state: str, error: str | None = None, replaced: str | None = None) -> None:
        """The rebuild is over."""
        self._do("end", state=state, error=error, replaced=replaced)
        self.state = state

    def note_drift(self, rows: int, drift: Sequence[Drift], differing: int) -> None:
        """How many rows there are, how many of the live ones differ, and some of these."""
        plain = to_json([one.to_json() for one in drift])
        self.enter(self.state, rows=rows, differing=differing, drift=plain)

    def _do(self, block: str, **values: Any) -> list[Any]:
        cursor = self.connection.execute(SQL[block], {"rebuild_id": self.rebuild_id} | values)
        return cursor.fetchall() if cursor.description else []


def unfinished(connection: Connection, name: str) -> Journal | None:
    """The rebuild of this projection that has begun and not ended, if there is one."""
    row = connection.execute(SQL["unfinished"], {"name": name}).fetchone()
    if row is None:
        return None
    *facts, reached, events, left_out = row
    known: list[Any] = [*facts, Reached(tuple(reached)), events, LeftOut.of(left_out)]
    return Journal(connection, *known)


def begin(
    connection: Connection,
    one: Projection,
    *,
    shadow: str,
    goes_live: bool,
    first: int,
    upto: int,
    parts: int,
    left_out: LeftOut,
) -> Journal:
    """Write down a new rebuild in the caller's transaction."""
    plan = {"shadow": shadow, "goes_live": goes_live, "first": first, "upto": upto}
    known = {"name": one.name, "shape": one.version, "left_out": to_json(left_out.to_json())}
    connection.execute(SQL["begin"], {**plan, **known, "parts": parts})
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
        raise RebuildRunning(name)
    try:
        connection.execute("SET statement_timeout = 0")
        yield
    finally:
        if not connection.closed:
            connection.rollback()
            connection.execute("RESET statement_timeout")
            connection.execute(SQL["end_turn"], {"name": name})
