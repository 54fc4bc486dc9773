"""The causal cache by itself, step by step, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as redis_py

from tests.conftest import test_settings
from worker import cache
from worker.base import settings
from worker.cache import invalidate, look, server, store
from worker.cache.entries import CacheKey, Fill, Snapshot
from worker.embedded import Servers

HERE = CacheKey.of("orders.summary:1", ["order:1", "orders"])


@pytest.fixture(autouse=True)
def _cache(servers: Servers, redis: redis_py.Redis, tmp_path: Path) -> Iterator[None]:
    """The cache, empty, without a replica of the database."""
    server.ask_again()
    with settings.using(test_settings(servers, servers.database_url, tmp_path)):
        yield


@pytest.fixture
def replica(servers: Servers, tmp_path: Path) -> Iterator[None]:
    """Queries read from a replica, says the configuration."""
    url = servers.database_url
    chosen = test_settings(servers, url, tmp_path, query_database_url=url + "&application_name=r")
    with settings.using(chosen):
        yield


def begin(key: CacheKey = HERE) -> Fill:
    return cache.begin(key, lifetime=60)


def at(position: int) -> Snapshot:
    return Snapshot({"orders.summaries": position})


def keep(position: int, body: bytes = b"[]", key: CacheKey = HERE) -> str:
    return store(begin(key), at(position), body, lifetime=60)


def test_what_was_stored_is_fresh() -> None:
    assert keep(7, b"[1]") == "stored"
    entry = look(HERE).fresh()
    assert entry is not None
    assert (entry.body, entry.snapshot.as_of) == (b"[1]", 7)


def test_nothing_was_stored_in_the_beginning() -> None:
    assert look(HERE).fresh() is None


def test_an_answer_older_than_what_was_asked_for_is_passed_over() -> None:
    keep(7)
    assert look(HERE).fresh(7) is not None
    assert look(HERE).fresh(8) is None


@pytest.mark.parametrize("tags", [["order:1"], ["orders"], ["orders", "something else"]])
def test_an_invalidation_of_any_tag_makes_a_miss(tags: list[str]) -> None:
    keep(7)
    invalidate(tags, 8)
    assert look(HERE).fresh() is None
    assert look(HERE).usable() is not None, "a stale answer is still there for who takes it"


def test_an_invalidation_of_other_tags_changes_nothing() -> None:
    keep(7)
    invalidate(["order:2", "place:1"], 8)
    assert look(HERE).fresh() is not None


def test_a_slow_reader_cannot_put_a_stale_answer_back() -> None:
    slow = begin()
    invalidate(["order:1"], 8)
    assert store(slow, at(7), b"[]", lifetime=60) == "invalidated"
    assert look(HERE).entry is None


def test_a_slow_reader_cannot_put_a_stale_answer_back_after_somebody_else_filled() -> None:
    slow = begin()
    invalidate(["order:1"], 8)
    assert keep(8, b"new") == "stored"
    assert store(slow, at(7), b"old", lifetime=60) == "invalidated"
    assert look(HERE).fresh(8) is not None


def test_a_flushed_generation_is_a_miss_and_never_a_zero(redis: redis_py.Redis) -> None:
    keep(7)
    redis.delete("cqrs:tag:order:1")
    assert look(HERE).fresh() is None
    slow = begin()
    redis.delete("cqrs:tag:order:1")
    assert store(slow, at(7), b"[]", lifetime=60) == "invalidated"
    begin()
    assert look(HERE).fresh() is None, "the generation is a new one"


def test_a_generation_never_comes_back() -> None:
    seen = set()
    for round_ in range(200):
        seen.add(begin().seen.generations.split()[0])
        invalidate(["order:1"], round_)
    assert len(seen) == 200


def test_an_answer_does_not_replace_a_newer_one() -> None:
    slow = begin()
    assert keep(9, b"new") == "stored"
    assert store(slow, at(8), b"old", lifetime=60) == "newer"
    entry = look(HERE).fresh()
    assert entry is not None
    assert entry.body == b"new"


def test_one_fills_and_the_others_do_not_get_the_lock() -> None:
    first, second = begin(), begin()
    assert first.token
    assert second.token is None
    store(first, at(1), b"[]", lifetime=60)
    assert begin().token


def test_a_filler_that_fails_lets_go_of_the_lock() -> None:
    cache.give_up(begin())
    assert begin().token


def test_a_filler_lets_go_of_its_own_lock_alone(redis: redis_py.Redis) -> None:
    slow = begin()
    redis.delete(HERE.lock)  # its lease ended
    other = begin()
    cache.give_up(slow)
    store(slow, at(1), b"[]", lifetime=60)
    assert begin().token is None, "the other one still fills"
    cache.give_up(other)


def test_the_lock_of_a_filler_that_died_expires(redis: redis_py.Redis) -> None:
    begin()
    assert 0 < redis.pttl(HERE.lock) <= cache.LEASE * 1000


def test_answers_and_records_expire(redis: redis_py.Redis) -> None:
    keep(7)
    assert 59_000 < redis.pttl("cqrs:answer:orders.summary:1") <= 60_000
    assert redis.pttl("cqrs:tag:orders") > 60_000, "a record outlives the answers that name it"


def test_a_record_outlives_the_longest_answer_that_names_it(redis: redis_py.Redis) -> None:
    for lifetime in (1, 600, 5):
        cache.begin(HERE, lifetime=lifetime)
    assert redis.pttl("cqrs:tag:orders") > 600_000


def test_an_answer_is_stale_in_the_grace_period() -> None:
    keep(7)
    assert look(HERE).fresh(grace=0.0) is not None
    assert look(HERE).fresh(grace=61.0) is None
    assert look(HERE).usable() is not None


def test_a_large_answer_is_not_kept() -> None:
    assert keep(7, b"x" * (cache.LARGEST + 1)) == "large"
    assert begin().token, "and the lock is free"


def test_invalidating_tags_that_nobody_cached_costs_no_memory(redis: redis_py.Redis) -> None:
    invalidate([f"order:{n}" for n in range(2_500)], 1)
    assert redis.dbsize() == 0


def test_thousands_of_tags_are_invalidated() -> None:
    keys = [CacheKey.of(f"q:{n}", [f"order:{n}"]) for n in range(0, 3_000, 500)]
    for key in keys:
        keep(1, key=key)
    invalidate((f"order:{n}" for n in range(3_000)), 2)
    assert not any(look(key).fresh() for key in keys)


def test_invalidating_nothing_is_nothing() -> None:
    invalidate([], 3)


@pytest.mark.usefixtures("replica")
def test_a_replica_that_lags_cannot_fill() -> None:
    invalidate(["order:1"], 8, "orders.summaries")
    assert keep(7) == "behind"
    assert begin().token, "the lock is free again"
    assert keep(8) == "stored"
    assert look(HERE).fresh() is not None


@pytest.mark.usefixtures("replica")
def test_a_replica_that_lags_cannot_fill_after_an_invalidation_without_a_source() -> None:
    invalidate(["order:1"], 8)
    assert keep(7) == "behind"
    assert keep(8) == "stored"


@pytest.mark.usefixtures("replica")
def test_sources_that_an_answer_does_not_read_do_not_hold_it_up() -> None:
    invalidate(["order:1"], 8, "orders.payments")
    assert keep(7) == "stored"


@pytest.mark.usefixtures("replica")
def test_a_late_invalidation_does_not_lower_what_is_remembered() -> None:
    invalidate(["order:1"], 8, "orders.summaries")
    invalidate(["order:1"], 5, "orders.summaries")
    assert keep(7) == "behind"


@pytest.mark.usefixtures("replica")
def test_what_is_remembered_for_replicas_expires(redis: redis_py.Redis) -> None:
    invalidate(["order:1"], 8)
    assert 0 < redis.pttl("cqrs:tag:order:1") <= cache.REMEMBERED * 1000
