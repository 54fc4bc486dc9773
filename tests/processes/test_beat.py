"""The schedule: every slot once, with two beats as with one."""

from __future__ import annotations

from pathlib import Path

import orjson
import psycopg
import pytest
import redis as redis_py

from tests.conftest import Database
from tests.support.neighbours import Neighbour
from tests.support.workers import Worker, Workers, until
from worker.base import settings, slots, wake_ups


def test_a_slot_is_taken_once(database: Database) -> None:
    assert slots.take("nightly", 86_400)
    assert not slots.take("nightly", 86_400)
    assert slots.take("hourly", 3_600)
    assert slots.take("nightly", None)  # somebody asks for it by hand
    with database.connect() as connection:
        connection.execute("UPDATE cqrs.slots SET slot = slot - 1")
        assert slots.take("nightly", 86_400)
        rows = connection.execute("SELECT task FROM cqrs.slots ORDER BY 1").fetchall()
    assert rows == [("hourly",), ("nightly",)], "one row for each task: there is nothing to prune"


def test_a_message_that_is_delivered_again_has_its_slot_still(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "_message", lambda: "tonight's")
    assert slots.take("nightly", 86_400)
    assert slots.take("nightly", 86_400), "its worker died"
    monkeypatch.setattr(slots, "_message", lambda: "another beat's")
    assert not slots.take("nightly", 86_400)


@pytest.mark.settings(sweep_interval=0.5)
def test_beat_sends_what_the_schedule_says(
    database: Database, workers: Workers, redis: redis_py.Redis
) -> None:
    workers.start_beat()
    workers.start(["maintenance"], concurrency=1)
    with database.connect() as connection:
        taken = "SELECT slot FROM cqrs.slots WHERE task = 'cqrs.sweep'"
        first = until(lambda: connection.execute(taken).fetchone(), 30, "no sweep ran")
        until(lambda: connection.execute(taken).fetchone() > first, 10, "only one sweep ran")


@pytest.mark.settings(sweep_interval=0.1)
def test_what_beat_sends_and_nobody_takes_is_little_and_goes_on_when_somebody_does(
    database: Database, workers: Workers, redis: redis_py.Redis
) -> None:
    beat = workers.start_beat()
    until(lambda: beat.log.read_bytes().count(b"Sending due task sweep") > 30, 60)
    with redis_py.Redis.from_url(settings.get_settings().servers.broker) as broker:
        waiting = [orjson.loads(one)["headers"] for one in broker.lrange("maintenance", 0, -1)]
    sweeps = [one for one in waiting if one["task"] == "cqrs.sweep"]
    assert len(sweeps) == wake_ups.MOST + 1
    assert {one["expires"] for one in waiting} == {None}

    worker = workers.start(["maintenance"], concurrency=1)
    until(lambda: worker.log.read_bytes().count(b"cqrs.sweep") > 6 * wake_ups.MOST, 60)


class Slots:
    """Keeps a record of every slot of the refresh that is taken, and counts what ran."""

    RECORD = """
        CREATE MATERIALIZED VIEW query.ticks AS SELECT count(*) FROM cqrs.receipts;
        CREATE TABLE public.taken (slot bigint);
        GRANT INSERT ON public.taken TO cqrs_writer;
        CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO public.taken SELECT NEW.slot WHERE NEW.task = 'cqrs.refresh_all';
            RETURN NULL;
        END $$;
        CREATE TRIGGER note AFTER INSERT OR UPDATE ON cqrs.slots
            FOR EACH ROW EXECUTE FUNCTION public.note();
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        connection.execute(self.RECORD)

    def taken(self) -> list[int]:
        """The slots in which the task ran, one number for each run."""
        return [slot for (slot,) in self.connection.execute("SELECT slot FROM taken ORDER BY 1")]

    def runs(self) -> int:
        """How often the view was refreshed: it never counts as up to date."""
        query = "SELECT count(*) FROM cqrs.refreshes WHERE view = 'query.ticks'"
        ((count,),) = self.connection.execute(query).fetchall()
        return int(count)


def _sent(beat: Worker) -> int:
    """How many messages a beat has sent for the refresh."""
    return _said(beat, b"Sending due task")


def _done(worker: Worker) -> int:
    """How many of these messages a worker has run, whatever they found."""
    return _said(worker, b"succeeded")


def _said(process: Worker, what: bytes) -> int:
    lines = process.log.read_bytes().splitlines()
    return sum(1 for line in lines if what in line and b"refresh_all" in line)


@pytest.mark.settings(refresh_interval=1.0)
def test_two_beats_send_every_slot_twice_and_it_happens_once(
    database: Database, workers: Workers, redis: redis_py.Redis
) -> None:
    with database.connect() as connection:
        slots = Slots(connection)
        worker = workers.start(["maintenance"], concurrency=2)
        beats = [workers.start_beat(), workers.start_beat()]
        until(lambda: min(map(_sent, beats)) >= 5, 60)
        for each in (*beats, worker):
            each.stop()
        taken = slots.taken()
        assert len(taken) == len(set(taken)) == slots.runs()
        assert 3 <= len(taken) <= _done(worker) - 3


@pytest.mark.settings(redbeat=True, refresh_interval=1.0)
def test_of_two_beats_on_redbeat_one_sends_and_the_other_goes_on_when_it_ends(
    database: Database, workers: Workers, redis: redis_py.Redis
) -> None:
    with database.connect() as connection:
        slots = Slots(connection)
        worker = workers.start(["maintenance"], concurrency=2)
        beats = [workers.start_beat(), workers.start_beat()]
        until(lambda: sum(map(_sent, beats)) >= 4, 60)
        idle, busy = sorted(beats, key=_sent)
        assert _sent(idle) == 0, f"both beats sent: {_sent(idle)}, {_sent(busy)}"
        busy.stop()
        until(lambda: _sent(idle) >= 2, 60, "the other beat does not go on")
        for each in (idle, worker):
            each.stop()
        taken = slots.taken()
        assert len(taken) == len(set(taken)) == slots.runs()


@pytest.mark.settings(redbeat=True, refresh_interval=1.0)
def test_beside_a_neighbours_redbeat_on_one_redis_both_send_and_keep_their_schedules(
    database: Database, workers: Workers, tmp_path: Path, redis: redis_py.Redis
) -> None:
    neighbour = Neighbour(tmp_path)
    ours = workers.start_beat()
    until(lambda: _sent(ours) >= 1, 60)
    with neighbour.beat("redbeat.RedBeatScheduler") as log:
        until(lambda: b"Sending due task tick" in log.read_bytes(), 60, "it waits for our lock")
        sent = _sent(ours)
        until(lambda: _sent(ours) >= sent + 2, 60, "ours has lost its schedule")
        assert redis.hexists("redbeat:tick", "definition")
    ours.stop()
