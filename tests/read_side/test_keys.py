"""Which answers share a place in the cache, which are not kept, and who may see them."""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, SecretStr

from tests.read_side.conftest import ReadSide
from tests.support.things.models import Thing
from worker.base.actor import acting_as, current_actor
from worker.base.errors import BadDeclarations
from worker.base.settings import _sections, declare_section, get_settings
from worker.event_log.sources import queries
from worker.queries.canonical import canonical
from worker.queries.errors import UndeclaredInput
from worker.queries.filters import Where
from worker.queries.query import Reader, query

INF, NAN = float("inf"), float("nan")
KEPT: dict[str, Any] = {"reads": ("things.list",), "tags": lambda p: ("things",)}


@pytest.fixture(autouse=True)
def _own_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_items", dict(queries._items))


class Shape(BaseModel):
    """A parameter."""

    name: str = "x"


class Round(Shape):
    """One with more."""

    radius: float = 1.0


class Kind(Enum):
    """A choice."""

    ONE = 1


# ------------------------------------------------------------------ keys
DIFFERENT: list[Any] = [
    *(None, NAN, INF, -INF, 0, 0.0, -0.0, False, "", "0", "None", "nan", b"", b"0"),
    *((), [], {}, set(), (None,), [None], ((),), ("a", "b"), ("a, b",), ("a', 'b",), {"a": 1}),
    *({"a": "1"}, {1: "a"}, Decimal(0), Decimal("0.0"), Decimal("NaN")),
    *(UUID(int=0), str(UUID(int=0)), UUID(int=0).bytes, "UUID('0')"),
    *(date(2024, 1, 1), datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)),  # noqa: DTZ001
    *(datetime(2024, 1, 1, tzinfo=ZoneInfo("UTC")), datetime(2024, 1, 1, tzinfo=UTC, fold=1)),
    *(Shape(), Round(), Round(radius=INF), Round(radius=-INF), Shape(name="None")),
    *(Kind.ONE, "Kind.ONE", 1, True, frozenset({1}), {1}, "é", "\ud800"),
    *(Where(column="a", value=1), Where(column="a", value=True), Where(column="a", value="1")),
    *(Where(column="a", value=Decimal(1)), Where(column="a", value=1.0), {"column": "a"}),
]


def test_no_two_values_share_a_key() -> None:
    forms = [canonical((value,)) for value in DIFFERENT]
    assert None not in forms
    assert len(set(forms)) == len(DIFFERENT)


def test_one_value_has_one_key() -> None:
    assert canonical({"a", "b", "c"}) == canonical({"c", "a", "b"})
    assert canonical([float("nan")]) == canonical([NAN])
    assert canonical(Round(radius=2)) == canonical(Round(radius=2.0))


class Text(str):
    """A text of somebody's own."""

    __slots__ = ()


def deep() -> list[Any]:
    inner: list[Any] = []
    for _ in range(100_000):
        inner = [inner]
    return inner


@pytest.mark.parametrize(
    "value", [SecretStr("x"), object(), Text("x"), 10**5000, deep()], ids=range(5)
)
def test_what_has_no_form_is_not_kept(value: Any) -> None:
    assert canonical([value]) is None


def test_answers_to_both_infinities_to_none_and_to_a_subclass_are_kept_apart(
    things: ReadSide,
) -> None:
    @query("things.told", **KEPT)
    def told(db: Reader, *, at: Where | None = None, shape: Shape | None = None) -> str:
        return f"{at and at.value!r} {shape!r}"

    wordings: list[dict[str, Any]] = [
        *({"at": Where(column="n", value=value)} for value in (INF, -INF, NAN, None, "nan")),
        *({"shape": shape} for shape in (Shape(), Round(), Round(radius=2))),
    ]
    for times in (1, 2):
        answers = [told.ask(**wording) for wording in wordings]
        assert len({answer.data for answer in answers}) == len(wordings)
        assert {answer.from_cache for answer in answers} == {times == 2}


# ------------------------------------------------------------------ what the cache can hold
@pytest.mark.parametrize("value", [INF, -INF, NAN, [INF, 1.0], {"a": NAN}], ids=str)
def test_numbers_that_json_cannot_hold_come_back_as_they_are(things: ReadSide, value: Any) -> None:
    @query("things.number", **KEPT)
    def number(db: Reader) -> float | list[float] | dict[str, float]:
        return value  # type: ignore[no-any-return]

    assert [repr(number.ask().data) for _ in range(3)] == [repr(value)] * 3
    assert not number.ask().from_cache


@pytest.mark.parametrize("value", [b"\xff", Round(), SecretStr("x"), (1,), object()], ids=range(5))
def test_what_would_come_back_as_something_else_is_not_kept(things: ReadSide, value: Any) -> None:
    kinds = {bytes: bytes, Round: Shape, SecretStr: SecretStr}

    def answer(db: Reader) -> Any:
        return value

    answer.__annotations__["return"] = kinds.get(type(value), Any)
    asked = query("things.odd", package="tests.support.things", **KEPT)(answer)
    for _ in range(2):
        got = asked.ask()
        assert got.data is value
        assert not got.from_cache


def test_what_json_holds_exactly_is_kept(things: ReadSide) -> None:
    @query("things.exact", package="tests.support.things", **KEPT)
    def exact(db: Reader) -> tuple[float, Decimal, UUID, datetime, Shape | None, bytes]:
        when = datetime(2024, 5, 1, tzinfo=UTC)
        return 0.1, Decimal("1E+2"), UUID(int=7), when, Shape(), b"ok"

    first, second = exact.ask(), exact.ask()
    assert second.from_cache
    assert repr(first.data[1]) == repr(second.data[1])
    assert first.data == second.data


