"""A typed filter builder: only columns of the row's model, values of the columns' own types.

    Filters(OrderSummary).eq("status", "paid").between("total", 10, 50).like("customer_name", "A%")
                         .where(is_open | ~above(amount=100))
                         .order_by("-created_at").limit(20).offset(40)

It cannot inject: columns are looked up among the model's fields and quoted as identifiers, the
operators are an enumeration, and every value travels as a parameter. A filter is immutable: each
call returns a new one, or raises InvalidQuery, naming the column or the part that is wrong.

Rows that the order leaves equal are put in the order of their key, which a read table declares and
`class ProductRevenue(ReadRow, key="product_id")` says of a view; without one, of all columns. So no
row is on two pages of one snapshot and none is on no page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Generic, TypeVar

from psycopg import sql
from pydantic import BaseModel

from worker.queries import filter_sql
from worker.queries.checks import MOST_CONDITIONS, Checks, check_column, holds, wrong
from worker.queries.conditions import Combined, Condition, Op, Where, plain
from worker.queries.filter_sql import Direction

__all__ = ["MOST_CONDITIONS", "MOST_ROWS", "MOST_SKIPPED", "Filters", "Op", "Where"]

Model = TypeVar("Model", bound=BaseModel)
MOST_ROWS = 1_000
"""Rows of one page."""
MOST_SKIPPED = 1_000_000
"""Rows that a page may leave out: the server reads and drops each of them."""


@dataclass(frozen=True, slots=True)
class Filters(Generic[Model]):
    """Conditions, which must all hold, order, and page of a read."""

    model: type[Model]
    conditions: tuple[Condition, ...] = ()
    order: tuple[Direction, ...] = ()
    rows: int = 100
    skipped: int = 0
    left: int = MOST_CONDITIONS
    """Comparisons that may still be added."""

    def eq(self, column: str, value: Any) -> Filters[Model]:
        """The column has this value; None: it has none."""
        return self._compare(column, Op.EQ, value)

    def matching(self, **wanted: Any) -> Filters[Model]:
        """Each of these columns has this value; None wants nothing of its column."""
        filters = self
        for column, value in wanted.items():
            filters = filters if value is None else filters.eq(column, value)
        return filters

    def ne(self, column: str, value: Any) -> Filters[Model]:
        """The column has another value, or none; None: it has one."""
        return self._compare(column, Op.NE, value)

    def lt(self, column: str, value: Any) -> Filters[Model]:
        """The column is less."""
        return self._compare(column, Op.LT, value)

    def le(self, column: str, value: Any) -> Filters[Model]:
        """The column is less or equal."""
        return self._compare(column, Op.LE, value)

    def gt(self, column: str, value: Any) -> Filters[Model]:
        """The column is greater."""
        return self._compare(column, Op.GT, value)

    def ge(self, column: str, value: Any) -> Filters[Model]:
        """The column is greater or equal."""
        return self._compare(column, Op.GE, value)

    def in_(self, column: str, values: Iterable[Any]) -> Filters[Model]:
        """The column has one of these values; no values: no rows."""
        return self._compare(column, Op.IN, values)

    def like(self, column: str, pattern: str) -> Filters[Model]:
        """The text matches: `%` any characters, `_` any one, a backslash takes that away."""
        return self._compare(column, Op.LIKE, pattern)

    def between(self, column: str, low: Any, high: Any) -> Filters[Model]:
        """The column is between these, both included."""
        return self._compare(column, Op.BETWEEN, (low, high))

    def where(self, *conditions: Combined) -> Filters[Model]:
        """Conditions as values, however they came: each must hold, beside those above."""
        checks = Checks(self.model, left=self.left)
        checked = tuple(checks.checked(plain(condition)) for condition in conditions)
        return replace(self, conditions=self.conditions + checked, left=checks.left)

    def order_by(self, *columns: str) -> Filters[Model]:
        """Sort by these, the first one first; a minus in front turns the order around.

        Nothing is last; with the order turned around, first.
        """
        order = tuple((column.removeprefix("-"), column.startswith("-")) for column in columns)
        for column, _ in order:
            check_column(self.model, column, "order_by")
            if not holds(self.model, column).scalar:
                why = f"{column} holds a list or a document, which has no order"
                raise wrong(self.model, "order_by", why)
        return replace(self, order=self.order + order)

    def limit(self, rows: int) -> Filters[Model]:
        """At most so many rows, 1 to 1,000; 100 if nothing is said."""
        self._whole("limit", rows, 1, MOST_ROWS)
        return replace(self, rows=rows)

    def offset(self, rows: int) -> Filters[Model]:
        """Leave out so many rows first, 0 to 1,000,000."""
        self._whole("offset", rows, 0, MOST_SKIPPED)
        return replace(self, skipped=rows)

    @property
    def sorting(self) -> tuple[Direction, ...]:
        """The order with what decides between equals: the key, in the direction of the last."""
        order: dict[str, bool] = {}
        for column, down in self.order:
            order.setdefault(column, down)
        last = self.order[-1][1] if self.order else False
        for column in key_of(self.model):
            order.setdefault(column, last)
        return tuple(order.items())

    def compile(
        self,
        source: str,
        *,
        ordered: bool = True,
        more: int = 0,
        after: Sequence[str | None] | None = None,
    ) -> tuple[sql.Composed, dict[str, Any]]:
        """The statement over a read model (`order_summaries`), and its parameters.

        `more`: rows beyond the page. `after`: the row before its first one, as `pages` has it.
        """
        tests, parameters = filter_sql.tests(self.conditions)
        if after is not None:
            tests.append(filter_sql.behind(self.model, self.sorting, after, parameters))
        text = sql.SQL("SELECT {} FROM {}{}{} LIMIT {} OFFSET {}").format(
            filter_sql.columns(self.model),
            filter_sql.relation(source),
            filter_sql.clause(" WHERE ", tests, " AND "),
            filter_sql.order_by(self.sorting if ordered else ()),
            sql.Placeholder("limit"),
            sql.Placeholder("offset"),
        )
        return text, {**parameters, "limit": self.rows + more, "offset": self.skipped}

    def count(self, source: str) -> tuple[sql.Composed, dict[str, Any]]:
        """The statement that counts what matches, on whatever page, and its parameters."""
        tests, parameters = filter_sql.tests(self.conditions)
        text = sql.SQL("SELECT count(*) AS total FROM {}{}").format(
            filter_sql.relation(source), filter_sql.clause(" WHERE ", tests, " AND ")
        )
        return text, parameters

    def _compare(self, column: str, op: Op, value: Any) -> Filters[Model]:
        return self.where(Where.model_construct(column=column, op=op, value=value))

    def _whole(self, name: str, value: object, low: int, high: int) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            why = f"is {value!r}; a whole number from {low} to {high:,} is wanted"
            raise wrong(self.model, name, why)


@lru_cache(maxsize=1_024)
def key_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The columns that tell rows of a model apart: the declared key, or all that have an order."""
    declared: tuple[str, ...] = getattr(model, "__row_key__", ())
    return declared or tuple(name for name in model.model_fields if holds(model, name).scalar)
