"""An oracle of changes: the facts' answer held against the contents of every materialized view.

Each change runs in one transaction, between two snapshots, as a changeset's does; then every view
is refreshed, in order, and what it holds is compared with what it held. All is rolled back.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from tests.schema.registry import SmallReadSide
from worker.schema.observed import snapshot
from worker.schema.observed.follow_up import observe

Connection = psycopg.Connection[Any]
SETUP = Path(__file__).with_name("oracle.sql").read_text(encoding="utf-8")
CHANGES = [
    tuple(line.split(" ;; "))
    for line in Path(__file__).with_name("oracle_changes.sql").read_text().splitlines()
    if line and not line.startswith("--")
]


class Verdict(NamedTuple):
    """Of one change: views that show something else when refreshed; those said to be owed."""

    stale: frozenset[str]
    owed: frozenset[str]

    @property
    def missed(self) -> frozenset[str]:
        """The unforgivable ones."""
        return self.stale - self.owed


def judge(db: Connection, change: tuple[str, ...]) -> Verdict:
    """Make a change, ask the facts, look at the truth, take it back."""
    db.execute("SELECT setval('command.counter', 1, false)")  # no rollback takes that back
    with db.transaction(force_rollback=True):
        held = _contents(db)
        before = snapshot.take(db)
        for statement in change:
            db.execute(statement.encode())
        db.execute("SET CONSTRAINTS ALL IMMEDIATE")
        after = snapshot.take(db)
        found = observe(db, before, after, SmallReadSide(connect=psycopg.connect))
        held = _contents(db) | held  # of the change's own: as it made them
        now = _refreshed(db)
        stale = {name for oid, (name, rows) in now.items() if held.get(oid) != rows}
        return Verdict(frozenset(stale), frozenset(map(str, found.follow_up.refreshes)))


Contents = dict[int, list[tuple[Any, ...]] | None]


def _contents(db: Connection) -> Contents:
    return {oid: _rows(db, name, filled) for oid, name, filled in _views(db)}


def _refreshed(db: Connection) -> dict[int, tuple[str, list[tuple[Any, ...]] | None]]:
    """What each view holds after a refresh; a view that cannot be refreshed holds nothing."""
    found: dict[int, tuple[str, list[tuple[Any, ...]] | None]] = {}
    for oid, name, _ in _views(db):
        try:
            with db.transaction():
                db.execute(f"REFRESH MATERIALIZED VIEW {name}".encode())
                found[oid] = (name, _rows(db, name, filled=True))
        except psycopg.Error:
            found[oid] = (name, None)
    return found


def _rows(db: Connection, name: str, filled: bool) -> list[tuple[Any, ...]] | None:
    if not filled:
        return None
    return sorted(db.execute(f"SELECT v::text FROM {name} AS v".encode()).fetchall())


def _views(db: Connection) -> list[Any]:
    return db.execute(
        "SELECT oid::int8, format('%I.%I', relnamespace::regnamespace, relname), relispopulated"
        "  FROM pg_class WHERE relkind = 'm' AND relnamespace <> 'cqrs'::regnamespace ORDER BY oid"
    ).fetchall()
