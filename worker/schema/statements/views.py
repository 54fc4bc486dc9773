"""Views, materialized views and tables made by a query; refreshes."""

from __future__ import annotations

from dataclasses import replace

from pglast import ast

from worker.schema.statements import rows
from worker.schema.statements.effects import Effects, Lock, LockMode, Target
from worker.schema.statements.tree import SyntaxNode, name_of, reads, shared, words


def create_view(statement: SyntaxNode) -> Effects:
    """CREATE [OR REPLACE] VIEW."""
    view = Target("view", name_of(statement.view))
    read = reads(statement.query)
    replaces = bool(statement.replace)
    return Effects(
        "CREATE OR REPLACE VIEW" if replaces else "CREATE VIEW",
        creates=() if replaces else (view,),
        alters=(view,) if replaces else (),
        contents=(view,) if replaces else (),
        reads=read,
        locks=(*((Lock(view.name, LockMode.ACCESS_EXCLUSIVE),) if replaces else ()), *shared(read)),
    )


def create_as(statement: SyntaxNode) -> Effects:
    """CREATE MATERIALIZED VIEW and CREATE TABLE AS, whose query may write: WITH … DELETE."""
    made = Target(words(statement.objtype), name_of(statement.into.rel))
    name = f"CREATE {made.kind.upper()}" + ("" if made.kind == "materialized view" else " AS")
    if isinstance(statement.query, ast.ExecuteStmt):
        return Effects(name, refused="write the query itself: there is nothing prepared to execute")
    query = rows.writing(name, statement.query)
    return replace(
        query,
        creates=(made,),
        unpopulated=(made.name,) if statement.into.skipData else (),
    )


def refresh(statement: SyntaxNode) -> Effects:
    """REFRESH MATERIALIZED VIEW; CONCURRENTLY runs in a transaction, and lets readers through."""
    view = Target("materialized view", name_of(statement.relation))
    mode = LockMode.EXCLUSIVE if statement.concurrent else LockMode.ACCESS_EXCLUSIVE
    return Effects(
        "REFRESH MATERIALIZED VIEW",
        refreshes=(view,),
        locks=(Lock(view.name, mode),),
        unpopulated=(view.name,) if statement.skipData else (),
    )
