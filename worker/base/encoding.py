"""JSON as the engine writes it: exact decimals, sorted where a hash depends on it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
from pydantic_core import to_jsonable_python

_FORM = b"\x01"
"""Stands before a fingerprint and says how it was made: without it, by `first_fingerprint`."""
_AS_TEXT = (UUID, date, time, Enum)
"""What orjson writes by itself; a datetime is a date."""


def to_json(value: Any) -> str:
    """A value as JSON text for a `jsonb` parameter; decimals stay exact numbers."""
    return orjson.dumps(value, default=_exact).decode()


def canonical(value: Any) -> bytes:
    """A plain JSON value as bytes that are equal for equal values, whatever the order of keys."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def fingerprint(name: str, given: Any, *, floats: bool = True) -> bytes:
    """Seventeen bytes that tell a command of this name, with what its caller gave, from others.

    Equal for equal values: whatever the order of keys, 1 or 1.0 or `Decimal("1.00")`, an id as text
    or as UUID, before and after it was kept as jsonb. `given` holds no secrets: a hash with a salt
    would differ each time, and one without could be guessed. Never raises; what cannot be written
    down at all (nested too deep, half a surrogate pair) counts as one and the same.

    Without `floats` the caller knows that there are none, which saves a look at every value.
    """
    try:
        text = _dumps(_plain(given) if floats else given)
    except (TypeError, ValueError, RecursionError):
        if not floats:
            return fingerprint(name, given)  # a number of more than 64 bits
        text = b"cannot be written down"
    named = name.encode("utf-8", "replace") + b"\n" + text
    return _FORM + hashlib.blake2b(named, digest_size=16).digest()


def first_fingerprint(payload: bytes) -> bytes:
    """How release 0.1 made fingerprints: of the payload with its defaults, without a name."""
    return hashlib.blake2b(payload, digest_size=16).digest()


def is_fingerprint(value: bytes) -> bool:
    """Whether these bytes are a fingerprint as it is made today."""
    return len(value) == 17 and value.startswith(_FORM)


def fingerprint_in(text: object) -> bytes | None:
    """A fingerprint off the wire; None if there is none, or something else."""
    try:
        print_ = bytes.fromhex(str(text))
    except ValueError:
        return None
    return print_ if is_fingerprint(print_) else None


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


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value, _plain, orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> Any:
    """A value as JSON has it, each number in the one form that all its spellings share."""
    kind = type(value)
    if value is None or kind is str or kind is bool or isinstance(value, _AS_TEXT):
        return value
    if kind is int or kind is float or kind is Decimal:
        return orjson.Fragment(_number(value))
    if kind is dict:
        return {str(key): _plain(inner) for key, inner in value.items()}
    if kind is list or kind is tuple:
        return [_plain(inner) for inner in value]
    if kind is set or kind is frozenset:
        return sorted((_plain(inner) for inner in value), key=_dumps)
    return _plain(to_jsonable_python(value, fallback=str))


def _number(value: float | Decimal) -> str:
    if type(value) is int:
        return str(value)
    text = format(Decimal(str(value)), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
