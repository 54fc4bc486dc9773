"""Which locks a change takes on what exists already, the strongest for each relation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from worker.schema.dependencies import Connection
from worker.schema.names import ObjectName
from worker.schema.reading import ReadOperation
from worker.schema.statements.effects import Lock, LockMode
from worker.sql import statement


def locks_of(
    connection: Connection, operations: Sequence[ReadOperation], cascaded: Iterable[ObjectName] = ()
) -> tuple[Lock, ...]:
    """The strongest lock on each relation, by name. What the change itself creates is left out.

    `cascaded` are relations that a CASCADE takes along. Of what a refresh reads, nothing is said.
    """
    wanted = [lock for each in operations for lock in each.effects.locks]
    wanted += [Lock(name, LockMode.ACCESS_EXCLUSIVE) for name in cascaded]
    dropped = [target.name for each in operations for target in each.effects.drops]
    strongest: dict[ObjectName, LockMode] = {}
    for lock in (*wanted, *_beyond(connection, wanted, dropped)):
        strongest[lock.name] = max(lock.mode, strongest.get(lock.name, lock.mode))
    created = {target.name for each in operations for target in each.effects.creates}
    return tuple(
        Lock(name, mode)
        for name, mode in sorted(strongest.items())
        if name not in created and name.schema
    )


def _beyond(
    connection: Connection, wanted: Sequence[Lock], dropped: Sequence[ObjectName]
) -> Iterator[Lock]:
    """What is locked along: partitions, an index's table, what a dropped table references."""
    family = {str(lock.name): lock.mode for lock in wanted if lock.family}
    for root, name in _look_up(connection, "children", "tables", family):
        yield Lock(name, family[root])
    tables = {str(lock.name): lock.table_mode for lock in wanted if lock.table_mode}
    for root, name in _look_up(connection, "indexed_tables", "indexes", tables):
        yield Lock(name, tables[root])
    for _, name in _look_up(connection, "referenced_tables", "tables", map(str, dropped)):
        yield Lock(name, LockMode.ACCESS_EXCLUSIVE)


def _look_up(
    connection: Connection, block: str, parameter: str, names: Iterable[str]
) -> Iterator[tuple[str, ObjectName]]:
    if not (wanted := list(names)):
        return
    rows = connection.execute(statement(__package__ or "", block), {parameter: wanted})
    for root, schema, name in rows:
        yield root, ObjectName(schema, name)


def to_take_first(connection: Connection, locks: Sequence[Lock]) -> list[Lock]:
    """Locks on tables that stop writers, in order of name: the ones worth queueing for up front."""
    strong = {str(lock.name): lock for lock in locks if lock.mode.stops_writers}
    if not strong:
        return []
    rows = connection.execute(statement(__package__ or "", "plain_tables"), {"names": list(strong)})
    return [strong[name] for (name,) in rows]
