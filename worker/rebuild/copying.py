"""Rows on their way into a table by COPY: plain JSON values as PostgreSQL's text format."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from operator import itemgetter
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from worker.encoding import to_json
from worker.projection import Row

_special = re.compile(r"[\\\t\n\r]").search
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_CHUNK = 2_000

Encode = Callable[[Any], str]


def copy_text(table: sa.Table, rows: Iterable[Row]) -> Iterator[str]:
    """Rows as text for `COPY … FROM STDIN`, some thousand at a time, columns in the table's order.

    Raises KeyError for a row without one of the columns.
    """
    encoders = [_encoder(column) for column in table.c]
    values = itemgetter(*(str(column.name) for column in table.c))
    many = len(encoders) > 1
    lines = iter(rows)
    while chunk := list(islice(lines, _CHUNK)):
        yield "".join(_line(values(row) if many else (values(row),), encoders) for row in chunk)


def _line(values: Sequence[Any], encoders: Sequence[Encode]) -> str:
    cells = [
        (value if _special(value) is None else value.translate(_ESCAPES))
        if type(value) is str and encode is _scalar
        else ("\\N" if value is None else encode(value))
        for value, encode in zip(values, encoders, strict=True)
    ]
    return "\t".join(cells) + "\n"


def _encoder(column: sa.Column[Any]) -> Encode:
    if isinstance(column.type, sa.JSON):
        return _json
    if isinstance(column.type, sa.ARRAY | postgresql.ARRAY):
        return _array
    return _scalar


def _scalar(value: Any) -> str:
    """One value as COPY wants it; a str subclass is its text, as in JSON."""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, str):
        return str.__str__(value).translate(_ESCAPES)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int | float | UUID):
        return str(value)
    return _json(value)


def _json(value: Any) -> str:
    return to_json(value).translate(_ESCAPES)


def _array(value: Any) -> str:
    return ("{" + ",".join(map(_element, value)) + "}").translate(_ESCAPES)


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return "{" + ",".join(map(_element, value)) + "}"
    text = value if isinstance(value, str) else _scalar(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
