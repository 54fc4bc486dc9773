"""The names that a statement takes, each in PostgreSQL's own space of names, and those it frees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from pglast import ast
from pglast.stream import RawStream

from worker.schema.statements.effects import Effects, Target
from worker.schema.statements.names import ObjectName
from worker.schema.statements.tree import SyntaxNode, name_of, qualified, words


@dataclass(frozen=True, slots=True)
class Name:
    """A name of `space`: a relation's, a type's, a function's …, or a `part` of a table or type.

    `types` are those of a function's arguments or an operator's sides. `replaces` are the kinds of
    what it may take the place of; what does not complain (IF NOT EXISTS) is never in the way.
    """

    space: str
    of: ObjectName
    part: str = ""
    types: tuple[str, ...] = ()
    what: str = field(default="", compare=False)
    replaces: tuple[str, ...] = field(default=(), compare=False)
    complains: bool = field(default=True, compare=False)

    def __str__(self) -> str:
        kind = self.what or self.space
        if self.part:
            return f"{kind} {self.part} of {self.of}"
        arguments = f"({', '.join(self.types)})" if self.space == "function" else ""
        return f"{kind} {self.of}{arguments}"


_MINDS_TYPES = ("table", "view", "materialized view", "foreign table", "sequence")
"""Relations whose name no type may have: all but indexes."""
_RELATIONS = (*_MINDS_TYPES, "index")
_ROUTINES = ("function", "procedure", "aggregate")
_OF_TYPES = ("type", "domain")


def made_by(statement: SyntaxNode, effects: Effects) -> tuple[Name, ...]:
    """Every name that a statement takes, the one that people would name first."""
    if isinstance(statement, ast.CommentStmt):
        return ()
    quiet = bool(getattr(statement, "if_not_exists", False))
    names = [
        name
        for target in (*effects.creates, *effects.becomes)
        for name in _of_target(target, statement, quiet)
    ]
    return (*names, *_replaced(statement, effects), *_parts(statement))


def _of_target(target: Target, statement: SyntaxNode, quiet: bool) -> Iterator[Name]:
    kind, name = target.kind, ObjectName(target.name.schema, target.name.name)
    loud = not quiet
    composite = isinstance(statement, ast.CompositeTypeStmt)
    if kind in _RELATIONS or composite:
        yield Name("relation", name, what=kind, complains=loud)
    if kind in (*_MINDS_TYPES, *_OF_TYPES):
        yield Name("type", name, what=kind, complains=loud)
    elif kind in _ROUTINES:
        types = _aggregated(statement) if kind == "aggregate" else target.types
        if types is not None:
            yield Name("function", name, types=types, what=kind)
    elif kind == "schema":
        yield Name("schema", ObjectName(name.schema, ""), what=kind, complains=loud)
    elif kind == "operator":
        yield Name("operator", name, types=_sides(statement), what=kind)
    elif kind in ("statistics", "collation") or kind.startswith("ts"):
        yield Name(kind, name, complains=loud)


def _aggregated(statement: SyntaxNode) -> tuple[str, ...] | None:
    """The types that an aggregate takes; None where they are not written as arguments."""
    if not isinstance(statement, ast.DefineStmt) or statement.oldstyle or not statement.args:
        return None
    arguments: SyntaxNode = statement.args[0] or ()
    return tuple(RawStream()(each.argType) for each in arguments)


def _sides(statement: SyntaxNode) -> tuple[str, ...]:
    """The types left and right of an operator; empty text for a side that it has not."""
    definition: SyntaxNode = getattr(statement, "definition", None) or ()
    given = {each.defname: RawStream()(each.arg) for each in definition}
    return given.get("leftarg", ""), given.get("rightarg", "")


def _replaced(statement: SyntaxNode, effects: Effects) -> Iterator[Name]:
    """OR REPLACE takes the place of its own kind alone."""
    if isinstance(statement, ast.ViewStmt) and statement.replace:
        yield Name("relation", name_of(statement.view), what="view", replaces=("view",))
    if isinstance(statement, ast.CreateFunctionStmt) and statement.replace:
        for target in effects.alters:
            name = ObjectName(target.name.schema, target.name.name)
            types = target.types or ()
            yield Name("function", name, types=types, what=target.kind, replaces=(target.kind,))


def _parts(statement: SyntaxNode) -> Iterator[Name]:
    """Names that a table, a domain or an enum has in itself."""
    yield from _READERS.get(type(statement), _nothing)(statement)


def _nothing(_: SyntaxNode) -> Iterator[Name]:
    return iter(())


def _trigger(statement: SyntaxNode) -> Iterator[Name]:
    own = ("trigger",) if statement.replace else ()
    yield Name("trigger", name_of(statement.relation), statement.trigname, replaces=own)


def _policy(statement: SyntaxNode) -> Iterator[Name]:
    yield Name("policy", name_of(statement.table), statement.policy_name)


def _rule(statement: SyntaxNode) -> Iterator[Name]:
    own = ("rule",) if statement.replace else ()
    yield Name("rule", name_of(statement.relation), statement.rulename, replaces=own)


def _of_a_table(statement: SyntaxNode) -> Iterator[Name]:
    yield from _indexes_of(name_of(statement.relation), statement.tableElts)


def _label(statement: SyntaxNode) -> Iterator[Name]:
    enum, loud = qualified(statement.typeName), not statement.skipIfNewValExists
    yield Name("label", enum, statement.newVal, what="value", complains=loud)


def _renamed(statement: SyntaxNode) -> Iterator[Name]:
    space = _PARTS.get(words(statement.renameType))
    if space and statement.relation is not None:
        yield Name(space, name_of(statement.relation), statement.newname)


_PARTS = {
    "column": "column",
    "constraint": "constraint",
    "trigger": "trigger",
    "policy": "policy",
    "rule": "rule",
}
_WITH_AN_INDEX = ("CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_EXCLUSION")


def _added(statement: SyntaxNode) -> Iterator[Name]:
    table = name_of(statement.relation)
    for command in statement.cmds:
        if command.subtype.name == "AT_AddColumn":
            loud = not command.missing_ok
            yield Name("column", table, command.def_.colname, complains=loud)
            yield from _indexes_of(table, command.def_.constraints)
        elif command.subtype.name == "AT_AddConstraint" and command.def_.conname:
            yield Name("constraint", table, command.def_.conname)
            if not command.def_.indexname:
                yield from _indexes_of(table, (command.def_,))


_READERS: dict[type, Callable[[SyntaxNode], Iterator[Name]]] = {
    ast.CreateTrigStmt: _trigger,
    ast.CreatePolicyStmt: _policy,
    ast.RuleStmt: _rule,
    ast.AlterTableStmt: _added,
    ast.CreateStmt: _of_a_table,
    ast.AlterEnumStmt: _label,
    ast.RenameStmt: _renamed,
}


def _indexes_of(table: ObjectName, elements: SyntaxNode) -> Iterator[Name]:
    """Named constraints that PostgreSQL makes an index for, which takes a relation's name."""
    constraints: list[SyntaxNode] = []
    for each in elements or ():
        of_a_column = isinstance(each, ast.ColumnDef)
        constraints += (each.constraints or ()) if of_a_column else (each,)
    for each in constraints:
        is_named = isinstance(each, ast.Constraint) and each.conname
        if is_named and each.contype.name in _WITH_AN_INDEX:
            yield Name("relation", ObjectName(table.schema, each.conname), what="index")


