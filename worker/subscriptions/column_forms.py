"""One form for every value that a read table may hold, in a row that is folded and one read back.

A fold gets a row that it made a moment ago, or one that the table gives back. Both are the same,
whatever the fold wrote: what it gives is brought into the form that the table will tell, at once,
and what the table tells into the same form.

    column             in a row                             taken as well
    boolean            True                                 0, 1, "true", "off"
    whole numbers      5                                    "5", 5.0
    text, varchar      "tea"                                whatever has a JSON form
    char(n)            "ab", without what pads it
    native enumeration "red", one of its names              a member whose value is one
    float, double      1.5; of a real, what its 32 bits say 1, "1.5", Decimal
    numeric(14, 2)     "19.20": all its decimals            "19.2", 19.2, Decimal; rounded half up
    uuid               "018f…", small letters               UUID, capitals, braces
    timestamptz        "2026-11-30T21:40:37.100000Z"        any zone, datetime; none is UTC
    timestamp          "2026-11-30T21:40:37"                a zone is dropped
    date, time         "2026-11-30", "21:40:37"             date, datetime, time
    json, jsonb        lists, dicts, text, numbers, as JSON tuples, sets, models' plain values
    array of these     a list of these                      a tuple

Times are as pydantic writes them, so a row's compare with an event's; a fraction is left out or has
six digits. Of a JSON object the order of keys is not kept. What a column cannot hold is an error of
the fold, by name. A type that stands in none of these lines is refused when the projection is
declared: nobody could say that a row comes back as it was.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import Enum
from typing import Any, TypeAlias
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from worker.base.encoding import to_json

Give: TypeAlias = Callable[[Any], Any]

_POSTGRESQL: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}").fullmatch
_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*").fullmatch
_UTC = re.compile(
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?!\.000000)(?:\.[0-9]{6})?(?:Z|\+00:00)"
).fullmatch
"""An instant of any month's first 28 days; what it does not match is read by Python."""
_BEYOND = re.compile(
    r"-?infinity|24:00:00|\d{5,6}-\d\d-\d\d(T[\d:.]+)?|\d{4,6}-\d\d-\d\d(T[\d:.]+)? BC"
).fullmatch
"""Times of PostgreSQL that Python has none of: they stay as they are."""
_LIKE_NO_JSONB = re.compile(rb"\d[eE][+-]?\d|-0\.0(?!\d)").search
_EXACT = Context(prec=20_000, rounding=ROUND_HALF_UP)
_TRUE = ("true", "t", "yes", "y", "on", "1")
_FALSE = ("false", "f", "no", "n", "off", "0")


@dataclass(frozen=True, slots=True)
class ColumnForm:
    """The form of one column's values; none of its functions is given None.

    `give` brings what a fold made into it and raises ValueError, TypeError or ArithmeticError for
    what the column cannot hold. `load` is what a SELECT asks for, in braces the column; `told`
    brings what it answers into the form, None if it is. `in_array` is `load` for an array of it.
    Of a column that may be a key, `spelled` is how the server finds it in an event, in braces the
    event's own text; None where one key has several spellings, so that only Python can tell.
    Values that have parts may be changed in place. Of the type `exact` every value is in the form
    already; a slow `give` takes longer than to look up what it answered last.
    """

    give: Give
    load: str = "{}"
    told: Give | None = None
    in_array: str = "to_json({})"
    is_key: bool = True
    has_parts: bool = False
    spelled: str | None = None
    exact: type | None = None
    is_slow: bool = False


def column_form(column: sa.Column[Any]) -> ColumnForm:
    """The form of a column's values. Raises TypeError for a type that has none."""
    form = _form_of(column.type)
    if form is None or (column.primary_key and not form.is_key):
        what = "as the key of a read table" if form else "in a read table"
        raise TypeError(
            "no value of this type is sure to come back as it was"
            f" {what}: use text, a number, a time or JSON"
            f" (column {column}, type {column.type.compile(_POSTGRESQL)})"
        )
    return form


def _form_of(declared: TypeEngine[Any]) -> ColumnForm | None:
    """By the type that PostgreSQL gets, and what it is called there."""
    kind = declared.dialect_impl(_POSTGRESQL)
    while isinstance(kind, sa.TypeDecorator):
        kind = kind.impl_instance.dialect_impl(_POSTGRESQL)
    for types, make in _FORMS:
        if isinstance(kind, types):
            form: ColumnForm | None = make(kind, declared.compile(_POSTGRESQL))
            return form
    return None


# ------------------------------------------------------------------------ text, numbers, ids
def _boolean(value: Any) -> bool:
    if type(value) is bool:
        return value
    text = str(value).strip().lower()
    if text not in _TRUE + _FALSE:
        raise ValueError("it is neither true nor false")
    return text in _TRUE


