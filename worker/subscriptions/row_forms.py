"""A read table's rows in their one form: brought into it after each fold, loaded in it.

The values of each kind of column, and why: column_forms.py. What a fold gives is looked through
column by column, but only where it is another object than before it: that a fold touches two
columns of twelve is the rule. Lists and dicts are looked through every time, since a fold may have
changed them in place, and made anew, so that no row shares one with another or with its event.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import sqlalchemy as sa

from worker.base.sql import quoted
from worker.commands.load_plan import primary_key
from worker.subscriptions.column_forms import ColumnForm, column_form

Row: TypeAlias = dict[str, Any]

_UNFIT = (ValueError, TypeError, ArithmeticError)


class UnfitValue(ValueError):
    """A fold gave what a column of its read table cannot hold."""

    def __init__(self, column: str, value: object, reason: str) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= 100 else shown[:97] + "..."
        super().__init__(f"{reason} (column {column}, value {shown})")
        self.column, self.reason = column, reason


class RowForm:
    """The form of one read table's rows. Raises TypeError for a column whose type has none."""

    def __init__(self, table: sa.Table) -> None:
        self.key_column = primary_key(table)
        self.columns = [str(column.name) for column in table.c]
        self.blank: Row = dict.fromkeys(self.columns)
        self._name = str(table.name)
        forms = {str(column.name): column_form(column) for column in table.c}
        self._forms: dict[str, ColumnForm] = forms
        self._give = [(name, form.give) for name, form in forms.items()]
        self._parts = [name for name, form in forms.items() if form.has_parts]
        self._told = [(name, form.told) for name, form in forms.items() if form.told]

    @property
    def spelled(self) -> str | None:
        """How the server finds a row's key in an event, in braces the event's own text; None
        where one key may have several spellings, and only Python can tell."""
        return self._forms[self.key_column].spelled

    def selected(self) -> list[str]:
        """What a SELECT of whole rows asks for, in the order of the columns."""
        return [form.load.format(quoted(name)) for name, form in self._forms.items()]

    def loaded(self, values: Sequence[Any]) -> Row:
        """A row as the table tells it."""
        row = dict(zip(self.columns, values, strict=True))
        for name, told in self._told:
            if row[name] is not None:
                row[name] = told(row[name])
        return row

    def key(self, value: object) -> Any:
        """A row's key as it stands in its row. Raises UnfitValue.

        Where the server finds rows by their key's text, a key has no other spelling than that; a
        UUID may be in capitals.
        """
        key = self._given(self.key_column, value)
        if key is None:
            raise self._unfit(self.key_column, value, "an event tells no key")
        if self.spelled and key is not value and str(value).lower() != str(key):
            raise self._unfit(self.key_column, value, f"a key is written as in {key!r}")
        return key

    def row(self, row: Row, before: Row, key: object) -> Row:
        """What a fold made of the row `before` of a key, in the form that the table will tell.

        `before` is a copy, or `blank` for a row that is new. Columns that are missing are NULL, and
        what is no column is left out. Raises UnfitValue; the row that is given stays as it is.
        """
        try:
            changed = self._changed(row, before)
        except KeyError:
            row, changed = self.blank | row, {}
            changed = self._changed(row, before)
        if changed:
            row = row | changed
        if len(row) != len(self.columns):
            row = {name: row[name] for name in self.columns}
        if row[self.key_column] != key:
            raise self._unfit(self.key_column, row[self.key_column], f"this is the row of {key!r}")
        return row

    def _changed(self, row: Row, before: Row) -> Row:
        """The columns that have to be brought into their form, as they are then."""
        changed: Row = {}
        name = self.key_column
        try:
            for name, give in self._give:
                value = row[name]
                if value is not before[name] and value is not None:
                    given = give(value)
                    if given is not value:
                        changed[name] = given
            for name in self._parts:
                if row[name] is not None and name not in changed:
                    changed[name] = self._forms[name].give(row[name])
        except _UNFIT as error:
            raise self._unfit(name, row[name], _reason(error)) from None
        return changed

    def _given(self, name: str, value: object) -> Any:
        try:
            return None if value is None else self._forms[name].give(value)
        except _UNFIT as error:
            raise self._unfit(name, value, _reason(error)) from None

    def _unfit(self, name: str, value: object, reason: str) -> UnfitValue:
        return UnfitValue(f"{self._name}.{name}", value, reason)


def _reason(error: Exception) -> str:
    return "it is no such number" if isinstance(error, ArithmeticError) else str(error)


@lru_cache(maxsize=1_024)
def row_form(table: sa.Table) -> RowForm:
    """The form of a read table's rows, kept."""
    return RowForm(table)
