"""Statements that exist for every kind of object: DROP, RENAME, SET SCHEMA, COMMENT, GRANT, …"""

from __future__ import annotations

from pglast import ast

from worker.schema.names import ObjectName
from worker.schema.statements.effects import (
    ColumnChange,
    Effects,
    Lock,
    LockMode,
    Step,
    Target,
    Touch,
)
from worker.schema.statements.tree import Node, name_of, qualified, words

_OF_A_TABLE = ("trigger", "policy", "rule", "column", "constraint")
_RELATIONS = ("table", "view", "materialized view", "foreign table", "index", "sequence")


def drop(statement: Node) -> Effects:
    """DROP of anything. What hangs on a table (a trigger, a policy) alters the table."""
    kind = words(statement.removeType)
    targets = tuple(dict.fromkeys(_target(kind, each) for each in statement.objects))
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
            Lock(each.name, mode, table_mode=table_mode)
            for each in targets
            if kind in _RELATIONS or of_a_table
        ),
        cascade=statement.behavior.name == "DROP_CASCADE",
        step=Step.DROP_INDEX if alone else None,
        refused=None if kind not in _REFUSED else f"a changeset does not drop an {kind}",
    )


_REFUSED = ("extension", "event trigger", "access method")


def _target(kind: str, thing: Node) -> Target:
    """What an entry of a DROP or COMMENT names: a function, a type, a schema, a list of names."""
    parts: Node = getattr(thing, "objname", None) or getattr(thing, "names", None) or thing
    if isinstance(parts, ast.String):
        return Target(kind, ObjectName(parts.sval or "", ""))
    if kind in _OF_A_TABLE:
        return Target("table", qualified(parts[:-1]))
    return Target(kind, qualified(parts))


def rename(statement: Node) -> Effects:
    """ALTER … RENAME: an object, or a column or constraint of one."""
    kind = words(statement.renameType)
    if statement.relation is None:
        return Effects(f"ALTER {kind.upper()} RENAME", alters=(_target(kind, statement.object),))
    name = name_of(statement.relation)
    column = kind == "column"
    owner = words(statement.relationType) if column else kind if kind in _RELATIONS else "table"
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if kind == "index" else LockMode.ACCESS_EXCLUSIVE
    target = (Target(owner, name),)
    seen = column or (kind in _RELATIONS and kind != "index")
    return Effects(
        f"ALTER {owner.upper()} RENAME",
        alters=target if seen else (),
        touches=() if seen else target,
        columns=(ColumnChange(name, statement.subname, Touch.RENAME),) if column else (),
        locks=(Lock(name, mode, family=column),),
    )


def set_schema(statement: Node) -> Effects:
    """ALTER … SET SCHEMA touches both the old place and the new one."""
    kind = words(statement.objectType)
    if statement.relation is None:
        old = _target(kind, statement.object)
        locks: tuple[Lock, ...] = ()
    else:
        old = Target(kind, name_of(statement.relation))
        locks = (Lock(old.name, LockMode.ACCESS_EXCLUSIVE, family=False),)
    new = Target(kind, ObjectName(statement.newschema, old.name.name))
    return Effects(f"ALTER {kind.upper()} SET SCHEMA", alters=(old,), creates=(new,), locks=locks)


def set_owner(statement: Node) -> Effects:
    """ALTER … OWNER TO, of what is not a relation."""
    kind = words(statement.objectType)
    return Effects(f"ALTER {kind.upper()} OWNER", touches=(_target(kind, statement.object),))


def comment(statement: Node) -> Effects:
    """COMMENT ON."""
    kind = words(statement.objtype)
    target = _target(kind, statement.object)
    lock = (Lock(target.name, LockMode.SHARE_UPDATE_EXCLUSIVE, family=False),)
    relation = target.kind in _RELATIONS
    return Effects(f"COMMENT ON {kind.upper()}", touches=(target,), locks=lock if relation else ())


def grant(statement: Node) -> Effects:
    """GRANT and REVOKE on objects. Whole schemas (`ALL TABLES IN SCHEMA`) name the schema."""
    kind = words(statement.objtype)
    targets = tuple(_granted(kind, each) for each in statement.objects or ())
    return Effects("GRANT" if statement.is_grant else "REVOKE", touches=targets)


def _granted(kind: str, thing: Node) -> Target:
    if isinstance(thing, ast.RangeVar):
        return Target(kind, name_of(thing))
    return _target(kind, thing)
