"""Values as texts that are equal only if the values are the same: kept answers are found by them.

JSON is no such form: `inf`, `-inf`, NaN and None are all `null` there, an id is its text's twin,
and of a subclass only the fields that its base declares are shown. Python's own `repr` is one for
the types that are known here, and for lists and mappings of them; a model is written with its class
and all its fields. What has no such form (a secret, an object of another type, a time in a zone of
somebody's own making) makes the whole unknown: an answer to it is not kept.

That two forms of one value differ (1.0 and 1.00) costs a miss; that two values share one would be a
wrong answer.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from pydantic_core import TzInfo

_EXACT = frozenset((
    *(type(None), bool, int, float, complex, str, bytes, Decimal, UUID, date, timedelta),
    *(IPv4Address, IPv6Address, IPv4Network, IPv6Network),
))  # fmt: skip
"""Types whose `repr` tells their values apart, and from those of any other type."""
_ZONES = frozenset((type(None), timezone, ZoneInfo, TzInfo))


class _Unknown(Exception):
    """A value without a form."""


class _Written:
    """A form of our own in the midst of others: no `repr` of a known type begins like it."""

    def __init__(self, kind: type, body: object) -> None:
        self._text = f"<{kind.__module__}.{kind.__qualname__} {body!r}>"

    def __repr__(self) -> str:
        return self._text


def canonical(value: Any) -> str | None:
    """A value's form; None if it has none."""
    try:
        return repr(_form(value))
    except (_Unknown, RecursionError, ValueError):  # an integer may be too long to be written
        return None


def _form(value: Any) -> Any:
    """A value of which every part has an exact `repr`."""
    kind = type(value)
    if kind in _EXACT:
        return value
    if kind is tuple or kind is list:
        return kind([part if type(part) in _EXACT else _form(part) for part in value])
    if kind is dict:
        return {_form(key): _form(part) for key, part in value.items()}
    if kind is datetime or kind is time:
        if type(value.tzinfo) in _ZONES:
            return value
        raise _Unknown
    return _form_of_class(kind, value)


def _form_of_class(kind: type, value: Any) -> _Written:
    if kind is set or kind is frozenset:
        return _Written(kind, sorted(repr(_form(part)) for part in value))
    if isinstance(value, Enum):
        return _Written(kind, value.name)
    if isinstance(value, BaseModel):
        inside = (value.__dict__, value.__pydantic_extra__, value.__pydantic_private__)
        return _Written(kind, _form(inside))
    raise _Unknown
