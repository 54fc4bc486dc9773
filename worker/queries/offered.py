"""Which declared conditions a query takes: those whose columns its rows have, of their types."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pydantic import BaseModel

from worker.contracts.messages import models_in
from worker.queries.checks import Checks
from worker.queries.conditions import DeclaredCondition, conditions
from worker.queries.errors import InvalidQuery


def offered(returned: Any, asked: Collection[str]) -> list[DeclaredCondition]:
    """In order of their names, for a query that returns and is asked this; none without `where`."""
    row = next(models_in(returned), None)
    if "where" not in asked or row is None:
        return []
    fitting = (each for each in conditions if _fits(row, each))
    return sorted(fitting, key=lambda each: each.name)


def _fits(row: type[BaseModel], declared: DeclaredCondition) -> bool:
    try:
        Checks(row, declaring=True).checked(declared.what)
    except InvalidQuery:
        return False
    return True
