"""Which declared conditions a query takes: those whose columns its rows have, of their types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel

from worker.queries.checks import Checks
from worker.queries.conditions import DeclaredCondition, conditions
from worker.queries.errors import InvalidQuery


def offered(query: Any) -> list[DeclaredCondition]:
    """In order of their names; none for a query without `where`."""
    function = getattr(query, "function", None)
    hints = get_type_hints(function, include_extras=True) if function else {}
    row = next(_rows(hints.get("return")), None)
    if "where" not in hints or row is None:
        return []
    fitting = (each for each in conditions if _fits(row, each))
    return sorted(fitting, key=lambda each: each.name)


def _rows(returned: Any) -> Iterator[type[BaseModel]]:
    if isinstance(returned, type) and issubclass(returned, BaseModel):
        yield returned
    for part in get_args(returned):
        yield from _rows(part)


def _fits(row: type[BaseModel], declared: DeclaredCondition) -> bool:
    try:
        Checks(row, declaring=True).checked(declared.what)
    except InvalidQuery:
        return False
    return True
