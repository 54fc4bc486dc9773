"""What is wrong with an input, field by field: pydantic's findings and text that cannot be stored.

Both are mappings from a field's dotted path (`items.0.quantity`) to one sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

LONGEST_SHOWN = 60
"""A wrong value is quoted in its message up to this many characters."""


def by_field(error: ValidationError) -> dict[str, str]:
    """Every wrong field of a failed validation, with what is wrong and the value given."""
    return {
        ".".join(map(str, problem["loc"])): problem["msg"] + _rendered(problem)
        for problem in error.errors(include_url=False)
    }


def unstorable(value: Any, path: str = "") -> dict[str, str]:
    """Texts inside a plain value that PostgreSQL cannot store, by path."""
    return {where: why for where, text in _texts(value, path) if (why := _fault(text))}


def _fault(text: str) -> str | None:
    if "\0" in text:
        return "contains a NUL character, which PostgreSQL cannot store: remove it"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "contains half of a surrogate pair, which is no character: remove it"
    return None


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            where = f"{path}.{key}" if path else str(key)
            yield where, str(key)
            yield from _texts(inner, where)
    elif isinstance(value, list | tuple | set | frozenset):
        for place, inner in enumerate(value):
            yield from _texts(inner, f"{path}.{place}" if path else str(place))


def _rendered(problem: Mapping[str, Any]) -> str:
    given = problem.get("input")
    if problem["type"] == "missing" or isinstance(given, dict | list):
        return ""
    text = repr(given)
    return f" (is {shortened(text)})"


def shortened(text: str) -> str:
    """A text of at most `LONGEST_SHOWN` characters, for messages."""
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."
