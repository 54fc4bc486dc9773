"""Queries that the database stops: what is said, and that nothing of our insides is shown."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest
import redis as redis_py
from psycopg import errors as pg

from tests.read_side.conftest import ReadSide, settings_with
from tests.support.things.queries import burglar, slow_thing, thing, uncached_thing
from worker import cache
from worker.base import db, settings
from worker.base.errors import NotMigrated, Transient
from worker.queries.errors import QueryStopped


@pytest.fixture(autouse=True)
def _impatient(things: ReadSide, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Limits of a fraction of a second."""
    db.close()
    shorter = settings_with(statement_timeout=0.4, lock_timeout=0.2)
    monkeypatch.setattr(settings, "_current", shorter)
    yield
    db.close()


def test_a_query_that_takes_too_long_says_which_and_what_to_do(things: ReadSide) -> None:
    things.visit()
    things.project()
    with pytest.raises(QueryStopped) as stopped:
        slow_thing.ask(name="pen")
    assert str(stopped.value) == (
        "the query took too long and was stopped: ask for less (fewer rows, a narrower filter),"
        " or raise CQRS_STATEMENT_TIMEOUT (query things.slow_thing, limit 0.4 s)"
    )
    assert isinstance(stopped.value, Transient)
    assert stopped.value.__cause__ is None
    assert uncached_thing.ask(name="pen").data is not None, "the connection is whole"


def test_a_query_behind_a_lock_says_so(things: ReadSide) -> None:
    with things.connect() as other, other.transaction():
        other.execute("LOCK TABLE query.things_v1 IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(
            QueryStopped, match=r"is locked: .* CQRS_LOCK_TIMEOUT \(query things\.unc"
        ):
            uncached_thing.ask(name="pen")
    assert uncached_thing.ask(name="pen").data is None


def test_a_query_that_may_be_stale_is_answered_with_what_was_kept(things: ReadSide) -> None:
    assert slow_thing.ask(name="pen").data is None
    things.visit()
    things.project()
    cache.invalidate(["things"])
    answer = slow_thing.ask(name="pen")
    assert (answer.data, answer.from_cache, answer.stale) == (None, True, True)


def test_a_filler_that_is_stopped_lets_the_next_one_try(
    things: ReadSide, redis: redis_py.Redis
) -> None:
    with things.connect() as other, other.transaction():
        other.execute("LOCK TABLE query.things_v1 IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(QueryStopped):
            thing.ask(name="pen")
    assert redis.keys("cqrs:filling:*") == [], "nobody has to wait for the end of its lease"
    thing.ask(name="pen")
    assert thing.ask(name="pen").from_cache


def test_a_database_that_was_never_migrated_is_named(things: ReadSide) -> None:
    with things.connect() as other:
        other.execute("ALTER SCHEMA cqrs RENAME TO away; ALTER VIEW query.checkpoints RENAME TO c")
        try:
            with pytest.raises(NotMigrated, match="Run `cqrs migrate`"):
                uncached_thing.ask(name="pen")
        finally:
            other.execute(
                "ALTER SCHEMA away RENAME TO cqrs; ALTER VIEW query.c RENAME TO checkpoints"
            )


def test_what_the_querys_own_code_is_to_blame_for_is_told_to_its_programmer(
    things: ReadSide,
) -> None:
    with pytest.raises(pg.InsufficientPrivilege):
        burglar.ask(block="try_to_look_aside")


def test_the_error_survives_its_way_through_a_queue() -> None:
    error = pickle.loads(pickle.dumps(QueryStopped.by_a_lock("q", 2.5)))
    assert (error.query, error.seconds) == ("q", 2.5)
    assert "CQRS_LOCK_TIMEOUT" in str(error)
