"""Which columns of a folded row are not in their form yet: a function made for each table.

Every event that is folded is looked through here, so it is the one place of the engine where code
is written by code: a loop over the columns takes 0.9 µs for ten that a fold left alone, the same
tests one after the other 0.24 µs (of an event's 1.7 µs without any). For a table with a text, a
number and a list it is, in short:

    def changed(row, was):
        was_0, was_1, was_2 = was
        changed = {}
        value = row['name']
        if value is not was_0 and value is not None and type(value) is not str:
            given = give_0(value)
            if given is not value:
                changed['name'] = given
        ...
        value = row['tags']
        if value is not None:
            changed['tags'] = give_2(value)
        return changed
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from worker.subscriptions.column_forms import ColumnForm, Give

Changed: TypeAlias = Callable[[dict[str, Any], tuple[Any, ...]], dict[str, Any]]
"""From a row and the values that it had, in the order of the columns: the columns to write anew.
Raises what a column's `give` raises, and KeyError where the row lacks a column."""

_MOST, _LONGEST = 2_048, 40
"""How many strings of how many characters are remembered for a column."""
_START = """def changed(row, was):
    {names}= was
    changed = {{}}"""
_PLAIN = """    value = row[{name!r}]
    if value is not was_{i} and value is not None{unless}:
        given = give_{i}(value)
        if given is not value:
            changed[{name!r}] = given"""
_PARTS = """    value = row[{name!r}]
    if value is not None:
        changed[{name!r}] = give_{i}(value)"""


def changed_columns(forms: Mapping[str, ColumnForm]) -> Changed:
    """The function for these columns. A fold may have changed lists and dicts in place: they are
    made anew every time."""
    names = "".join(f"was_{i}, " for i in range(len(forms)))
    lines = [_START.format(names=names) if forms else _START.format(names="_")]
    gives: dict[str, Any] = {}
    for i, (name, form) in enumerate(forms.items()):
        unless = f" and type(value) is not {form.exact.__name__}" if form.exact else ""
        lines.append((_PARTS if form.has_parts else _PLAIN).format(i=i, name=name, unless=unless))
        gives[f"give_{i}"] = remembering(form)
    lines.append("    return changed")
    exec("\n".join(lines), gives)  # noqa: S102  # of our own text and quoted names of columns alone
    made: Changed = gives["changed"]
    return made


def remembering(form: ColumnForm) -> Give:
    """`form.give`, which knows what it has answered lately to strings that take long to look at.

    The same customer, amount or time comes again and again: to find it costs a sixth of looking at
    it anew. A string alone is remembered, as 1, 1.0 and True are one key of a dict.
    """
    give, known = form.give, dict[str, Any]()
    if not form.is_slow:
        return give

    def remembered(value: Any) -> Any:
        if type(value) is not str:
            return give(value)
        told = known.get(value)
        if told is None:
            told = give(value)
            if len(value) <= _LONGEST:
                if len(known) >= _MOST:
                    known.clear()
                known[value] = told
        return told

    return remembered
