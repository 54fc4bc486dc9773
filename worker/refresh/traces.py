"""What a refresh read, asked of the server: the ground on which a view is skipped or trusted.

The catalogue tells which tables a view names. It does not tell what a function reads whose body is
text to it (plpgsql, SQL in quotes). The server knows once it has run:

- after REFRESH, in its transaction, `pg_locks` has what it holds: whatever was planned;
- what a block with EXCEPTION read before it raised has lost its lock, but was counted: tables whose
  scans have increased in this transaction are read, too.

Stored with the refresh, this is what the next one compares. A deterministic view whose tables have
not changed takes the same way through its functions, and so gives the same; its functions, types,
names and settings are compared as well, by a fingerprint. What no trace shows (the clock, random
numbers, sequences, what lies behind a foreign table) makes a view unsteady: it counts as changed.

`cqrs.traced_reads(view)` tells the same to SQL; changesets may use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from worker.base.db import Connection
from worker.base.sql import blocks

SQL = blocks("worker.refresh")


@dataclass(frozen=True, slots=True)
class Trace:
    """What the last refresh of a view read, by qualified name and kind as `pg_class` has it.

    `fingerprint` stands for what else its result hangs on. Unless it is `complete`, reads may be
    missing. `ids` are the relations at the time of the refresh.
    """

    fingerprint: str
    complete: bool
    ids: tuple[int, ...]
    kinds: tuple[tuple[str, str], ...]

    def of_kinds(self, kinds: str) -> frozenset[str]:
        """The names of the relations of these kinds, such as `rpf` for tables."""
        return frozenset(name for name, kind in self.kinds if kind in kinds)

    @property
    def unsteady(self) -> frozenset[str]:
        """What it read that changes by itself: foreign tables, sequences, the catalogue, and
        materialized views that are not the engine's."""
        return frozenset(
            name
            for name, kind in self.kinds
            if kind in "fS"
            or (kind == "m" and not name.startswith("query."))
            or name.startswith(("pg_catalog.", "information_schema."))
        )


class Tracing:
    """The trace of one refresh: begun before it, in the same transaction, and written after it."""

    def __init__(self, connection: Connection, view_id: int, *, text: bool) -> None:
        self._connection, self._view_id = connection, view_id
        self._text = text
        self._before: dict[int, int] = {}
        self._held: set[int] = set()

    @contextmanager
    def without_trace(self) -> Iterator[None]:
        """What is read inside is none of the refresh's: the locks are given back, the scans noted.

        Nothing that is written inside stays.
        """
        with self._connection.transaction(force_rollback=True):
            yield
            self._before = self._scanned()

    def begin(self) -> None:
        """Right before the refresh: keep what its functions read in this process."""
        self._held = self._locked()  # a sequence's lock is the transaction's, and stays
        if self._text:  # a plan's own tables are locked here, whoever scans them
            self._connection.execute(SQL["in_this_process"])

    def write(self, view: str, fingerprint: str) -> Trace:
        """Right after the refresh: store what it has read."""
        locked = self._locked() - self._held
        after = self._scanned()
        scanned = {oid for oid, times in after.items() if times > self._before.get(oid, 0)}
        which = {"relations": sorted(locked | scanned), "view_id": self._view_id}
        found = self._connection.execute(SQL["what_they_are"], which).fetchall()
        ids, names = [oid for oid, _, _ in found], [name for _, name, _ in found]
        note = {"view": view, "view_id": self._view_id, "fingerprint": fingerprint}
        written = self._connection.execute(
            SQL["note_trace"], note | {"reads": ids, "names": names}
        ).fetchall()
        kinds = tuple((name, kind) for _, name, kind in found)
        return Trace(fingerprint, bool(written[0][0]), tuple(ids), kinds)

    def _locked(self) -> set[int]:
        return {int(oid) for (oid,) in self._connection.execute(SQL["locked"])}

    def _scanned(self) -> dict[int, int]:
        return dict(self._connection.execute(SQL["scanned"]).fetchall())


def traces(connection: Connection) -> dict[int, Trace]:
    """The trace of each view that has one, by the view's oid."""
    return {
        view_id: Trace(fingerprint, complete, tuple(ids), tuple(zip(names, kinds, strict=True)))
        for view_id, fingerprint, complete, ids, names, kinds in connection.execute(SQL["traces"])
    }


def fingerprint(connection: Connection, *, text: bool) -> str:
    """What a view's result hangs on beside its tables; `text`: it calls functions that are text."""
    row: Any = connection.execute(SQL["fingerprint"], {"text": text}).fetchone()
    return str(row[0])


__all__ = ["Trace", "Tracing", "fingerprint", "traces"]
