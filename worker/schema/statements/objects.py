"""Functions, triggers, policies, rules, sequences, types and schemas."""

from __future__ import annotations

from pglast import ast

from worker.schema.statements.effects import (
    Effects,
    Lock,
    LockMode,
    RelatedLock,
    Relationship,
    Target,
)
from worker.schema.statements.names import ObjectName
from worker.schema.statements.tree import (
    SyntaxNode,
    name_of,
    qualified,
    reads,
    routine,
    shared,
    words,
    written_by,
)

_INPUT = (
    "FUNC_PARAM_DEFAULT",
    "FUNC_PARAM_IN",
    "FUNC_PARAM_INOUT",
    "FUNC_PARAM_VARIADIC",
)


def create_function(statement: SyntaxNode) -> Effects:
    """CREATE [OR REPLACE] FUNCTION or PROCEDURE, but for its body: see `bodies`."""
    kind = "procedure" if statement.is_procedure else "function"
    given = [p.argType for p in statement.parameters or () if p.mode.name in _INPUT]
    made = routine(kind, statement.funcname, given)
    replaces = bool(statement.replace)
    read = reads(statement.sql_body)
    return Effects(
        f"CREATE {'OR REPLACE ' if replaces else ''}{kind.upper()}",
        creates=() if replaces else (made,),
        alters=(made,) if replaces else (),
        contents=(made,) if replaces else (),
        reads=read,
        locks=shared(read),
    )


def create_trigger(statement: SyntaxNode) -> Effects:
    """CREATE TRIGGER: what the table's writers do from now on, its function does for them."""
    table = Target("table", name_of(statement.relation))
    function = _function(statement.funcname)
    return Effects(
        "CREATE TRIGGER",
        touches=(table,),
        reads=function,
        reaches=function,
        locks=(Lock(table.name, LockMode.SHARE_ROW_EXCLUSIVE),),
    )


def _function(parts: tuple[SyntaxNode, ...]) -> tuple[Target, ...]:
    return (Target("function", qualified(parts)),) if len(parts) > 1 else ()


def create_policy(statement: SyntaxNode) -> Effects:
    """CREATE POLICY and ALTER POLICY: a policy changes what readers see."""
    verb = "CREATE" if isinstance(statement, ast.CreatePolicyStmt) else "ALTER"
    table, read = name_of(statement.table), reads(statement.qual, statement.with_check)
    return _on_a_table(f"{verb} POLICY", table, read)


def create_rule(statement: SyntaxNode) -> Effects:
    """CREATE RULE: what its actions write, the table's writers write from now on."""
    table, read = name_of(statement.relation), reads(statement.actions, statement.whereClause)
    return _on_a_table("CREATE RULE", table, read, written_by(statement.actions))


def _on_a_table(
    statement: str,
    name: ObjectName,
    read: tuple[Target, ...],
    reached: tuple[Target, ...] = (),
) -> Effects:
    table = Target("table", name)
    return Effects(
        statement,
        alters=(table,),
        contents=(table,),
        reads=read,
        reaches=reached,
        locks=(Lock(name, LockMode.ACCESS_EXCLUSIVE, with_children=False), *shared(read)),
    )


def create_sequence(statement: SyntaxNode) -> Effects:
    """CREATE SEQUENCE."""
    return Effects("CREATE SEQUENCE", creates=(Target("sequence", name_of(statement.sequence)),))


def alter_sequence(statement: SyntaxNode) -> Effects:
    """ALTER SEQUENCE."""
    made = Target("sequence", name_of(statement.sequence))
    return Effects(
        "ALTER SEQUENCE", alters=(made,), locks=(Lock(made.name, LockMode.SHARE_ROW_EXCLUSIVE),)
    )


def create_type(statement: SyntaxNode) -> Effects:
    """CREATE TYPE of an enum or a range."""
    return Effects("CREATE TYPE", creates=(Target("type", qualified(statement.typeName)),))


def create_composite(statement: SyntaxNode) -> Effects:
    """CREATE TYPE … AS (…)."""
    return Effects("CREATE TYPE", creates=(Target("type", name_of(statement.typevar)),))


def create_domain(statement: SyntaxNode) -> Effects:
    """CREATE DOMAIN."""
    made = Target("domain", qualified(statement.domainname))
    return Effects("CREATE DOMAIN", creates=(made,))


def alter_type(statement: SyntaxNode) -> Effects:
    """ALTER TYPE … ADD VALUE or RENAME VALUE."""
    made = Target("type", qualified(statement.typeName))
    added = () if statement.oldVal else ((made, statement.newVal),)
    return Effects("ALTER TYPE", alters=(made,), enum_values=added)


_ADD_CONSTRAINT, _SET_NOT_NULL, _VALIDATE = "C", "O", "V"


def alter_domain(statement: SyntaxNode) -> Effects:
    """ALTER DOMAIN: a new constraint is checked on every table that uses the domain."""
    domain = Target("domain", qualified(statement.typeName))
    checks = statement.subtype in (_SET_NOT_NULL, _VALIDATE) or (
        statement.subtype == _ADD_CONSTRAINT and not statement.def_.skip_validation
    )
    checked = (RelatedLock(Relationship.OF_DOMAIN, domain.name, LockMode.SHARE),)
    return Effects("ALTER DOMAIN", alters=(domain,), related_locks=checked if checks else ())


def define(statement: SyntaxNode) -> Effects:
    """CREATE AGGREGATE, OPERATOR, COLLATION, TEXT SEARCH …"""
    kind = words(statement.kind)
    return Effects(f"CREATE {kind.upper()}", creates=(Target(kind, qualified(statement.defnames)),))


def alter_function(statement: SyntaxNode) -> Effects:
    """ALTER FUNCTION."""
    kind, function = words(statement.objtype), statement.func
    types = None if function.args_unspecified else function.objargs or ()
    return Effects(f"ALTER {kind.upper()}", alters=(routine(kind, function.objname, types),))


def create_schema(statement: SyntaxNode) -> Effects:
    """CREATE SCHEMA, without anything in it."""
    if statement.schemaElts:
        return Effects("CREATE SCHEMA", refused="create what it holds by operations of their own")
    if not statement.schemaname:
        return Effects("CREATE SCHEMA", refused="name it: CREATE SCHEMA NAME AUTHORIZATION …")
    name = ObjectName(statement.schemaname, "")
    return Effects("CREATE SCHEMA", creates=(Target("schema", name),))
