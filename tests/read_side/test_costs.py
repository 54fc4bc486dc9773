"""Cost limits: a bucket of tokens per actor."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import pytest
import redis as redis_py

from tests.read_side.conftest import ReadSide, settings_with
from tests.support.things.queries import listed, thing, uncached_thing
from worker.base import settings
from worker.base.actor import acting_as
from worker.cache import server
from worker.contracts import Actor
from worker.queries import costs
from worker.queries.costs import CostLimitReached, Limit, charge, limit_by
from worker.queries.errors import InvalidQuery
from worker.queries.query import Reader, query

ADA, BOB = Actor("ada", frozenset()), Actor("bob", frozenset())


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    """Three tokens each, and a new one about once in an hour; the system is not limited."""
    limit_by(lambda actor: None if actor.name == "system" else Limit(3, 1 / 3600))
    yield
    limit_by(costs.by_settings)


def test_a_bucket_holds_so_much_and_no_more(things: ReadSide) -> None:
    for _ in range(3):
        charge(ADA, "q", 1)
    with pytest.raises(CostLimitReached, match=r"try again in .* \(actor ada, query q, cost 1\)"):
        charge(ADA, "q", 1)


def test_each_actor_has_a_bucket_of_its_own(things: ReadSide) -> None:
    charge(ADA, "q", 3)
    charge(BOB, "q", 3)
    with pytest.raises(CostLimitReached):
        charge(BOB, "q", 1)


def test_a_bucket_fills_by_itself(things: ReadSide, redis: redis_py.Redis) -> None:
    charge(ADA, "q", 3)
    with pytest.raises(CostLimitReached) as reached:
        charge(ADA, "q", 2)
    assert 7_190 < reached.value.seconds <= 7_200
    earlier = int(redis.hget("cqrs:cost:ada", "at") or 0) - 7_200_000
    redis.hset("cqrs:cost:ada", "at", earlier)  # as if two hours had gone by
    charge(ADA, "q", 2)
    with pytest.raises(CostLimitReached):
        charge(ADA, "q", 1)


def test_a_bucket_never_holds_more_than_it_can(things: ReadSide, redis: redis_py.Redis) -> None:
    charge(ADA, "q", 1)
    redis.hset("cqrs:cost:ada", "at", 0)
    charge(ADA, "q", 3)
    with pytest.raises(CostLimitReached):
        charge(ADA, "q", 1)


def test_a_bucket_that_is_full_again_is_forgotten(things: ReadSide, redis: redis_py.Redis) -> None:
    charge(ADA, "q", 1)
    assert 0 < redis.pttl("cqrs:cost:ada") <= 3 * 3_600_000 + 1_000


def test_a_cost_that_no_bucket_holds_is_a_mistake(things: ReadSide) -> None:
    with pytest.raises(InvalidQuery, match=r"cost: is 4, ada may spend 3 at once: ask for fewer"):
        charge(ADA, "q", 4)


def test_the_system_asks_as_much_as_it_likes(things: ReadSide) -> None:
    for _ in range(10):
        uncached_thing.ask(name="pen")


def test_only_answers_from_the_database_cost(things: ReadSide) -> None:
    things.visit()
    things.project()
    with acting_as("ada"):
        for _ in range(10):
            thing.ask(name="pen")
        uncached_thing.ask(name="pen")
        uncached_thing.ask(name="pen")
        with pytest.raises(CostLimitReached):
            uncached_thing.ask(name="pen")
        assert thing.ask(name="pen").from_cache


def test_who_has_to_wait_pays_once(things: ReadSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.commands.after_commit.wake", lambda *_: things.project())
    limit_by(lambda _: Limit(1, 1 / 3600))
    position = things.visit()
    with acting_as("ada"):
        answer = uncached_thing.ask(name="pen", after=position, timeout=30)
    assert answer.data is not None


def test_a_caller_that_cannot_pay_holds_up_nobody(things: ReadSide, redis: redis_py.Redis) -> None:
    with acting_as("ada"):
        for _ in range(3):
            uncached_thing.ask(name="pen")
        with pytest.raises(CostLimitReached):
            thing.ask(name="pen")
    assert redis.keys("cqrs:filling:*") == []
    with acting_as("bob"):
        assert not thing.ask(name="pen").from_cache, "the lock was free"


def test_a_query_says_what_it_costs(things: ReadSide) -> None:
    @query("things.dear", cost=2)
    def dear(db: Reader) -> int:
        return 1

    with acting_as("ada"):
        dear.ask()
        with pytest.raises(CostLimitReached):
            dear.ask()


@pytest.mark.parametrize(
    ("page", "tokens"),
    [({}, 1), ({"limit": 1}, 1), ({"limit": 250}, 2.5), ({"limit": 100, "offset": 900}, 10)],
)
def test_a_query_that_does_not_say_costs_by_the_rows_that_have_to_be_found(
    things: ReadSide, page: dict[str, Any], tokens: float
) -> None:
    limit_by(lambda _: Limit(tokens, 1 / 3600))
    with acting_as("ada"):
        listed.ask(**page, order_by=("name",))
        with pytest.raises(CostLimitReached) as reached:
            listed.ask(**page, order_by=("moves",))
    assert reached.value.cost == tokens


def test_a_cost_may_follow_from_the_parameters(things: ReadSide) -> None:
    @query("things.metered", cost=lambda p: p.rows)
    def metered(db: Reader, *, rows: int) -> int:
        return rows

    with acting_as("ada"):
        metered.ask(rows=1)
        metered.ask(rows=0)
        with pytest.raises(CostLimitReached, match="cost 3"):
            metered.ask(rows=3)


@pytest.mark.parametrize("cost", [-1, float("nan")])
def test_a_cost_below_nothing_is_a_mistake(cost: float) -> None:
    def wrong(db: Reader) -> int:
        return 1

    with pytest.raises(ValueError, match=r"things\.wrong"):
        query("things.wrong", cost=cost)(wrong)


def test_without_a_setting_nobody_is_limited(things: ReadSide) -> None:
    limit_by(costs.by_settings)
    for _ in range(10):
        charge(ADA, "q", 1_000)


def test_the_settings_limit_every_actor_but_the_system(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_by(costs.by_settings)
    limited = settings_with(query_cost_per_minute=2)
    monkeypatch.setattr(settings, "_current", limited)
    assert costs.by_settings(ADA) == Limit(2, 2 / 60)
    for _ in range(10):
        uncached_thing.ask(name="pen")
    with acting_as("ada"):
        uncached_thing.ask(name="pen")
        uncached_thing.ask(name="pen")
        with pytest.raises(CostLimitReached):
            uncached_thing.ask(name="pen")


def test_how_much_may_be_saved_up_is_a_setting_too(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = settings_with(query_cost_per_minute=60, query_cost_burst=5)
    monkeypatch.setattr(settings, "_current", saved)
    assert costs.by_settings(ADA) == Limit(5, 1)


def test_with_the_cache_away_nobody_is_limited(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "_current", settings_with(cache_url="redis://127.0.0.1:1/0"))
    for _ in range(5):
        charge(ADA, "q", 1)
    server.ask_again()


@pytest.mark.parametrize(("burst", "per_second"), [(0, 1), (1, 0), (-1, 1)])
def test_a_limit_without_tokens_is_a_mistake(burst: float, per_second: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Limit(burst, per_second)


def test_the_error_survives_its_way_through_a_queue() -> None:
    error = pickle.loads(pickle.dumps(CostLimitReached("ada", "q", 1, 2.5)))
    assert (error.actor, error.seconds) == ("ada", 2.5)
