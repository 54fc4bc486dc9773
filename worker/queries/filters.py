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
from typing import Any, Generic, TypeVar

from psycopg import sql
from pydantic import BaseModel

from worker.queries.conditions import Op, Where, check_column, checked, wrong

__all__ = ["MOST_ROWS", "MOST_SKIPPED", "Filters", "Op", "Where"]

Model = TypeVar("Model", bound=BaseModel)

MOST_ROWS = 1_000
"""Rows of one page."""
MOST_SKIPPED = 1_000_000
"""Rows that a page may leave out: the server reads and drops each of them."""
MOST_CONDITIONS = 50

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
        made = self
        for one in conditions:
            made = made._add(one.column, one.op, one.value)
        return made

    def order_by(self, *columns: str) -> Filters[Model]:
        """Sort by these, the first one first; a minus in front turns the order around."""
        order = tuple((column.removeprefix("-"), column.startswith("-")) for column in columns)
        for column, _ in order:
            check_column(self.model, column, "order_by")
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
            raise wrong(self.model, "where", f"at most {MOST_CONDITIONS} conditions are allowed")
        return replace(self, conditions=(*self.conditions, checked(self.model, column, op, value)))

    def _tests(self) -> tuple[list[sql.Composed], dict[str, Any]]:
        tests: list[sql.Composed] = []
        parameters: dict[str, Any] = {}
        for place, one in enumerate(self.conditions):
            test, some = _test(one, f"w{place}")
            tests.append(test)
            parameters |= some
        return tests, parameters

    def _whole(self, name: str, value: object, low: int, high: int) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            why = f"is {value!r}; a whole number from {low} to {high:,} is wanted"
            raise wrong(self.model, name, why)


def _test(one: Where, slot: str) -> tuple[sql.Composed, dict[str, Any]]:
    """A condition as SQL, and its parameters."""
    column = sql.Identifier(one.column)
    if one.value is None:
        nothing = sql.SQL("{} IS NULL" if one.op is Op.EQ else "{} IS NOT NULL")
        return nothing.format(column), {}
    if one.op is Op.BETWEEN and isinstance(one.value, tuple):
        low, high = f"{slot}_low", f"{slot}_high"
        between = sql.SQL("{} BETWEEN {} AND {}")
        test = between.format(column, sql.Placeholder(low), sql.Placeholder(high))
        return test, dict(zip((low, high), one.value, strict=True))
    value = list(one.value) if isinstance(one.value, tuple) else one.value
    return _COMPARISONS[one.op].format(column, sql.Placeholder(slot)), {slot: value}


def _sorted(order: tuple[str, bool]) -> sql.Composed:
    column, descending = order
    return sql.SQL("{} DESC" if descending else "{} ASC").format(sql.Identifier(column))


def _clause(keyword: str, parts: list[sql.Composed], between: str) -> sql.Composed:
    if not parts:
        return sql.Composed([])
    return sql.Composed([sql.SQL(keyword), sql.SQL(between).join(parts)])
