"""What a question gives back, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis as redis_py
from pydantic import SecretStr

from tests.read_side.conftest import ReadSide
from tests.support.things.models import Thing
from tests.support.things.queries import (
    as_number,
    burglar,
    changes,
    guess,
    listed,
    nothing,
    thing,
    uncached_thing,
    visit,
)
from worker.base import db
from worker.event_log.sources import queries
from worker.queries.errors import InvalidQuery, UnknownQuery
from worker.queries.query import Reader, ask, query


def test_an_answer_says_how_far_it_goes(things: ReadSide) -> None:
    position = things.visit("pen", price="2.25")
    things.settle()

    answer = thing.ask(name="pen")

    assert isinstance(answer.data, Thing)
    assert (answer.data.moves, answer.data["price"]) == (1, Decimal("2.25"))
    assert answer.as_of == position
    assert (answer.from_cache, answer.stale) == (False, False)


def test_nothing_found_is_none_or_an_empty_list(things: ReadSide) -> None:
    assert thing.ask(name="nobody moved this").data is None
    assert listed.ask().data == []


def test_questions_that_differ_in_a_secret_do_not_share_an_answer(things: ReadSide) -> None:
    assert guess.ask(token=SecretStr("abc")).data == "cba"
    assert guess.ask(token=SecretStr("xyz")).data == "zyx"


def test_a_kept_answer_equals_the_one_it_was_made_from(things: ReadSide) -> None:
    things.visit("pen", price="1.10")
    things.connection.execute("UPDATE query.things_v1 SET code = gen_random_uuid(), note = 'é'")
    things.settle()

    first, second = visit.ask(name="pen", place="ada"), visit.ask(name="pen", place="ada")

    assert second.from_cache
    assert second.data == first.data
    assert second.as_of == first.as_of


def test_two_statements_of_a_query_see_one_snapshot(things: ReadSide) -> None:
    things.visit()
    things.project()
    seen = []

    @query("things.twice", reads=("things.list",))
    def twice(db: object, *, name: str) -> int:
        first = uncached_thing(db, name=name)  # type: ignore[arg-type]
        things.visit()
        things.project()
        second = uncached_thing(db, name=name)  # type: ignore[arg-type]
        seen.extend([first, second])
        return 0

    answer = twice.ask(name="pen")

    assert seen[0] == seen[1]
    assert answer.as_of == 1


def test_a_query_that_reads_no_read_model_is_current(things: ReadSide) -> None:
    assert changes.ask(after=things.visit()).as_of is None


def test_a_query_may_ask_the_database_for_nothing(things: ReadSide) -> None:
    position = things.visit()
    things.project()
    answer = nothing.ask()
    assert (answer.data, answer.as_of) == (7, position)


def test_a_query_is_asked_by_name(things: ReadSide) -> None:
    things.visit("ink")
    things.project()
    assert ask("things.thing", name="ink").data.moves == 1


def test_an_unknown_query_is_refused_with_the_closest_name() -> None:
    with pytest.raises(
        UnknownQuery, match=r"no query is called 'things.listd'; did you mean things.listed"
    ):
        ask("things.listd")


def test_every_wrong_parameter_is_named() -> None:
    with pytest.raises(InvalidQuery) as refused:
        listed.ask(  # type: ignore[call-overload]
            limit=10**9,
            offset=-1,
            wher=(),
            order_by=("a\0b",),
            consistency="causl",
            after="x",
            timeout=float("nan"),
        )
    errors = refused.value.errors
    assert set(errors) == {"limit", "offset", "wher", "consistency", "after", "timeout"}
    assert "less than or equal to 1000" in errors["limit"]
    assert "did you mean where" in errors["wher"]
    assert "(query things.listed)" in str(refused.value)


@pytest.mark.parametrize("limit", [0, -1, 1001, 10**9, 10**30, 1.5, "many", None])
def test_a_limit_is_bounded(limit: Any) -> None:
    with pytest.raises(InvalidQuery, match="limit"):
        listed.ask(limit=limit)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(InvalidQuery, match="name: Field required"):
        thing.ask()  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("text", "why"), [("a\0b", "NUL"), ("\ud800", r"surrogate|valid string|unicode")]
)
def test_text_that_cannot_be_stored_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidQuery, match=why) as refused:
        thing.ask(name=text)
    assert "name" in refused.value.errors


def test_a_value_that_the_database_refuses_is_the_callers_mistake(things: ReadSide) -> None:
    with pytest.raises(InvalidQuery, match='invalid input syntax for type integer: "seven"'):
        as_number.ask(text="seven")


def test_a_query_can_neither_write_nor_look_aside(things: ReadSide) -> None:
    things.visit()
    things.project()
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        burglar.ask(block="try_to_delete")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        burglar.ask(block="try_to_look_aside")
    assert uncached_thing.ask(name="pen").data is not None, "the connection is clean again"


def test_a_parameter_may_not_take_a_name_that_ask_needs() -> None:
    with pytest.raises(TypeError, match="ask\\(\\) takes this name itself"):

        @query("things.wrong")
        def wrong(db: object, *, after: int) -> int:
            return after


def test_a_query_says_what_it_returns() -> None:
    with pytest.raises(TypeError, match=r"annotate its function \(query things\.wrong\)"):

        @query("things.wrong")
        def wrong(db: object):  # type: ignore[no-untyped-def]
            return 1


def test_a_query_that_asks_once_costs_two_round_trips(things: ReadSide, tmp_path: Path) -> None:
    for _ in range(3):
        uncached_thing.ask(name="pen")  # statements are prepared on the way
    # On a busy machine the server now and then answers while we still send: the least counts.
    trips = [
        _round_trips(tmp_path / f"trace{n}", lambda: uncached_thing.ask(name="pen"))
        for n in range(5)
    ]
    assert min(trips) == 2  # COMMIT has one of its own


def test_a_query_that_asks_twice_now_and_then_runs_once_each_time(things: ReadSide) -> None:
    calls: list[int] = []
    things.visit()
    things.project()

    @query("things.now_and_then", reads=("things.list",))
    def now_and_then(db: Reader, *, times: int) -> list[Thing | None]:
        calls.append(times)
        return [uncached_thing(db, name="pen") for _ in range(times)]

    for times in (0, 1, 1, 2, 1, 3):
        assert len(now_and_then.ask(times=times).data) == times
    assert len(calls) == 6


def test_a_kept_answer_costs_the_database_nothing(things: ReadSide, tmp_path: Path) -> None:
    thing.ask(name="pen")
    assert _round_trips(tmp_path / "trace", lambda: thing.ask(name="pen")) == 0


def _round_trips(trace: Path, call: Callable[[], object]) -> int:
    """How often the pooled connection waits for the server: libpq's own trace of Sync messages."""
    with trace.open("wb") as file:
        with db.reader() as connection:
            traced = connection.pgconn
            traced.trace(file.fileno())
        call()
        traced.untrace()
    sent = [line for line in trace.read_text().splitlines() if "\tF\t" in line]
    return sum("\tSync" in line or "\tQuery\t" in line for line in sent)


def test_an_answer_that_other_code_has_kept_is_passed_over(
    things: ReadSide, redis: redis_py.Redis
) -> None:
    things.visit("pen")
    things.settle()
    thing.ask(name="pen")
    (key,) = redis.keys("cqrs:answer:*")
    redis.hset(key, "body", '{"of": "another shape"}')
    answer = thing.ask(name="pen")
    assert (answer.data and answer.data.moves, answer.from_cache) == (1, False)


def test_answers_of_two_codes_of_a_query_are_kept_apart(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    @query("things.coded", reads=("things.list",), tags=lambda p: ("things",))
    def before(db: Reader) -> int:
        return 1

    assert [before.ask().data for _ in range(2)] == [1, 1]
    monkeypatch.delitem(queries._items, "things.coded")

    @query("things.coded", reads=("things.list",), tags=lambda p: ("things",))
    def after(db: Reader) -> int:
        return 2

    assert after.ask().data == 2
    assert after.ask().from_cache
    monkeypatch.delitem(queries._items, "things.coded")
