"""A batch's changes, summed up per table and written with set-based statements.

Rows travel as one JSON parameter a statement; PostgreSQL gives them their types from the table
itself, so a statement's cost hardly depends on how many rows it carries.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from worker.base.encoding import to_json
from worker.base.sql import quoted
from worker.commands.load_plan import lock_rank, primary_key, sql_type
from worker.commands.state import (
    Change,
    Delete,
    Insert,
    LoadedRow,
    State,
    Update,
    Work,
    column_defaults,
)


class DeletedWhatItInserted(Exception):
    """A batch removes a row that it added: only one by one does the audit trail show both."""


@dataclass(slots=True)
class TableChanges:
    """What a batch does to one table: the last word on each row, and who had a say."""

    inserts: dict[Hashable, dict[str, Any]] = field(default_factory=dict)
    updates: dict[Hashable, dict[str, Any]] = field(default_factory=dict)
    deletes: dict[Hashable, None] = field(default_factory=dict)
    steps: dict[Hashable, list[dict[str, Any]]] = field(default_factory=dict)


class Changes:
    """The sum of what the commands of a batch want written."""

    def __init__(self) -> None:
        self.tables: dict[sa.Table, TableChanges] = {}
        self.commands: list[tuple[str, str]] = []

    def take(self, work: Work, state: State) -> None:
        """Add one command's changes, which were checked, and let the next command see them."""
        if not work.changes:
            return
        by = len(self.commands)
        self.commands.append((str(work.command_id), work.actor.name))
        for change in work.changes:
            table = self.tables.setdefault(change.table, TableChanges())
            self._add(table, change, by, state)
        work.apply_to(state)

    def statements(self) -> Iterator[tuple[str, list[Any]]]:
        """The statements that write it all, table by table in the order of locks."""
        for table in sorted(self.tables, key=lock_rank):
            yield from _statements(table, self.tables[table])

    def attribution(self) -> str:
        """Which command changed which row, for the audit trigger (see record_audit.sql)."""
        if len(self.commands) == 1 and not self._steps():
            return to_json({"commands": self.commands})
        return to_json({"commands": self.commands, "rows": self._rows(), "steps": self._steps()})

    def _rows(self) -> dict[str, dict[str, int]]:
        return {
            table.fullname: {str(key): steps[0]["by"] for key, steps in changes.steps.items()}
            for table, changes in self.tables.items()
        }

    def _steps(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        several = {
            table.fullname: {
                str(key): steps for key, steps in changes.steps.items() if len(steps) > 1
            }
            for table, changes in self.tables.items()
        }
        return {name: rows for name, rows in several.items() if rows}

    def _add(self, table: TableChanges, change: Change, by: int, state: State) -> None:
        match change:
            case Insert(where, row):
                whole = {**column_defaults(where), **row}
                key = whole[primary_key(where)]
                table.inserts[key] = dict(whole)  # later commands change this one, not the step
                self._step(table, key, by, "INSERT", None, whole)
            case Update(where, key, changes):
                before = state.get(where, key) or {}
                new = {name: value for name, value in changes.items() if before.get(name) != value}
                old = {name: before.get(name) for name in new}
                rows = table.inserts if key in table.inserts else table.updates
                rows.setdefault(key, {}).update(changes)
                if new:  # as the trigger sees it: what stays the same is no change
                    self._step(table, key, by, "UPDATE", old, new)
            case Delete(where, key):
                if key in table.inserts:
                    raise DeletedWhatItInserted
                table.updates.pop(key, None)
                table.deletes[key] = None
                self._step(table, key, by, "DELETE", state.get(where, key), None)

    @staticmethod
    def _step(
        table: TableChanges,
        key: Hashable,
        by: int,
        operation: str,
        old: LoadedRow | None,
        new: LoadedRow | None,
    ) -> None:
        step = {"by": by, "operation": operation, "old": old, "new": new}
        table.steps.setdefault(key, []).append(step)


def check_declared(changes: Sequence[Change], state: State) -> None:
    """Refuse a command that changes what it did not declare, before any of it is taken.

    Raises LookupError, which makes this one command a dead letter and leaves the batch as it was.
    """
    own: set[tuple[sa.Table, Hashable]] = set()
    for change in changes:
        if isinstance(change, Insert):
            own.add((change.table, change.row[primary_key(change.table)]))
        elif state.get(change.table, change.key) is None and (change.table, change.key) not in own:
            raise LookupError(
                f"the command declares no such row ({change.table.fullname} {change.key})"
            )


def _statements(table: sa.Table, changes: TableChanges) -> Iterator[tuple[str, list[Any]]]:
    if changes.deletes:
        yield _delete_sql(table), [list(changes.deletes)]
    if changes.inserts:
        rows = list(changes.inserts.values())
        yield insert_sql(table, tuple(rows[0])), [to_json(rows)]
    key = primary_key(table)
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for value, new in changes.updates.items():
        by_columns.setdefault(tuple(sorted(new)), []).append({key: value, **new})
    for columns, rows in by_columns.items():
        yield update_sql(table, columns), [to_json(rows)]


@lru_cache(maxsize=512)
def insert_sql(table: sa.Table, columns: tuple[str, ...]) -> str:
    """INSERT of a JSON array of rows."""
    names = ", ".join(map(quoted, columns))
    return _sql(f"INSERT INTO {{t}} ({names}) SELECT {names} FROM {{rows}} AS r", table)


@lru_cache(maxsize=512)
def update_sql(table: sa.Table, columns: tuple[str, ...]) -> str:
    """UPDATE of these columns from a JSON array of rows that carry their primary key."""
    key = quoted(primary_key(table))
    new = ", ".join(f"{quoted(column)} = r.{quoted(column)}" for column in columns)
    return _sql(f"UPDATE {{t}} AS t SET {new} FROM {{rows}} AS r WHERE t.{key} = r.{key}", table)


@lru_cache(maxsize=512)
def _delete_sql(table: sa.Table) -> str:
    key = quoted(primary_key(table))
    kind = sql_type(table, primary_key(table))
    return _sql(f"DELETE FROM {{t}} WHERE {key} = ANY(%s::{kind}[])", table)


def _sql(template: str, table: sa.Table) -> str:
    name = quoted(*table.fullname.split("."))
    # The JSON travels as text, so that numerics keep every digit on the way.
    rows = f"json_populate_recordset(NULL::{name}, %s::json)"
    return template.format(t=name, rows=rows)
