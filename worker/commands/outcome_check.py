"""Whether what a handler gave can be stored: checked while its command can still be told apart.

Later it travels with the others' of its batch, and an error names nobody. There are two looks:

    first     what would be stored as something else, silently: a float that is no number is
              written as null. Every command is looked at.
    thorough  all that JSON and PostgreSQL cannot hold, named by field. It takes a while, so it is
              for commands that run alone because their batch could not be written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from worker.base.validation_errors import without_json_form
from worker.commands.errors import UnstorableOutcome
from worker.commands.state import Delete, Insert, Update, Work

_CONTAINERS = frozenset({dict, list, tuple})


def plain(name: str, data: Any) -> Any:
    """A handler's result as plain JSON values. Raises UnstorableOutcome."""
    try:
        return to_jsonable_python(data)
    except (PydanticSerializationError, UnicodeEncodeError):
        faults = without_json_form(data, "data")
        raise UnstorableOutcome(name, faults or {"data": "has no JSON form"}) from None


def check(name: str, data: Any, work: Work, *, thorough: bool) -> None:
    """Look at a result, changes and events. Raises UnstorableOutcome, naming what is wrong."""
    if thorough or _has_no_number((data, *map(_written, work.changes))):
        faults = without_json_form(data, "data")
        for change in work.changes:
            faults |= _faults_of_change(change)
        for emitted in work.events:
            faults |= without_json_form(emitted.event.payload(), emitted.event.type)
        if faults:
            raise UnstorableOutcome(name, faults)


def _has_no_number(values: Iterable[Any]) -> bool:
    """Whether one of these is no number, however deep. One call a container: every command pays."""
    for value in values:
        kind = type(value)
        if kind is float:
            if not math.isfinite(value):
                return True
        elif kind in _CONTAINERS and _has_no_number(value.values() if kind is dict else value):
            return True
    return False


def _written(change: Insert | Update | Delete) -> tuple[Any, ...]:
    match change:
        case Insert(_, values) | Update(_, _, values):
            return tuple(values.values())
    return ()


def _faults_of_change(change: Insert | Update | Delete) -> dict[str, str]:
    match change:
        case Insert(table, values) | Update(table, _, values):
            return without_json_form(dict(values), table.fullname)
    return {}
