"""The fence under real races: appenders that dawdle, roll back and hang up, readers in between.

The functions of the log run with random pauses between their statements and between any two draws,
so that transactions overlap at every step. All the while a transaction that writes is open and
never appends. Each reader keeps a checkpoint and must end up with exactly what was committed, in
order, nothing twice. A reader that takes whatever it sees runs along: one appender commits only
after that reader has gone past it, so that the race is known to be one that skips without a fence.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import psycopg
import pytest

from tests.conftest import Database
from tests.support.workers import until
from worker.event_log import Connection, NewEvent, StoredEvent, append, horizon, read

ENOUGH = 300
"""Positions drawn until a race is over, however long that takes."""
PATIENCE = 20.0
PAUSE = "pg_sleep(random() * 0.004)"

Place: TypeAlias = tuple[int, str, int]


def whatever_is_visible(connection: Connection) -> int:
    """What a reader without a fence takes for the end of the log."""
    [(last,)] = connection.execute("SELECT coalesce(max(position), 0) FROM cqrs.events")
    return int(last)


@dataclass
class Reader:
    """A reader with a checkpoint, which tells `moved` at every step."""

    bound: Callable[[Connection], int]
    page: int = 1_000
    checkpoint: int = 0
    seen: list[StoredEvent] = field(default_factory=list)
    moved: threading.Condition = field(default_factory=threading.Condition)

    def read_page(self, connection: Connection) -> None:
        upto = self.bound(connection)
        page = read(connection, after=self.checkpoint, upto=upto, limit=self.page)
        with self.moved:
            self.seen += page
            full = len(page) == self.page
            self.checkpoint = page[-1].position if full else max(self.checkpoint, upto)
            self.moved.notify_all()

    def passes(self, position: int) -> bool:
        """Wait until the checkpoint is above a position; False if it takes too long."""
        with self.moved:
            return self.moved.wait_for(lambda: self.checkpoint > position, PATIENCE)

    @property
    def places(self) -> list[Place]:
        return [(one.position, one.stream, one.version) for one in self.seen]


@dataclass
class Race:
    """Appenders that go on until `stop`, readers until `quiet`, each on its own connection."""

    database: Database
    stop: threading.Event = field(default_factory=threading.Event)
    quiet: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Race:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.quiet.set()

    def follow(self, reader: Reader) -> None:
        """Read until all is quiet, and then to the end of the log."""
        with self.database.connect() as connection:
            while not self.quiet.is_set():
                reader.read_page(connection)
            while reader.checkpoint < reader.bound(connection):
                reader.read_page(connection)

    def appends(self, seed: int, rest: float) -> None:
        """Append, commit, roll back or hang up at random, and rest for up to so many seconds."""
        chance = random.Random(seed)
        while not self.stop.is_set():
            with self.database.connect() as connection:
                hangs_up = chance.random() < 0.1
                while not self.stop.is_set() and not hangs_up:
                    with connection.transaction(force_rollback=chance.random() < 0.2):
                        append_some(connection, seed, chance)
                    self.stop.wait(chance.random() * rest)
                    hangs_up = chance.random() < 0.05
                if hangs_up:
                    connection.execute("BEGIN")
                    append_some(connection, seed, chance)

    def appends_and_lets_pass(self, reader: Reader, times: int) -> list[int]:
        """Append, and commit only after that reader has gone past; the positions."""
        positions = []
        with self.database.connect() as connection:
            for _ in range(times):
                with connection.transaction():
                    [place] = append(connection, [NewEvent("late", "t", {})])
                    assert reader.passes(place.position)
                positions.append(place.position)
        return positions


def append_some(connection: Connection, seed: int, chance: random.Random) -> None:
    """One append to shared streams, or two to streams of one's own: no deadlocks that way."""
    times = chance.choice([1, 1, 2])
    owner = "all" if times == 1 else str(seed)
    for _ in range(times):
        streams = [f"{owner}-{chance.randrange(9)}" for _ in range(chance.randint(1, 3))]
        append(connection, [NewEvent(stream, "t", {}) for stream in streams])
        if chance.random() < 0.5:
            connection.execute(f"SELECT {PAUSE}")
        else:
            time.sleep(chance.random() * 0.004)  # a client that dawdles: the load, not a wait


