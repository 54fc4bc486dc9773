"""Events that end the process that handles them: they are counted, cornered and parked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from celery.exceptions import SoftTimeLimitExceeded

from tests.conftest import Database
from tests.subscriptions.conftest import Parcels
from tests.subscriptions.parcels.projections import GROUP, mended
from tests.support.workers import Workers, until
from worker.commands import after_commit
from worker.ops import subscription_admin
from worker.subscriptions import checkpoints, dead_letters, runner
from worker.subscriptions.checkpoints import Checkpoint
from worker.subscriptions.projection import Projection

TRACKING = "parcels.tracking"


@contextmanager
def taker(database: Database, name: str = TRACKING) -> Iterator[psycopg.Connection]:
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


def read(parcels: Parcels) -> Checkpoint:
    (at,) = checkpoints.read(parcels.connection, [TRACKING])
    return at


def one_pass() -> None:
    """One page for each subscription."""
    runner.catch_up([TRACKING], seconds=0)


def test_a_batch_that_commits_leaves_no_mark(parcels: Parcels) -> None:
    parcels.move(1, "kiel")
    parcels.catch_up()
    assert not read(parcels).mark
    parcels.move(2, "nowhere")  # the careful way
    parcels.catch_up()
    assert not read(parcels).mark
    parcels.move(2, "ulm")  # with a letter open
    parcels.catch_up()
    assert not read(parcels).mark


def test_a_batch_that_fails_in_good_order_leaves_no_mark(parcels: Parcels) -> None:
    parcels.connection.execute("ALTER TABLE query.parcels_v1 RENAME TO gone")
    parcels.move(1, "kiel")
    parcels.catch_up()
    assert parcels.checkpoint()["error"]
    assert not read(parcels).mark


def test_a_process_that_finds_all_checkpoints_there_leaves_no_mark(
    parcels: Parcels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_added", set())
    parcels.catch_up()
    assert not read(parcels).mark


def test_a_batch_whose_process_dies_leaves_its_mark(parcels: Parcels, database: Database) -> None:
    die(database)
    assert read(parcels).mark


def test_a_checkpoint_that_is_held_is_let_alone_and_nobody_is_said_to_have_died(
    parcels: Parcels, database: Database
) -> None:
    parcels.move(1, "kiel")
    with taker(database):
        parcels.catch_up()
    assert parcels.tracked() == {}
    assert parcels.checkpoint()["deaths"] == 0


@pytest.mark.settings(projection_batch_size=1024)
def test_each_death_makes_the_next_batch_smaller_until_the_suspects_are_through(
    parcels: Parcels, database: Database
) -> None:
    for parcel in range(20):
        parcels.move(parcel, *["kiel"] * 10)
    limits = [read(parcels).limit]
    for _ in range(2):
        die(database)
        one_pass()
        limits.append(read(parcels).limit)
    assert limits == [1024, 64, 4]
    one_pass()
    assert parcels.checkpoint()["position"] == 4
    assert read(parcels).limit == 4  # up to 64, where the smaller batch would have ended
    parcels.catch_up()
    assert parcels.tracked() == dict.fromkeys(range(20), " ".join(["kiel"] * 10))
    assert (parcels.checkpoint()["deaths"], read(parcels).limit) == (0, 1024)


def test_an_innocent_death_costs_nothing_but_a_smaller_batch(
    parcels: Parcels, database: Database
) -> None:
    parcels.move(1, "kiel")
    die(database)
    parcels.catch_up()
    assert parcels.tracked() == {1: "kiel"}
    assert dead_letters.letters() == []
    assert parcels.checkpoint()["deaths"] == 0


def test_the_fifth_death_over_one_event_parks_it(parcels: Parcels, database: Database) -> None:
    (bad,) = parcels.move(1, "kiel")
    parcels.move(2, "kiel")
    for _ in range(5):
        die(database)
        one_pass()
    (letter,) = dead_letters.letters()
    assert (letter.position, letter.attempts) == (bad, 5)
    assert letter.error == "its process ended every time (5 times)"
    parcels.catch_up()
    assert parcels.tracked() == {2: "kiel"}
    assert parcels.checkpoint()["deaths"] == 0


def test_a_parked_killer_does_not_hide_the_next_one(parcels: Parcels, database: Database) -> None:
    parcels.move(1, "kiel")
    parcels.move(2, "kiel")
    for _ in range(10):
        die(database)
        one_pass()
    assert sorted(one.stream for one in dead_letters.letters()) == ["parcel-1", "parcel-2"]


def test_innocent_deaths_over_a_stream_that_waits_open_no_second_letter(
    parcels: Parcels, database: Database
) -> None:
    (bad,) = parcels.move(1, "nowhere")
    parcels.catch_up()
    (later,) = parcels.move(1, "ulm")
    for _ in range(5):
        die(database)
        one_pass()
    assert [letter.position for letter in dead_letters.letters()] == [bad]
    assert parcels.checkpoint()["position"] == later


def test_a_stretch_without_events_of_its_own_ends_no_suspicion(
    parcels: Parcels, database: Database
) -> None:
    parcels.catch_up()
    subscription_admin.set_partitions(TRACKING, 2)
    with database.connect() as connection:
        connection.execute("UPDATE cqrs.subscriptions SET deaths = 1, suspect_upto = 100")
    parcels.move(1, "kiel")
    parcels.catch_up(TRACKING)
    rows = [parcels.checkpoint(f"{TRACKING}#{number}") for number in (0, 1)]
    assert [(row["position"], row["deaths"]) for row in rows] == [(1, 1), (1, 1)]


def test_those_in_trouble_come_last(parcels: Parcels, database: Database) -> None:
    names = ["parcels.arrivals", TRACKING]
    for troubled, calm in (names, names[::-1]):
        with database.connect() as connection:
            connection.execute(
                "UPDATE cqrs.subscriptions SET deaths = (name = %s)::int", [troubled]
            )
        order = [at.name for at in checkpoints.read(parcels.connection, names)]
        assert order == [calm, troubled]


def test_a_batch_that_takes_too_long_is_like_one_whose_process_died(
    parcels: Parcels, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*_: object) -> None:
        raise SoftTimeLimitExceeded

    parcels.move(1, "kiel")
    with monkeypatch.context() as slow:
        slow.setattr(Projection, "fold", endless)
        with pytest.raises(SoftTimeLimitExceeded):
            parcels.catch_up(TRACKING)
    assert read(parcels).mark
    assert parcels.checkpoint()["error"] is None
    one_pass()
    assert parcels.checkpoint()["deaths"] == 1


def wake() -> None:
    """Send a wake-up, unless one is on its way, as the sweep does every second."""
    after_commit.wake("cqrs.project", GROUP)


@pytest.mark.settings(task_soft_time_limit=1, task_time_limit=2, visibility_timeout=3)
@pytest.mark.parametrize(
    ("trouble", "processes"),
    [("crater", 5), ("swamp", 1)],  # a pool may take 5 s to miss a process, so there are others
)
def test_an_event_that_ends_its_worker_process_is_parked_and_the_rest_gets_through(
    parcels: Parcels, workers: Workers, trouble: str, processes: int
) -> None:
    worker = workers.start(["projections"], concurrency=processes)
    for parcel in range(100, 140):
        parcels.move(parcel, "kiel", "ulm")
    (bad,) = parcels.move(1, trouble)
    for parcel in range(140, 180):
        parcels.move(parcel, "kiel", "ulm")
    parcels.move(1, "bonn")

    def parked() -> list[dead_letters.Letter]:
        wake()
        return dead_letters.letters()

    (letter,) = until(parked, 60)
    assert (letter.position, letter.attempts) == (bad, 5)
    until(lambda: parcels.checkpoint()["position"] == parcels.last())
    assert parcels.tracked() == dict.fromkeys(range(100, 180), "kiel ulm")
    assert parcels.arrivals() == {"kiel": 80, "ulm": 80, trouble: 1, "bonn": 1}
    worker.kill()
    with mended(trouble):
        dead_letters.retry(letter.id, by="ada")
    assert parcels.tracked()[1] == f"{trouble} bonn"
