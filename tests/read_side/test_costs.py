"""Cost limits: a bucket of tokens per actor."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest
import redis as redis_py

from models.messages import Actor
from tests.read_side.conftest import Shop, settings_with
from tests.read_side.shop.queries import item, uncached_item
from worker import settings
from worker.actor import acting_as
from worker.errors import InvalidQuery
from worker.query import Reader, query
from worker.reading import cache_server, costs
from worker.reading.costs import CostLimitReached, Limit, charge, limit_by

ADA, BOB = Actor("ada", frozenset()), Actor("bob", frozenset())


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    """Three tokens each, and a new one about once in an hour; the system is not limited."""
    limit_by(lambda actor: None if actor.name == "system" else Limit(3, 1 / 3600))
    yield
    limit_by(costs.unlimited)


def test_a_bucket_holds_so_much_and_no_more(shop: Shop) -> None:
    for _ in range(3):
        charge(ADA, "q", 1)
    with pytest.raises(CostLimitReached, match=r"try again in .* \(actor ada, query q, cost 1\)"):
        charge(ADA, "q", 1)


def test_each_actor_has_a_bucket_of_its_own(shop: Shop) -> None:
    charge(ADA, "q", 3)
    charge(BOB, "q", 3)
    with pytest.raises(CostLimitReached):
        charge(BOB, "q", 1)


def test_a_bucket_fills_by_itself(shop: Shop, redis: redis_py.Redis) -> None:
    charge(ADA, "q", 3)
    with pytest.raises(CostLimitReached) as reached:
        charge(ADA, "q", 2)
    assert 7_190 < reached.value.seconds <= 7_200
    earlier = int(redis.hget("cqrs:cost:ada", "at") or 0) - 7_200_000
    redis.hset("cqrs:cost:ada", "at", earlier)  # as if two hours had gone by
    charge(ADA, "q", 2)
    with pytest.raises(CostLimitReached):
        charge(ADA, "q", 1)


def test_a_bucket_never_holds_more_than_it_can(shop: Shop, redis: redis_py.Redis) -> None:
    charge(ADA, "q", 1)
    redis.hset("cqrs:cost:ada", "at", 0)
    charge(ADA, "q", 3)
    with pytest.raises(CostLimitReached):
        charge(ADA, "q", 1)


def test_a_bucket_that_is_full_again_is_forgotten(shop: Shop, redis: redis_py.Redis) -> None:
    charge(ADA, "q", 1)
    assert 0 < redis.pttl("cqrs:cost:ada") <= 3 * 3_600_000 + 1_000


def test_a_cost_that_no_bucket_holds_is_a_mistake(shop: Shop) -> None:
    with pytest.raises(InvalidQuery, match=r"cost: is 4; ada may ask 3"):
        charge(ADA, "q", 4)


def test_the_system_asks_as_much_as_it_likes(shop: Shop) -> None:
    for _ in range(10):
        uncached_item.ask(item="pen")


def test_only_answers_from_the_database_cost(shop: Shop) -> None:
    shop.sell()
    shop.project()
    with acting_as("ada"):
        for _ in range(10):
            item.ask(item="pen")
        uncached_item.ask(item="pen")
        uncached_item.ask(item="pen")
        with pytest.raises(CostLimitReached):
            uncached_item.ask(item="pen")
        assert item.ask(item="pen").from_cache


def test_a_caller_that_cannot_pay_holds_up_nobody(shop: Shop) -> None:
    with acting_as("ada"):
        for _ in range(3):
            uncached_item.ask(item="pen")
        with pytest.raises(CostLimitReached):
            item.ask(item="pen")
    with acting_as("bob"):
        assert not item.ask(item="pen").from_cache, "the lock was free"


def test_a_query_says_what_it_costs(shop: Shop) -> None:
    @query("shop.dear", cost=2)
    def dear(db: Reader) -> int:
        return 1

    with acting_as("ada"):
        dear.ask()
        with pytest.raises(CostLimitReached):
            dear.ask()


def test_with_the_cache_away_nobody_is_limited(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "_current", settings_with(cache_url="redis://127.0.0.1:1/0"))
    for _ in range(5):
        charge(ADA, "q", 1)
    cache_server.ask_again()


@pytest.mark.parametrize(("burst", "per_second"), [(0, 1), (1, 0), (-1, 1)])
def test_a_limit_without_tokens_is_a_mistake(burst: float, per_second: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Limit(burst, per_second)


def test_the_error_survives_its_way_through_a_queue() -> None:
    error = pickle.loads(pickle.dumps(CostLimitReached("ada", "q", 1, 2.5)))
    assert (error.actor, error.seconds) == ("ada", 2.5)
