"""JSON as the engine writes it: exact decimals, sorted where a hash depends on it."""

from __future__ import annotations

import hashlib
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


def _exact(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
