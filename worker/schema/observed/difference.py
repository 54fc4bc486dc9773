"""What is other than before, from two snapshots: rows, shapes, objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from worker.base.db import Connection
from worker.schema.observed.snapshot import Facet, Node, RelationFacts, Snapshot, empty

_NOT_OF_NEW = ("column", "security", "policy", "generated", "rule", "options")
"""Facets that say nothing of an object that is new: nobody has read it yet."""
_LARGE_OBJECTS = 2613
"""pg_largeobject."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What the change has done.

    rows: relations that hold other rows · shapes: those with other columns, which concerns readers
    of whole rows alone, everybody else names his columns · refreshed: materialized views that were
    filled anew · objects: functions, types, policies, rules … that are other than before · facets:
    everything that is not as it was, new objects included · large_objects: whether one was written.
    """

    rows: frozenset[int]
    shapes: frozenset[int]
    refreshed: frozenset[int]
    objects: frozenset[Node]
    facets: frozenset[Facet]
    large_objects: bool

    def __bool__(self) -> bool:
        return bool(self.rows or self.facets or self.large_objects)

    @property
    def changes_functions(self) -> bool:
        """Whether a program that is read anew at each call may find other functions or types."""
        return any(facet.node.catalogue in _CALLED for facet in self.facets)

    @property
    def relations(self) -> frozenset[int]:
        """Relations that whoever depends on them may find changed, new and dropped ones too."""
        changed = {
            facet.node.oid
            for facet in self.facets
            if facet.node.catalogue == "pg_class" and facet.name != "file"
        }
        return self.rows | self.refreshed | changed


_CALLED = ("pg_proc", "pg_type", "pg_operator", "pg_cast")


def difference(connection: Connection, before: Snapshot, after: Snapshot) -> Difference:
    """Compare two snapshots of one session, the second of them taken just now."""
    facets = frozenset(
        facet
        for facet in before.state.keys() | after.state.keys()
        if before.state.get(facet) != after.state.get(facet)
    )
    new_files = {
        facet.node.oid
        for facet in facets
        if facet.name == "file" and facet in before.state and facet in after.state
    }
    views = {oid for oid in new_files if after.relations[oid].kind == "m"}
    moved = {oid for oid in new_files if after.relations[oid].kind == "S"}
    rows = {*_written(before, after), *_children(facets, before, after), *moved}
    emptied = empty(connection, new_files - views - moved)
    known = [facet for facet in facets if _concerns_a_reader(facet, before)]
    columns = {facet.node.oid for facet in known if facet.name == "column"}
    return Difference(
        rows=frozenset(rows | emptied),
        shapes=frozenset(columns | (new_files - views - moved - emptied)),
        refreshed=frozenset(views),
        objects=frozenset(f.node for f in known if f.name not in _OF_RELATIONS),
        facets=facets,
        large_objects=after.held.writes(_LARGE_OBJECTS),
    )


_OF_RELATIONS = ("file", "name", "column", "child")


def _concerns_a_reader(facet: Facet, before: Snapshot) -> bool:
    """No row can have a new label of an enum yet; of a new relation nothing was read."""
    if facet.name == "label":
        return facet in before.state
    is_new = Facet("name", facet.node, 0) not in before.state
    return not (is_new and facet.name in _NOT_OF_NEW)


def _written(before: Snapshot, after: Snapshot) -> Iterator[int]:
    """Relations whose rows were written. What was rolled back to a savepoint is still counted, but
    its lock is gone; sequences and foreign tables are not counted, but locked."""
    for oid, relation in after.relations.items():
        is_new = oid not in before.relations
        if is_new and relation.kind == "m":
            continue  # filled by what it reads, which is looked at itself
        if _is_counted(relation, before, after):
            has_rows = after.held.changes(oid) and _count(after, oid) > _count(before, oid)
        else:
            has_rows = relation.kind in _HOLD_ROWS and after.held.writes(oid)
        if has_rows:
            yield oid


def _is_counted(relation: RelationFacts, *snapshots: Snapshot) -> bool:
    return relation.kind in ("r", "m") and all(each.rows is not None for each in snapshots)


_HOLD_ROWS = ("r", "m", "f", "S")
"""Views and partitioned tables have none of their own: whoever reads them reads what is below."""


def _count(snapshot: Snapshot, oid: int) -> int:
    return snapshot.rows.get(oid, 0) if snapshot.rows else 0


def _children(facets: Iterable[Facet], before: Snapshot, after: Snapshot) -> Iterator[int]:
    """Parents that a child with rows came to or went from. Rows of a new child are counted."""
    for facet in facets:
        if facet.name != "child":
            continue
        went = facet not in after.state and facet.part in before.filled
        came = facet not in before.state and facet.part in after.filled
        if went or (came and (facet.part in before.relations or _is_foreign(facet.part, after))):
            yield facet.node.oid


def _is_foreign(oid: int, snapshot: Snapshot) -> bool:
    """Whether its rows lie on another server: nobody counts them here."""
    return oid in snapshot.relations and snapshot.relations[oid].kind == "f"
