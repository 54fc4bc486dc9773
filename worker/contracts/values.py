"""The value types that messages are made of: ids, money, quantities.

A message is validated before it is published and again in the worker, so the types here are the
one place where "what is a valid amount" is decided.
"""

from __future__ import annotations

import hashlib
import os
import time
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field, PlainSerializer, StringConstraints

CENT = Decimal("0.01")


def uuid7() -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, then randomness; sorts by creation time."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | random & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=value)


def derived_uuid(of: UUID, place: str) -> UUID:
    """The id that belongs to a place in the message with this id: the same every time.

    It begins with the same 48 bits, a UUIDv7's milliseconds, so that an index over such ids grows
    at its end; of an id that is no UUIDv7 it is one of version 8 (RFC 9562).
    """
    rest = int.from_bytes(hashlib.blake2b(of.bytes + place.encode(), digest_size=10).digest())
    value = of.int & (0xFFFF_FFFF_FFFF << 80)
    value |= (0x7 if of.version == 7 else 0x8) << 76 | (rest >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | rest & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=value)


def may_be_derived(of: UUID, value: object) -> bool:
    """Whether a value begins like an id that belongs to this one: quick, never wrongly False."""
    return isinstance(value, UUID) and value.int >> 80 == of.int >> 80


def to_cents(amount: Decimal) -> Decimal:
    """Round a money amount to two decimals, half up: the rule of the trade, not of IEEE."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def _without_exponent(amount: Decimal) -> str:
    """A function of ours: of `str.format` pydantic cannot read the signature on Python 3.13."""
    return f"{amount:f}"


AsText = PlainSerializer(_without_exponent, return_type=str, when_used="json")
"""Has a decimal written as text in JSON, all its digits and no exponent:
`Annotated[Decimal, Field(max_digits=13, decimal_places=3), AsText]`."""

Money = Annotated[Decimal, Field(max_digits=14, decimal_places=2, allow_inf_nan=False), AsText]
"""An amount with at most two decimals and twelve digits before them; JSON: a decimal string."""

Price = Annotated[Money, Field(ge=0)]
"""A money amount that is not negative."""

Fraction = Annotated[
    Decimal, Field(ge=0, le=1, max_digits=6, decimal_places=4, allow_inf_nan=False), AsText
]
"""A share between 0 and 1, both included, with at most four decimals."""

Quantity = Annotated[int, Field(ge=1, le=1_000_000)]
"""How many pieces: 1 to 1,000,000."""

Text = Annotated[str, StringConstraints(max_length=2_000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
