"""What depends on what: the catalogue's answer, by `cqrs.analyze_dependencies` and relatives."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from psycopg.types.json import Jsonb

from worker.base.db import Connection
from worker.schema.catalogue import SQL
from worker.schema.catalogue.read_side import ReadSide, RegistryDependent
from worker.schema.statements.effects import ColumnChange, Target
from worker.schema.statements.names import ObjectName

FOREIGN_KEY = "foreign key"
PARTITION, PARENT = "partition", "parent"


@dataclass(frozen=True, slots=True)
class Dependency:
    """`query_object` depends on `command_object`, by `path` (both ends included).

    `links` has the kind of each step of the path: "view", "materialized view", "function",
    "foreign key", "partition" (down to one), "parent" (rows up to it), …
    """

    command_object: str
    query_object: str
    type: Literal["direct", "indirect"]
    path: tuple[str, ...]
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DependentObject:
    """An object that depends on `root`, wherever it lies."""

    root: str
    name: str
    schema: str
    kind: str
    path: tuple[str, ...]
    links: tuple[str, ...]

    @property
    def is_computed(self) -> bool:
        """Whether its contents or definition come from the root's, rather than being tied to it."""
        return FOREIGN_KEY not in self.links

    @property
    def blocks_drop(self) -> bool:
        """Whether PostgreSQL refuses to drop the root while this exists (without CASCADE).

        Partitions go with their parent; a parent stays without its partition.
        """
        beyond = tuple(link for link in self.links if link != PARTITION)
        if beyond == (FOREIGN_KEY,):
            return True
        return bool(beyond) and self.is_computed and PARENT not in beyond


def analyze_dependencies(
    connection: Connection, command_schema: str = "command", query_schema: str = "query"
) -> list[Dependency]:
    """Every pair of a command object and a query object that depends on it, each once.

    Raises psycopg.errors.InvalidSchemaName when there is no such schema.
    """
    rows = connection.execute(SQL["analyze"], {"command": command_schema, "query": query_schema})
    return [
        Dependency(command, query, type_, tuple(path), tuple(links))
        for command, query, type_, path, links in rows
    ]


def registry_dependents(
    connection: Connection, read_side: ReadSide, *schemas: str
) -> dict[str, list[RegistryDependent]]:
    """Projections, queries, cache tags and refresh schedules on each object of some schemas."""
    rows = connection.execute(SQL["object_names"], {"schemas": list(schemas)})
    by_object: dict[str, list[RegistryDependent]] = {}
    for dependent in read_side.dependents_of([ObjectName.parse(name) for (name,) in rows]):
        by_object.setdefault(str(dependent.object), []).append(dependent)
    return {name: sorted(found) for name, found in sorted(by_object.items())}


def identities(connection: Connection, targets: Collection[Target]) -> dict[str, tuple[str, ...]]:
    """What the catalogue calls some objects, by how they were written.

    A function that was written without the types of its arguments may be several. Objects that do
    not exist are left out.
    """
    named = {target for target in targets if target.name.schema and target.name.name}
    types = _types(connection, {written for target in named for written in target.types or ()})
    wanted = [_wanted(target, types) for target in named]
    known: dict[str, tuple[str, ...]] = {}
    for key, identity in qualified_rows(connection, SQL["identities"], wanted=Jsonb(wanted)):
        known[key] = (*known.get(key, ()), identity)
    return known


def _wanted(target: Target, types: dict[str, int | None]) -> dict[str, object]:
    return {
        "key": str(target.name),
        "schema": target.name.schema,
        "bare": str(ObjectName(target.name.schema, target.name.name)),
        "types": None if target.types is None else [types[written] for written in target.types],
    }


def _types(connection: Connection, names: Collection[str]) -> dict[str, int | None]:
    """Types by how they were written; looked up as the operations themselves will be."""
    if not names:
        return {}
    rows = connection.execute(SQL["types"], {"names": sorted(names)})
    return dict(rows.fetchall())


def qualified_rows(connection: Connection, statement: str, **parameters: object) -> list[Any]:
    """All rows of a statement in which PostgreSQL writes every name with its schema.

    So the catalogue's views have them. The connection must not be in a transaction.
    """
    with connection.transaction():
        connection.execute("SET LOCAL search_path = pg_catalog, pg_temp")
        return connection.execute(statement, parameters).fetchall()


def dependents(connection: Connection, schema: str, names: Sequence[str]) -> list[DependentObject]:
    """Everything that depends on some objects (by their identities) of one schema."""
    if not names:
        return []
    rows = connection.execute(SQL["dependents"], {"schema": schema, "names": list(names)})
    return [
        DependentObject(root, name, lies_in, kind, tuple(path), tuple(links))
        for root, name, lies_in, kind, path, links in rows
    ]


def column_users(
    connection: Connection, changes: Sequence[ColumnChange]
) -> dict[ColumnChange, list[DependentObject]]:
    """Objects that use columns, directly."""
    by_column: dict[ColumnChange, list[DependentObject]] = {change: [] for change in changes}
    if not by_column:
        return by_column
    rows = connection.execute(
        SQL["column_users"],
        {
            "tables": [str(change.table) for change in by_column],
            "columns": [change.column for change in by_column],
        },
    )
    for table, column, name, schema, kind, link in rows:
        user = DependentObject(table, name, schema, kind, (table, name), (link,))
        for change, users in by_column.items():
            if (str(change.table), change.column) == (table, column) and user not in users:
                users.append(user)
    return by_column
