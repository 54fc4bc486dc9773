"""A read table's rows in their one form: brought into it after each fold, loaded in it.

The values of each kind of column, and why: column_forms.py. What a fold gives is looked through
column by column, but only where it is another object than before it: that a fold touches two
columns of twelve is the rule. Lists and dicts are looked through every time, since a fold may have
changed them in place, and made anew, so that no row shares one with another or with its event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeAlias

import sqlalchemy as sa

from worker.base.sql import quoted
from worker.commands.load_plan import primary_key
from worker.subscriptions.changed_columns import changed_columns, remembering
from worker.subscriptions.column_forms import ColumnForm, column_form

Row: TypeAlias = dict[str, Any]
Values: TypeAlias = tuple[Any, ...]
"""A row's values but for its key, in the order of the columns."""

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
        others = [name for name in self.columns if name != self.key_column]
        self._others = others
        self._changed = changed_columns({name: forms[name] for name in others})
        self.values = _values_of(others)
        self.none: Values = (None,) * len(others)
        key = self.key_column
        self._gives = {name: form.give for name, form in forms.items()}
        self._gives[key] = remembering(forms[key])
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
        same = type(value) is type(key) and value == key
        if self.spelled and not same and str(value).lower() != str(key):
            raise self._unfit(self.key_column, value, f"a key is written as in {key!r}")
        return key

    def row(self, row: Row, before: Row | None, was: Values, key: object) -> Row:
        """What a fold made of the row `before` of a key, in the form that the table will tell.

        `was` are the `values` that the row had; `none` for a row that is new. Columns that are
        missing are NULL, and what is no column is left out. Raises UnfitValue. A row that is not
        `before` stays as it is, and is never the one that is kept: it may be an event's own data,
        and the next fold may change its row in place.
        """
        try:
            changed = self._changed(row, was)
        except KeyError:
            return self.row(self.blank | row, None, was, key)
        except _UNFIT:
            raise self._first_unfit(row, was) from None
        if row is before:
            row.update(changed)
        else:
            row = row | changed
        if len(row) != len(self.columns):
            row = {name: row.get(name) for name in self.columns}
        told = row.get(self.key_column)
        if told is key or (type(told) is type(key) and told == key):
            return row
        return self._keyed(row, key)

    def _keyed(self, row: Row, key: object) -> Row:
        """The row with its key in the key's form. Raises UnfitValue for another row's."""
        name = self.key_column
        told = self._given(name, row.get(name))
        if told != key:
            raise self._unfit(name, row.get(name), f"this is the row of {key!r}")
        return row | {name: told}

    def _first_unfit(self, row: Row, was: Values) -> UnfitValue:
        """The error of a row in which there is one, by the name of its column."""
        for name, old in zip(self._others, was, strict=True):
            if row[name] is not old or self._forms[name].has_parts:
                try:
                    self._given(name, row[name])
                except UnfitValue as error:
                    return error
        raise AssertionError("a column refused what it takes")

    def _given(self, name: str, value: object) -> Any:
        try:
            return None if value is None else self._gives[name](value)
        except _UNFIT as error:
            raise self._unfit(name, value, _reason(error)) from None

    def _unfit(self, name: str, value: object, reason: str) -> UnfitValue:
        return UnfitValue(f"{self._name}.{name}", value, reason)


def _values_of(columns: Sequence[str]) -> Callable[[Row], Values]:
    """A row's values; KeyError where it lacks a column. Several times as fast as a loop."""
    if len(columns) > 1:
        return itemgetter(*columns)
    return lambda row: tuple(row[name] for name in columns)


def _reason(error: Exception) -> str:
    return "it is no such number" if isinstance(error, ArithmeticError) else str(error)


@lru_cache(maxsize=1_024)
def row_form(table: sa.Table) -> RowForm:
    """The form of a read table's rows, kept."""
    return RowForm(table)
