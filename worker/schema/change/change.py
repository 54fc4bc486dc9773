"""A change as its author writes it: operations for both sides, a description, a version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from worker.schema.change.versions import Version
from worker.schema.errors import InvalidChange, Problem


class Side(StrEnum):
    """Which side of the system an operation belongs to."""

    COMMAND = "command"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Schemas:
    """The database schemas of the two sides."""

    command: str = "command"
    query: str = "query"

    def of(self, side: Side) -> str:
        """The schema of a side."""
        return self.command if side is Side.COMMAND else self.query

    def opposite(self, side: Side) -> str:
        """The schema of the other side."""
        return self.query if side is Side.COMMAND else self.command


DEFAULT_SCHEMAS = Schemas()


@dataclass(frozen=True, slots=True)
class FilePosition:
    """Where a text starts in the file that it came from, from 1."""

    line: int = 1
    column: int = 1

    def moved(self, line: int, column: int) -> FilePosition:
        """The place in the file of a line and column (from 1) of the text that starts here."""
        return FilePosition(self.line + line - 1, column + (self.column - 1 if line == 1 else 0))


@dataclass(frozen=True, slots=True)
class Operation:
    """One SQL statement, and the one that undoes it, if there is one."""

    sql: str
    undo: str | None = None
    place: FilePosition = FilePosition()
    undo_place: FilePosition = FilePosition()


Given: TypeAlias = str | Operation | Mapping[str, str | None]
"""An operation as a caller may write it; as a mapping (JSON): {"sql": …, "undo": …}."""


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """What a changeset does: its command operations, then its query operations."""

    command_operations: tuple[Operation, ...]
    query_operations: tuple[Operation, ...]
    description: str
    version: Version

    @classmethod
    def of(
        cls,
        command_operations: Sequence[Given],
        query_operations: Sequence[Given],
        description: str,
        version: str,
    ) -> SchemaChange:
        """Check the outer form. Raises InvalidChange with every problem."""
        problems = [*_of_text("description", description), *_of_version(version)]
        commands = _operations("command_operations", command_operations, problems)
        queries = _operations("query_operations", query_operations, problems)
        if not (command_operations or query_operations):
            problems.append(Problem("a changeset needs at least one operation"))
        if problems:
            raise InvalidChange(problems)
        return cls(commands, queries, description.strip(), Version.parse(version))

    def __iter__(self) -> Iterator[tuple[Side, Operation]]:
        """Every operation with its side, in the order of execution."""
        yield from ((Side.COMMAND, operation) for operation in self.command_operations)
        yield from ((Side.QUERY, operation) for operation in self.query_operations)


@dataclass(frozen=True, slots=True)
class AsGiven:
    """What somebody gave as a change, whatever it is: for the history, where it was refused."""

    command_operations: object = ()
    query_operations: object = ()
    description: object = ""
    version: object = ""

    @classmethod
    def of(cls, change: SchemaChange) -> AsGiven:
        """A change that has its form."""
        sides = (change.command_operations, change.query_operations)
        return cls(*sides, change.description, str(change.version))

    def texts(self) -> Iterator[tuple[Side, str, str | None]]:
        """The statements in it that are texts, and their undos, as far as they can be found."""
        given = {Side.COMMAND: self.command_operations, Side.QUERY: self.query_operations}
        for side, operations in given.items():
            listed = operations if isinstance(operations, list | tuple) else (operations,)
            for each in listed:
                sql, undo = _texts_of(each)
                if isinstance(sql, str):
                    yield side, sql, undo if isinstance(undo, str) else None


def _texts_of(given: object) -> tuple[object, object]:
    if isinstance(given, Operation):
        return given.sql, given.undo
    if isinstance(given, Mapping):
        return given.get("sql"), given.get("undo")
    return given, None


_LIST = 'a list of statements, each a string or {"sql": …, "undo": …}'
_FIELDS = ("sql", "undo")


def _operations(field: str, given: object, problems: list[Problem]) -> tuple[Operation, ...]:
    """The operations of one side; what is wrong with them is added to the problems."""
    if isinstance(given, str):
        problems.append(Problem(f"{field}: give a list of statements, not one string"))
    elif not isinstance(given, Sequence):
        problems.append(Problem(f"{field} is {_LIST} (is {given!r})"))
    else:
        read = [_operation(f"{field}[{at}]", each, problems) for at, each in enumerate(given)]
        return tuple(filter(None, read))
    return ()


def _operation(field: str, given: object, problems: list[Problem]) -> Operation | None:
    if isinstance(given, Operation):
        fields: object = {"sql": given.sql, "undo": given.undo}
    else:
        fields = {"sql": given} if isinstance(given, str) else given
    if not isinstance(fields, Mapping) or "sql" not in fields:
        problems.append(Problem(f'{field} is a string or {{"sql": …, "undo": …}} (is {given!r})'))
        return None
    if wrong := list(_of_fields(field, fields)):
        problems.extend(wrong)
        return None
    return given if isinstance(given, Operation) else Operation(**fields)


def _of_fields(field: str, fields: Mapping[object, object]) -> Iterator[Problem]:
    for key, value in fields.items():
        if key not in _FIELDS:
            yield Problem(f"{field} has an unknown key {key!r}; it takes {', '.join(_FIELDS)}")
        elif not (isinstance(value, str) or (value is None and key == "undo")):
            yield Problem(f"{field}: {key} is a string (is {value!r})")


class Unstorable(NamedTuple):
    """What PostgreSQL cannot keep in a text, and where it stands."""

    what: str
    offset: int


def unstorable(text: str) -> Unstorable | None:
    """The first character of a text that PostgreSQL takes in no text."""
    character = re.search("[\0\ud800-\udfff]", text)
    if character is None:
        return None
    if character[0] == "\0":
        return Unstorable("a NUL character", character.start())
    half = f"half of a surrogate pair, U+{ord(character[0]):X}: write the whole character"
    return Unstorable(half, character.start())


def _of_text(field: str, value: object) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(f"the {field} is a string (is {value!r})")
    elif not value.strip():
        yield Problem(f"the {field} is empty")
    elif (bad := unstorable(value)) is not None:
        yield Problem(f"the {field} contains {bad.what}")


def _of_version(value: object) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(f'the version is a string like "1.4.0" (is {value!r})')
        return
    try:
        Version.parse(value)
    except ValueError as error:
        yield Problem(str(error))
