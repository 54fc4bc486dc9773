"""One condition of a filter: a column of the row's model, an operator, a value of its type.

Checked here, before any SQL is made. Raises InvalidQuery, which names what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Any, TypeAlias, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from worker.base.errors import did_you_mean
from worker.base.validation_errors import by_field, shortened, unstorable
from worker.queries.errors import InvalidQuery

Scalar: TypeAlias = str | bool | int | float | Decimal | UUID | datetime | date | None

MOST_VALUES = 1_000
"""Values of one `in`."""
LONGEST_PATTERN = 200
"""Characters of a `like` pattern: matching costs pattern times text."""


class Op(StrEnum):
    """How a column is compared with a value."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    IN = "in"
    LIKE = "like"
    BETWEEN = "between"


class Where(BaseModel):
    """One condition, as a query's parameter or off the wire: `{"column", "op", "value"}`.

    `value` is a list for `in`, a pair for `between`. None is a value for `eq` and `ne` alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    op: Op = Op.EQ
    value: Scalar | tuple[Scalar, ...] = None


def checked(model: type[BaseModel], column: str, op: Op, value: Any) -> Where:
    """The condition, with its value in the type of the column."""
    check_column(model, column, "where")
    if op in (Op.IN, Op.BETWEEN):
        value = _values(model, column, op, value)
    elif op is Op.LIKE:
        value = _pattern(model, column, value)
    elif value is not None or op not in (Op.EQ, Op.NE):
        value = _value(model, column, value)
    return Where.model_construct(column=column, op=op, value=value)


def check_column(model: type[BaseModel], column: object, parameter: str) -> None:
    """Refuse a name that is no column of the model."""
    columns = model.model_fields
    if isinstance(column, str) and column in columns:
        return
    hint = did_you_mean(column, columns, f"there are {', '.join(columns)}")
    raise wrong(model, parameter, f"no column {shortened(repr(column))}{hint}")


def wrong(model: type[BaseModel], what: str, why: str) -> InvalidQuery:
    """The error for a part of a filter on rows of this model."""
    return InvalidQuery(model.__name__, {what: why})


def _values(model: type[BaseModel], column: str, op: Op, values: Any) -> tuple[Any, ...]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise wrong(model, column, f"{op} needs a list of values")
    values = tuple(values)
    if op is Op.BETWEEN and len(values) != 2:
        raise wrong(model, column, "between needs two values, the lower and the higher")
    if len(values) > MOST_VALUES:
        raise wrong(model, column, f"{len(values)} values; at most {MOST_VALUES} are allowed")
    return tuple(_value(model, column, value) for value in values)


def _value(model: type[BaseModel], column: str, value: Any) -> Any:
    if value is None:
        raise wrong(model, column, "None can be asked for with eq and ne alone")
    try:
        typed = _type_of(model, column).validate_python(value)
    except ValidationError as error:
        raise wrong(model, column, "; ".join(by_field(error).values())) from None
    _storable(model, column, typed)
    return typed.value if isinstance(typed, Enum) else typed


def _pattern(model: type[BaseModel], column: str, pattern: Any) -> str:
    if not _holds_text(model.model_fields[column].annotation):
        raise wrong(model, column, "like compares texts, and this column holds none")
    if not isinstance(pattern, str) or len(pattern) > LONGEST_PATTERN:
        raise wrong(model, column, f"like needs a text of at most {LONGEST_PATTERN} characters")
    if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
        raise wrong(model, column, "the pattern ends with a backslash that escapes nothing")
    _storable(model, column, pattern)
    return pattern


def _storable(model: type[BaseModel], column: str, value: Any) -> None:
    if faults := unstorable(value):
        raise wrong(model, column, "; ".join(faults.values()))


def _holds_text(annotation: Any) -> bool:
    """Whether a type is a text, or may be one (`str | None`)."""
    if isinstance(annotation, type) and issubclass(annotation, str):
        return True
    return any(map(_holds_text, get_args(annotation)))


@lru_cache(maxsize=1_024)
def _type_of(model: type[BaseModel], column: str) -> TypeAdapter[Any]:
    return TypeAdapter(model.model_fields[column].rebuild_annotation())
