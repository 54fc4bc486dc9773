"""Random interleavings of command, projection, refresh, invalidation, fill and read: no promise is
broken.

And the same runs over engines with one mistake each: every mistake is found, so the runs can fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import redis as redis_py

from tests.conftest import in_database
from tests.read_side.conftest import ReadSide, settings_with
from tests.read_side.interleaving import Director, Violation
from tests.read_side.replica import Replica
from tests.read_side.stepping import stepped
from worker import cache
from worker.base import db, settings
from worker.cache import server
from worker.cache.entries import Fill, Seen, Snapshot
from worker.embedded import Servers
from worker.queries import consistency, reader
from worker.queries.query import Query
from worker.refresh.view_refresh import SourcePositions, ViewRefresh

SEEDS = 20
STEPS = 400


@pytest.fixture
def replica(
    things: ReadSide, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Replica]:
    """A database that queries read from, and that is brought up now and then."""
    name = f"{things.name}_replica"
    url = in_database(servers.database_url, name)
    things.close()
    with psycopg.connect(servers.database_url, autocommit=True) as admin:
        db.close()
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {things.name} STRATEGY FILE_COPY")
        monkeypatch.setattr(settings, "_current", settings_with(query_database_url=url))
        with things.connect() as primary, psycopg.connect(url, autocommit=True) as copy:
            yield Replica(primary, copy)
        things.close()
        db.close()
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def runs(
    things: ReadSide,
    redis: redis_py.Redis,
    patch: pytest.MonkeyPatch,
    replica: Replica | None = None,
) -> Iterator[Director]:
    """One run per seed, each on an empty cache and things of its own."""
    for seed in range(SEEDS):
        redis.flushdb()
        things.connection.execute("DELETE FROM cqrs.invalidations")
        made = Director(things, redis, seed, replica)
        with stepped(patch):
            made.run(STEPS)
        yield made


def test_no_interleaving_breaks_a_promise(
    things: ReadSide, redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    _must_be_worth_it(list(runs(things, redis, monkeypatch)))


def test_no_interleaving_breaks_a_promise_on_a_replica_that_lags(
    things: ReadSide, redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch, replica: Replica
) -> None:
    _must_be_worth_it(list(runs(things, redis, monkeypatch, replica)))


def _must_be_worth_it(done: list[Director]) -> None:
    answered, hits = sum(one.answers for one in done), sum(one.hits for one in done)
    assert answered > 20 * SEEDS
    assert hits > 3 * SEEDS, f"{hits} of {answered} came out of the cache"
    of_view = sum(one.of_view for one in done)
    assert of_view > 4 * SEEDS, f"{of_view} of {answered} came out of the materialized view"


def generations_read_after_the_database(patch: pytest.MonkeyPatch) -> None:
    real = cache.store

    def late(fill: Fill, *args: Any, **kwargs: Any) -> str:
        again = cache.begin(fill.key, lifetime=60)
        return real(replace(fill, seen=again.seen), *args, **kwargs)

    patch.setattr(cache, "store", late)


def a_missing_generation_is_a_zero(patch: pytest.MonkeyPatch) -> None:
    _rewrite(patch, "redis.call('HSETNX', KEYS[i], 'generation', ARGV[3])", "")
    _rewrite(patch, "'generation') or ''", "'generation') or '-'")


def generations_come_back(patch: pytest.MonkeyPatch) -> None:
    _rewrite(patch, "'generation', ARGV[3])", "'generation', '1')")


def the_generation_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    real = Seen.fresh

    def careless(self: Seen, after: int | None = None, grace: float = 0.0) -> Any:
        entry = self.entry and replace(self.entry, generations=self.generations)
        return real(replace(self, entry=entry), after, grace)

    patch.setattr(Seen, "fresh", careless)


def as_of_is_read_after_the_data(patch: pytest.MonkeyPatch) -> None:
    real = reader.read

    def late(name: str, function: Any, sources: Any, **kwargs: Any) -> Any:
        data, _ = real(name, function, sources, **kwargs)
        return data, consistency.positions(sources)

    patch.setattr("worker.queries.query.read", late)


def as_of_is_the_highest_position(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        Snapshot, "as_of", property(lambda self: max(self.positions.values(), default=None))
    )


def kept_answers_are_served_whatever_after_says(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Seen, "usable", lambda self, after=None: self.entry)


def tags_are_told_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    """The invalidation comes when the event does, not when the projection has it."""
    move, invalidate = Director._move, cache.invalidate

    def early(self: Director) -> None:
        move(self)
        position, thing = self.moves[-1]
        invalidate([self.tags[thing], self.tags[self.place]], position)

    patch.setattr(Director, "_move", early)
    patch.setattr(cache, "invalidate", lambda *_: None)


def a_view_is_as_new_as_the_log(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SourcePositions, "reach", lambda self, *_: self.log)


def a_views_horizon_is_read_after_its_refresh(patch: pytest.MonkeyPatch) -> None:
    real = ViewRefresh._do

    def late(self: ViewRefresh, block: str, **parameters: Any) -> Any:
        if block == "note_refreshed":
            sources = {name: position for name, position, _ in real(self, "sources")}
            parameters["horizon"] = sources["things.list"]
        return real(self, block, **parameters)

    patch.setattr(ViewRefresh, "_do", late)


def a_view_is_no_tag_of_what_is_computed_from_it(patch: pytest.MonkeyPatch) -> None:
    without = property(lambda self: (cache.query_tag(self.name),))
    patch.setattr(Query, "_engine_tags", without)


def a_replica_counts_as_current(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Seen, "allows", lambda self, snapshot: True)


MISTAKES = [
    generations_read_after_the_database,
    a_missing_generation_is_a_zero,
    generations_come_back,
    the_generation_is_not_looked_at,
    as_of_is_read_after_the_data,
    as_of_is_the_highest_position,
    kept_answers_are_served_whatever_after_says,
    tags_are_told_before_the_commit,
    a_view_is_as_new_as_the_log,
    a_views_horizon_is_read_after_its_refresh,
    a_view_is_no_tag_of_what_is_computed_from_it,
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one.__name__)
def test_a_mistake_is_found(
    things: ReadSide,
    redis: redis_py.Redis,
    monkeypatch: pytest.MonkeyPatch,
    mistake: Callable[[pytest.MonkeyPatch], None],
) -> None:
    mistake(monkeypatch)
    with pytest.raises(Violation):
        list(runs(things, redis, monkeypatch))


def test_a_mistake_with_replicas_is_found(
    things: ReadSide, redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch, replica: Replica
) -> None:
    a_replica_counts_as_current(monkeypatch)
    with pytest.raises(Violation, match="stale refill"):
        list(runs(things, redis, monkeypatch, replica))


def _rewrite(patch: pytest.MonkeyPatch, old: str, new: str) -> None:
    """ViewRefresh the scripts with a change in them."""
    real = server._script
    cache_url = settings.get_settings().servers.cache
    assert any(old in str(real(cache_url, name).script) for name in ("begin_fill", "store"))

    def changed(url: str, name: str) -> Any:
        text = str(real(url, name).script)
        return server._client(url).register_script(text.replace(old, new))

    patch.setattr(server, "_script", changed)
