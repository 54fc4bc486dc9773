"""From text to syntax trees, by PostgreSQL's own parser (`pglast`), and what a tree mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from pglast import ast, parse_sql
from pglast.parser import ParseError
from pglast.stream import RawStream

from worker.schema.statements.effects import Lock, LockMode, RowEffect, RowVerb, Target
from worker.schema.statements.names import ObjectName

SyntaxNode = Any
"""A node of pglast's syntax tree: its classes are made at run time and carry no types."""


class SyntaxProblem(ValueError):
    """Text that PostgreSQL's parser does not take; `offset` counts characters from 0."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


REMEMBERED, SHORT = 4096, 2000
"""How many texts are remembered with what they say, and how many characters each may have at most:
those of a changeset of 1,000 operations with their undos, at about 3 kB each."""


def parse(text: str) -> tuple[SyntaxNode, ...]:
    """The statements in a text (pglast RawStmt), for reading only: who asks again is given the same
    trees. Raises SyntaxProblem."""
    return parsed_before(text) if len(text) <= SHORT else _parse(text)


def _parse(text: str) -> tuple[SyntaxNode, ...]:
    try:
        statements: tuple[SyntaxNode, ...] = parse_sql(text)
    except ParseError as error:
        raise SyntaxProblem(str(error.args[0]), _offset(text, error)) from None
    return statements


parsed_before = lru_cache(REMEMBERED)(_parse)
"""A change is read when it is sent, planned and run, each time by several: one parse serves all."""


def _offset(text: str, error: ParseError) -> int:
    """Where the error is. pglast counts wrongly beyond ASCII, so it is asked again without.

    An error at the end of the input has no place of its own: it is where the text ends.
    """
    if text.isascii():
        return len(text.rstrip()) if error.args[1] is None else int(error.args[1])
    try:
        parse_sql(re.sub(r"[^\x00-\x7f]", "x", text))
    except ParseError as plain:
        return _offset("", plain) if plain.args[1] is not None else len(text.rstrip())
    return 0


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of a character, both from 1."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def name_of(relation: SyntaxNode) -> ObjectName:
    """The name in a RangeVar; the schema is empty where none is written."""
    return ObjectName(relation.schemaname or "", relation.relname)


def qualified(parts: Iterable[SyntaxNode]) -> ObjectName:
    """The name in a list of String nodes: the last is the name, the one before it the schema."""
    strings = [part.sval for part in parts]
    return ObjectName(strings[-2] if len(strings) > 1 else "", strings[-1])


def routine(kind: str, parts: Iterable[SyntaxNode], types: Iterable[SyntaxNode] | None) -> Target:
    """A function with the types of its arguments, or (None) whichever has this name."""
    name = qualified(parts)
    if types is None:
        return Target(kind, name)
    written = tuple(str(RawStream()(argument)) for argument in types)
    arguments = f"({', '.join(written)})"
    return Target(kind, ObjectName(name.schema, name.name, arguments), written)


def words(enum_member: SyntaxNode) -> str:
    """`OBJECT_MATVIEW` as people say it: "materialized view"."""
    name = str(enum_member.name).removeprefix("OBJECT_").lower()
    return _KINDS.get(name, name.replace("_", " "))


_KINDS = {
    "matview": "materialized view",
    "parameter_acl": "parameter",
    "fdw": "foreign data wrapper",
    "foreign_table": "foreign table",
    "largeobject": "large object",
    "tabconstraint": "constraint",
    "domconstraint": "domain constraint",
    "statistic_ext": "statistics",
    "routine": "function",
}


def walk(node: SyntaxNode) -> Iterator[SyntaxNode]:
    """A node and all below it, depth first."""
    if isinstance(node, ast.Node):
        yield node
        for attribute in node:
            yield from walk(getattr(node, attribute))
    elif isinstance(node, tuple):
        for each in node:
            yield from walk(each)


def reads(*nodes: SyntaxNode) -> tuple[Target, ...]:
    """Relations and schema-qualified functions that these trees read; names of CTEs are none, nor
    are the aliases in FOR UPDATE OF."""
    everything: list[SyntaxNode] = [each for node in nodes for each in walk(node)]
    ctes = {node.ctename for node in everything if isinstance(node, ast.CommonTableExpr)}
    clauses = [node for node in everything if isinstance(node, ast.LockingClause)]
    aliases = {id(relation) for clause in clauses for relation in clause.lockedRels or ()}
    found: dict[Target, None] = {}
    for each in everything:
        if id(each) in aliases:
            continue
        if isinstance(each, ast.RangeVar) and (each.schemaname or each.relname not in ctes):
            found[Target("relation", name_of(each))] = None
        elif isinstance(each, ast.FuncCall) and (name := qualified(each.funcname or ())).schema:
            found[Target("function", name)] = None
    return tuple(found)


def types_in(*nodes: SyntaxNode) -> tuple[Target, ...]:
    """Types that these trees name with their schema: of columns, casts, arguments, results.

    In a definition, `SFUNC = command.f` say, a function is written like a type.
    """
    names = [
        qualified(each.names)
        for node in nodes
        for each in walk(node)
        if isinstance(each, ast.TypeName) and each.names
    ]
    return tuple(
        Target("type", name)
        for name in dict.fromkeys(names)
        if name.schema not in ("", "pg_catalog")
    )


def lock_on(relation: SyntaxNode, mode: LockMode, with_children: bool = True) -> Lock:
    """A lock on a relation, with its partitions and child tables unless it says ONLY."""
    return Lock(name_of(relation), mode, with_children and bool(relation.inh))


def shared(targets: Iterable[Target]) -> tuple[Lock, ...]:
    """The locks of reading: they make nobody wait but those who ask for everything."""
    return tuple(
        Lock(target.name, LockMode.ACCESS_SHARE) for target in targets if target.kind == "relation"
    )


def written_by(*nodes: SyntaxNode) -> tuple[Target, ...]:
    """Tables that INSERT, UPDATE, DELETE or MERGE anywhere in these trees write to."""
    kinds = (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt)
    return tuple(
        dict.fromkeys(
            Target("table", name_of(each.relation))
            for node in nodes
            for each in walk(node)
            if isinstance(each, kinds)
        )
    )


def locked_by(*nodes: SyntaxNode) -> tuple[Target, ...]:
    """Relations of which SELECT … FOR UPDATE or FOR SHARE anywhere in these trees locks rows."""
    return tuple(
        dict.fromkeys(
            target
            for node in nodes
            for each in walk(node)
            if isinstance(each, ast.SelectStmt)
            for clause in each.lockingClause or ()
            for target in _locked(each, clause)
        )
    )


def _locked(select: SyntaxNode, clause: SyntaxNode) -> Iterator[Target]:
    """Those that a clause names, or all in FROM."""
    wanted = {relation.relname for relation in clause.lockedRels or ()}
    ctes = {node.ctename for node in walk(select) if isinstance(node, ast.CommonTableExpr)}
    for node in walk(select.fromClause):
        if isinstance(node, ast.RangeVar) and (node.schemaname or node.relname not in ctes):
            called = node.alias.aliasname if node.alias else node.relname
            if not wanted or called in wanted:
                yield Target("relation", name_of(node))


def row_effects_in(*nodes: SyntaxNode) -> tuple[RowEffect, ...]:
    """Deletes and updates anywhere in these trees; an INSERT updates ON CONFLICT."""
    return tuple(
        dict.fromkeys(
            effect for node in nodes for below in walk(node) for effect in _row_effects(below)
        )
    )


def _row_effects(node: SyntaxNode) -> Iterator[RowEffect]:
    if isinstance(node, ast.DeleteStmt):
        yield RowEffect(RowVerb.DELETE, name_of(node.relation))
    elif isinstance(node, ast.UpdateStmt):
        yield _update(node, node.targetList)
    elif isinstance(node, ast.InsertStmt) and node.onConflictClause is not None:
        yield _update(node, node.onConflictClause.targetList)
    elif isinstance(node, ast.MergeStmt):
        for clause in node.mergeWhenClauses or ():
            if clause.commandType.name == "CMD_DELETE":
                yield RowEffect(RowVerb.DELETE, name_of(node.relation))
            elif clause.commandType.name == "CMD_UPDATE":
                yield _update(node, clause.targetList)


def _update(node: SyntaxNode, assignments: Iterable[SyntaxNode] | None) -> RowEffect:
    columns = tuple(each.name for each in assignments or ())
    return RowEffect(RowVerb.UPDATE, name_of(node.relation), columns)


def option(options: Iterable[SyntaxNode] | None, name: str) -> bool:
    """Whether a flag is set in a parenthesised list of options, `(CONCURRENTLY, …)`."""
    for each in options or ():
        if each.defname == name:
            value = getattr(each.arg, "sval", getattr(each.arg, "boolval", True))
            return str(value).lower() not in ("false", "off", "0")
    return False


def foreign_keys(*nodes: SyntaxNode) -> tuple[ObjectName, ...]:
    """Tables that constraints in these trees reference."""
    return tuple(
        dict.fromkeys(
            name_of(each.pktable)
            for node in nodes
            for each in walk(node)
            if isinstance(each, ast.Constraint) and each.pktable is not None
        )
    )
