"""Called functions: what those that operations call do themselves, as far as their bodies tell.

An operation that calls a function writes what the function writes: views over it are out of date
afterwards, and a function that works on the other side may not be called from this one. What its
body does not tell (see `bodies`) remains unknown, as the plan says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from worker.base.db import Connection
from worker.schema.catalogue.dependencies import qualified_rows
from worker.schema.plan import SQL
from worker.schema.plan.operations import ParsedOperation, effects_of_text
from worker.schema.statements.effects import Effects, Target
from worker.schema.statements.names import ObjectName

_RUNNING = frozenset(
    (
        "SELECT",
        "CALL",
        "DO",
        "INSERT",
        "UPDATE",
        "DELETE",
        "MERGE",
        "CREATE TABLE AS",
        "CREATE MATERIALIZED VIEW",
    )
)
"""Statements that call the functions in them now; a view calls its own when it is read."""
_WRITTEN = frozenset(("table", "view", "materialized view", "foreign table", "sequence"))

Bodies = dict[ObjectName, list[Effects]]
"""By name, without the types of arguments: one for each overload."""


def with_called(connection: Connection, operations: Sequence[ParsedOperation]) -> list[Effects]:
    """The effects of each operation, with what the functions that it calls write."""
    calls = [_calls(operation.effects) for operation in operations]
    bodies = _bodies(connection, operations, {name for names in calls for name in names})
    return [
        each.effects.also_writing(_written(names, bodies))
        for each, names in zip(operations, calls, strict=True)
    ]


def _calls(effects: Effects) -> set[ObjectName]:
    return set(_functions(effects)) if effects.statement in _RUNNING else set()


def _functions(effects: Effects) -> Iterator[ObjectName]:
    for target in (*effects.reads, *effects.reaches):
        if target.kind in ("function", "procedure") and target.name.schema:
            yield ObjectName(target.name.schema, target.name.name)


def _bodies(
    connection: Connection, operations: Iterable[ParsedOperation], called: Iterable[ObjectName]
) -> Bodies:
    """Those of functions that are called, at any distance: the change's own, or the catalogue's."""
    bodies: Bodies = {}
    for operation in operations:
        for target in (*operation.effects.creates, *operation.effects.contents):
            if target.kind in ("function", "procedure"):
                name = ObjectName(target.name.schema, target.name.name)
                bodies.setdefault(name, []).append(operation.effects)
    known: set[ObjectName] = set()
    ahead = set(called)
    while ahead:
        for name, effects in _from_catalogue(connection, ahead):
            bodies.setdefault(name, []).append(effects)
        known |= ahead
        ahead = {n for name in ahead for effect in bodies.get(name, ()) for n in _functions(effect)}
        ahead -= known
    return bodies


def _from_catalogue(
    connection: Connection, names: Iterable[ObjectName]
) -> Iterator[tuple[ObjectName, Effects]]:
    ordered = sorted(names)
    wanted = {"schemas": [n.schema for n in ordered], "names": [n.name for n in ordered]}
    rows = qualified_rows(connection, SQL["functions"], **wanted)
    for schema, name, definition in rows:
        yield ObjectName(schema, name), effects_of_text(definition)


def _written(names: Iterable[ObjectName], bodies: Bodies) -> Iterator[Target]:
    known: set[ObjectName] = set()
    ahead = set(names)
    while ahead:
        effects = [effect for name in sorted(ahead) for effect in bodies.get(name, ())]
        for effect in effects:
            yield from (target for target in effect.reaches if target.kind in _WRITTEN)
        known |= ahead
        ahead = {name for effect in effects for name in _functions(effect)} - known
