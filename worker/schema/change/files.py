"""Changesets as files: `.toml`, or `.sql` with two marked sections.

A `.sql` file is SQL that any editor understands, with markers in comments:

    --! description: Add order management
    --! version: 1.0.0

    --! command
    CREATE TABLE command.orders (id uuid PRIMARY KEY, total numeric);
    --! undo
    DROP TABLE command.orders;

    --! query
    CREATE VIEW query.order_totals AS SELECT sum(total) FROM command.orders;

The statement after `--! undo` undoes the one before it. A `.toml` file says the same as data:

    description = "Add order management"
    version = "1.0.0"
    query = ["CREATE VIEW query.order_totals AS SELECT sum(total) FROM command.orders"]

    [[command]]
    sql = "CREATE TABLE command.orders (id uuid PRIMARY KEY, total numeric)"
    undo = "DROP TABLE command.orders"
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from worker.schema.change.change import FilePosition, Operation, SchemaChange
from worker.schema.change.sections import read_sections
from worker.schema.errors import InvalidChange, Problem
from worker.schema.statements import position

_KEYS = ("description", "version", "command", "query")


def read_file(path: Path) -> SchemaChange:
    """The change in a file. Raises InvalidChange with every problem and its place in the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin with a byte order mark
    except OSError as error:
        raise InvalidChange([Problem(f"cannot read {path}: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        raise InvalidChange([Problem(f"{path} is no UTF-8 text: {error.reason}")]) from None
    if path.suffix == ".sql":
        return read_sections(text)
    if path.suffix == ".toml":
        return read_toml(text)
    raise InvalidChange([Problem(f"a changeset is a .toml or a .sql file (is {path.name})")])


def read_toml(text: str) -> SchemaChange:
    """The change in a TOML text."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidChange([Problem(f"this is no TOML: {error}")]) from None
    if problems := list(_unknown(table, _KEYS, "the file")):
        raise InvalidChange(problems)
    places = _places(text)
    return SchemaChange.of(
        _operations(places, table, "command"),
        _operations(places, table, "query"),
        _text(table, "description"),
        _text(table, "version"),
    )


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise InvalidChange([Problem(f"{key} is a string (is {value!r})")])
    return value


def _operations(places: _Places, table: Mapping[str, Any], side: str) -> list[Operation]:
    entries = table.get(side, [])
    if not isinstance(entries, list):
        raise InvalidChange([Problem(f"{side} is a list of statements, or of tables with sql")])
    return [
        _operation(places, entry, f"{side} operation {number}")
        for number, entry in enumerate(entries, start=1)
    ]


def _operation(places: _Places, entry: object, what: str) -> Operation:
    """An entry is a statement, or a table with `sql` and perhaps `undo`."""
    fields = {"sql": entry} if isinstance(entry, str) else entry
    if not isinstance(fields, dict) or "sql" not in fields:
        raise InvalidChange([Problem(f"{what} needs sql")])
    problems = list(_unknown(fields, ("sql", "undo"), what))
    problems += [
        Problem(f"{key} of {what} is a string (is {value!r})")
        for key, value in fields.items()
        if not isinstance(value, str)
    ]
    if problems:
        raise InvalidChange(problems)
    sql, undo = fields["sql"], fields.get("undo")
    return Operation(sql, undo, _take(places, sql), _take(places, undo))


_STRING = re.compile(
    r"""#[^\n]*|(?:\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')""",
    re.DOTALL,
)
_Places = dict[str, deque[FilePosition]]


def _places(text: str) -> _Places:
    """Where each string of the file stands, by its value: several places in the order of the file.

    TOML's parser does not tell. One that is written with escapes has a place of its own: positions
    in it count from its first character, as if it were a file.
    """
    places: _Places = {}
    for token in _STRING.finditer(text):
        if not token[0].startswith("#"):
            value = tomllib.loads(f"it = {token[0]}")["it"]
            offset = text.find(value, *token.span())
            place = FilePosition(*position(text, offset)) if offset >= 0 else FilePosition()
            places.setdefault(value, deque()).append(place)
    return places


def _take(places: _Places, value: str | None) -> FilePosition:
    left = places.get(value or "")
    return left.popleft() if left else FilePosition()


def _unknown(table: Mapping[str, Any], known: tuple[str, ...], what: str) -> Iterator[Problem]:
    for key in table:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; it takes {', '.join(known)}"
            yield Problem(f"{what} has an unknown key {key!r}{hint}")
