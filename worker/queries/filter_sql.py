"""Checked conditions and orders as SQL: identifiers quoted, operators fixed, values parameters.

    behind a row (a, b), ascending, never NULL    (a, b) > (x, y)          one range of an index
    else, column by column                        a >= x AND (a > x OR (a = x AND b > y))

PostgreSQL puts nothing (NULL) last where the order runs up, and first where it runs down; `behind`
goes by that, so that a page begins with the row after the last one of the page before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import count
from typing import Any

from psycopg import sql
from pydantic import BaseModel

from worker.queries.checks import holds
from worker.queries.conditions import AllOf, AnyOf, Condition, Not, Op, Where

Direction = tuple[str, bool]
"""A column, and whether the order runs down it."""
Parameters = dict[str, Any]

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


def tests(conditions: Iterable[Condition]) -> tuple[list[sql.Composable], Parameters]:
    """A test for each condition, and the parameters of all."""
    parameters: Parameters = {}
    numbers = count()
    return [_test(condition, parameters, numbers) for condition in conditions], parameters


def _test(condition: Condition, parameters: Parameters, numbers: count[int]) -> sql.Composable:
    parts = [_test(part, parameters, numbers) for part in condition.parts]
    match condition:
        case Where():
            return _comparison(condition, parameters, f"w{next(numbers)}")
        case AllOf():
            return _together(parts, " AND ", "true")
        case AnyOf():
            return _together(parts, " OR ", "false")
        case Not():
            return sql.SQL("({}) IS NOT TRUE").format(parts[0])
    raise TypeError(f"a condition that was checked is wanted (is {condition!r})")


def _together(parts: Sequence[sql.Composable], between: str, of_none: str) -> sql.Composable:
    if not parts:
        return sql.SQL("true" if of_none == "true" else "false")
    return sql.SQL("({})").format(sql.SQL(" OR " if between == " OR " else " AND ").join(parts))


def _comparison(where: Where, parameters: Parameters, slot: str) -> sql.Composable:
    column, value = sql.Identifier(where.column), where.value
    if value is None:
        nothing = sql.SQL("{} IS NULL" if where.op is Op.EQ else "{} IS NOT NULL")
        return nothing.format(column)
    if where.op is Op.BETWEEN and isinstance(value, tuple):
        low, high = f"{slot}_low", f"{slot}_high"
        parameters[low], parameters[high] = value
        between = sql.SQL("{} BETWEEN {} AND {}")
        return between.format(column, sql.Placeholder(low), sql.Placeholder(high))
    parameters[slot] = list(value) if isinstance(value, tuple) else value
    return _COMPARISONS[where.op].format(column, sql.Placeholder(slot))


def behind(
    model: type[BaseModel],
    order: Sequence[Direction],
    row: Sequence[str | None],
    parameters: Parameters,
) -> sql.Composable:
    """The test for rows that stand behind this one in an order; `row`: its values in that order.

    They travel as texts that the server reads in the types of the columns.
    """
    slots = [f"k{number}" for number in range(len(row))]
    parameters |= {slot: value for slot, value in zip(slots, row, strict=True) if value is not None}
    ways = {down for _, down in order}
    if len(ways) == 1 and not any(holds(model, column).nothing for column, _ in order):
        left = sql.SQL(", ").join(sql.Identifier(column) for column, _ in order)
        right = sql.SQL(", ").join(map(sql.Placeholder, slots))
        return sql.SQL("({}) < ({})" if ways == {True} else "({}) > ({})").format(left, right)
    return _column_by_column(order, row, slots)


def _column_by_column(
    order: Sequence[Direction], row: Sequence[str | None], slots: Sequence[str]
) -> sql.Composable:
    test: sql.Composable = sql.SQL("false")
    for (column, down), value, slot in reversed(list(zip(order, row, slots, strict=True))):
        name, place = sql.Identifier(column), sql.Placeholder(slot)
        beyond, same = _beyond(down, value is None), sql.SQL("{0} = {1}")
        if value is None:
            same = sql.SQL("{0} IS NULL")
        one = sql.SQL("({} OR ({} AND {}))")
        test = one.format(beyond.format(name, place), same.format(name, place), test)
    (column, down), value = order[0], row[0]
    if value is None or down:
        first = sql.SQL("true") if value is None else sql.SQL("{0} <= {1}")
    else:
        first = sql.SQL("({0} >= {1} OR {0} IS NULL)")
    bound = first.format(sql.Identifier(column), sql.Placeholder(slots[0]))
    return sql.SQL("({} AND {})").format(bound, test)


def _beyond(down: bool, nothing: bool) -> sql.SQL:
    """The test for a value that comes after this one in an order."""
    if down:
        return sql.SQL("{0} IS NOT NULL" if nothing else "{0} < {1}")
    return sql.SQL("false" if nothing else "({0} > {1} OR {0} IS NULL)")


@lru_cache(maxsize=1_024)
def columns(model: type[BaseModel]) -> sql.Composable:
    """The columns of a model's rows."""
    return sql.SQL(", ").join(map(sql.Identifier, model.model_fields))


@lru_cache(maxsize=1_024)
def relation(source: str) -> sql.Composable:
    """A read model by name; of the schema `query`, if it names none."""
    schema, _, name = source.rpartition(".")
    return sql.Identifier(schema or "query", name)


def order_by(order: Sequence[Direction]) -> sql.Composable:
    """The clause of an order; of none, nothing."""
    return clause(" ORDER BY ", [_sorted(*one) for one in order], ", ")


def _sorted(column: str, down: bool) -> sql.Composable:
    return sql.SQL("{} DESC" if down else "{} ASC").format(sql.Identifier(column))


def clause(keyword: str, parts: Sequence[sql.Composable], between: str) -> sql.Composable:
    """A keyword and what follows it; of no parts, nothing."""
    if not parts:
        return sql.Composed([])
    return sql.Composed([sql.SQL(keyword), sql.SQL(between).join(parts)])
