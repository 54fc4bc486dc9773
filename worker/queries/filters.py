"""A typed filter builder: only columns of the row's model, values of the columns' own types.

    Filters(OrderSummary).eq("status", "paid").between("total", 10, 50).like("customer_name", "A%")
                         .order_by("-created_at", "order_id").limit(20).offset(40)

It cannot inject: columns are looked up among the model's fields and quoted as identifiers, the
operators are an enumeration, and every value travels as a parameter. A filter is immutable: each
call returns a new one, or raises InvalidQuery, naming the column or the part that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Any, Generic, TypeAlias, TypeVar, get_args
from uuid import UUID

from psycopg import sql
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from worker.base.errors import did_you_mean
from worker.base.validation_errors import by_field, shortened, unstorable
from worker.queries.errors import InvalidQuery

__all__ = ["MOST_ROWS", "MOST_SKIPPED", "Filters", "Op", "Where"]

Model = TypeVar("Model", bound=BaseModel)
Scalar: TypeAlias = str | bool | int | float | Decimal | UUID | datetime | date | None

MOST_VALUES = 1_000
"""Values of one `in`."""
LONGEST_PATTERN = 200
"""Characters of a `like` pattern: matching costs pattern times text."""

MOST_ROWS = 1_000
"""Rows of one page."""
MOST_SKIPPED = 1_000_000
"""Rows that a page may leave out: the server reads and drops each of them."""
MOST_CONDITIONS = 50


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


_COMPARISONS = {
    Op.EQ: sql.SQL("{} = {}"),
    Op.NE: sql.SQL("{} IS DISTINCT FROM {}"),
    Op.LT: sql.SQL("{} < {}"),
    Op.LE: sql.SQL("{} <= {}"),
    Op.GT: sql.SQL("{} > {}"),
    Op.GE: sql.SQL("{} >= {}"),
    Op.IN: sql.SQL("{} = ANY ({})"),
    Op.LIKE: sql.SQL("{} LIKE {}"),
}


@dataclass(frozen=True, slots=True)
class Filters(Generic[Model]):
    """Conditions, which must all hold, order, and page of a read."""

    model: type[Model]
    conditions: tuple[Where, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    rows: int = 100
    skipped: int = 0

    def eq(self, column: str, value: Any) -> Filters[Model]:
        """The column has this value; None: it has none."""
        return self._add(column, Op.EQ, value)

    def ne(self, column: str, value: Any) -> Filters[Model]:
        """The column has another value, or none; None: it has one."""
        return self._add(column, Op.NE, value)

    def lt(self, column: str, value: Any) -> Filters[Model]:
        """The column is less."""
        return self._add(column, Op.LT, value)

    def le(self, column: str, value: Any) -> Filters[Model]:
        """The column is less or equal."""
        return self._add(column, Op.LE, value)

    def gt(self, column: str, value: Any) -> Filters[Model]:
        """The column is greater."""
        return self._add(column, Op.GT, value)

    def ge(self, column: str, value: Any) -> Filters[Model]:
        """The column is greater or equal."""
        return self._add(column, Op.GE, value)

    def in_(self, column: str, values: Iterable[Any]) -> Filters[Model]:
        """The column has one of these values; no values: no rows."""
        return self._add(column, Op.IN, values)

    def like(self, column: str, pattern: str) -> Filters[Model]:
        """The text matches: `%` any characters, `_` any one, a backslash takes that away."""
        return self._add(column, Op.LIKE, pattern)

    def between(self, column: str, low: Any, high: Any) -> Filters[Model]:
        """The column is between these, both included."""
        return self._add(column, Op.BETWEEN, (low, high))

    def where(self, *conditions: Where) -> Filters[Model]:
        """Conditions that came as data; each is checked like those above."""
        filters = self
        for condition in conditions:
            filters = filters._add(condition.column, condition.op, condition.value)
        return filters

    def order_by(self, *columns: str) -> Filters[Model]:
        """Sort by these, the first one first; a minus in front turns the order around."""
        order = tuple((column.removeprefix("-"), column.startswith("-")) for column in columns)
        for column, _ in order:
            _check_column(self.model, column, "order_by")
        return replace(self, order=self.order + order)

    def limit(self, rows: int) -> Filters[Model]:
        """At most so many rows, 1 to 1,000; 100 if nothing is said."""
        self._whole("limit", rows, 1, MOST_ROWS)
        return replace(self, rows=rows)

    def offset(self, rows: int) -> Filters[Model]:
        """Leave out so many rows first, 0 to 1,000,000."""
        self._whole("offset", rows, 0, MOST_SKIPPED)
        return replace(self, skipped=rows)

    def compile(self, source: str) -> tuple[sql.Composed, dict[str, Any]]:
        """The statement over a read model (`order_summaries`), and its parameters."""
        schema, _, name = source.rpartition(".")
        tests, parameters = self._tests()
        columns = map(sql.Identifier, self.model.model_fields)
        text = sql.SQL("SELECT {} FROM {}{}{} LIMIT {} OFFSET {}").format(
            sql.SQL(", ").join(columns),
            sql.Identifier(schema or "query", name),
            _clause(" WHERE ", tests, " AND "),
            _clause(" ORDER BY ", list(map(_sorted, self.order)), ", "),
            sql.Placeholder("limit"),
            sql.Placeholder("offset"),
        )
        return text, {**parameters, "limit": self.rows, "offset": self.skipped}

    def _add(self, column: str, op: Op, value: Any) -> Filters[Model]:
        if len(self.conditions) == MOST_CONDITIONS:
            raise _wrong(self.model, "where", f"at most {MOST_CONDITIONS} conditions are allowed")
        return replace(self, conditions=(*self.conditions, _checked(self.model, column, op, value)))

    def _tests(self) -> tuple[list[sql.Composed], dict[str, Any]]:
        tests: list[sql.Composed] = []
        parameters: dict[str, Any] = {}
        for number, condition in enumerate(self.conditions):
            test, some = _test(condition, f"w{number}")
            tests.append(test)
            parameters |= some
        return tests, parameters

    def _whole(self, name: str, value: object, low: int, high: int) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            why = f"is {value!r}; a whole number from {low} to {high:,} is wanted"
            raise _wrong(self.model, name, why)


def _test(condition: Where, slot: str) -> tuple[sql.Composed, dict[str, Any]]:
    """A condition as SQL, and its parameters."""
    column = sql.Identifier(condition.column)
    if condition.value is None:
        nothing = sql.SQL("{} IS NULL" if condition.op is Op.EQ else "{} IS NOT NULL")
        return nothing.format(column), {}
    if condition.op is Op.BETWEEN and isinstance(condition.value, tuple):
        low, high = f"{slot}_low", f"{slot}_high"
        between = sql.SQL("{} BETWEEN {} AND {}")
        test = between.format(column, sql.Placeholder(low), sql.Placeholder(high))
        return test, dict(zip((low, high), condition.value, strict=True))
    value = list(condition.value) if isinstance(condition.value, tuple) else condition.value
    return _COMPARISONS[condition.op].format(column, sql.Placeholder(slot)), {slot: value}


def _sorted(order: tuple[str, bool]) -> sql.Composed:
    column, descending = order
    return sql.SQL("{} DESC" if descending else "{} ASC").format(sql.Identifier(column))


def _clause(keyword: str, parts: list[sql.Composed], between: str) -> sql.Composed:
    if not parts:
        return sql.Composed([])
    return sql.Composed([sql.SQL(keyword), sql.SQL(between).join(parts)])


def _checked(model: type[BaseModel], column: str, op: Op, value: Any) -> Where:
    """The condition, with its value in the type of the column."""
    _check_column(model, column, "where")
    if op in (Op.IN, Op.BETWEEN):
        value = _values(model, column, op, value)
    elif op is Op.LIKE:
        value = _pattern(model, column, value)
    elif value is not None or op not in (Op.EQ, Op.NE):
        value = _value(model, column, value)
    return Where.model_construct(column=column, op=op, value=value)


def _check_column(model: type[BaseModel], column: object, parameter: str) -> None:
    """Refuse a name that is no column of the model."""
    columns = model.model_fields
    if isinstance(column, str) and column in columns:
        return
    hint = did_you_mean(column, columns, f"there are {', '.join(columns)}")
    raise _wrong(model, parameter, f"no column {shortened(repr(column))}{hint}")


def _wrong(model: type[BaseModel], what: str, why: str) -> InvalidQuery:
    """The error for a part of a filter on rows of this model."""
    return InvalidQuery(model.__name__, {what: why})


def _values(model: type[BaseModel], column: str, op: Op, values: Any) -> tuple[Any, ...]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise _wrong(model, column, f"{op} needs a list of values")
    values = tuple(values)
    if op is Op.BETWEEN and len(values) != 2:
        raise _wrong(model, column, "between needs two values, the lower and the higher")
    if len(values) > MOST_VALUES:
        raise _wrong(model, column, f"{len(values)} values; at most {MOST_VALUES} are allowed")
    return tuple(_value(model, column, value) for value in values)


def _value(model: type[BaseModel], column: str, value: Any) -> Any:
    if value is None:
        raise _wrong(model, column, "None can be asked for with eq and ne alone")
    try:
        typed = _type_of(model, column).validate_python(value)
    except ValidationError as error:
        raise _wrong(model, column, "; ".join(by_field(error).values())) from None
    _storable(model, column, typed)
    return typed.value if isinstance(typed, Enum) else typed


def _pattern(model: type[BaseModel], column: str, pattern: Any) -> str:
    if not _holds_text(model.model_fields[column].annotation):
        raise _wrong(model, column, "like compares texts, and this column holds none")
    if not isinstance(pattern, str) or len(pattern) > LONGEST_PATTERN:
        raise _wrong(model, column, f"like needs a text of at most {LONGEST_PATTERN} characters")
    if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
        raise _wrong(model, column, "the pattern ends with a backslash that escapes nothing")
    _storable(model, column, pattern)
    return pattern


def _storable(model: type[BaseModel], column: str, value: Any) -> None:
    if faults := unstorable(value):
        raise _wrong(model, column, "; ".join(faults.values()))


def _holds_text(annotation: Any) -> bool:
    """Whether a type is a text, or may be one (`str | None`)."""
    if isinstance(annotation, type) and issubclass(annotation, str):
        return True
    return any(map(_holds_text, get_args(annotation)))


@lru_cache(maxsize=1_024)
def _type_of(model: type[BaseModel], column: str) -> TypeAdapter[Any]:
    return TypeAdapter(model.model_fields[column].rebuild_annotation())
