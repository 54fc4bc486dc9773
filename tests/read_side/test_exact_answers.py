"""Answers whose JSON is exact are told by their types and classes; of the others, by comparison.

Whatever is kept comes back as it was, or is a miss: never as another.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from itertools import product
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    RootModel,
    TypeAdapter,
    ValidationError,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)

from worker import Page
from worker.queries.answers import Lookup, Policy, _body
from worker.queries.exact import looks_exact


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Line(BaseModel):
    model_config = ConfigDict(frozen=True, title="A line")
    product: str
    price: Decimal = Decimal(1)


class DearLine(Line):
    discount: Decimal = Decimal(0)


class Order(BaseModel):
    order_id: uuid.UUID
    colour: Colour
    lines: tuple[Line, ...]
    notes: dict[str, str]
    first: Line | None
    at: datetime
    paid: bool | None
    count: Annotated[int, Field(ge=0)] = 0


class DearOrder(Order):
    reason: str = "none"


def order(**changes: Any) -> Order:
    values: dict[str, Any] = {
        "order_id": uuid.UUID(int=7),
        "colour": Colour.RED,
        "lines": (Line(product="tea", price=Decimal("1.50")),),
        "notes": {"a": "b"},
        "first": None,
        "at": datetime(2026, 11, 30, 21, 40, 37, 123456, UTC),
        "paid": True,
        "count": 3,
    }
    construct: Callable[..., Order] = Order.model_construct
    return construct(**values | changes)


def line(**values: Any) -> Line:
    construct: Callable[..., Line] = Line.model_construct
    return construct(**values)


def kept(kind: Any, data: Any) -> bytes | None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    nothing: Any = None
    return _body(Lookup(nothing, adapter, Policy(), None, looks_exact(adapter)), data)


KNOWN = [
    Order | None,
    list[Order],
    Page[Order],
    list[dict[str, Line]],
    tuple[Line, ...],
    list[Line | None],
]


@pytest.mark.parametrize("kind", KNOWN, ids=str)
def test_of_plain_models_the_type_can_tell(kind: Any) -> None:
    assert looks_exact(TypeAdapter(kind)) is not None


class Computed(BaseModel):
    a: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> int:
        return 2 * self.a


class Validated(BaseModel):
    a: str

    @field_validator("a")
    @classmethod
    def _upper(cls, value: str) -> str:
        return value.upper()


class WholeValidated(BaseModel):
    a: str

    @model_validator(mode="after")
    def _upper(self) -> WholeValidated:
        return self


class Serialized(BaseModel):
    a: str

    @field_serializer("a")
    def _short(self, value: str) -> str:
        return value[:1]


class WholeSerialized(BaseModel):
    a: str

    @model_serializer
    def _all(self) -> dict[str, str]:
        return {"a": "x"}


class Private(BaseModel):
    a: int
    _b: int = PrivateAttr(default=1)


class Aliased(BaseModel):
    a: int = Field(alias="b")


class Left(BaseModel):
    a: int = Field(exclude=True, default=1)


class Stripped(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)
    a: str


class Temporal(BaseModel):
    model_config = ConfigDict(ser_json_temporal="seconds")
    a: datetime


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int


class OwnInit(BaseModel):
    a: int

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)


class Ids(RootModel[list[int]]):
    pass


class Number(Enum):
    ONE = 1
    ONE_TOO = "1"


class Tree(BaseModel):
    a: int
    children: list[Tree] = []


UNKNOWN = [
    str,
    int | None,
    float,
    bytes,
    date,
    timedelta,
    Any,
    object,
    set[int],
    int | str,
    uuid.UUID | str,
    Literal["a", 1],
    Number,
    dict[int, str],
    tuple[int, str],
    list[Any],
    Computed,
    Validated,
    WholeValidated,
    Serialized,
    WholeSerialized,
    Private,
    Aliased,
    Left,
    Stripped,
    Temporal,
    Open,
    OwnInit,
    Ids,
    Tree,
    Annotated[str, AfterValidator(str.upper)],
    Annotated[str, PlainSerializer(lambda value: value[:1])],
    list[Computed],
    Page[Computed],
    Page[Any],
]


@pytest.mark.parametrize("kind", UNKNOWN, ids=range(len(UNKNOWN)))
def test_what_has_a_function_a_setting_or_two_readings_is_compared(kind: Any) -> None:
    assert looks_exact(TypeAdapter(kind)) is None


class Text(str):
    __slots__ = ()


LONG_AGO = datetime(1800, 1, 1, tzinfo=timezone(timedelta(hours=1, seconds=28)))
AWARE = datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=45)))
VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    float("inf"),
    float("nan"),
    Decimal("1.50"),
    Decimal("NaN"),
    Decimal("Infinity"),
    Decimal("1E+30"),
    Decimal("-0.0"),
    "",
    " a ",
    "1",
    "red",
    "\ud800",
    "\x00",
    Text("sub"),
    b"x",
    b"\xff",
    Colour.RED,
    Number.ONE,
    uuid.UUID(int=1),
    str(uuid.UUID(int=1)),
    date(2026, 1, 1),
    datetime(2026, 1, 1, 1, 1, 1, 1),  # noqa: DTZ001
    AWARE,
    LONG_AGO,
    timedelta(1),
    [],
    [1],
    (1,),
    {1: 2},
    {"a": 1},
    {"a": "b"},
    {None: "b"},
    {"a": "b", 1: "c"},
    Line(product="a"),
    DearLine(product="a"),
    (Line(product="a"), DearLine(product="b", discount=Decimal(2))),
    [Line(product="a")],
    (line(product=1),),
    (line(product="a", price="1"),),
    {"product": "a", "price": "1"},
    object(),
    ...,
]
FIELDS = list(Order.model_fields)


@pytest.mark.parametrize("field", FIELDS)
def test_whatever_stands_in_a_field_comes_back_as_it_was_or_not_at_all(field: str) -> None:
    for value, shape in product(VALUES, (_alone, _listed, _paged)):
        kind, data = shape(order(**{field: value}))
        assert _same_or_a_miss(kind, data), f"{field}={value!r} in {kind}"


@pytest.mark.parametrize("kind", KNOWN, ids=str)
def test_an_answer_of_another_type_comes_back_as_it_was_or_not_at_all(kind: Any) -> None:
    others = [
        order(),
        [order()],
        Page([order()]),
        Page(["a"], next="b"),
        DearOrder(**dict(order())),
    ]
    for value in VALUES + others:
        assert _same_or_a_miss(kind, value), f"{value!r} as {kind}"


@pytest.mark.parametrize(
    "data",
    [
        DearOrder(**dict(order())),
        order(first=DearLine(product="a")),
        order(lines=(Line(product="a"), DearLine(product="b"))),
    ],
    ids=["itself", "in a field", "in a list"],
)
def test_a_subclass_is_not_kept_however_deep(data: Order) -> None:
    assert kept(list[Order], [order(), data]) is None
    assert kept(Page[Order], Page([order(), data])) is None
    assert kept(Order, data) is None


def test_a_page_keeps_its_cursor_and_total() -> None:
    page = Page([order()], next="behind", total=7)

    body = kept(Page[Order], page)

    assert body is not None
    back = TypeAdapter(Page[Order]).validate_json(body)
    assert (back, back.next, back.total) == (page, "behind", 7)


def test_a_page_that_is_said_to_be_a_list_is_not_kept() -> None:
    assert kept(list[Order], Page([order()], next="behind")) is None
    assert kept(list[float], Page([1.5], next="behind")) is None


def test_what_only_a_comparison_can_tell_is_kept_if_it_comes_back() -> None:
    assert kept(list[float], [1.5]) == b"[1.5]"
    assert kept(list[float], [float("inf")]) is None
    assert kept(bytes, b"\xff") is None
    assert kept(list[Computed], [Computed(a=1)]) is not None
    assert kept(Serialized, Serialized(a="long")) is None


def _alone(data: Order) -> tuple[Any, Any]:
    return Order, data


def _listed(data: Order) -> tuple[Any, Any]:
    return list[Order], [order(), data]


def _paged(data: Order) -> tuple[Any, Any]:
    return Page[Order], Page([data, order()], total=2)


def _same_or_a_miss(kind: Any, data: Any) -> bool:
    body = kept(kind, data)
    if body is None:
        return True
    reading: Callable[[bytes], Any] = TypeAdapter(kind).validate_json
    try:
        back = reading(body)
        return type(back) is type(data) and bool(back == data)
    except ValidationError:
        return True
