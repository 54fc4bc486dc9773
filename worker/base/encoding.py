"""JSON as the engine writes it: exact decimals, sorted where a hash depends on it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson


def to_json(value: Any) -> str:
    """A value as JSON text for a `jsonb` parameter; decimals stay exact numbers."""
    return orjson.dumps(value, default=_exact).decode()


def canonical(value: Any) -> bytes:
    """A plain JSON value as bytes that are equal for equal values, whatever the order of keys."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def fingerprint(payload: bytes) -> bytes:
    """Sixteen bytes that tell one payload from another."""
    return hashlib.blake2b(payload, digest_size=16).digest()


def storable(value: Any) -> Any:
    """A plain value as one that JSON and PostgreSQL take, whatever it is: for receipts that say no.

    What they cannot hold becomes text, or loses the character.
    """
    match value:
        case str():
            return value.encode("utf-8", "replace").decode().replace("\0", "?")
        case Mapping():
            return {storable(str(key)): storable(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [storable(inner) for inner in value]
        case _:
            return value if has_json_form(value) else storable(repr(value))


def has_json_form(value: object) -> bool:
    """Whether a value without parts is written as JSON, and comes back as it was."""
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        return False
    try:
        to_json(value)
    except TypeError:
        return False
    return True


def _exact(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
