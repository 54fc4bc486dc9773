"""Which locks a change takes on what exists already, the strongest for each relation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from worker.base.db import Connection
from worker.base.sql import blocks
from worker.schema.plan.operations import ParsedOperation
from worker.schema.statements.effects import Lock, LockMode, RelatedLock, Relationship
from worker.schema.statements.names import ObjectName

_SQL = blocks("worker.schema.plan", "locks.sql")


def locks_of(
    connection: Connection,
    operations: Sequence[ParsedOperation],
    cascaded: Iterable[ObjectName] = (),
) -> tuple[Lock, ...]:
    """The strongest lock on each relation, by name. What the change itself creates is left out.

    `cascaded` are objects that a CASCADE drops. Of what a refresh reads, nothing is said,
    nor of the rows that foreign keys look up.
    """
    wanted = [lock for operation in operations for lock in operation.effects.locks]
    wanted += [Lock(name, LockMode.ACCESS_EXCLUSIVE) for name in cascaded]
    related = [
        lock
        for operation in operations
        for lock in (*operation.effects.related_locks, *_related_to_dropped(operation))
    ]
    wanted += _on_related(connection, related)
    strongest: dict[ObjectName, LockMode] = {}
    for lock in (*wanted, *_on_children_and_tables(connection, wanted)):
        strongest[lock.name] = max(lock.mode, strongest.get(lock.name, lock.mode))
    existing = _existing(connection, strongest)
    return tuple(
        Lock(name, mode) for name, mode in sorted(strongest.items()) if str(name) in existing
    )


def _existing(connection: Connection, names: Iterable[ObjectName]) -> set[str]:
    """Which of some names are relations that somebody may wait for."""
    qualified = [str(name) for name in names if name.schema]
    return {name for (name,) in connection.execute(_SQL["existing"], {"names": qualified})}


_OF_DROPPED = (
    Relationship.OWN_REFERENCED,
    Relationship.REFERENCING,
    Relationship.SEQUENCES,
    Relationship.PARENT,
    Relationship.SISTERS,
)


def _related_to_dropped(operation: ParsedOperation) -> Iterator[RelatedLock]:
    tables = (target for target in operation.effects.drops if target.kind == "table")
    for table in tables:
        for relationship in _OF_DROPPED:
            yield RelatedLock(relationship, table.name, LockMode.ACCESS_EXCLUSIVE)


_STATEMENTS = {
    Relationship.REFERENCED: "referenced",
    Relationship.OWN_REFERENCED: "own_referenced",
    Relationship.REFERENCING: "referencing",
    Relationship.CONSTRAINT: "foreign_keys_of_constraints",
    Relationship.SEQUENCES: "sequences",
    Relationship.IDENTITY: "identity",
    Relationship.STATISTICS: "tables_of_statistics",
    Relationship.DEFAULT_PARTITION: "default_partitions",
    Relationship.PARENT: "parents",
    Relationship.SISTERS: "sisters",
    Relationship.TYPED: "typed_tables",
    Relationship.OF_DOMAIN: "tables_of_domains",
    Relationship.VIEWED: "viewed",
}


def _on_related(connection: Connection, related: Sequence[RelatedLock]) -> Iterator[Lock]:
    """The locks on what is related to the objects that are named."""
    for relationship, statement in _STATEMENTS.items():
        roots = [lock for lock in related if lock.relationship is relationship]
        names, parts = [str(lock.name) for lock in roots], [lock.part for lock in roots]
        for at, name in _rows(connection, statement, names, parts=parts):
            yield Lock(name, roots[at].mode, relationship is not Relationship.PARENT)


def _on_children_and_tables(connection: Connection, wanted: Sequence[Lock]) -> Iterator[Lock]:
    """What is locked with a relation: partitions and child tables, and an index's table."""
    parents = [lock for lock in wanted if lock.with_children]
    for at, name in _rows(connection, "children", [str(lock.name) for lock in parents]):
        yield Lock(name, parents[at].mode)
    indexes = [(lock.name, lock.table_mode) for lock in wanted if lock.table_mode]
    for at, name in _rows(connection, "indexed_tables", [str(index) for index, _ in indexes]):
        yield Lock(name, indexes[at][1])


def _rows(
    connection: Connection, statement: str, names: list[str], **parameters: object
) -> Iterator[tuple[int, ObjectName]]:
    """What a statement finds for some roots: the root's place in the list, and a relation."""
    if names:
        rows = connection.execute(_SQL[statement], {"names": names, **parameters})
        yield from ((at, ObjectName(schema, name)) for at, schema, name in rows)


def to_take_first(connection: Connection, locks: Sequence[Lock]) -> list[Lock]:
    """Locks on tables that stop writers, in order of name: the ones worth queueing for up front."""
    strong = {str(lock.name): lock for lock in locks if lock.mode.stops_writers}
    if not strong:
        return []
    rows = connection.execute(_SQL["plain_tables"], {"names": list(strong)})
    return [strong[name] for (name,) in rows]
