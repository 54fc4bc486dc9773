"""Statements that exist for every kind of object: DROP, RENAME, SET SCHEMA, COMMENT, GRANT, …"""

from __future__ import annotations

from dataclasses import replace

from pglast import ast

from worker.schema.statements.effects import (
    ColumnChange,
    ColumnEffect,
    Effects,
    Lock,
    LockMode,
    NonTransactional,
    RelatedLock,
    Relationship,
    Target,
)
from worker.schema.statements.names import ObjectName
from worker.schema.statements.tree import SyntaxNode, name_of, qualified, routine, words

_OF_A_TABLE = ("trigger", "policy", "rule", "column", "constraint")
_RELATIONS = ("table", "view", "materialized view", "foreign table", "index", "sequence")
_ROUTINES = ("function", "procedure", "aggregate")
_ELSEWHERE = (
    "access method",
    "cast",
    "database",
    "event trigger",
    "extension",
    "foreign data wrapper",
    "foreign server",
    "language",
    "large object",
    "parameter",
    "publication",
    "role",
    "subscription",
    "tablespace",
    "transform",
    "user mapping",
)


def _elsewhere(statement: str, verb: str, kind: str) -> Effects:
    article = "an" if kind[0] in "aeiou" else "a"
    why = f"a changeset does not {verb} {article} {kind}, which lies in no schema"
    return Effects(statement, refused=why)


def drop(statement: SyntaxNode) -> Effects:
    """DROP of anything. What belongs to a table (a trigger, a policy) alters the table."""
    kind = words(statement.removeType)
    if kind in _ELSEWHERE:
        return _elsewhere(f"DROP {kind.upper()}", "drop", kind)
    targets = tuple(dict.fromkeys(_target(kind, object_) for object_ in statement.objects))
    of_a_table = kind in _OF_A_TABLE
    alone = bool(statement.concurrent)
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if alone else LockMode.ACCESS_EXCLUSIVE
    table_mode = mode if kind == "index" else None
    return Effects(
        f"DROP {kind.upper()}" + (" CONCURRENTLY" if alone else ""),
        alters=targets if of_a_table and kind != "trigger" else (),
        touches=targets if kind == "trigger" else (),
        contents=targets if kind in ("policy", "rule") else (),
        drops=() if of_a_table else targets,
        locks=tuple(
            Lock(target.name, mode, table_mode=table_mode)
            for target in targets
            if kind in _RELATIONS or of_a_table
        ),
        related_locks=tuple(
            RelatedLock(Relationship.STATISTICS, target.name, LockMode.SHARE_UPDATE_EXCLUSIVE)
            for target in targets
            if kind == "statistics"
        ),
        cascade=statement.behavior.name == "DROP_CASCADE",
        step=NonTransactional.DROP_INDEX if alone else None,
    )


def _target(kind: str, thing: SyntaxNode) -> Target:
    """What an entry of a DROP or COMMENT names: a function, a type, a schema, a list of names."""
    names: SyntaxNode = getattr(thing, "objname", None) or getattr(thing, "names", None) or thing
    if kind in _ROUTINES and isinstance(thing, ast.ObjectWithArgs):
        types: SyntaxNode = thing.objargs or ()
        return routine(kind, names, None if thing.args_unspecified else types)
    if isinstance(thing, ast.String):
        return Target(kind, ObjectName(thing.sval or "", ""))
    if kind == "domain constraint":
        typed: SyntaxNode = getattr(
            names[0], "names", None
        )  # COMMENT has a type there, ALTER only names
        return Target("domain", qualified(typed or names))
    if kind in _OF_A_TABLE:
        return Target("table", qualified(names[:-1]))
    return Target(kind, qualified(names))


def rename(statement: SyntaxNode) -> Effects:
    """ALTER … RENAME: an object, or a column or constraint of one."""
    kind = words(statement.renameType)
    if kind in _ELSEWHERE:
        return _elsewhere(f"ALTER {kind.upper()} RENAME", "rename", kind)
    if kind in ("column", "attribute"):
        return _rename_column(statement)
    if statement.relation is not None:
        return _rename_relation(kind, statement)
    if kind == "schema":
        old = Target(kind, ObjectName(statement.subname, ""))
        return _moved("RENAME", old, ObjectName(statement.newname, ""))
    old = _target(kind, statement.object)
    if kind == "domain constraint":
        return Effects("ALTER DOMAIN RENAME", touches=(old,))
    return _moved("RENAME", old, replace(old.name, name=statement.newname))


