"""Implied effects: what operations do beyond their words, by the catalogue.

A dropped schema drops what lies in it; a function that is called writes what it writes; rows
written through a view land in its table; a DELETE, an UPDATE of a key or a TRUNCATE … CASCADE goes
on along foreign keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pglast import ast
from psycopg.types.json import Jsonb

from worker.base.db import Connection
from worker.schema.catalogue.dependencies import qualified_rows
from worker.schema.plan import SQL
from worker.schema.plan.called_functions import with_called
from worker.schema.plan.operations import ParsedOperation
from worker.schema.statements import parse
from worker.schema.statements.effects import Effects, Lock, LockMode, RowEffect, RowVerb, Target
from worker.schema.statements.names import ObjectName
from worker.schema.statements.tree import SyntaxNode, name_of

SchemaContents = dict[str, tuple[Target, ...]]


def with_implied_effects(
    connection: Connection, operations: Sequence[ParsedOperation], contents: SchemaContents
) -> list[ParsedOperation]:
    """The same operations, with all that they do in this database."""
    called = with_called(connection, operations)
    tables = _tables_of_views(connection, operations, called)
    extended = [_through_views(_with_contents(effects, contents), tables) for effects in called]
    passed = _passed_on(connection, extended)
    return [
        replace(each, effects=_passing_on(effects, passed))
        for each, effects in zip(operations, extended, strict=True)
    ]


def contents_of(connection: Connection, operations: Iterable[ParsedOperation]) -> SchemaContents:
    """What lies in the schemas that are dropped or renamed, by schema."""
    named = (
        t
        for operation in operations
        for t in (*operation.effects.drops, *operation.effects.renames)
    )
    schemas = sorted({target.name.schema for target in named if target.kind == "schema"})
    contents: SchemaContents = {}
    rows = qualified_rows(connection, SQL["contents"], schemas=schemas) if schemas else ()
    for schema, kind, name in rows:
        contents[schema] = (*contents.get(schema, ()), Target(kind, ObjectName.parse(name)))
    return contents


def _with_contents(effects: Effects, contents: SchemaContents) -> Effects:
    """DROP SCHEMA … CASCADE drops, and a rename renames, everything in it."""
    dropped = _inside(effects.drops, contents) if effects.cascade else ()
    renamed = _inside(effects.renames, contents)
    moved = tuple(
        replace(target, name=replace(target.name, schema=new.name.schema))
        for new in effects.becomes
        for target in renamed
    )
    hardest = LockMode.ACCESS_EXCLUSIVE
    return replace(
        effects,
        drops=(*effects.drops, *dropped),
        alters=(*effects.alters, *renamed),
        renames=(*effects.renames, *renamed),
        becomes=(*effects.becomes, *moved),
        locks=(*effects.locks, *(Lock(t.name, hardest) for t in dropped if _is_relation(t))),
    )


def _inside(targets: Iterable[Target], contents: SchemaContents) -> tuple[Target, ...]:
    schemas = (target.name.schema for target in targets if target.kind == "schema")
    return tuple(target for schema in schemas for target in contents.get(schema, ()))


def _is_relation(target: Target) -> bool:
    return target.kind in ("table", "view", "materialized view", "foreign table", "sequence")


def _tables_of_views(
    connection: Connection, operations: Iterable[ParsedOperation], called: Iterable[Effects]
) -> dict[ObjectName, ObjectName]:
    """For each view that is written to, what it hands its rows on to: a table, or a view again."""
    sources = _views_made(operations)
    ahead = {target.name for effects in called for target in effects.writes}
    while ahead := {name for name in ahead if name not in sources and name.schema}:
        rows = qualified_rows(connection, SQL["views"], names=[str(name) for name in sorted(ahead)])
        below = {ObjectName.parse(name): _source(query) for name, query in rows}
        sources |= below
        ahead = set(below.values())
    return sources


def _views_made(operations: Iterable[ParsedOperation]) -> dict[ObjectName, ObjectName]:
    """Views that the change makes or replaces itself, those through which rows can be written."""
    sources = {}
    for operation in operations:
        made: SyntaxNode = parse(operation.operation.sql)[0].stmt
        if isinstance(made, ast.ViewStmt) and (source := _only_source(made.query)) is not None:
            sources[name_of(made.view)] = source
    return sources


def _only_source(query: SyntaxNode) -> ObjectName | None:
    """The relation that a query selects from, if it is one alone."""
    sources: SyntaxNode = query.fromClause or ()
    alone = len(sources) == 1 and isinstance(sources[0], ast.RangeVar)
    return name_of(sources[0]) if alone else None


def _source(query: str) -> ObjectName:
    """The only relation in the FROM of a view that rows can be written through."""
    (relation,) = parse(query)[0].stmt.fromClause
    return name_of(relation)


def _through_views(effects: Effects, tables: dict[ObjectName, ObjectName]) -> Effects:
    written = {target.name: list(_below(target.name, tables)) for target in effects.writes}
    below = [name for names in written.values() for name in names]
    row_effects = [
        replace(effect, table=name)
        for effect in effects.row_effects
        for name in written.get(effect.table, ())
    ]
    return replace(
        effects.also_writing(Target("table", name) for name in below),
        row_effects=(*effects.row_effects, *row_effects),
        locks=(*effects.locks, *(Lock(name, LockMode.ROW_EXCLUSIVE) for name in below)),
    )


def _below(view: ObjectName, tables: dict[ObjectName, ObjectName]) -> Iterator[ObjectName]:
    while view in tables:
        view = tables[view]
        yield view


def _passed_on(
    connection: Connection, effects: Iterable[Effects]
) -> dict[RowEffect, tuple[ObjectName, ...]]:
    row_effects = list(dict.fromkeys(effect for each in effects for effect in each.row_effects))
    if not row_effects:
        return {}
    given = [
        {"at": at, "name": str(effect.table), "verb": effect.verb, "columns": effect.columns}
        for at, effect in enumerate(row_effects)
    ]
    passed: dict[RowEffect, tuple[ObjectName, ...]] = {}
    for at, schema, name in qualified_rows(connection, SQL["passed_on"], row_effects=Jsonb(given)):
        passed[row_effects[at]] = (*passed.get(row_effects[at], ()), ObjectName(schema, name))
    return passed


def _passing_on(effects: Effects, passed: dict[RowEffect, tuple[ObjectName, ...]]) -> Effects:
    reached = [(effect, name) for effect in effects.row_effects for name in passed.get(effect, ())]
    emptied = [name for effect, name in reached if effect.verb is RowVerb.TRUNCATE]
    return replace(
        effects.also_writing(Target("table", name) for _, name in reached),
        locks=(*effects.locks, *(Lock(name, LockMode.ACCESS_EXCLUSIVE) for name in emptied)),
    )
