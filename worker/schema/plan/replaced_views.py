"""Views that are replaced without a column that they had: PostgreSQL only takes more, at the end.

Which columns the new query has, the server says: it is described, in a read-only transaction that
asks for no row. Where the change itself alters what the query reads, nothing can be said yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import psycopg
from pglast import ast
from pglast.stream import RawStream

from worker.base.db import Connection
from worker.schema.plan import SQL
from worker.schema.plan.operations import ParsedOperation
from worker.schema.plan.plan import Blocker
from worker.schema.statements import parse
from worker.schema.statements.effects import Effects
from worker.schema.statements.names import ObjectName
from worker.schema.statements.tree import SyntaxNode, name_of


def replaced_views(
    connection: Connection, operations: Sequence[ParsedOperation]
) -> Iterator[Blocker]:
    """Replacements that PostgreSQL will refuse, with the columns that would go."""
    altered: set[ObjectName] = set()
    for operation in operations:
        statement: SyntaxNode = parse(operation.operation.sql)[0].stmt
        named = _named(operation.effects)
        if isinstance(statement, ast.ViewStmt) and statement.replace and not named & altered:
            view = name_of(statement.view)
            had, has = _columns(connection, view), _described(connection, statement)
            if has is not None and has[: len(had)] != had:
                what = (
                    f"cannot replace view {view}: it has the columns {', '.join(had)}, and would"
                    f" have {', '.join(has)}; those that are there stay, in their order"
                )
                yield Blocker(operation.number, what, ())
        altered |= {target.name for target in operation.effects.changes}


def _named(effects: Effects) -> set[ObjectName]:
    return {target.name for target in (*effects.alters, *effects.reads)}


def _columns(connection: Connection, view: ObjectName) -> list[str]:
    rows = connection.execute(SQL["columns_of_view"], {"view": str(view)})
    return [name for (name,) in rows]


def _described(connection: Connection, statement: SyntaxNode) -> list[str] | None:
    """The columns of a query; None where the server cannot say, or not at once."""
    query = f"SELECT * FROM ({RawStream()(statement.query)}) AS described LIMIT 0"  # noqa: S608 (it is parsed)
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL lock_timeout = '200ms'; SET TRANSACTION READ ONLY")
            columns = connection.execute(query.encode()).description or ()
    except psycopg.Error:
        return None
    aliases = [alias.sval for alias in statement.aliases or ()]
    return [*aliases, *(column.name for column in columns[len(aliases) :])]
