"""Statements that write or read rows, and those that may do anything."""

from __future__ import annotations

from dataclasses import replace

from worker.schema.statements.calls import sequences_moved
from worker.schema.statements.effects import (
    Effects,
    Lock,
    LockMode,
    RelatedLock,
    Relationship,
    RowEffect,
    RowVerb,
    Target,
)
from worker.schema.statements.tree import (
    SyntaxNode,
    lock_on,
    locked_by,
    name_of,
    reads,
    row_effects_in,
    shared,
    written_by,
)


def writing(name: str, statement: SyntaxNode) -> Effects:
    """What a statement writes, reads and locks rows of, in its common table expressions too."""
    written = (*written_by(statement), *sequences_moved(statement))
    names = {target.name for target in written}
    read = tuple(target for target in reads(statement) if target.name not in names)
    held = locked_by(statement)
    locks = tuple(Lock(target.name, LockMode.ROW_EXCLUSIVE) for target in written)
    return Effects(
        name,
        writes=written,
        row_effects=row_effects_in(statement),
        touches=held,
        reads=read,
        locks=(*locks, *shared(read), *(Lock(target.name, LockMode.ROW_SHARE) for target in held)),
        related_locks=tuple(
            RelatedLock(Relationship.VIEWED, target.name, LockMode.ROW_SHARE) for target in held
        ),
    )


def insert(statement: SyntaxNode) -> Effects:
    """INSERT."""
    return writing("INSERT", statement)


def update(statement: SyntaxNode) -> Effects:
    """UPDATE."""
    return writing("UPDATE", statement)


def delete(statement: SyntaxNode) -> Effects:
    """DELETE."""
    return writing("DELETE", statement)


def merge(statement: SyntaxNode) -> Effects:
    """MERGE."""
    return writing("MERGE", statement)


def select(statement: SyntaxNode) -> Effects:
    """SELECT, for the functions that it calls: those may do more than its words tell.

    SELECT … INTO is CREATE TABLE AS, written otherwise.
    """
    effects = writing("SELECT", statement)
    made = statement.intoClause
    table = () if made is None else (Target("table", name_of(made.rel)),)
    return replace(
        effects,
        creates=table,
        reads=tuple(
            target for target in effects.reads if target.name not in {t.name for t in table}
        ),
        locks=tuple(lock for lock in effects.locks if lock.name not in {t.name for t in table}),
        reaches=_called(effects),
        opaque="what the functions that it calls do is not known before they run",
    )


def _called(effects: Effects) -> tuple[Target, ...]:
    return tuple(target for target in effects.reads if target.kind == "function")


def truncate(statement: SyntaxNode) -> Effects:
    """TRUNCATE; with CASCADE, foreign keys pass it on."""
    relations = statement.relations
    tables = tuple(Target("table", name_of(relation)) for relation in relations)
    cascade = statement.behavior.name == "DROP_CASCADE"
    return Effects(
        "TRUNCATE",
        writes=tables,
        row_effects=tuple(RowEffect(RowVerb.TRUNCATE, table.name) for table in tables if cascade),
        locks=tuple(lock_on(relation, LockMode.ACCESS_EXCLUSIVE) for relation in relations),
        cascade=cascade,
    )


def lock_table(statement: SyntaxNode) -> Effects:
    """LOCK TABLE; of a view, what it is made of. Who holds a lock touches more than a reader."""
    mode = LockMode(statement.mode)
    relations = tuple(Target("relation", name_of(relation)) for relation in statement.relations)
    return Effects(
        "LOCK TABLE",
        touches=relations,
        locks=tuple(lock_on(relation, mode) for relation in statement.relations),
        related_locks=tuple(
            RelatedLock(Relationship.VIEWED, relation.name, mode) for relation in relations
        ),
    )


def do(_: SyntaxNode) -> Effects:
    """DO: a program, of which `bodies` reads what stands in it."""
    return Effects("DO", opaque="what a DO block does is not known before it runs")


def call(statement: SyntaxNode) -> Effects:
    """CALL of a procedure."""
    effects = writing("CALL", statement.funccall)
    return replace(
        effects,
        reaches=_called(effects),
        opaque="what a procedure does is not known before it runs",
    )
