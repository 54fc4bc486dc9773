"""Functions, triggers, policies, rules, sequences, types and schemas."""

from __future__ import annotations

from pglast import ast

from worker.schema.names import ObjectName
from worker.schema.statements.effects import Effects, Lock, LockMode, Target
from worker.schema.statements.tree import Node, name_of, qualified, reads, shared, words


def create_function(statement: Node) -> Effects:
    """CREATE [OR REPLACE] FUNCTION or PROCEDURE. Only a BEGIN ATOMIC body can be read."""
    kind = "procedure" if statement.is_procedure else "function"
    made = Target(kind, qualified(statement.funcname))
    replaces = bool(statement.replace)
    read = reads(statement.sql_body)
    return Effects(
        f"CREATE {'OR REPLACE ' if replaces else ''}{kind.upper()}",
        creates=() if replaces else (made,),
        alters=(made,) if replaces else (),
        contents=(made,) if replaces else (),
        reads=(*read, *_types(statement)),
        locks=shared(read),
    )


def _types(statement: Node) -> tuple[Target, ...]:
    """Types of arguments and results that are named with their schema."""
    declared = [each.argType for each in statement.parameters or ()]
    names = [qualified(each.names) for each in (*declared, statement.returnType) if each]
    return tuple(
        Target("type", name)
        for name in dict.fromkeys(names)
        if name.schema not in ("", "pg_catalog")
    )


def create_trigger(statement: Node) -> Effects:
    """CREATE TRIGGER."""
    table = Target("table", name_of(statement.relation))
    return Effects(
        "CREATE TRIGGER",
        touches=(table,),
        reads=_function(statement.funcname),
        locks=(Lock(table.name, LockMode.SHARE_ROW_EXCLUSIVE),),
    )


def _function(parts: tuple[Node, ...]) -> tuple[Target, ...]:
    return (Target("function", qualified(parts)),) if len(parts) > 1 else ()


def create_policy(statement: Node) -> Effects:
    """CREATE POLICY and ALTER POLICY: a policy changes what readers see."""
    verb = "CREATE" if isinstance(statement, ast.CreatePolicyStmt) else "ALTER"
    table, read = name_of(statement.table), reads(statement.qual, statement.with_check)
    return _on_a_table(f"{verb} POLICY", table, read)


def create_rule(statement: Node) -> Effects:
    """CREATE RULE."""
    table, read = name_of(statement.relation), reads(statement.actions, statement.whereClause)
    return _on_a_table("CREATE RULE", table, read)


def _on_a_table(statement: str, name: ObjectName, read: tuple[Target, ...]) -> Effects:
    table = Target("table", name)
    return Effects(
        statement,
        alters=(table,),
        contents=(table,),
        reads=read,
        locks=(Lock(name, LockMode.ACCESS_EXCLUSIVE, family=False), *shared(read)),
    )


def create_sequence(statement: Node) -> Effects:
    """CREATE SEQUENCE."""
    return Effects("CREATE SEQUENCE", creates=(Target("sequence", name_of(statement.sequence)),))


def alter_sequence(statement: Node) -> Effects:
    """ALTER SEQUENCE."""
    made = Target("sequence", name_of(statement.sequence))
    return Effects(
        "ALTER SEQUENCE", alters=(made,), locks=(Lock(made.name, LockMode.SHARE_ROW_EXCLUSIVE),)
    )


def create_type(statement: Node) -> Effects:
    """CREATE TYPE of an enum or a range."""
    return Effects("CREATE TYPE", creates=(Target("type", qualified(statement.typeName)),))


def create_composite(statement: Node) -> Effects:
    """CREATE TYPE … AS (…)."""
    return Effects("CREATE TYPE", creates=(Target("type", name_of(statement.typevar)),))


def create_domain(statement: Node) -> Effects:
    """CREATE DOMAIN."""
    made = Target("domain", qualified(statement.domainname))
    return Effects("CREATE DOMAIN", creates=(made,))


def alter_type(statement: Node) -> Effects:
    """ALTER TYPE … ADD VALUE and ALTER DOMAIN."""
    kind = "domain" if isinstance(statement, ast.AlterDomainStmt) else "type"
    return Effects(f"ALTER {kind.upper()}", alters=(Target(kind, qualified(statement.typeName)),))


def define(statement: Node) -> Effects:
    """CREATE AGGREGATE, OPERATOR, COLLATION, TEXT SEARCH …"""
    kind = words(statement.kind)
    return Effects(f"CREATE {kind.upper()}", creates=(Target(kind, qualified(statement.defnames)),))


def alter_function(statement: Node) -> Effects:
    """ALTER FUNCTION."""
    kind = words(statement.objtype)
    return Effects(
        f"ALTER {kind.upper()}", alters=(Target(kind, qualified(statement.func.objname)),)
    )


def create_schema(statement: Node) -> Effects:
    """CREATE SCHEMA, without anything in it."""
    if statement.schemaElts:
        return Effects("CREATE SCHEMA", refused="create what it holds by operations of their own")
    name = statement.schemaname or ""
    return Effects("CREATE SCHEMA", creates=(Target("schema", ObjectName(name, "")),))