def _whole(bits: int) -> Give:
    lowest, highest = -(1 << bits - 1), (1 << bits - 1) - 1

    def give(value: Any) -> int:
        whole: int = value if type(value) is int else _as_whole(value)
        if lowest <= whole <= highest:
            return whole
        raise ValueError(f"a number of {bits} bits goes from {lowest} to {highest}")

    return give


def _as_whole(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError("it is no whole number")
    if isinstance(value, str) and _WHOLE(value):
        return int(value)
    if isinstance(value, int | float | Decimal) and value == int(value):
        return int(value)
    raise ValueError("it is no whole number")


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    if isinstance(value, Enum):
        return _text(value.value)
    written = to_json(value)
    return str(orjson.loads(written)) if written.startswith('"') else written


def _varchar(length: int | None) -> Give:
    if length is None:
        return _text

    def give(value: Any) -> str:
        text = _text(value)
        if len(text) > length:
            if text[length:].strip(" "):
                raise ValueError(f"it is longer than {length} characters")
            return text[:length]
        return text

    return give


def _string(kind: sa.String, name: str) -> ColumnForm:
    if not name.startswith("CHAR"):
        exact = str if kind.length is None else None
        return ColumnForm(_varchar(kind.length), spelled="{}", exact=exact)
    give = _varchar(kind.length or 1)

    def unpadded(value: Any) -> str:
        return str(give(_text(value).rstrip(" ")))

    return ColumnForm(unpadded, "{}::text", in_array="to_json({}::text[])")


def _enumeration(kind: sa.Enum, _name: str) -> ColumnForm:
    names = frozenset(kind.enums)

    def give(value: Any) -> str:
        text = _text(value)
        if text not in names:
            raise ValueError(f"it is none of {', '.join(kind.enums)}")
        return text

    return ColumnForm(give, "{}::text", in_array="to_json({}::text[])")


def _double(value: Any) -> float:
    if type(value) is not float:
        if isinstance(value, bool):
            raise TypeError("it is no number")
        value = float(value)
    if not math.isfinite(value):
        raise ValueError("it is no finite number")
    return float(value)


def _single(value: Any) -> float:
    return float(struct.unpack("<f", struct.pack("<f", _double(value)))[0])


def _float(kind: sa.Float[Any], name: str) -> ColumnForm:
    small = name == "REAL" or (kind.precision is not None and kind.precision <= 24)
    give = _single if small else _double
    as_told, in_array = _or_as_it_is(give), "to_json({}::text[])"
    return ColumnForm(give, "{}::float8", as_told, in_array, is_key=False)


def _numeric(kind: sa.Numeric[Any], _name: str) -> ColumnForm:
    digits, scale = kind.precision, kind.scale
    if digits is None:
        return ColumnForm(_unlimited, "{}::text", in_array="to_json({}::text[])", is_key=False)
    scale = scale or 0
    step, beyond = Decimal(1).scaleb(-scale), Decimal(10) ** (digits - scale)
    point = rf"\.[0-9]{{{scale}}}" if scale > 0 else ""
    more = max(digits - scale - 1, 0)
    usual = re.compile(rf"(?!-[0.]*$)-?(?:0|[1-9][0-9]{{0,{more}}}){point}").fullmatch
    is_usual = usual if digits > scale >= 0 else lambda _text: None

    def give(value: Any) -> str:
        if type(value) is str and is_usual(value):
            return value
        rounded = _EXACT.quantize(_decimal(value), step)
        if abs(rounded) >= beyond:
            raise ValueError(f"a numeric({digits}, {scale}) has no room for it")
        return _digits(rounded)

    return ColumnForm(give, "{}::text", in_array="to_json({}::text[])", is_slow=True)


def _unlimited(value: Any) -> str:
    return _digits(_decimal(value))


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise TypeError("it is no number")
    number = Decimal(repr(value) if isinstance(value, float) else value)
    if not number.is_finite():
        raise ValueError("it is no finite number")
    return number


def _digits(number: Decimal) -> str:
    return format(number if number else abs(number), "f")


def _uuid(value: Any) -> str:
    if type(value) is str:
        return value if _UUID(value) else str(UUID(value))
    if isinstance(value, UUID):
        return str(value)
    raise TypeError("it is no UUID")


# --------------------------------------------------------------------------------- times
def _instant(value: Any) -> str:
    """A time with a zone, in UTC; without one it is taken to be UTC."""
    if type(value) is str:
        if _UTC(value):  # `isoformat` ends in +00:00, which many folds use
            return value if value[-1] == "Z" else f"{value[:-6]}Z"
        if _BEYOND(value):
            return value
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise TypeError("it is no time")
    zoned = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return zoned.replace(tzinfo=None).isoformat() + "Z"


def _wall_clock(value: Any) -> str:
    if type(value) is str:
        if _BEYOND(value):
            return value
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise TypeError("it is no time")
    return value.replace(tzinfo=None).isoformat()


def _day(value: Any) -> str:
    if type(value) is str:
        if _BEYOND(value):
            return value
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        value = value.date()
    if not isinstance(value, date):
        raise TypeError("it is no date")
    return value.isoformat()


def _time_of_day(value: Any) -> str:
    if type(value) is str:
        if _BEYOND(value):
            return value
        value = time.fromisoformat(value)
    if not isinstance(value, time):
        raise TypeError("it is no time of day")
    return value.replace(tzinfo=None).isoformat()


def _moment(_kind: sa.DateTime, name: str) -> ColumnForm | None:
    if "(" in name:
        return None  # the server rounds in ways of its own
    if "WITH TIME ZONE" not in name:
        return ColumnForm(
            _wall_clock, "to_json({}) #>> '{{}}'", _or_as_it_is(_wall_clock), is_slow=True
        )
    load = "to_json({} AT TIME ZONE 'UTC') #>> '{{}}'"
    return ColumnForm(_instant, load, _or_as_it_is(_instant), is_slow=True)


def _date(_kind: sa.Date, _name: str) -> ColumnForm:
    return ColumnForm(_day, "to_json({}) #>> '{{}}'", _or_as_it_is(_day), is_slow=True)


def _clock(_kind: sa.Time, name: str) -> ColumnForm | None:
    if "(" in name or "WITH TIME ZONE" in name:
        return None
    return ColumnForm(_time_of_day, "{}::text", _or_as_it_is(_time_of_day))


# ------------------------------------------------------------------------- lists and JSON
def _json(value: Any) -> Any:
    return orjson.loads(to_json(value))


def _jsonb(value: Any) -> Any:
    """The same value as jsonb has it, in lists and dicts of its own."""
    written = to_json(value).encode()
    plain = orjson.loads(written)
    return _as_jsonb_writes(plain) if _LIKE_NO_JSONB(written) else plain


def _as_jsonb_writes(value: Any) -> Any:
    """Numbers are written without exponent there: 1e16 is a whole number when it comes back."""
    if isinstance(value, dict):
        return {key: _as_jsonb_writes(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_jsonb_writes(inner) for inner in value]
    if isinstance(value, float):
        return orjson.loads(format(Decimal(repr(value)) + 0, "f"))
    return value


def _array(kind: sa.ARRAY[Any], _name: str) -> ColumnForm | None:
    item = _form_of(kind.item_type)
    if item is None or item.has_parts:
        return None
    one = item.give

    def items(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise TypeError("it is no list")
        return [
            items(inner)
            if isinstance(inner, list | tuple)
            else (None if inner is None else one(inner))
            for inner in value
        ]

    def give(value: Any) -> list[Any]:
        made = items(value)
        shape = _shape(made)
        return made if 0 not in shape else []

    return ColumnForm(give, item.in_array, _or_as_it_is(give), is_key=False, has_parts=True)


def _shape(items: Any) -> tuple[int, ...]:
    """How long an array is in each dimension. Raises ValueError where its rows differ."""
    if not isinstance(items, list):
        return ()
    inner = {_shape(item) for item in items}
    if len(inner) > 1:
        raise ValueError("its lists are not of one length")
    return (len(items), *(inner.pop() if inner else ()))


def _or_as_it_is(give: Give) -> Give:
    """For what a table tells: somebody may have written by hand what no fold could."""

    def told(value: Any) -> Any:
        try:
            return give(value)
        except (ValueError, TypeError, ArithmeticError):
            return value

    return told


_Make: TypeAlias = Callable[[Any, str], ColumnForm | None]
_BITS = ((sa.SmallInteger, 16), (sa.BigInteger, 64), (sa.Integer, 32))
_FORMS: tuple[tuple[Any, _Make], ...] = (
    (sa.Boolean, lambda *_: ColumnForm(_boolean, exact=bool)),
    *((kind, lambda *_, bits=bits: ColumnForm(_whole(bits), spelled="{}")) for kind, bits in _BITS),
    (sa.Enum, _enumeration),
    (sa.String, _string),
    (sa.Float, _float),
    (sa.Numeric, _numeric),
    (sa.Uuid, lambda *_: ColumnForm(_uuid, "{}::text", spelled="lower({})", is_slow=True)),
    (sa.DateTime, _moment),
    (sa.Date, _date),
    (sa.Time, _clock),
    (postgresql.JSONB, lambda *_: ColumnForm(_jsonb, is_key=False, has_parts=True)),
    (sa.JSON, lambda *_: ColumnForm(_json, is_key=False, has_parts=True)),
    (sa.ARRAY, _array),
)
"""Which form a type has, the first that fits."""
