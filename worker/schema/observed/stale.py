"""Which views show something else than before, or would if they were refreshed: by who reads what.

A view is walked down from, along the edges of before and after: a dropped partition is only in the
ones, a new function only in the others. Two kinds of reader need more than edges:

- A function whose body is text reads what nobody knows. Immutable, it changes when some function,
  type or operator does; else it counts as reading all that changed. A view whose refresh has been
  traced needs no such guess: what was read is known, and only that a name may lead elsewhere now.
- Whoever reads the catalogue, or names of objects, finds it changed after every changeset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from worker.schema.observed.difference import Difference
from worker.schema.observed.snapshot import Node, Snapshot
from worker.schema.statements.names import ObjectName

Traces = Mapping[int, frozenset[int]]
"""What the last refresh of a materialized view read, the catalogue's relations too, by oid."""
_PINNED = 16384
"""Below it are the objects that every database is made with."""
_VIEWS = ("v", "m")


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads what a change has touched."""

    before: Snapshot
    after: Snapshot
    change: Difference
    traces: Traces = field(default_factory=dict)
    _down: dict[Node, set[Node]] = field(init=False, default_factory=dict)
    _up: dict[Node, set[Node]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for reader, read in self.before.edges | self.after.edges:
            self._down.setdefault(reader, set()).add(read)
            self._up.setdefault(read, set()).add(reader)

    def stale(self) -> list[ObjectName]:
        """Materialized views whose rows are perhaps not what their query gives now, by name."""
        return sorted(
            relation.name
            for oid, relation in self.after.relations.items()
            if relation.kind == "m" and (self._is_left_empty(oid) or self._reads_a_change(oid))
        )

    def touched(self) -> set[ObjectName]:
        """Relations that changed, under their old names and the new, and all views over them."""
        seeds = {Node("pg_class", oid) for oid in self.change.relations}
        reached = self._above(seeds | self.change.objects)
        both = (self.before.relations, self.after.relations)
        return {
            relations[node.oid].name
            for node in reached
            if node.catalogue == "pg_class"
            for relations in both
            if node.oid in relations and (node in seeds or relations[node.oid].kind in _VIEWS)
        }

    def changed(self) -> set[ObjectName]:
        """Relations that changed themselves, under their old names and the new."""
        both = (self.before.relations, self.after.relations)
        return {
            relations[oid].name
            for oid in self.change.relations
            for relations in both
            if oid in relations
        }

    def with_other_rows(self, names: Iterable[ObjectName]) -> Readers:
        """The same, if these relations had got other rows as well."""
        wanted = set(names)
        more = {oid for oid, each in self.after.relations.items() if each.name in wanted}
        change = replace(self.change, rows=self.change.rows | more)
        return replace(self, change=change)

    def _is_left_empty(self, oid: int) -> bool:
        """Not filled, by this change: one that was empty before is somebody else's business."""
        was = self.before.relations.get(oid)
        return not self.after.relations[oid].populated and (was is None or was.populated)

    def _reads_a_change(self, view: int) -> bool:
        root = Node("pg_class", view)
        if any(self._traced(oid) for oid in self.traces.get(view, ())):
            return True
        return any(self._tells(root, node, by_type) for node, by_type in self._below(root))

    def _traced(self, oid: int) -> bool:
        change = self.change
        return oid < _PINNED or oid in change.relations or oid in change.shapes

    def _below(self, root: Node) -> Iterator[tuple[Node, bool]]:
        """All that a view is made of, and whether it is used as a type: a row of it."""
        ahead, seen = [(root, False)], {(root, False)}
        while ahead:
            node, by_type = ahead.pop()
            yield node, by_type
            for read in self._down.get(node, ()):
                step = (read, node.catalogue == "pg_type" and read.catalogue == "pg_class")
                if step not in seen:
                    seen.add(step)
                    ahead.append(step)

    def _above(self, seeds: Iterable[Node]) -> set[Node]:
        reached = set(seeds)
        ahead = list(reached)
        while ahead:
            new = self._up.get(ahead.pop(), set()) - reached
            reached |= new
            ahead += new
        return reached

    def _tells(self, root: Node, node: Node, by_type: bool) -> bool:
        """Whether this part of a view says that it shows something else now."""
        if node in self.change.objects:
            return True
        if node.catalogue == "pg_class":
            return self._relation_tells(root, node, by_type)
        if node.catalogue == "pg_proc" and node.oid in self.after.programs:
            return self._program_tells(root.oid, self.after.programs[node.oid])
        return False

    def _relation_tells(self, root: Node, node: Node, by_type: bool) -> bool:
        change, oid = self.change, node.oid
        if node != root and (oid in change.rows or oid in change.refreshed):
            return True
        if by_type and oid in change.shapes:
            return True
        body = self.after.bodies.get(oid)
        if body is None:
            return False
        if body.whole_rows and any(
            read.catalogue == "pg_class" and read.oid in change.shapes
            for read in self._down.get(node, ())
        ):
            return True
        return body.the_catalogue or (body.large_objects and change.large_objects)

    def _program_tells(self, view: int, immutable: bool) -> bool:
        if view in self.traces:
            return self.change.changes_functions or self._names_changed
        return self.change.changes_functions if immutable else bool(self.change)

    @property
    def _names_changed(self) -> bool:
        return any(facet.name == "name" for facet in self.change.facets)
