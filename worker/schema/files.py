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

The statement after `--! undo` takes back the one before it. A `.toml` file says the same as data:

    description = "Add order management"
    version = "1.0.0"
    query = ["CREATE VIEW query.order_totals AS SELECT sum(total) FROM command.orders"]

    [[command]]
    sql = "CREATE TABLE command.orders (id uuid PRIMARY KEY, total numeric)"
    undo = "DROP TABLE command.orders"
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from worker.schema.change import Change, Operation, Place
from worker.schema.errors import InvalidChange, Problem
from worker.schema.sections import read_sections
from worker.schema.statements import position

_KEYS = ("description", "version", "command", "query")


def read_file(path: Path) -> Change:
    """The change in a file. Raises InvalidChange with every problem and its place in the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidChange([Problem(f"cannot read {path}: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        raise InvalidChange([Problem(f"{path} is no UTF-8 text: {error.reason}")]) from None
    if path.suffix == ".sql":
        return read_sections(text)
    if path.suffix == ".toml":
        return read_toml(text)
    raise InvalidChange([Problem(f"a changeset is a .toml or a .sql file (is {path.name})")])


def read_toml(text: str) -> Change:
    """The change in a TOML text."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidChange([Problem(f"this is no TOML: {error}")]) from None
    if problems := list(_unknown(table, _KEYS, "the file")):
        raise InvalidChange(problems)
    return Change.of(
        _operations(text, table, "command"),
        _operations(text, table, "query"),
        _text(table, "description"),
        _text(table, "version"),
    )


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise InvalidChange([Problem(f"{key} is a string (is {value!r})")])
    return value


def _operations(text: str, table: Mapping[str, Any], side: str) -> list[str | Operation]:
    entries = table.get(side, [])
    if not isinstance(entries, list):
        raise InvalidChange([Problem(f"{side} is a list of statements, or of tables with sql")])
    return [
        _operation(text, entry, f"{side} operation {number}")
        for number, entry in enumerate(entries, start=1)
    ]


def _operation(text: str, entry: object, what: str) -> Operation:
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
    return Operation(sql, undo, _place(text, sql), _place(text, undo or ""))


def _place(text: str, value: str) -> Place:
    """Where a value stands in the file; line 1 for one that is escaped and cannot be found."""
    offset = text.find(value)
    return Place(*position(text, offset)) if value and offset >= 0 else Place()


def _unknown(table: Mapping[str, Any], known: tuple[str, ...], what: str) -> Iterator[Problem]:
    for key in table:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; it takes {', '.join(known)}"
            yield Problem(f"{what} has an unknown key {key!r}{hint}")
