"""What PostgreSQL can hold and an answer cannot, told by the column: nobody's parameter is wrong.

`infinity` and years before 1 or after 9999 have no place in Python's dates, 24:00 none in its
times; and a row may lack what its class says it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import Format
from pydantic import BaseModel, ValidationError

from worker.base.validation_errors import fields_at_fault, shortened
from worker.queries.errors import UnreadableAnswer


def unreadable_value(cursor: psycopg.Cursor[Any]) -> UnreadableAnswer:
    """The error for the first value of a result that the driver cannot load."""
    for column, text in _unloadable(cursor):
        return UnreadableAnswer(
            f"the database holds a value that Python cannot: {shortened(text)} in {column}."
            " Mend the row, or have the query select it as text"
        )
    return UnreadableAnswer("the database holds a value that Python cannot")


def _unloadable(cursor: psycopg.Cursor[Any]) -> Iterator[tuple[str, str]]:
    result, load = cursor.pgresult, Transformer(cursor)
    if result is None:
        return
    for place, column in enumerate(cursor.description or ()):
        loader = load.get_loader(column.type_code, Format(result.fformat(place)))
        for row in range(result.ntuples):
            value = result.get_value(row, place)
            if value is None:
                continue
            try:
                loader.load(value)
            except psycopg.DataError as error:
                shown = value.decode(errors="replace") if not result.fformat(place) else str(error)
                yield column.name, shown


def unfit_row(model: type[BaseModel], error: ValidationError) -> UnreadableAnswer:
    """The error for rows that are not what their class says; the values are not shown."""
    column, why = next(iter(fields_at_fault(error).items()))
    column = column.partition(".")[2] or column
    return UnreadableAnswer(
        f"a row is not what {model.__name__} says of it: {column}: {why}."
        " Mend the row, or the class"
    )
