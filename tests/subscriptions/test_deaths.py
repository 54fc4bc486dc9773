"""Events that end the process that handles them: they are counted, cornered and parked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from celery.exceptions import SoftTimeLimitExceeded

from tests.conftest import Database
from tests.support.things.history import LIST, PLACES, Things
from tests.support.things.projections import GROUP, mended
from tests.support.workers import Workers, until
from worker.commands import after_commit
from worker.ops import subscription_admin
from worker.subscriptions import checkpoints, dead_letters, runner
from worker.subscriptions.checkpoints import Checkpoint
from worker.subscriptions.projection import Projection


@contextmanager
def taker(database: Database, name: str = LIST) -> Iterator[psycopg.Connection]:
    """A session that has taken a checkpoint, as a batch does, and has not come to an end."""
    with database.connect() as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT FROM cqrs.subscriptions WHERE name = %s FOR UPDATE", [name])
        yield connection


def die(database: Database) -> None:
    """Take the checkpoint and go without a trace."""
    with taker(database) as connection:
        gone = connection.info.backend_pid
        connection.close()
    with database.connect() as other:
        alive = "SELECT FROM pg_stat_activity WHERE pid = %s"
        until(lambda: not other.execute(alive, [gone]).fetchall())


def read(things: Things) -> Checkpoint:
    (at,) = checkpoints.read(things.connection, [LIST])
    return at


def one_pass() -> None:
    """One page for each subscription."""
    runner.catch_up([LIST], seconds=0)


def test_a_batch_that_commits_leaves_no_mark(things: Things) -> None:
    things.move(1, "kiel")
    things.project()
    assert not read(things).mark
    things.move(2, "nowhere")  # the careful way
    things.project()
    assert not read(things).mark
    things.move(2, "ulm")  # with a letter open
    things.project()
    assert not read(things).mark


def test_a_batch_that_fails_in_good_order_leaves_no_mark(things: Things) -> None:
    things.connection.execute("ALTER TABLE query.things_v1 RENAME TO gone")
    things.move(1, "kiel")
    things.project()
    assert things.checkpoint()["error"]
    assert not read(things).mark


def test_a_process_that_finds_all_checkpoints_there_leaves_no_mark(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_added", set())
    things.project()
    assert not read(things).mark


def test_a_batch_whose_process_dies_leaves_its_mark(things: Things, database: Database) -> None:
    die(database)
    assert read(things).mark


def test_a_checkpoint_that_is_held_is_let_alone_and_nobody_is_said_to_have_died(
    things: Things, database: Database
) -> None:
    things.move(1, "kiel")
    with taker(database):
        things.project()
    assert things.tracked() == {}
    assert things.checkpoint()["deaths"] == 0


@pytest.mark.settings(projection_batch_size=1024)
def test_each_death_makes_the_next_batch_smaller_until_the_suspects_are_through(
    things: Things, database: Database
) -> None:
    for thing in range(20):
        things.move(thing, *["kiel"] * 10)
    limits = [read(things).limit]
    for _ in range(2):
        die(database)
        one_pass()
        limits.append(read(things).limit)
    assert limits == [1024, 64, 4]
    one_pass()
    assert things.checkpoint()["position"] == 4
    assert read(things).limit == 4  # up to 64, where the smaller batch would have ended
    things.project()
    assert things.tracked() == dict.fromkeys(range(20), " ".join(["kiel"] * 10))
    assert (things.checkpoint()["deaths"], read(things).limit) == (0, 1024)


def test_an_innocent_death_costs_nothing_but_a_smaller_batch(
    things: Things, database: Database
) -> None:
    things.move(1, "kiel")
    die(database)
    things.project()
    assert things.tracked() == {1: "kiel"}
    assert dead_letters.find() == []
    assert things.checkpoint()["deaths"] == 0


def test_the_fifth_death_over_one_event_parks_it(things: Things, database: Database) -> None:
    (bad,) = things.move(1, "kiel")
    things.move(2, "kiel")
    for _ in range(5):
        die(database)
        one_pass()
    (letter,) = dead_letters.find()
    assert (letter.position, letter.attempts) == (bad, 5)
    assert letter.error == "its process ended every time (5 times)"
    things.project()
    assert things.tracked() == {2: "kiel"}
    assert things.checkpoint()["deaths"] == 0


def test_a_parked_killer_does_not_hide_the_next_one(things: Things, database: Database) -> None:
    things.move(1, "kiel")
    things.move(2, "kiel")
    for _ in range(10):
        die(database)
        one_pass()
    assert sorted(one.stream for one in dead_letters.find()) == ["thing-1", "thing-2"]


def test_innocent_deaths_over_a_stream_that_waits_open_no_second_letter(
    things: Things, database: Database
) -> None:
    (bad,) = things.move(1, "nowhere")
    things.project()
    (later,) = things.move(1, "ulm")
    for _ in range(5):
        die(database)
        one_pass()
    assert [letter.position for letter in dead_letters.find()] == [bad]
    assert things.checkpoint()["position"] == later


def test_a_stretch_without_events_of_its_own_ends_no_suspicion(
    things: Things, database: Database
) -> None:
    things.project()
    subscription_admin.set_partitions(LIST, 2)
    with database.connect() as connection:
        connection.execute("UPDATE cqrs.subscriptions SET deaths = 1, suspect_upto = 100")
    things.move(1, "kiel")
    things.project(LIST)
    rows = [things.checkpoint(f"{LIST}#{number}") for number in (0, 1)]
    assert [(row["position"], row["deaths"]) for row in rows] == [(1, 1), (1, 1)]


def test_those_in_trouble_come_last(things: Things, database: Database) -> None:
    names = [PLACES, LIST]
    for troubled, calm in (names, names[::-1]):
        with database.connect() as connection:
            connection.execute(
                "UPDATE cqrs.subscriptions SET deaths = (name = %s)::int", [troubled]
            )
        order = [at.name for at in checkpoints.read(things.connection, names)]
        assert order == [calm, troubled]


def test_a_batch_that_takes_too_long_is_like_one_whose_process_died(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*_: object) -> None:
        raise SoftTimeLimitExceeded

    things.move(1, "kiel")
    with monkeypatch.context() as slow:
        slow.setattr(Projection, "fold", endless)
        with pytest.raises(SoftTimeLimitExceeded):
            things.project(LIST)
    assert read(things).mark
    assert things.checkpoint()["error"] is None
    one_pass()
    assert things.checkpoint()["deaths"] == 1


def wake() -> None:
    """Send a wake-up, unless one is on its way, as the sweep does every second."""
    after_commit.wake("cqrs.project", GROUP)


@pytest.mark.settings(task_soft_time_limit=1, task_time_limit=2, visibility_timeout=3)
@pytest.mark.parametrize(
    ("trouble", "processes"),
    [("crater", 5), ("swamp", 1)],  # a pool may take 5 s to miss a process, so there are others
)
def test_an_event_that_ends_its_worker_process_is_parked_and_the_rest_gets_through(
    things: Things, workers: Workers, trouble: str, processes: int
) -> None:
    worker = workers.start(["projections"], concurrency=processes)
    for thing in range(100, 140):
        things.move(thing, "kiel", "ulm")
    (bad,) = things.move(1, trouble)
    for thing in range(140, 180):
        things.move(thing, "kiel", "ulm")
    things.move(1, "bonn")

    def parked() -> list[dead_letters.DeadLetter]:
        wake()
        return dead_letters.find()

    (letter,) = until(parked, 60)
    assert (letter.position, letter.attempts) == (bad, 5)
    until(lambda: things.checkpoint()["position"] == things.last())
    assert things.tracked() == dict.fromkeys(range(100, 180), "kiel ulm")
    assert things.held() == {"kiel": 80, "ulm": 80, trouble: 1, "bonn": 1}
    worker.kill()
    with mended(trouble):
        dead_letters.retry(letter.id, by="ada")
    assert things.tracked()[1] == f"{trouble} bonn"
