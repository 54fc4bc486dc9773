"""Conditions, checked against a model of rows: columns that exist, values of the columns' types.

What comes out is made of columns of the model, of operators that are an enumeration, and of values
that travel as parameters: nothing that was given becomes SQL.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from worker.base.errors import did_you_mean
from worker.base.validation_errors import by_field, shortened, unstorable
from worker.queries.conditions import (
    AllOf,
    AnyCondition,
    AnyOf,
    Condition,
    Given,
    Named,
    Not,
    Op,
    Where,
    conditions,
)
from worker.queries.errors import InvalidQuery

MOST_VALUES = 1_000
"""Values of one `in`."""
LONGEST_PATTERN = 200
"""Characters of a `like` pattern: matching costs pattern times text."""
MOST_CONDITIONS = 50
"""Comparisons of one filter, those of its named conditions too."""
WIDEST_INTEGER = 128
"""Bits; no column holds more, and longer ones take long to write down."""

_DOCUMENTS = (list, dict, tuple, set, frozenset, BaseModel)


@dataclass
class Checks:
    """One pass over the conditions of a filter. `declaring`: what is given is not known yet."""

    model: type[BaseModel]
    declaring: bool = False
    left: int = MOST_CONDITIONS

    def checked(self, condition: Condition, given: Mapping[str, Any] | None = None) -> AnyCondition:
        """The condition with its values in the types of their columns, and named ones spelt out.

        `given`: what stands for the values that it asks for. Raises InvalidQuery, naming the
        column or the part that is wrong.
        """
        match condition:
            case AllOf():
                parts = tuple(self.checked(part, given) for part in condition.all)
                return AllOf.model_construct(all=parts)
            case AnyOf():
                parts = tuple(self.checked(part, given) for part in condition.any)
                return AnyOf.model_construct(any=parts)
            case Not():
                return Not.model_construct(negated=self.checked(condition.negated, given))
            case Named():
                return self._spelt_out(condition, given)
            case Where():
                return self._compared(condition, given)
        raise wrong(self.model, "where", f"a condition is wanted (is {condition!r})")

    def _spelt_out(self, use: Named, given: Mapping[str, Any] | None) -> AnyCondition:
        declared = conditions.get(use.named)
        if declared is None:
            why = f"no condition is called {shortened(repr(use.named))}"
            raise wrong(self.model, "where", why + conditions.hint(use.named))
        if odd := sorted(set(declared.asks_for) ^ set(use.given)):
            wanted = ", ".join(declared.asks_for) or "nothing"
            why = f"condition {use.named} asks for {wanted}: {', '.join(odd)} does not fit"
            raise wrong(self.model, "where", shortened_list(why))
        own = {name: filled(value, given) for name, value in use.given.items()}
        return self.checked(declared.what, own)

    def _compared(self, where: Where, given: Mapping[str, Any] | None) -> Where:
        self.left -= 1
        if self.left < 0:
            why = f"at most {MOST_CONDITIONS} conditions are allowed"
            raise wrong(self.model, "where", why)
        check_column(self.model, where.column, "where")
        value = filled(where.value, given)
        if not (self.declaring and has_given(value)):
            value = _typed(self.model, where.column, where.op, value)
        return Where.model_construct(column=where.column, op=where.op, value=value)


def filled(value: Any, given: Mapping[str, Any] | None) -> Any:
    """A value with what was given in the places that ask for it."""
    if isinstance(value, Given) and given is not None:
        return given[value.given]
    if isinstance(value, tuple | list):
        return tuple(filled(one, given) for one in value)
    return value


def has_given(value: Any) -> bool:
    """Whether a value asks for what only whoever uses it can say."""
    return isinstance(value, Given) or (isinstance(value, tuple) and any(map(has_given, value)))


def check_column(model: type[BaseModel], column: object, parameter: str) -> None:
    """Refuse a name that is no column of the model."""
    columns = model.model_fields
    if isinstance(column, str) and column in columns:
        return
    hint = did_you_mean(column, columns, f"there are {', '.join(columns)}")
    raise wrong(model, parameter, f"no column {shortened(repr(column))}{hint}")


def wrong(model: type[BaseModel], what: str, why: str) -> InvalidQuery:
    """The error for a part of a filter on rows of this model."""
    return InvalidQuery(model.__name__, {what: why})


def shortened_list(text: str) -> str:
    """A sentence that lists what somebody gave, cut before it is long."""
    return text if len(text) <= 300 else text[:297] + "..."


def _typed(model: type[BaseModel], column: str, op: Op, value: Any) -> Any:
    nothing = value is None and op in (Op.EQ, Op.NE)
    if not nothing and not holds(model, column).scalar:
        why = "holds a list or a document: only eq and ne with None can be asked of it"
        raise wrong(model, column, why)
    if op in (Op.IN, Op.BETWEEN):
        return _values(model, column, op, value)
    if op is Op.LIKE:
        return _pattern(model, column, value)
    return None if nothing else _value(model, column, value)


def _values(model: type[BaseModel], column: str, op: Op, values: Any) -> tuple[Any, ...]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise wrong(model, column, f"{op} needs a list of values")
    values = tuple(values)
    if op is Op.BETWEEN and len(values) != 2:
        raise wrong(model, column, "between needs two values, the lower and the higher")
    if len(values) > MOST_VALUES:
        raise wrong(model, column, f"{len(values)} values; at most {MOST_VALUES} are allowed")
    return tuple(_value(model, column, value) for value in values)


def _value(model: type[BaseModel], column: str, value: Any) -> Any:
    if value is None:
        raise wrong(model, column, "None can be asked for with eq and ne alone")
    try:
        typed = _type_of(model, column).validate_python(value)
    except ValidationError as error:
        raise wrong(model, column, "; ".join(by_field(error).values())) from None
    if isinstance(typed, int) and typed.bit_length() > WIDEST_INTEGER:
        raise wrong(model, column, f"is a number of more than {WIDEST_INTEGER} bits")
    _storable(model, column, typed)
    return typed.value if isinstance(typed, Enum) else typed


def _pattern(model: type[BaseModel], column: str, pattern: Any) -> str:
    if not holds(model, column).text:
        raise wrong(model, column, "like compares texts, and this column holds none")
    if not isinstance(pattern, str) or len(pattern) > LONGEST_PATTERN:
        raise wrong(model, column, f"like needs a text of at most {LONGEST_PATTERN} characters")
    if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
        raise wrong(model, column, "the pattern ends with a backslash that escapes nothing")
    _storable(model, column, pattern)
    return pattern


def _storable(model: type[BaseModel], column: str, value: Any) -> None:
    if faults := unstorable(value):
        raise wrong(model, column, "; ".join(faults.values()))


@dataclass(frozen=True, slots=True)
class Holds:
    """What a column can hold: one value or more in one, texts, nothing."""

    scalar: bool
    text: bool
    nothing: bool


@lru_cache(maxsize=4_096)
def holds(model: type[BaseModel], column: str) -> Holds:
    """What a column of a model holds, by its annotation."""
    kinds = list(_kinds(model.model_fields[column].annotation))
    some = [kind for kind in kinds if kind is not types.NoneType]
    scalar = not any(kind is object or issubclass(kind, _DOCUMENTS) for kind in some)
    text = any(issubclass(kind, str) for kind in some)
    return Holds(scalar, scalar and text, len(some) < len(kinds))


def _kinds(annotation: Any) -> Iterable[type]:
    """The classes of values that an annotation allows; `object` for whatever is no plain one."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _kinds(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for one in get_args(annotation):
            yield from _kinds(one)
    elif origin is Literal:
        yield from (type(one) for one in get_args(annotation))
    elif supertype := getattr(annotation, "__supertype__", None):
        yield from _kinds(supertype)
    elif isinstance(annotation, type) and not is_dataclass(annotation):
        yield annotation
    else:
        yield object


@lru_cache(maxsize=1_024)
def _type_of(model: type[BaseModel], column: str) -> TypeAdapter[Any]:
    return TypeAdapter(model.model_fields[column].rebuild_annotation())