def unmade_by(statement: SyntaxNode) -> tuple[set[Name], set[ObjectName]]:
    """Parts that a statement takes away; and tables of whose other parts some may go with them."""
    parts: set[Name] = set()
    if isinstance(statement, ast.DropStmt):
        parts = set(_dropped(statement))
    elif isinstance(statement, ast.RenameStmt):
        parts = {replace(new, part=_old_name(statement)) for new in _renamed(statement)}
    elif isinstance(statement, ast.AlterEnumStmt):
        parts = {replace(new, part=_old_value(statement)) for new in _label(statement)}
    return parts, {name_of(_relation(statement))} if _loosens(statement) else set()


def _dropped(statement: SyntaxNode) -> Iterator[Name]:
    space = _PARTS.get(words(statement.removeType))
    for each in statement.objects if space else ():
        yield Name(space or "", qualified(each[:-1]), each[-1].sval)


def _old_name(statement: SyntaxNode) -> str:
    return str(statement.subname)


def _old_value(statement: SyntaxNode) -> str:
    return str(statement.oldVal or "")


def _relation(statement: SyntaxNode) -> SyntaxNode:
    return statement.relation


def _loosens(statement: SyntaxNode) -> bool:
    """Whether parts may go that it does not name: an index with its column, say."""
    if not isinstance(statement, ast.AlterTableStmt):
        return False
    commands: SyntaxNode = statement.cmds
    return any(command.subtype.name not in _ADDING for command in commands)


_ADDING = ("AT_AddColumn", "AT_AddConstraint")
