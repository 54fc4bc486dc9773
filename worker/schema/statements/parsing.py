"""From text to syntax trees, by PostgreSQL's own parser (`pglast`), and where errors are."""

from __future__ import annotations

import re

from pglast import parse_sql
from pglast.parser import ParseError

from worker.schema.statements.tree import SyntaxNode


class SyntaxProblem(ValueError):
    """Text that PostgreSQL's parser does not take; `offset` counts characters from 0."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def parse(text: str) -> tuple[SyntaxNode, ...]:
    """The statements in a text (pglast RawStmt). Raises SyntaxProblem."""
    try:
        statements: tuple[SyntaxNode, ...] = parse_sql(text)
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
