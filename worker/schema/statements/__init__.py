"""From a statement's text to its effects: one reader per kind of statement, listed below.

PostgreSQL's own parser (`pglast`) reads the text. A kind of statement that no reader is listed for
is refused by name: what cannot be foreseen has no place in a changeset.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from pglast import ast

from worker.schema.statements import common, indexes, objects, rows, tables, views
from worker.schema.statements.bodies import with_body
from worker.schema.statements.calls import forbidden_call
from worker.schema.statements.effects import Effects
from worker.schema.statements.tree import SyntaxNode, SyntaxProblem, parse, position, types_in

__all__ = ["READERS", "SyntaxProblem", "effects_of", "parse", "position"]

READERS: dict[type, Callable[[SyntaxNode], Effects]] = {
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
    ast.AlterDomainStmt: objects.alter_domain,
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

_NO_PART = "this kind of statement is no part of a schema change"
_PROGRAMS = (ast.CreateFunctionStmt, ast.DoStmt)


def effects_of(statement: SyntaxNode) -> Effects:
    """What a statement does. One that cannot be read comes back refused, whatever it is."""
    name = _spoken(type(statement).__name__)
    reader = READERS.get(type(statement))
    if reader is None:
        return Effects(name, refused=_REASONS.get(type(statement), _NO_PART))
    try:
        effects = _with_types(reader(statement), statement)
        if isinstance(statement, _PROGRAMS):
            effects = with_body(effects, statement, effects_of)
        call = None if isinstance(statement, _PROGRAMS) else forbidden_call(statement)
    except Exception as error:
        # What nobody has thought of is not planned, and so not done; it is never a traceback.
        why = f"this form of it cannot be read ({type(error).__name__}: {error})"
        return Effects(name, refused=why)
    return effects if call is None else replace(effects, refused=effects.refused or call)


def _with_types(effects: Effects, statement: SyntaxNode) -> Effects:
    """What has a column, argument or result of a type needs that type, wherever it lies."""
    known = {target.name for target in (*effects.changes, *effects.reads)}
    named = () if isinstance(statement, ast.DropStmt) else types_in(statement)
    more = tuple(each for each in named if each.name not in known)
    return replace(effects, reads=(*effects.reads, *more)) if more else effects


def _spoken(class_name: str) -> str:
    """`AlterSystemStmt` as people write it: "ALTER SYSTEM"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", class_name.removesuffix("Stmt")).upper()
