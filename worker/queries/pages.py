"""Pages: the rows of one, where the next one begins, and how many rows there are in all.

    first = orders_summary.ask(order=("-total",), limit=20, total=True).data
    second = orders_summary.ask(order=("-total",), limit=20, cursor=first.next).data

A page is a list. `next` is a cursor: a text that says which row was the last one, in the order that
it was asked in. The page behind it is found by an index, however far down it is, while `offset`
reads all that it leaves out; and rows that come or go meanwhile move none of the others to another
page. `total` counts what matches, all of it, and is None unless it is asked for.

A cursor is no secret and no ticket: it holds the last row's values of the columns that the order
names, and gives nobody more than a condition on these columns would. One that was tampered with, or
belongs to another order, is refused.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from enum import Enum
from hashlib import blake2b
from typing import Any, TypeVar, get_args

import orjson
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from worker.base.validation_errors import unstorable
from worker.queries.filter_sql import Direction

Row = TypeVar("Row")

LONGEST_CURSOR = 20_000
"""Characters."""


class Page(list[Row]):
    """Rows; `next`: the cursor of the page behind it, None on the last one; `total`: of all pages.

    Its JSON is an object: `{"rows": [...], "next": ..., "total": ...}`.
    """

    def __init__(
        self, rows: Iterable[Row] = (), next: str | None = None, total: int | None = None
    ) -> None:
        super().__init__(rows)
        self.next, self.total = next, total

    def __eq__(self, other: object) -> bool:
        """Of two pages all counts; a list is compared with the rows."""
        if isinstance(other, Page) and (self.next, self.total) != (other.next, other.total):
            return False
        return list.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        """A list has its own."""
        return not self == other

    def __reduce__(self) -> tuple[Any, ...]:
        return Page, (list(self), self.next, self.total)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read from the object that its JSON is; a page that is one already stays as it is."""
        (row,) = get_args(source) or (Any,)
        fields = {
            "rows": core_schema.typed_dict_field(core_schema.list_schema(handler(row))),
            "next": core_schema.typed_dict_field(
                core_schema.nullable_schema(core_schema.str_schema())
            ),
            "total": core_schema.typed_dict_field(
                core_schema.nullable_schema(core_schema.int_schema())
            ),
        }
        as_object = core_schema.typed_dict_schema(fields)
        read = core_schema.no_info_after_validator_function(lambda got: cls(**got), as_object)
        return core_schema.json_or_python_schema(
            json_schema=read,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), read]),
            serialization=core_schema.plain_serializer_function_ser_schema(
                cls._as_object, return_schema=as_object
            ),
        )

    def _as_object(self) -> dict[str, Any]:
        return {"rows": list(self), "next": self.next, "total": self.total}


def cursor_behind(row: Mapping[str, Any], order: Sequence[Direction]) -> str:
    """The cursor of the page that begins behind this row, which is as the database gave it."""
    values = [_as_text(row[column]) for column, _ in order]
    return urlsafe_b64encode(orjson.dumps([_mark(order), *values])).decode().rstrip("=")


def row_of(cursor: str, order: Sequence[Direction]) -> list[str | None]:
    """The values of the row that a cursor names, in this order.

    Raises ValueError, with a sentence, for one that is none, or is one of another order.
    """
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError
        text = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        mark, *rest = orjson.loads(text)
        values: list[str | None] = rest
        if any(value is not None and not isinstance(value, str) for value in values):
            raise ValueError
    except (ValueError, TypeError):
        raise ValueError("is no cursor: take `next` of a page, as it is") from None
    if mark != _mark(order) or len(values) != len(order):
        raise ValueError("is a cursor of another order: ask in the order of the page it is from")
    if faults := unstorable(values):
        raise ValueError("; ".join(faults.values()))
    return values


def _mark(order: Sequence[Direction]) -> str:
    return blake2b(repr(tuple(order)).encode(), digest_size=6).hexdigest()


def _as_text(value: Any) -> str | None:
    """A value as PostgreSQL reads it, whole: nothing is lost on the way there and back."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return str(value.value if isinstance(value, Enum) else value)
