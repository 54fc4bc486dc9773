"""Statements that write or read rows, and those that may do anything."""

from __future__ import annotations

from worker.schema.statements.effects import Effects, Lock, LockMode, Target
from worker.schema.statements.tree import Node, name_of, reads, shared, written_by


def _writing(name: str, statement: Node) -> Effects:
    written = written_by(statement)
    names = {each.name for each in written}
    read = tuple(each for each in reads(statement) if each.name not in names)
    locks = tuple(Lock(each.name, LockMode.ROW_EXCLUSIVE) for each in written)
    return Effects(name, writes=written, reads=read, locks=(*locks, *shared(read)))


def insert(statement: Node) -> Effects:
    """INSERT."""
    return _writing("INSERT", statement)


def update(statement: Node) -> Effects:
    """UPDATE."""
    return _writing("UPDATE", statement)


def delete(statement: Node) -> Effects:
    """DELETE."""
    return _writing("DELETE", statement)


def merge(statement: Node) -> Effects:
    """MERGE."""
    return _writing("MERGE", statement)


def select(statement: Node) -> Effects:
    """SELECT, for the functions that it calls: those may do more than its words tell."""
    effects = _writing("SELECT", statement)
    return Effects(
        "SELECT",
        writes=effects.writes,
        reads=effects.reads,
        locks=effects.locks,
        opaque="what the functions that it calls do is not known before they run",
    )


def truncate(statement: Node) -> Effects:
    """TRUNCATE."""
    tables = tuple(Target("table", name_of(each)) for each in statement.relations)
    return Effects(
        "TRUNCATE",
        writes=tables,
        locks=tuple(Lock(each.name, LockMode.ACCESS_EXCLUSIVE) for each in tables),
        cascade=statement.behavior.name == "DROP_CASCADE",
    )


def lock_table(statement: Node) -> Effects:
    """LOCK TABLE."""
    mode = LockMode(statement.mode)
    relations = tuple(Target("relation", name_of(each)) for each in statement.relations)
    return Effects(
        "LOCK TABLE", reads=relations, locks=tuple(Lock(each.name, mode) for each in relations)
    )


def do(statement: Node) -> Effects:
    """DO: a program."""
    return Effects("DO", opaque="what a DO block does is not known before it runs")


def call(statement: Node) -> Effects:
    """CALL of a procedure."""
    return Effects(
        "CALL",
        reads=reads(statement.funccall),
        opaque="what a procedure does is not known before it runs",
    )