def _moved(verb: str, old: Target, name: ObjectName, locks: tuple[Lock, ...] = ()) -> Effects:
    """An object goes by another name afterwards."""
    return Effects(
        f"ALTER {old.kind.upper()} {verb}",
        alters=(old,),
        renames=(old,),
        becomes=(replace(old, name=name),),
        locks=locks,
    )


def _rename_column(statement: SyntaxNode) -> Effects:
    owner, name = words(statement.relationType), name_of(statement.relation)
    of_type = owner == "type"
    typed = (RelatedLock(Relationship.TYPED, name, LockMode.ACCESS_EXCLUSIVE),)
    return Effects(
        f"ALTER {owner.upper()} RENAME",
        alters=(Target(owner, name),),
        columns=(ColumnChange(name, statement.subname, ColumnEffect.RENAME, of_type),),
        locks=(Lock(name, LockMode.ACCESS_EXCLUSIVE),),
        related_locks=typed if of_type else (),
    )


def _rename_relation(kind: str, statement: SyntaxNode) -> Effects:
    """A relation, or something that belongs to one: a reader does not notice the latter."""
    name = name_of(statement.relation)
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if kind == "index" else LockMode.ACCESS_EXCLUSIVE
    locks = (Lock(name, mode, with_children=False),)
    if kind in _RELATIONS and kind != "index":
        return _moved("RENAME", Target(kind, name), replace(name, name=statement.newname), locks)
    if kind == "index":
        index = Target(kind, name)
        moved = _moved("RENAME", index, replace(name, name=statement.newname), locks)
        return replace(moved, alters=(), touches=(index,))
    return Effects("ALTER TABLE RENAME", touches=(Target("table", name),), locks=locks)


def set_schema(statement: SyntaxNode) -> Effects:
    """ALTER … SET SCHEMA touches both the old place and the new one."""
    kind = words(statement.objectType)
    if kind in _ELSEWHERE:
        return _elsewhere(f"ALTER {kind.upper()} SET SCHEMA", "move", kind)
    if statement.relation is None:
        old = _target(kind, statement.object)
        locks: tuple[Lock, ...] = ()
    else:
        old = Target(kind, name_of(statement.relation))
        locks = (Lock(old.name, LockMode.ACCESS_EXCLUSIVE, with_children=False),)
    return _moved("SET SCHEMA", old, replace(old.name, schema=statement.newschema), locks)


def set_owner(statement: SyntaxNode) -> Effects:
    """ALTER … OWNER TO, of what is not a relation."""
    kind = words(statement.objectType)
    if kind in _ELSEWHERE:
        return _elsewhere(f"ALTER {kind.upper()} OWNER", "change the owner of", kind)
    return Effects(f"ALTER {kind.upper()} OWNER", touches=(_target(kind, statement.object),))


def comment(statement: SyntaxNode) -> Effects:
    """COMMENT ON."""
    kind = words(statement.objtype)
    if kind in _ELSEWHERE:
        return _elsewhere(f"COMMENT ON {kind.upper()}", "comment on", kind)
    target = _target(kind, statement.object)
    own = kind == "column" or kind not in _OF_A_TABLE
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if own else LockMode.ACCESS_SHARE
    lock = (Lock(target.name, mode, with_children=False),)
    relation = target.kind in _RELATIONS
    return Effects(f"COMMENT ON {kind.upper()}", touches=(target,), locks=lock if relation else ())


def grant(statement: SyntaxNode) -> Effects:
    """GRANT and REVOKE on objects. Whole schemas (`ALL TABLES IN SCHEMA`) name the schema."""
    verb = "GRANT" if statement.is_grant else "REVOKE"
    kind = words(statement.objtype)
    if kind in _ELSEWHERE:
        return _elsewhere(verb, f"{verb.lower()} rights on", kind)
    if statement.targtype.name == "ACL_TARGET_ALL_IN_SCHEMA":
        kind = "schema"
    return Effects(
        verb, touches=tuple(_granted(kind, object_) for object_ in statement.objects or ())
    )


def _granted(kind: str, thing: SyntaxNode) -> Target:
    if isinstance(thing, ast.RangeVar):
        return Target(kind, name_of(thing))
    return _target(kind, thing)
