"""The first half of planning: what each operation says, and what it may not say.

Needs no database: everything here follows from the words. What the catalogue has to say about it is
the second half, `planning`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from worker.schema.change.change import (
    FilePosition,
    Operation,
    SchemaChange,
    Schemas,
    Side,
    unstorable,
)
from worker.schema.errors import InvalidChange, Problem
from worker.schema.statements import SyntaxProblem, effects_of, parse, position
from worker.schema.statements.effects import Effects, Target
from worker.schema.statements.tree import REMEMBERED, SHORT

ENGINE_SCHEMA = "cqrs"
_SYSTEM = ("pg_catalog", "information_schema", "pg_toast")
_STEP = (
    "{} cannot run in a transaction. Put it into a changeset of its own: there it runs as a step"
    " that is finished or cleaned up, never left half done"
)


@dataclass(frozen=True, slots=True)
class ParsedOperation:
    """An operation and what its words, and those of its undo, do."""

    number: int
    side: Side
    operation: Operation
    effects: Effects
    undo: Effects | None = None


def read_operations(change: SchemaChange, schemas: Schemas) -> tuple[ParsedOperation, ...]:
    """Read every operation. Raises InvalidChange with everything that is wrong, in order."""
    problems: list[Problem] = []
    operations = tuple(_read_all(change, schemas, problems))
    problems.extend(_misplaced_steps(operations))
    if problems:
        raise InvalidChange(problems)
    return operations


def _read_all(
    change: SchemaChange, schemas: Schemas, problems: list[Problem]
) -> Iterator[ParsedOperation]:
    for number, (side, operation) in enumerate(change, start=1):
        effects = _read_one(operation.sql, operation.place, number, side, schemas, problems)
        undo = None
        if operation.undo is not None:
            undo = _read_one(
                operation.undo, operation.undo_place, number, side, schemas, problems, what="undo: "
            )
        if effects is not None:
            yield ParsedOperation(number, side, operation, effects, undo)


def _read_one(
    text: str,
    place: FilePosition,
    number: int,
    side: Side,
    schemas: Schemas,
    problems: list[Problem],
    what: str = "",
) -> Effects | None:
    """The effects of one text, or None and a problem more."""
    try:
        effects = effects_of_text(text)
    except _Wrong as wrong:
        at = place.moved(*position(text, wrong.offset))
        problems.append(Problem(what + str(wrong), number, at.line, at.column))
        return None
    problems.extend(
        Problem(what + why, number, place.line, place.column)
        for why in forbidden(effects, side, schemas)
    )
    return effects


class _Wrong(ValueError):
    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def effects_of_text(text: str) -> Effects:
    """What a text of exactly one statement does. Raises ValueError with `offset`."""
    return effects_before(text) if len(text) <= SHORT else _effects_of_text(text)


def _effects_of_text(text: str) -> Effects:
    if (bad := unstorable(text)) is not None:
        raise _Wrong(f"SQL contains {bad.what}", bad.offset)
    try:
        statements = parse(text)
    except SyntaxProblem as problem:
        raise _Wrong(str(problem), problem.offset) from None
    if not statements:
        raise _Wrong("the operation is empty", 0)
    if len(statements) > 1:
        raise _Wrong(
            "several statements in one operation: give each its own", statements[1].stmt_location
        )
    return effects_of(statements[0].stmt)


effects_before = lru_cache(REMEMBERED)(_effects_of_text)
"""They follow from the words alone, and nobody can change them."""


def forbidden(effects: Effects, side: Side, schemas: Schemas) -> Iterator[str]:
    """Why a statement may not stand on this side."""
    if effects.refused is not None:
        yield f"{effects.statement}: {effects.refused}"
        return
    worked_on = (target for target in effects.reaches if target.kind != "function")
    for target in dict.fromkeys((*effects.changes, *worked_on)):
        yield from _untouchable(effects.statement, target)
    yield from _crossing(effects, side, schemas)
    for target in (*effects.renames, *effects.drops):
        if target.kind == "schema" and target.name.schema in (schemas.command, schemas.query):
            yield f"{effects.statement}: the engine knows this side by the name {target.name}"
    relations = (target for target in effects.reads if target.kind == "relation")
    for target in dict.fromkeys((*effects.changes, *relations)):
        if not target.name.schema:
            yield f"name the schema of {target.name.name}"


def _untouchable(statement: str, target: Target) -> Iterator[str]:
    if target.name.schema in _SYSTEM:
        yield f"{statement} on PostgreSQL's own {target}"
    elif target.name.schema == ENGINE_SCHEMA:
        yield f"{statement} on the engine's own {target}: its tables are changed by its migrations"


def _crossing(effects: Effects, side: Side, schemas: Schemas) -> Iterator[str]:
    """A command operation stays off the query schema altogether; a query operation may read.

    What a function or rule does counts like what the operation does itself.
    """
    opposite = schemas.opposite(side)
    reads = effects.reads if side is Side.COMMAND else ()
    named = (*reads, *effects.reaches, *effects.changes)
    touched = {target.name: target for target in named if target.name.schema == opposite}
    for target in touched.values():
        yield (
            f"a {side.value} operation may not touch the {_other(side).value} side:"
            f" {effects.statement} on {target}"
        )


def _other(side: Side) -> Side:
    return Side.QUERY if side is Side.COMMAND else Side.COMMAND


def _misplaced_steps(operations: tuple[ParsedOperation, ...]) -> Iterator[Problem]:
    """What cannot run in a transaction must be alone."""
    if len(operations) < 2:
        return
    for operation in operations:
        for effects in filter(None, (operation.effects, operation.undo)):
            if effects.step is not None:
                place = operation.operation.place
                yield Problem(
                    _STEP.format(effects.step.value), operation.number, place.line, place.column
                )
