"""Which locks a change takes on what exists already, the strongest for each relation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from worker.base.db import Connection
from worker.base.sql import blocks
from worker.schema.plan.operations import ParsedOperation
from worker.schema.statements.effects import Lock, LockMode, RelatedLock, Relationship
from worker.schema.statements.names import ObjectName


def locks_of(
    connection: Connection,
    operations: Sequence[ParsedOperation],
    cascaded: Iterable[ObjectName] = (),
) -> tuple[Lock, ...]:
    """The strongest lock on each relation, by name. What the change itself creates is left out.

    `cascaded` are objects that a CASCADE takes related. Of what a refresh reads, nothing is said,
    nor of the rows that foreign keys look up.
    """
    wanted = [lock for each in operations for lock in each.effects.locks]
    wanted += [Lock(name, LockMode.ACCESS_EXCLUSIVE) for name in cascaded]
    related = [
        relationship
        for each in operations
        for relationship in (*each.effects.related_locks, *_related_to_dropped(each))
    ]
    wanted += _related(connection, related)
    strongest: dict[ObjectName, LockMode] = {}
    for lock in (*wanted, *_beyond(connection, wanted)):
        strongest[lock.name] = max(lock.mode, strongest.get(lock.name, lock.mode))
    standing = _standing(connection, strongest)
    return tuple(
        Lock(name, mode) for name, mode in sorted(strongest.items()) if str(name) in standing
    )


def _standing(connection: Connection, names: Iterable[ObjectName]) -> set[str]:
    """Which of some names are relations that somebody may wait for."""
    qualified = [str(name) for name in names if name.schema]
    return {name for (name,) in connection.execute(_sql("standing"), {"names": qualified})}


def _related_to_dropped(operation: ParsedOperation) -> Iterator[RelatedLock]:
    kinds = (
        Relationship.OWN_REFERENCED,
        Relationship.REFERENCING,
        Relationship.SEQUENCES,
        Relationship.PARENT,
        Relationship.SISTERS,
    )
    tables = (target for target in operation.effects.drops if target.kind == "table")
    for target in tables:
        yield from (
            RelatedLock(relationship, target.name, LockMode.ACCESS_EXCLUSIVE)
            for relationship in kinds
        )


_BLOCKS = {
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


def _related(connection: Connection, related: Sequence[RelatedLock]) -> Iterator[Lock]:
    """What is related to what is named, with its lock."""
    for relationship, block in _BLOCKS.items():
        roots = [each for each in related if each.relationship is relationship]
        for at, schema, name in _rows(connection, block, roots):
            yield Lock(
                ObjectName(schema, name), roots[at].mode, relationship is not Relationship.PARENT
            )


def _rows(
    connection: Connection, block: str, roots: Sequence[RelatedLock]
) -> Iterator[tuple[int, str, str]]:
    """Rows of a block, each with the place of its root in the list."""
    if roots:
        yield from connection.execute(
            _sql(block),
            {"names": [str(each.name) for each in roots], "parts": [each.part for each in roots]},
        )


def _beyond(connection: Connection, wanted: Sequence[Lock]) -> Iterator[Lock]:
    """What is locked with a relation: partitions and child tables, and an index's table."""
    families = [lock for lock in wanted if lock.with_children]
    for at, schema, name in _under(connection, "children", families):
        yield Lock(ObjectName(schema, name), families[at].mode)
    tables = [(lock, lock.table_mode) for lock in wanted if lock.table_mode]
    for at, schema, name in _under(connection, "indexed_tables", [lock for lock, _ in tables]):
        yield Lock(ObjectName(schema, name), tables[at][1])


def _under(
    connection: Connection, block: str, locks: Sequence[Lock]
) -> Iterator[tuple[int, str, str]]:
    if locks:
        names = [str(lock.name) for lock in locks]
        yield from connection.execute(_sql(block), {"names": names})


def to_take_first(connection: Connection, locks: Sequence[Lock]) -> list[Lock]:
    """Locks on tables that stop writers, in order of name: the ones worth queueing for up front."""
    strong = {str(lock.name): lock for lock in locks if lock.mode.stops_writers}
    if not strong:
        return []
    rows = connection.execute(_sql("plain_tables"), {"names": list(strong)})
    return [strong[name] for (name,) in rows]


def _sql(block: str) -> bytes:
    return blocks("worker.schema", "locks.sql")[block].encode()
