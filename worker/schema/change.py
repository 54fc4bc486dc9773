"""A change as its author writes it: operations for both sides, a description, a version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from worker.schema.errors import InvalidChange, Problem
from worker.schema.versions import Version


class Side(StrEnum):
    """Which side of the system an operation belongs to."""

    COMMAND = "command"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text starts in the file that it came from, from 1."""

    line: int = 1
    column: int = 1

    def moved(self, line: int, column: int) -> Place:
        """The place in the file of a line and column (from 1) of the text that starts here."""
        return Place(self.line + line - 1, column + (self.column - 1 if line == 1 else 0))


@dataclass(frozen=True, slots=True)
class Operation:
    """One SQL statement, and the one that takes it back, if there is one."""

    sql: str
    undo: str | None = None
    place: Place = Place()
    undo_place: Place = Place()


@dataclass(frozen=True, slots=True)
class Change:
    """What a changeset does: its command operations, then its query operations."""

    command_operations: tuple[Operation, ...]
    query_operations: tuple[Operation, ...]
    description: str
    version: Version

    @classmethod
    def of(
        cls,
        command_operations: Sequence[str | Operation],
        query_operations: Sequence[str | Operation],
        description: str,
        version: str,
    ) -> Change:
        """Check the outer form. Raises InvalidChange with every problem."""
        problems = [*_of_text("description", description), *_of_version(version)]
        commands, queries = _operations(command_operations), _operations(query_operations)
        if not commands and not queries:
            problems.append(Problem("a changeset needs at least one operation"))
        if problems:
            raise InvalidChange(problems)
        return cls(commands, queries, description.strip(), Version.parse(version))

    def __iter__(self) -> Iterator[tuple[Side, Operation]]:
        """Every operation with its side, in the order of execution."""
        yield from ((Side.COMMAND, operation) for operation in self.command_operations)
        yield from ((Side.QUERY, operation) for operation in self.query_operations)


def _operations(given: Sequence[str | Operation]) -> tuple[Operation, ...]:
    if isinstance(given, str):
        raise InvalidChange([Problem("operations are a list of statements, not one string")])
    return tuple(Operation(each) if isinstance(each, str) else each for each in given)


def _of_text(field: str, value: str) -> Iterator[Problem]:
    if not value.strip():
        yield Problem(f"the {field} is empty")
    if "\0" in value:
        yield Problem(f"the {field} contains a NUL character")


def _of_version(value: str) -> Iterator[Problem]:
    try:
        Version.parse(value)
    except ValueError as error:
        yield Problem(str(error))
