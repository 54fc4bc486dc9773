"""What can happen to a rebuild on its way: time runs out, it is killed, cancelled, or not alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from tests.rebuild.conftest import DOMAINS, ReadModels
from tests.support.messages import sent
from tests.support.things.history import LIST
from tests.support.things.projections import thing_list
from tests.support.workers import ROOT, environment, until
from worker import event_log
from worker.base import db, settings
from worker.rebuild import (
    RebuildCancelled,
    RebuildProgress,
    RebuildRunning,
    RebuildUnfinished,
    cancel,
    part,
    rebuild,
)
from worker.subscriptions import checkpoints, read_tables
from worker.subscriptions.batch import PendingBatch, advance

SLOWLY = """
from worker.rebuild import rebuild
from worker.base.registry import load_domains

load_domains()
rebuild("things.list", rows_kept=10, events_between=20)
"""


def _start_slowly() -> subprocess.Popen[bytes]:
    chosen = settings.get_settings()
    assert chosen.domains == DOMAINS
    slow = environment(chosen) | {"THINGS_PAUSE": "0.05"}
    return subprocess.Popen([sys.executable, "-c", SLOWLY], cwd=ROOT, env=slow)


def _kill_on_the_way(things: ReadModels) -> int:
    """Start a rebuild and kill it when some of it is written; up to which position."""
    with _start_slowly() as process:
        try:
            where = "SELECT position FROM cqrs.rebuild_parts WHERE position > 20"
            until(lambda: things.one(where), 30)
        finally:
            os.kill(process.pid, signal.SIGKILL)
    until(lambda: not things.one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), 10)
    return int(things.one("SELECT position FROM cqrs.rebuild_parts"))


def test_a_killed_rebuild_goes_on_where_it_was(things: ReadModels) -> None:
    things.fill(1, 60)
    things.project()
    before = things.listed()
    reached = _kill_on_the_way(things)
    assert things.rebuilds()[0]["state"] == "building"
    told: list[RebuildProgress] = []
    done = rebuild(LIST, progress=told.append)
    assert told[0].done >= reached
    assert (done.differing, done.rows, done.table) == (0, 54, "things_v2")
    assert things.listed() == before
    assert len(things.rebuilds()) == 1


def test_the_live_table_serves_while_a_killed_rebuild_lies_there(things: ReadModels) -> None:
    things.fill(1, 60)
    things.project()
    _kill_on_the_way(things)
    things.add(99)
    things.project()
    assert len(things.listed()) == 55
    assert rebuild(LIST).differing == 0
    assert len(things.listed()) == 55


def test_a_killed_rebuild_can_be_cleared_away(things: ReadModels) -> None:
    things.fill(1, 60)
    things.project()
    _kill_on_the_way(things)
    assert things.tables() == {"things_v1", "things_v2", "thing_places_v1"}
    assert cancel(LIST)
    assert things.tables() == {"things_v1", "thing_places_v1"}
    assert things.rebuilds()[0]["state"] == "cancelled"
    assert not cancel(LIST)


def test_a_rebuild_whose_time_is_up_is_finished_by_the_next_call(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "WINDOW", 20)
    things.fill(1, 60)
    things.project()
    for _ in range(3):
        with pytest.raises(RebuildUnfinished, match="start the rebuild again and it goes on"):
            rebuild(LIST, seconds=0)
    assert things.one("SELECT position FROM cqrs.rebuild_parts") == 60
    done = rebuild(LIST)
    assert (done.differing, done.rows) == (0, 54)


def test_two_rebuilds_of_one_projection_do_not_run_at_once(things: ReadModels) -> None:
    things.fill()
    things.project()
    refused: list[str] = []

    def again(_: RebuildProgress) -> None:
        with pytest.raises(RebuildRunning, match="is being rebuilt already") as caught:
            rebuild(LIST)
        refused.append(str(caught.value))

    assert rebuild(LIST, progress=again).differing == 0
    assert refused


def test_a_rebuild_that_runs_can_be_cancelled(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "WINDOW", 5)
    monkeypatch.setattr("worker.rebuild.jobs.EVERY", 0.0)
    things.fill()
    things.project()
    before = things.listed()

    def stop(_: RebuildProgress) -> None:
        assert cancel(LIST)

    with pytest.raises(RebuildCancelled, match=r"things\.list"):
        rebuild(LIST, progress=stop)
    assert things.listed() == before
    assert things.tables() == {"things_v1", "thing_places_v1"}
    assert things.rebuilds()[0]["state"] == "cancelled"


def test_a_swap_lets_a_long_reader_finish_and_holds_nobody_up_for_long(things: ReadModels) -> None:
    things.fill()
    things.project()
    with things.connect() as reader, things.connect() as other:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM query.things")
        rebuilding = threading.Thread(target=rebuild, args=(LIST,))
        rebuilding.start()
        try:
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
            until(lambda: things.one(waiting, "query.things"), 20)
            for _ in range(20):
                other.execute("SET statement_timeout = '3s'")
                other.execute("SELECT count(*) FROM query.things")
            assert things.live() == "things_v1"
        finally:
            reader.execute("COMMIT")
            rebuilding.join(30)
    assert things.live() == "things_v2"
    assert things.one("SELECT deaths FROM cqrs.subscriptions WHERE name = %s", LIST) == 0


def test_a_snapshot_from_before_the_swap_never_sees_the_new_table_without_its_rows(
    things: ReadModels,
) -> None:
    things.fill()
    things.project()
    with things.connect() as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT 1 FROM pg_class LIMIT 1")
        rebuilding = threading.Thread(target=rebuild, args=(LIST,))
        rebuilding.start()
        try:
            waits = (
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE query LIKE '%%backend_xmin%%' AND pid <> pg_backend_pid()"
            )
            until(lambda: things.one(waits) or things.live() == "things_v2", 20)
            rows = reader.execute("SELECT count(*) FROM query.things").fetchone()
            assert rows == (27,)
            assert things.live() == "things_v1"
        finally:
            reader.execute("COMMIT")
            rebuilding.join(30)
    assert things.live() == "things_v2"


def test_a_batch_that_was_planned_for_the_old_table_is_not_written_to_it(
    things: ReadModels,
) -> None:
    things.fill(1, 5)
    things.project()
    rebuild(LIST)
    things.connection.execute("CREATE TABLE query.things_v1 (LIKE query.things_v2)")
    things.add(50)
    with db.writer() as connection:
        (at,) = checkpoints.of(connection, LIST)
        events = event_log.read(connection, after=at.position, upto=at.position + 1, limit=10)
        read_tables.learn(thing_list, LIST, "things_v1", 1)
        assert advance(connection, PendingBatch(thing_list, at, at.position + 1, events)) is None
    assert things.one("SELECT count(*) FROM query.things_v1") == 0
    things.project()
    assert len(things.listed()) == 6


def test_whoever_the_swap_has_sent_away_is_called_back(things: ReadModels) -> None:
    things.fill(1, 3)
    things.project()
    rebuild(LIST)
    assert ("cqrs.project", ["things"]) in [(one.task, one.args) for one in sent("projections")]
