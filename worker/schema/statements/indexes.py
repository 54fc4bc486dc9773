"""Indexes, extended statistics, and housekeeping that rewrites or rebuilds them."""

from __future__ import annotations

from pglast import ast

from worker.schema.statements.effects import Effects, Lock, LockMode, NonTransactional, Target
from worker.schema.statements.names import ObjectName
from worker.schema.statements.tree import SyntaxNode, lock_on, name_of, option, qualified

_UNNAMED = "name the index, so that what a failure leaves behind can be found and dropped"


def create_index(statement: SyntaxNode) -> Effects:
    """CREATE INDEX: in the changeset's transaction, or CONCURRENTLY as a step of its own."""
    table = name_of(statement.relation)
    index = Target("index", ObjectName(table.schema, statement.idxname or ""))
    alone = bool(statement.concurrent)
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if alone else LockMode.SHARE
    return Effects(
        "CREATE INDEX CONCURRENTLY" if alone else "CREATE INDEX",
        creates=(index,) if statement.idxname else (),
        touches=(Target("table", table),),
        locks=(lock_on(statement.relation, mode),),
        step=NonTransactional.CREATE_INDEX if alone else None,
        refused=_UNNAMED if alone and not statement.idxname else None,
    )


def reindex(statement: SyntaxNode) -> Effects:
    """REINDEX INDEX or TABLE; whole schemas and databases are no part of a changeset."""
    if statement.relation is None:
        return Effects(
            "REINDEX",
            refused="name one table or index: a changeset does not reindex "
            "whole schemas or databases",
        )
    kind = "index" if statement.kind.name == "REINDEX_OBJECT_INDEX" else "table"
    alone = option(statement.params, "concurrently")
    mode = (
        LockMode.SHARE_UPDATE_EXCLUSIVE
        if alone
        else (LockMode.ACCESS_EXCLUSIVE if kind == "index" else LockMode.SHARE)
    )
    target = Target(kind, name_of(statement.relation))
    return Effects(
        "REINDEX CONCURRENTLY" if alone else "REINDEX",
        touches=(target,),
        locks=(Lock(target.name, mode, table_mode=min(mode, LockMode.SHARE)),),
        step=NonTransactional.REINDEX if alone else None,
    )


def vacuum(statement: SyntaxNode) -> Effects:
    """VACUUM runs outside any transaction; ANALYZE alone may run in one."""
    tables = tuple(Target("table", name_of(each.relation)) for each in statement.rels or ())
    name = "VACUUM" if statement.is_vacuumcmd else "ANALYZE"
    full = statement.is_vacuumcmd and option(statement.options, "full")
    mode = LockMode.ACCESS_EXCLUSIVE if full else LockMode.SHARE_UPDATE_EXCLUSIVE
    return Effects(
        name,
        touches=tables,
        locks=tuple(Lock(table.name, mode) for table in tables),
        step=NonTransactional.VACUUM if statement.is_vacuumcmd else None,
        refused=None if tables else f"name the tables to {name.lower()}",
    )


def cluster(statement: SyntaxNode) -> Effects:
    """CLUSTER of one table."""
    if statement.relation is None:
        return Effects("CLUSTER", refused="name the table to cluster")
    table = Target("table", name_of(statement.relation))
    lock = Lock(table.name, LockMode.ACCESS_EXCLUSIVE)
    return Effects("CLUSTER", touches=(table,), locks=(lock,))


def create_statistics(statement: SyntaxNode) -> Effects:
    """CREATE STATISTICS."""
    named = statement.defnames
    tables = [
        name_of(relation) for relation in statement.relations if isinstance(relation, ast.RangeVar)
    ]
    return Effects(
        "CREATE STATISTICS",
        creates=(Target("statistics", qualified(named)),) if named else (),
        touches=tuple(Target("table", table) for table in tables),
        locks=tuple(Lock(table, LockMode.SHARE_UPDATE_EXCLUSIVE) for table in tables),
    )
