"""Whether what a handler gave can be stored: checked while its command can still be told apart.

Later it travels with the others' of its batch, and an error names nobody. There are two looks:

    first     what would be stored as something else, silently: a float that is no number is
              written as null. Every command is looked at.
    thorough  all that JSON and PostgreSQL cannot hold, named by field. It takes a while, so it is
              for commands that run alone because their batch could not be written.
"""

from __future__ import annotations

import math
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from worker.base.validation_errors import without_json_form
from worker.commands.errors import UnstorableOutcome
from worker.commands.state import Delete, Insert, Update, Work


def plain(name: str, data: Any) -> Any:
    """A handler's result as plain JSON values. Raises UnstorableOutcome."""
    try:
        return to_jsonable_python(data)
    except (PydanticSerializationError, UnicodeEncodeError):
        faults = without_json_form(data, "data")
        raise UnstorableOutcome(name, faults or {"data": "has no JSON form"}) from None


def check(name: str, data: Any, work: Work, *, thorough: bool) -> None:
    """Look at a result, changes and events. Raises UnstorableOutcome, naming what is wrong."""
    if thorough or _has_no_number(data) or any(map(_changes_to_no_number, work.changes)):
        faults = without_json_form(data, "data")
        for change in work.changes:
            faults |= _faults_of_change(change)
        for emitted in work.events:
            faults |= without_json_form(emitted.event.payload(), emitted.event.type)
        if faults:
            raise UnstorableOutcome(name, faults)


def _has_no_number(value: Any) -> bool:
    kind = type(value)
    if kind is float:
        return not math.isfinite(value)
    if kind is dict:
        return any(map(_has_no_number, value.values()))
    return kind in (list, tuple) and any(map(_has_no_number, value))


def _changes_to_no_number(change: Insert | Update | Delete) -> bool:
    match change:
        case Insert(_, values) | Update(_, _, values):
            return any(map(_has_no_number, values.values()))
    return False


def _faults_of_change(change: Insert | Update | Delete) -> dict[str, str]:
    match change:
        case Insert(table, values) | Update(table, _, values):
            return without_json_form(dict(values), table.fullname)
    return {}
