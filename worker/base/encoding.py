"""JSON as the engine writes it: exact decimals, sorted where a hash depends on it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson


def to_json(value: Any) -> str:
    """A value as JSON text for a `jsonb` parameter; decimals stay exact numbers."""
    return orjson.dumps(value, default=_exact).decode()


def canonical(value: Any) -> bytes:
    """A plain JSON value as bytes that are equal for equal values, whatever the order of keys.

    A number is equal however it is written: `jsonb` knows no difference of 100.0, 1e2 and 100.
    Raises TypeError for what JSON cannot hold.
    """
    written = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return (
        orjson.dumps(_plain(value), option=orjson.OPT_SORT_KEYS) if _has_float(value) else written
    )


def fingerprint(payload: bytes) -> bytes:
    """Sixteen bytes that tell one payload from another."""
    return hashlib.blake2b(payload, digest_size=16).digest()


def fingerprint_of(payload: Mapping[str, Any]) -> bytes:
    """The fingerprint of a payload, also of one that no command can read."""
    try:
        return fingerprint(canonical(payload))
    except TypeError:
        return fingerprint(repr(sorted(payload.items())).encode())


def _has_float(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_float, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_float, value))
    return isinstance(value, float)


def _plain(value: Any) -> Any:
    """A value whose whole numbers are integers, as far as the decoder reads them as such."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and value.is_integer() and -(2**63) <= value < 2**64:
        return int(value)
    return value


def _exact(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
