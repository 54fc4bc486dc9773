"""Reading a `.sql` changeset: statements between markers, each with its place in the file."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pglast.parser import ParseError, scan

from worker.schema.change.change import FilePosition, Operation, SchemaChange
from worker.schema.errors import InvalidChange, Problem
from worker.schema.statements import SyntaxProblem, parse, position

MARK = "--!"
_WORDS = ("description", "version", "command", "query", "undo")


class _Marker(NamedTuple):
    start: int
    word: str
    value: str


class _Statement(NamedTuple):
    start: int
    end: int
    sql: str


@dataclass
class _Reader:
    """Walks through markers and statements in the order of the file.

    `undoing` is where the marker stands that makes the next statement an undo.
    """

    text: str
    facts: dict[str, str] = field(default_factory=dict)
    sides: dict[str, list[str | Operation]] = field(
        default_factory=lambda: {"command": [], "query": []}
    )
    side: str | None = None
    undoing: int | None = None
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, message: str, offset: int) -> None:
        line, column = position(self.text, offset)
        self.problems.append(Problem(message, line=line, column=column))

    def expect_nothing(self) -> None:
        """An undo that was announced must have come by now."""
        if self.undoing is not None:
            self.wrong(f"{MARK} undo is followed by no statement", self.undoing)

    def marker(self, marker: _Marker) -> None:
        self.expect_nothing()
        self.undoing = marker.start if marker.word == "undo" else None
        if marker.word in ("description", "version"):
            if marker.word in self.facts:
                self.wrong(f"{marker.word} stands twice", marker.start)
            self.facts[marker.word] = marker.value
        elif marker.word in self.sides:
            self.side = marker.word
        elif self.undoing is None:
            self._unknown(marker)

    def _unknown(self, marker: _Marker) -> None:
        close = difflib.get_close_matches(marker.word, _WORDS, n=1)
        hint = f"did you mean {close[0]}?" if close else f"it is one of {', '.join(_WORDS)}"
        self.wrong(f"unknown marker {marker.word!r}; {hint}", marker.start)

    def statement(self, found: _Statement) -> None:
        place = FilePosition(*position(self.text, found.start))
        if self.side is None:
            self.wrong(
                f"write {MARK} command or {MARK} query before the first statement", found.start
            )
        elif self.undoing is not None:
            self._undo(found, place, self.sides[self.side])
        else:
            self.sides[self.side].append(Operation(found.sql, place=place))
        self.undoing = None

    def _undo(
        self, found: _Statement, place: FilePosition, operations: list[str | Operation]
    ) -> None:
        last = operations[-1] if operations else None
        if not isinstance(last, Operation):
            self.wrong("there is no operation before this undo", found.start)
        elif last.undo is not None:
            self.wrong("the operation before has an undo already", found.start)
        else:
            operations[-1] = replace(last, undo=found.sql, undo_place=place)


def read_sections(text: str) -> SchemaChange:
    """The change in a `.sql` text. Raises InvalidChange with every problem and its place."""
    reader = _Reader(text)
    statements = _statements(text)
    markers = _markers(text)
    for marker in markers:
        if any(statement.start < marker.start < statement.end for statement in statements):
            reader.wrong("a marker inside a statement: is a semicolon missing?", marker.start)
    found: list[_Marker | _Statement] = [*markers, *statements]
    for part in sorted(found, key=lambda part: part.start):
        if isinstance(part, _Marker):
            reader.marker(part)
        else:
            reader.statement(part)
    reader.expect_nothing()
    if reader.problems:
        raise InvalidChange(reader.problems)
    return SchemaChange.of(
        reader.sides["command"],
        reader.sides["query"],
        reader.facts.get("description", ""),
        reader.facts.get("version", ""),
    )


def _statements(text: str) -> list[_Statement]:
    if "\0" in text:
        line, column = position(text, text.index("\0"))
        raise InvalidChange([Problem("SQL contains a NUL character", line=line, column=column)])
    try:
        parsed = parse(text)
    except SyntaxProblem as problem:
        line, column = position(text, problem.offset)
        raise InvalidChange([Problem(str(problem), line=line, column=column)]) from None
    statements = []
    for statement in parsed:
        end = statement.stmt_location + statement.stmt_len if statement.stmt_len else len(text)
        statements.append(
            _Statement(statement.stmt_location, end, text[statement.stmt_location : end].strip())
        )
    return statements


def _markers(text: str) -> list[_Marker]:
    """Markers are comments: inside a string or a function body there are none."""
    try:
        tokens = scan(text)
    except ParseError as error:
        raise InvalidChange([Problem(str(error.args[0]))]) from None
    comments = [
        (token.start, text[token.start : token.end + 1])
        for token in tokens
        if token.name == "SQL_COMMENT"
    ]
    return [_marker(start, comment) for start, comment in comments if comment.startswith(MARK)]


def _marker(start: int, comment: str) -> _Marker:
    word, _, value = comment.removeprefix(MARK).partition(":")
    return _Marker(start, word.strip().lower(), value.strip())
