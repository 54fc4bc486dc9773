"""What only the catalogue can forbid: found while planning, before anything is recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from worker.base.db import Connection
from worker.schema.catalogue.dependencies import qualified_rows
from worker.schema.change.change import Schemas
from worker.schema.errors import Problem
from worker.schema.plan import SQL
from worker.schema.plan.operations import ParsedOperation, forbidden
from worker.schema.statements.effects import Effects, Target
from worker.schema.statements.names import ObjectName


def impossible(
    connection: Connection,
    operations: Sequence[ParsedOperation],
    expanded: Sequence[ParsedOperation],
    schemas: Schemas,
) -> Iterator[Problem]:
    """Why operations cannot run, or may not, in this database: `expanded` is all that they do."""
    for written, whole in zip(operations, expanded, strict=True):
        known = set(forbidden(written.effects, written.side, schemas))
        for why in forbidden(whole.effects, whole.side, schemas):
            if why not in known:
                yield _problem(written, f"{why}, which it reaches through {_WAYS}")
    yield from _in_partitions(connection, operations)
    yield from _too_new(connection, operations)


_WAYS = "a view, a foreign key or a function"


def _problem(operation: ParsedOperation, why: str) -> Problem:
    place = operation.operation.place
    return Problem(why, operation.number, place.line, place.column)


_WAYS_OUT = {
    "REINDEX": "REINDEX … CONCURRENTLY in a changeset of its own, or operations on its partitions",
    "CLUSTER": "operations on its partitions",
    "DROP INDEX CONCURRENTLY": "DROP INDEX, without CONCURRENTLY",
    "CREATE INDEX CONCURRENTLY": (
        "CREATE INDEX … ON ONLY the table, then for each partition, in changesets of their own,"
        " CREATE INDEX CONCURRENTLY, then ALTER INDEX … ATTACH PARTITION"
    ),
}


def _in_partitions(
    connection: Connection, operations: Sequence[ParsedOperation]
) -> Iterator[Problem]:
    """Statements that PostgreSQL runs on plain tables and indexes alone, or in no transaction."""
    named = {operation.number: _about(operation.effects) for operation in operations}
    names = [str(target.name) for target in named.values() if target is not None]
    partitions: dict[str, list[str]] = (
        dict(qualified_rows(connection, SQL["partitioned"], names=names)) if names else {}
    )
    for operation in operations:
        target = named[operation.number]
        if target is not None and str(target.name) in partitions:
            parts = ", ".join(partitions[str(target.name)]) or "none yet"
            yield _problem(
                operation,
                f"{operation.effects.statement} cannot run on {target}, which is partitioned; write"
                f" {_WAYS_OUT[operation.effects.statement]} (partitions: {parts})",
            )


def _about(effects: Effects) -> Target | None:
    if effects.statement not in _WAYS_OUT:
        return None
    return next(iter((*effects.drops, *effects.touches)), None)


def _too_new(connection: Connection, operations: Sequence[ParsedOperation]) -> Iterator[Problem]:
    """Uses of a value that the change adds to an enum: PostgreSQL takes it once it is committed."""
    made = {target.name for operation in operations for target in operation.effects.creates}
    for at, adding in enumerate(operations):
        for enum, value in adding.effects.enum_values:
            if enum.name in made:
                continue  # of an enum that is new itself, new values can be used
            for using in _users(connection, enum.name, value, operations[at + 1 :]):
                yield _problem(
                    using,
                    f"it uses the value {value!r}, which operation {adding.number} adds to {enum}:"
                    f" PostgreSQL takes a new value only once it is committed. Put operation"
                    f" {adding.number} into a changeset of its own, before this one",
                )


def _users(
    connection: Connection, enum: ObjectName, value: str, later: Sequence[ParsedOperation]
) -> Iterator[ParsedOperation]:
    """Operations with this string in them that have to do with the enum.

    They name it, or a relation that has a column of it, already or since an earlier operation.
    """
    carriers = _carriers(connection, enum, later)
    literal = "'" + value.replace("'", "''") + "'"
    for operation in later:
        sql, effects = operation.operation.sql, operation.effects
        mentions = re.search(rf"(?<![\w$]){re.escape(enum.name)}(?![\w$])", sql) is not None
        relations = {target.name for target in (*effects.changes, *effects.reads)}
        if mentions:
            carriers |= {target.name for target in (*effects.creates, *effects.alters)}
        harmless = effects.statement.startswith(("ALTER TYPE", "COMMENT"))
        if literal in sql and not harmless and (mentions or relations & carriers):
            yield operation


def _carriers(
    connection: Connection, enum: ObjectName, operations: Iterable[ParsedOperation]
) -> set[ObjectName]:
    named = {
        target.name
        for operation in operations
        for target in (*operation.effects.changes, *operation.effects.reads)
        if target.name.schema and target.name.name and not target.name.arguments
    }
    names = [str(name) for name in sorted(named)]
    rows = qualified_rows(connection, SQL["has_columns_of"], type=str(enum), names=names)
    return {ObjectName.parse(name) for (name,) in rows}