def wait_for(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        future.result(2 * PATIENCE)


def last_position(connection: Connection) -> int:
    [(last,)] = connection.execute(
        "SELECT coalesce(pg_sequence_last_value('cqrs.events_position_seq'), 0)"
    )
    return int(last)


def source_of(connection: Connection, function: str) -> str:
    [(source,)] = connection.execute("SELECT pg_get_functiondef(%s::regprocedure)", [function])
    return str(source)


def dawdle(connection: psycopg.Connection) -> None:
    """Put a random pause before each statement of the log's functions and after each draw."""
    for name in ("cqrs.fence()", "cqrs.horizon()", "cqrs.append(jsonb)"):
        source = source_of(connection, name)
        statement = r"(?m)^    (PERFORM|RETURN|SELECT min|last_position :=)"
        slowed, pauses = re.subn(statement, rf"    PERFORM {PAUSE}; \1", source)
        assert pauses >= 2
        connection.execute(slowed)
    connection.execute(
        "CREATE FUNCTION cqrs.dawdle() RETURNS trigger LANGUAGE plpgsql AS"
        f" 'BEGIN PERFORM {PAUSE}; RETURN NEW; END';"
        "CREATE TRIGGER dawdle BEFORE INSERT ON cqrs.events"
        " FOR EACH ROW EXECUTE FUNCTION cqrs.dawdle();"
        "CREATE TABLE cqrs.scratch (n int)"
    )


@contextmanager
def a_transaction_that_writes_elsewhere(database: Database) -> Iterator[None]:
    with database.connect() as connection, connection.transaction():
        connection.execute("INSERT INTO cqrs.scratch VALUES (1)")
        yield


@pytest.mark.parametrize(("appenders", "rest"), [(6, 0.0), (2, 0.02)], ids=["busy", "with lulls"])
def test_every_reader_sees_exactly_what_was_committed_in_order(
    database: Database, appenders: int, rest: float
) -> None:
    with database.connect() as connection:
        dawdle(connection)
    fenced = [Reader(horizon), Reader(horizon), Reader(horizon, page=7)]
    naive = Reader(whatever_is_visible)
    race = Race(database)
    with a_transaction_that_writes_elsewhere(database), ThreadPoolExecutor(16) as pool, race:
        readers = [pool.submit(race.follow, reader) for reader in (*fenced, naive)]
        writers = [pool.submit(race.appends, seed, rest) for seed in range(appenders)]
        late = pool.submit(race.appends_and_lets_pass, naive, 5)
        late_positions = late.result(5 * PATIENCE)
        with database.connect() as connection:
            until(lambda: last_position(connection) >= ENOUGH, 4 * PATIENCE)
        race.stop.set()
        wait_for(writers)
        race.quiet.set()
        wait_for(readers)
        with database.connect() as connection:
            assert horizon(connection) == last_position(connection)
            committed = connection.execute(
                "SELECT position, stream, version FROM cqrs.events ORDER BY position"
            ).fetchall()

    assert committed[-1][0] > len(committed), "some appends were rolled back"
    for reader in fenced:
        assert reader.places == committed
    missed = {position for position, *_ in committed} - {one.position for one in naive.seen}
    assert missed >= set(late_positions)


def test_a_reader_without_the_fence_skips_what_commits_late_and_one_with_it_does_not(
    database: Database,
) -> None:
    naive, fenced = Reader(whatever_is_visible), Reader(horizon)
    with database.connect() as slow, database.connect() as log:
        with slow.transaction():
            append(slow, [NewEvent("slow", "t", {})])
            append(log, [NewEvent("quick", "t", {})])
            naive.read_page(log)
            fenced.read_page(log)
        naive.read_page(log)
        fenced.read_page(log)
    assert naive.places == [(2, "quick", 1)]
    assert fenced.places == [(1, "slow", 1), (2, "quick", 1)]


@pytest.mark.parametrize("function", ["cqrs.fence()", "cqrs.horizon()"])
def test_the_last_position_is_never_overstated_however_fast_others_draw(
    database: Database, function: str
) -> None:
    """`SELECT last_value` fails here: it may see the sequence in the middle of a nextval()."""

    def busy(work: str) -> None:
        with database.connect() as connection:
            connection.execute(
                "DO $$ DECLARE earlier bigint; later bigint;"
                " until timestamptz := clock_timestamp() + interval '1.5 s';"
                f" BEGIN WHILE clock_timestamp() < until LOOP {work} END LOOP; END $$"
            )

    with database.connect() as connection:
        source = source_of(connection, function)
    [how_it_reads] = re.findall(r"last_position (?:CONSTANT bigint )?:=\s*(.+?);", source)
    draw = "PERFORM nextval('cqrs.events_position_seq') FROM generate_series(1, 10000);"
    look = (
        f"FOR n IN 1..1000 LOOP earlier := {how_it_reads}; later := {how_it_reads};"
        " IF later < earlier THEN RAISE '% and later %', earlier, later; END IF; END LOOP;"
    )
    with ThreadPoolExecutor(2) as pool:
        wait_for([pool.submit(busy, draw), pool.submit(busy, look)])
