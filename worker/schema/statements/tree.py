"""Reading pglast's syntax trees: names, and every relation and function that a tree mentions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pglast import ast

from worker.schema.names import ObjectName
from worker.schema.statements.effects import Lock, LockMode, Target

Node = Any
"""A node of pglast's syntax tree: its classes are made at run time and carry no types."""


def name_of(relation: Node) -> ObjectName:
    """The name in a RangeVar; the schema is empty where none is written."""
    return ObjectName(relation.schemaname or "", relation.relname)


def qualified(parts: Iterable[Node]) -> ObjectName:
    """The name in a list of String nodes: the last is the name, the one before it the schema."""
    strings = [part.sval for part in parts]
    return ObjectName(strings[-2] if len(strings) > 1 else "", strings[-1])


def words(enum_member: Node) -> str:
    """`OBJECT_MATVIEW` as people say it: "materialized view"."""
    name = str(enum_member.name).removeprefix("OBJECT_").lower()
    return _KINDS.get(name, name.replace("_", " "))


_KINDS = {
    "matview": "materialized view",
    "foreign_table": "foreign table",
    "tabconstraint": "constraint",
    "domconstraint": "constraint",
    "statistic_ext": "statistics",
    "routine": "function",
}


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, depth first."""
    if isinstance(node, ast.Node):
        yield node
        for attribute in node:
            yield from walk(getattr(node, attribute))
    elif isinstance(node, tuple):
        for each in node:
            yield from walk(each)


def reads(*nodes: Node) -> tuple[Target, ...]:
    """Relations and schema-qualified functions that these trees read; names of CTEs are none."""
    everything: list[Node] = [each for node in nodes for each in walk(node)]
    ctes = {each.ctename for each in everything if isinstance(each, ast.CommonTableExpr)}
    found: dict[Target, None] = {}
    for each in everything:
        if isinstance(each, ast.RangeVar) and (each.schemaname or each.relname not in ctes):
            found[Target("relation", name_of(each))] = None
        elif isinstance(each, ast.FuncCall) and (name := qualified(each.funcname or ())).schema:
            found[Target("function", name)] = None
    return tuple(found)


def shared(targets: Iterable[Target]) -> tuple[Lock, ...]:
    """The locks of reading: they make nobody wait but those who ask for everything."""
    return tuple(
        Lock(each.name, LockMode.ACCESS_SHARE) for each in targets if each.kind == "relation"
    )


def written_by(*nodes: Node) -> tuple[Target, ...]:
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


def option(options: Iterable[Node] | None, name: str) -> bool:
    """Whether a flag is set in a parenthesised list of options, `(CONCURRENTLY, …)`."""
    for each in options or ():
        if each.defname == name:
            value = getattr(each.arg, "sval", getattr(each.arg, "boolval", True))
            return str(value).lower() not in ("false", "off", "0")
    return False


def foreign_keys(*nodes: Node) -> tuple[ObjectName, ...]:
    """Tables that constraints in these trees reference."""
    return tuple(
        dict.fromkeys(
            name_of(each.pktable)
            for node in nodes
            for each in walk(node)
            if isinstance(each, ast.Constraint) and each.pktable is not None
        )
    )
