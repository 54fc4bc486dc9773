"""From a statement's text to its effects: one reader per kind of statement, listed below.

PostgreSQL's own parser (`pglast`) reads the text. A kind of statement that no reader is listed for
is refused by name: what cannot be foreseen has no place in a changeset.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pglast import ast, parse_sql
from pglast.parser import ParseError

from worker.schema.statements import common, indexes, objects, rows, tables, views
from worker.schema.statements.effects import Effects
from worker.schema.statements.tree import Node

__all__ = ["READERS", "SyntaxProblem", "effects_of", "parse", "position"]

READERS: dict[type, Callable[[Node], Effects]] = {
    ast.CreateStmt: tables.create_table,
    ast.AlterTableStmt: tables.alter_table,
    ast.ViewStmt: views.create_view,
    ast.CreateTableAsStmt: views.create_as,
    ast.RefreshMatViewStmt: views.refresh,
    ast.IndexStmt: indexes.create_index,
    ast.ReindexStmt: indexes.reindex,
    ast.VacuumStmt: indexes.vacuum,
    ast.ClusterStmt: indexes.cluster,
    ast.CreateStatsStmt: indexes.create_statistics,
    ast.CreateFunctionStmt: objects.create_function,
    ast.AlterFunctionStmt: objects.alter_function,
    ast.CreateTrigStmt: objects.create_trigger,
    ast.CreatePolicyStmt: objects.create_policy,
    ast.AlterPolicyStmt: objects.create_policy,
    ast.RuleStmt: objects.create_rule,
    ast.CreateSeqStmt: objects.create_sequence,
    ast.AlterSeqStmt: objects.alter_sequence,
    ast.CreateEnumStmt: objects.create_type,
    ast.CreateRangeStmt: objects.create_type,
    ast.CompositeTypeStmt: objects.create_composite,
    ast.CreateDomainStmt: objects.create_domain,
    ast.AlterEnumStmt: objects.alter_type,
    ast.AlterDomainStmt: objects.alter_type,
    ast.DefineStmt: objects.define,
    ast.CreateSchemaStmt: objects.create_schema,
    ast.DropStmt: common.drop,
    ast.RenameStmt: common.rename,
    ast.AlterObjectSchemaStmt: common.set_schema,
    ast.AlterOwnerStmt: common.set_owner,
    ast.CommentStmt: common.comment,
    ast.GrantStmt: common.grant,
    ast.InsertStmt: rows.insert,
    ast.UpdateStmt: rows.update,
    ast.DeleteStmt: rows.delete,
    ast.MergeStmt: rows.merge,
    ast.SelectStmt: rows.select,
    ast.TruncateStmt: rows.truncate,
    ast.LockStmt: rows.lock_table,
    ast.DoStmt: rows.do,
    ast.CallStmt: rows.call,
}

_REASONS: dict[type, str] = {
    ast.TransactionStmt: "transaction control: the changeset is one transaction already",
    ast.VariableSetStmt: "settings belong to the changeset's limits, not among its operations",
    ast.CopyStmt: "COPY needs a client that sends or takes the rows: use INSERT",
    ast.CreatedbStmt: "a database is no part of an application's schema",
    ast.DropdbStmt: "a database is no part of an application's schema",
    ast.AlterSystemStmt: "the server's configuration is no part of an application's schema",
}


class SyntaxProblem(ValueError):
    """Text that PostgreSQL's parser does not take; `offset` counts characters from 0."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def parse(text: str) -> tuple[Node, ...]:
    """The statements in a text (pglast RawStmt). Raises SyntaxProblem."""
    try:
        statements: tuple[Node, ...] = parse_sql(text)
    except ParseError as error:
        raise SyntaxProblem(str(error.args[0]), _offset(text, error)) from None
    return statements


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


def effects_of(statement: Node) -> Effects:
    """What a statement does. One that no reader is listed for comes back refused."""
    reader = READERS.get(type(statement))
    if reader is not None:
        return reader(statement)
    name = _spoken(type(statement).__name__)
    reason = _REASONS.get(type(statement), "this kind of statement is no part of a schema change")
    return Effects(name, refused=reason)


def _spoken(class_name: str) -> str:
    """`AlterSystemStmt` as people write it: "ALTER SYSTEM"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", class_name.removesuffix("Stmt")).upper()
