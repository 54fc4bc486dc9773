"""What a row must be like: conditions as values that combine, by hand, by name or off the wire.

    Where(column="total", op=Op.GT, value=100) & ~(is_open | Where(column="notes", value=""))

    is_open = condition("orders.open", OrderSummary, Where(column="status", op=Op.IN, value=OPEN))
    above = condition("orders.above", OrderSummary,
                      Where(column="total", op=Op.GT, value=Given(given="amount")))
    orders_summary.ask(where=(is_open & above(amount=100),))

The same as data, from a web page or in any language:

    {"all": [{"named": "orders.open"}, {"not": {"column": "notes", "value": ""}}]}

A named condition is a specification: said once beside the domain, by its business name, and used
by every query over rows that have its columns. It is looked through when it is declared: unknown
columns, values of the wrong type and names that mean nothing are refused there and then.

A condition holds or it does not: where SQL would say "unknown" (a comparison with nothing) it does
not hold, and its `not` does. So a condition and its `not` share all rows between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from worker.base.registry import Registry

Scalar: TypeAlias = str | bool | int | float | Decimal | UUID | datetime | date | None

DEEPEST = 10
"""Conditions within conditions."""


class Op(StrEnum):
    """How a column is compared with a value."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    IN = "in"
    LIKE = "like"
    BETWEEN = "between"


class Given(BaseModel):
    """Stands in a declared condition for a value that whoever uses it gives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    given: str


Value: TypeAlias = Scalar | Given | tuple[Scalar | Given, ...]


class Combined:
    """What `&`, `|` and `~` make of conditions."""

    def __and__(self, other: Combined) -> AllOf:
        """Both hold."""
        return AllOf(all=(plain(self), plain(other)))

    def __or__(self, other: Combined) -> AnyOf:
        """One of them holds, or both."""
        return AnyOf(any=(plain(self), plain(other)))

    def __invert__(self) -> Not:
        """It does not hold."""
        return Not.model_validate({"not": plain(self)})


class Condition(Combined, BaseModel):
    """Base of the conditions: values, immutable, each with a form in JSON."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        serialize_by_alias=True,
        ser_json_inf_nan="strings",
    )

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions that it is made of."""
        return ()

    @model_validator(mode="after")
    def _not_too_deep(self) -> Condition:
        if _depth(self) > DEEPEST:  # what is inside has been looked at: this is one deeper at most
            raise PydanticCustomError("too_deep", f"at most {DEEPEST} conditions in one another")
        return self


class Where(Condition):
    """One column, compared: `{"column", "op", "value"}`.

    `value` is a list for `in`, a pair for `between`. None is a value for `eq` and `ne` alone.
    """

    column: str
    op: Op = Op.EQ
    value: Value = None


class AllOf(Condition):
    """All of these hold; of none, it holds: `{"all": [...]}`."""

    all: tuple[AnyCondition, ...]

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions that it is made of."""
        return self.all


class AnyOf(Condition):
    """One of these holds; of none, it does not: `{"any": [...]}`."""

    any: tuple[AnyCondition, ...]

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions that it is made of."""
        return self.any


class Not(Condition):
    """This does not hold: `{"not": ...}`."""

    negated: AnyCondition = Field(alias="not")

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions that it is made of."""
        return (self.negated,)


class Named(Condition):
    """A declared condition, with the values that it asks for: `{"named", "given": {...}}`."""

    named: str
    given: dict[str, Value] = {}


_KINDS: dict[str, type[BaseModel]] = {"all": AllOf, "any": AnyOf, "not": Not, "named": Named}


def _kind(value: Any) -> str:
    """Which of them a value is: by its class, or by the key that only one kind has."""
    if isinstance(value, Mapping):
        return next((key for key in ("all", "any", "not", "named") if key in value), "where")
    return next((key for key, kind in _KINDS.items() if isinstance(value, kind)), "where")


AnyCondition = Annotated[
    Annotated[Where, Tag("where")]
    | Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Named, Tag("named")],
    Discriminator(_kind),
]
for _model in (AllOf, AnyOf, Not):
    _model.model_rebuild()


def _depth(condition: Condition) -> int:
    return 1 + max(map(_depth, condition.parts), default=0)


@dataclass(frozen=True)
class DeclaredCondition(Combined):
    """A condition with a name. Called with what it asks for, it is a condition."""

    name: str
    what: Condition
    asks_for: tuple[str, ...]
    purpose: str = ""

    def __call__(self, **given: Any) -> Named:
        """The condition, with these values. They are checked where it is used."""
        return Named.model_construct(named=self.name, given=given)


conditions: Registry[DeclaredCondition] = Registry("condition")


def condition(
    name: str, model: type[BaseModel], what: Combined, *, purpose: str = ""
) -> DeclaredCondition:
    """Declare a condition on rows of this model, for every query whose rows have its columns.

    Raises InvalidQuery for what it names and is not there; BadDeclarations for a second of a name.
    """
    from worker.queries.checks import Checks

    inner = plain(what)
    Checks(model, declaring=True).checked(inner)
    asks_for = tuple(dict.fromkeys(_asked_for(inner)))
    declared = DeclaredCondition(name, inner, asks_for, purpose)
    conditions.add(name, declared)
    return declared


def plain(condition: Combined) -> Any:
    """A condition as the value that it is; of a declared one, that it is named."""
    if isinstance(condition, DeclaredCondition):
        return condition()
    if isinstance(condition, Condition):
        return condition
    raise TypeError(f"a condition is wanted (is {condition!r})")


def _asked_for(condition: Condition) -> Iterator[str]:
    values: list[Any] = []
    if isinstance(condition, Where):
        values = [condition.value]
    elif isinstance(condition, Named):
        values = list(condition.given.values())
    for value in values:
        for one in value if isinstance(value, tuple | list) else (value,):
            if isinstance(one, Given):
                yield one.given
    for part in condition.parts:
        yield from _asked_for(part)


def _as_tuple(value: Any) -> Any:
    """One condition stands for a tuple of one."""
    if isinstance(value, Combined):
        return (plain(value),)
    if isinstance(value, Mapping):
        return (value,)
    if isinstance(value, list | tuple):
        return tuple(plain(one) if isinstance(one, Combined) else one for one in value)
    return value


Conditions: TypeAlias = Annotated[tuple[AnyCondition, ...], BeforeValidator(_as_tuple)]
"""The type of a query's `where`: conditions, all of which must hold."""

Order: TypeAlias = tuple[str, ...]
"""The type of a query's `order`: columns, the first one first; a minus in front turns it round."""
