"""Servers that are away, and callers that wait for one another."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from tests.conftest import Database
from tests.read_side.conftest import ReadSide, settings_with
from tests.support.things.history import tags_of
from tests.support.things.models import Thing
from tests.support.things.queries import patient_thing, thing, uncached_thing
from tests.support.workers import until
from worker import cache
from worker.base import db, settings
from worker.base.errors import ServerUnavailable
from worker.cache import server as cache_server
from worker.cache.server import CacheAway
from worker.queries import answers


@contextmanager
def cache_at(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings whose cache is somewhere else."""
    with monkeypatch.context() as patch:
        patch.setattr(settings, "_current", settings_with(cache_url=url))
        cache_server.ask_again()
        yield
    cache_server.ask_again()


@contextmanager
def database_away(database: Database) -> Iterator[None]:
    """The server breaks every connection to this database, and takes no new ones."""
    admin = psycopg.connect(database.url, dbname="postgres", autocommit=True)
    with admin:
        admin.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false")
        _break_connections(admin, database)
        try:
            yield
        finally:
            admin.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS true")


def _break_connections(admin: psycopg.Connection, database: Database) -> None:
    query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
    admin.execute(query, [database.name])


def test_with_the_cache_away_answers_come_from_the_database(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.visit()
    things.project()
    with cache_at("redis://127.0.0.1:1/0", monkeypatch):
        for _ in range(3):
            answer = thing.ask(name="pen")
            assert answer.data is not None
            assert not answer.from_cache


def test_with_the_cache_away_an_invalidation_says_so(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        cache_at("redis://:secret@127.0.0.1:1/0", monkeypatch),
        pytest.raises(CacheAway, match=r"CQRS_CACHE_URL") as away,
    ):
        cache.invalidate(tags_of("pen"), 1)
    assert "secret" not in str(away.value)


def test_a_cache_that_hangs_is_left_alone_for_a_while(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_server, "TIMEOUT", 0.25)
    monkeypatch.setattr(cache_server, "REST", 3600.0)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        with cache_at(f"redis://127.0.0.1:{port}/0", monkeypatch):
            assert thing.ask(name="pen").data is None
            deaf.setblocking(False)
            heard = _connections(deaf)
            for _ in range(5):
                assert thing.ask(name="pen").data is None
            assert heard >= 1
            assert _connections(deaf) == 0, "it was not asked again"


def _connections(server: socket.socket) -> int:
    """How many clients have connected since the last look."""
    count = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_broken_connections_are_replaced_without_a_word(things: ReadSide) -> None:
    things.visit()
    things.project()
    with ThreadPoolExecutor(4) as pool:  # fill the pool of connections
        list(pool.map(lambda _: uncached_thing.ask(name="pen"), range(40)))
    with psycopg.connect(things.url, dbname="postgres", autocommit=True) as admin:
        _break_connections(admin, things)
    assert uncached_thing.ask(name="pen").data is not None


def test_a_kept_answer_needs_no_database(things: ReadSide) -> None:
    things.visit()
    things.project()
    thing.ask(name="pen")
    with database_away(things):
        answer = thing.ask(name="pen")
        assert (answer.from_cache, answer.stale) == (True, False)


def test_with_the_database_away_a_patient_query_is_answered_with_what_was_kept(
    things: ReadSide,
) -> None:
    position = things.visit()
    things.project()
    patient_thing.ask(name="pen")
    cache.invalidate(tags_of("pen"), position + 1)
    with database_away(things):
        for wish in ({}, {"after": position}):
            answer = patient_thing.ask(name="pen", **wish)
            assert answer.data is not None
            assert (answer.from_cache, answer.stale, answer.as_of) == (True, True, position)
    assert not patient_thing.ask(name="pen").stale


def test_with_the_database_away_a_stale_answer_is_never_older_than_asked_for(
    things: ReadSide,
) -> None:
    position = things.visit()
    things.project()
    patient_thing.ask(name="pen")
    with database_away(things), pytest.raises(ServerUnavailable):
        patient_thing.ask(name="pen", after=position + 1)


def test_with_the_database_away_other_queries_say_so(things: ReadSide) -> None:
    things.visit()
    things.project()
    thing.ask(name="pen")
    cache.invalidate(tags_of("pen"))
    with database_away(things):
        with pytest.raises(ServerUnavailable, match="PostgreSQL refuses connections"):
            thing.ask(name="pen")
        with pytest.raises(ServerUnavailable):
            uncached_thing.ask(name="pen")
        with pytest.raises(ServerUnavailable):
            patient_thing.ask(name="something that was never kept")
    assert thing.ask(name="pen").data is not None


class Blocked:
    """The read table is locked: who asks the database waits until `open`."""

    def __init__(self, things: ReadSide) -> None:
        self.things = things
        self.connection = things.connect()
        self.connection.execute("BEGIN; LOCK TABLE query.things_v1 IN ACCESS EXCLUSIVE MODE")

    def waiting(self) -> int:
        """How many ask the database right now."""
        sql = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
        row = self.things.connection.execute(sql, ["query.things_v1"]).fetchone()
        return int(row[0]) if row else 0

    def open(self) -> None:
        if not self.connection.closed:
            self.connection.execute("COMMIT")
            self.connection.close()


@pytest.fixture
def blocked(things: ReadSide) -> Iterator[Blocked]:
    things.visit()
    things.project()
    made = Blocked(things)
    try:
        yield made
    finally:
        made.open()


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def test_one_fills_and_the_others_wait_for_it(
    blocked: Blocked, callers: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "FILL_TIMEOUT", 60.0)
    waits = _counted_rests(monkeypatch)
    asked = [callers.submit(thing.ask, name="pen") for _ in range(8)]
    until(lambda: blocked.waiting() == 1 and len(waits) >= 14)  # each of seven rests twice
    assert blocked.waiting() == 1
    blocked.open()
    found = [one.result(30) for one in asked]
    assert sorted(answer.from_cache for answer in found) == [False] + [True] * 7
    assert {answer.data.moves for answer in found if answer.data} == {1}


def _counted_rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    rests: list[float] = []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        time.sleep(seconds)

    monkeypatch.setattr("worker.base.backoff.rest", rest)
    return rests


def test_a_patient_query_takes_the_stale_answer_while_another_one_fills(
    things: ReadSide, callers: ThreadPoolExecutor
) -> None:
    things.visit()
    things.project()
    patient_thing.ask(name="pen")
    cache.invalidate(tags_of("pen"))
    blocked = Blocked(things)
    try:
        filler = callers.submit(patient_thing.ask, name="pen")
        until(lambda: blocked.waiting() == 1)
        answer = patient_thing.ask(name="pen")
        assert (answer.from_cache, answer.stale) == (True, True)
    finally:
        blocked.open()
    assert not filler.result(30).stale


def test_who_has_waited_long_enough_asks_the_database_itself(
    blocked: Blocked, callers: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "FILL_TIMEOUT", 0.01)
    asked = [callers.submit(thing.ask, name="pen") for _ in range(2)]
    until(lambda: blocked.waiting() == 2)
    blocked.open()
    assert all(_moves(one) == 1 for one in asked)


def _moves(asked: Future[answers.Answer[Thing | None]]) -> int:
    data = asked.result(30).data
    return data.moves if data else 0


def test_a_filler_that_dies_holds_up_nobody_for_long(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock is there, it is not: the next ones wait for their patience, and fill."""
    monkeypatch.setattr(answers, "FILL_TIMEOUT", 0.01)
    things.visit()
    things.project()
    with monkeypatch.context() as patch:
        patch.setattr(answers, "_filled", lambda asked, fill, after: answers.Answer(None, None))
        thing.ask(name="pen")
    assert thing.ask(name="pen").data is not None
    assert thing.ask(name="pen").from_cache, "what was filled without the lock is kept"


def test_no_connection_is_held_while_a_reader_waits(things: ReadSide) -> None:
    uncached_thing.ask(name="pen")
    assert "Checked out connections: 0" in db._engine("reader").pool.status()
