"""What is wrong with an input, field by field: pydantic's findings and text that cannot be stored.

Both are mappings from a field's dotted path (`items.0.quantity`) to one sentence.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from worker.base.encoding import has_json_form

LONGEST_SHOWN = 60
"""A wrong value is quoted in its message up to this many characters."""


def by_field(error: ValidationError, *, secret: Container[str] = ()) -> dict[str, str]:
    """Every wrong field of a failed validation, with what is wrong and the value given, unless the
    field is secret."""
    return {
        ".".join(map(str, problem["loc"])): problem["msg"]
        + ("" if problem["loc"] and problem["loc"][0] in secret else _rendered(problem))
        for problem in error.errors(include_url=False)
    }


def fields_at_fault(error: ValidationError) -> dict[str, str]:
    """Every wrong field, with what is wrong, and never the value: for what has been stored."""
    found = error.errors(include_url=False, include_input=False)
    return {".".join(map(str, problem["loc"])): problem["msg"] for problem in found}


def unstorable(value: Any, path: str = "") -> dict[str, str]:
    """Texts inside a plain value that PostgreSQL cannot store, by path."""
    texts = ((where, leaf) for where, leaf in _leaves(value, path) if isinstance(leaf, str))
    return {where: why for where, text in texts if (why := _fault_of_text(text))}


def without_json_form(value: Any, path: str = "") -> dict[str, str]:
    """What inside a value neither JSON nor PostgreSQL can hold, by path."""
    return {where: why for where, leaf in _leaves(value, path) if (why := _fault(leaf))}


def _fault(leaf: object) -> str | None:
    if isinstance(leaf, str):
        return _fault_of_text(leaf)
    if has_json_form(leaf):
        return None
    if isinstance(leaf, int):
        return "is an integer of more than 64 bits, which JSON cannot hold here"
    if isinstance(leaf, float | Decimal):
        return f"is {leaf}, which JSON cannot hold"
    return f"is a {type(leaf).__name__}, which has no JSON form"


def _fault_of_text(text: str) -> str | None:
    if "\0" in text:
        return "contains a NUL character, which PostgreSQL cannot store: remove it"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "contains half of a surrogate pair, which is no character: remove it"
    return None


def _leaves(value: Any, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            where = f"{path}.{key}" if path else str(key)
            if _fault_of_text(str(key)):
                yield where, str(key)
            yield from _leaves(inner, where)
    elif isinstance(value, list | tuple | set | frozenset):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.{place}" if path else str(place))
    else:
        yield path, value


def _rendered(problem: Mapping[str, Any]) -> str:
    given = problem.get("input")
    if problem["type"] == "missing" or isinstance(given, dict | list):
        return ""
    text = repr(given)
    return f" (is {shortened(text)})"


def shortened(text: str) -> str:
    """A text of at most `LONGEST_SHOWN` characters, for messages."""
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."