def test_bytes_and_infinities_are_parameters_like_others(things: ReadSide) -> None:
    @query("things.raw", audited=True, **KEPT)
    def raw(db: Reader, *, token: bytes, where: tuple[Where, ...] = ()) -> int:
        return len(token)

    wide = (Where(column="n", value=INF),)
    assert [raw.ask(token=b"\xff\x00", where=wide).from_cache for _ in range(2)] == [False, True]
    row = things.connection.execute("SELECT parameters FROM cqrs.query_audit").fetchone()
    assert row is not None
    assert row[0]["token"] == "_wA="
    assert row[0]["where"][0]["value"] == "Infinity"


# ------------------------------------------------------------------ who asks
def own_things(db: Reader) -> str:
    """What the actor sees."""
    return current_actor().name


def test_answers_of_one_actor_are_not_anothers(things: ReadSide) -> None:
    mine = query("things.mine", per_actor=True, **KEPT)(own_things)

    def asked(name: str, *roles: str) -> tuple[str, bool]:
        with acting_as(name, roles=roles):
            answer = mine.ask()
        return answer.data, answer.from_cache

    assert asked("user:7") == ("user:7", False)
    assert asked("user:8") == ("user:8", False)
    assert asked("user:7") == ("user:7", True)
    assert asked("user:7", "clerk") == ("user:7", False), "roles are part of who asks"


def test_an_actor_that_is_not_declared_is_refused_at_the_first_call(things: ReadSide) -> None:
    undeclared = query("things.undeclared", **KEPT)(own_things)
    with (
        acting_as("user:7"),
        pytest.raises(UndeclaredInput, match=r"who asks: declare .*per_actor=True.*undeclared"),
    ):
        undeclared.ask()
    assert current_actor().name == "system", "and afterwards who asks is known again"


def test_an_actor_in_tags_or_in_a_query_within_is_refused_too(things: ReadSide) -> None:
    inner = query("things.inner", per_actor=True, **KEPT)(own_things)

    @query("things.outer", **KEPT)
    def outer(db: Reader) -> str:
        return inner(db)

    @query("things.tagged", reads=("things.list",), tags=lambda p: (current_actor().name,))
    def tagged(db: Reader) -> str:
        return ""

    for one in (outer, tagged):
        with pytest.raises(UndeclaredInput, match="who asks"):
            one.ask()


def test_an_answer_that_is_not_kept_may_look_at_the_actor(things: ReadSide) -> None:
    fresh = query("things.fresh", reads=("things.list",))(own_things)
    with acting_as("user:7"):
        assert fresh.ask().data == "user:7"


# ------------------------------------------------------------------ its brothers
def today() -> date:
    """A helper, of the same package."""
    return datetime.now(UTC).date()


def by_a_helper(db: Reader) -> int:
    return today().year


def by_name(db: Reader) -> float:
    return time.time()


def by_chance(db: Reader) -> float:
    return random.random() + uuid4().int


def by_the_environment(db: Reader) -> str:
    return os.environ["HOME"]


def by_settings(db: Reader) -> int:
    return get_settings().batch_size


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (by_a_helper, "the clock"),
        (by_name, "the clock"),
        (by_chance, "chance"),
        (by_the_environment, "settings"),
        (by_settings, "settings"),
    ],
)
def test_a_kept_answer_depends_on_no_clock_chance_or_setting(function: Any, what: str) -> None:
    with pytest.raises(BadDeclarations, match=f"a kept answer depends on {what}.*things.bad"):
        query("things.bad", **KEPT)(function)
    assert "things.bad" not in queries
    query("things.bad", reads=("things.list",))(function)  # not kept: it may


def test_a_kept_answer_may_be_declared_to_look_at_the_clock(things: ReadSide) -> None:
    assert query("things.year", clock=True, **KEPT)(by_a_helper).ask().data > 2000
    with pytest.raises(BadDeclarations, match="chance"):
        query("things.luck", clock=True, **KEPT)(by_chance)


@pytest.mark.parametrize(("block", "what"), [("by_the_clock", "the clock"), ("drawn", "chance")])
def test_a_statement_of_a_kept_query_looks_at_no_clock(
    things: ReadSide, block: str, what: str
) -> None:
    def asked(db: Reader) -> list[Thing]:
        return db.rows(Thing, block)

    with pytest.raises(UndeclaredInput, match=what):
        query("things.recent", **KEPT)(asked).ask()
    assert query("things.fresh_recent", reads=("things.list",))(asked).ask().data == []
    if what == "the clock":
        assert query("things.timed", clock=True, **KEPT)(asked).ask().data == []


class Mine(BaseModel):
    """A domain's settings."""

    share: int = 1


@pytest.fixture
def section_of_things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.base.settings._sections", dict(_sections))
    declare_section("things", Mine)


@pytest.mark.usefixtures("section_of_things")
def test_processes_of_other_settings_of_a_domain_share_no_answer(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked() -> bool:
        monkeypatch.setattr(queries, "_items", {})

        @query("things.section", **KEPT)
        def one(db: Reader) -> int:
            return 1

        return one.ask().from_cache

    assert [asked(), asked()] == [False, True]
    monkeypatch.setenv("CQRS_THINGS_SHARE", "2")
    assert [asked(), asked()] == [False, True]
