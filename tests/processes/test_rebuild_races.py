"""Who is at a rebuild at the same time: those who cancel, were taken for dead, or look at it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from psycopg import errors as pg

from tests.conftest import Database
from tests.rebuild.conftest import ReadModels
from tests.rebuild.conftest import deploy as deploy
from tests.rebuild.conftest import filled as filled
from tests.rebuild.conftest import things as things  # fixtures
from tests.rebuild.test_slices import another_process
from tests.support.things.history import LIST
from tests.support.things.projections import thing_list
from tests.support.workers import until
from worker.base import db
from worker.event_log.subscribers import subscriptions
from worker.rebuild import (
    AnotherRebuild,
    RebuildCancelled,
    RebuildUnfinished,
    cancel,
    part,
    rebuild,
    run,
    shadow,
    swapping,
    verify,
    views,
)
from worker.rebuild import journal as journals
from worker.rebuild.coverage import PositionVector
from worker.rebuild.following import Follower
from worker.subscriptions.projection import Projection

BACKENDS = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s
"""


@pytest.fixture
def full(things: ReadModels) -> ReadModels:
    """Things with a history, projected."""
    things.fill(1, 60)
    things.project()
    return things


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Child processes take their time: five positions at once, and a moment for each thing."""
    monkeypatch.setattr(part, "WINDOW", 5)
    monkeypatch.setenv("THINGS_PAUSE", "0.05")


@contextmanager
def in_background(job: Callable[[], Any]) -> Iterator[Future[Any]]:
    """Run something beside the test; at the end it must have ended."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(job)
        yield running
        running.exception(30)


def test_a_cancel_while_the_view_is_turned_comes_in_time(
    full: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    show = views.switch

    def cancel_first(*arguments: Any) -> None:
        told.append(cancel(LIST))
        show(*arguments)

    monkeypatch.setattr(views, "switch", cancel_first)
    with pytest.raises(RebuildCancelled):
        rebuild(LIST)
    assert told == [True]
    assert full.live() == "things_v1"
    assert full.tables() == {"things_v1", "thing_places_v1"}
    full.add(99)
    full.project()
    assert len(full.listed()) == 55


def test_a_cancel_after_the_view_was_turned_says_that_it_is_too_late(
    full: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    go_live = journals.RebuildJournal.go_live

    def cancel_then(journal: journals.RebuildJournal, *arguments: Any) -> None:
        go_live(journal, *arguments)
        cancelling.start()
        until(lambda: full.one("SELECT pid FROM pg_locks WHERE NOT granted"), 10)

    cancelling = threading.Thread(target=lambda: told.append(cancel(LIST)))
    monkeypatch.setattr(journals.RebuildJournal, "go_live", cancel_then)
    assert rebuild(LIST).differing == 0
    cancelling.join(10)
    assert told == [False]
    assert full.live() == "things_v2"


def test_a_cancel_ends_a_swap_that_finds_no_gap(full: ReadModels) -> None:
    with full.connect() as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM query.things")
        with in_background(lambda: rebuild(LIST)) as rebuilding:
            until(lambda: full.one("SELECT 1 FROM cqrs.rebuilds WHERE state = 'swapping'"), 20)
            assert cancel(LIST)
            assert isinstance(rebuilding.exception(10), RebuildCancelled)
        reader.execute("COMMIT")
    assert full.tables() == {"things_v1", "thing_places_v1"}


def test_a_dump_that_takes_long_holds_up_the_swap_and_nobody_else(full: ReadModels) -> None:
    """While its snapshot is there, the swap does not even touch the checkpoint."""
    with full.connect() as dump:
        dump.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        dump.execute("SELECT 1")
        with in_background(lambda: rebuild(LIST)) as rebuilding:
            until(lambda: full.one("SELECT 1 FROM cqrs.rebuilds WHERE state = 'swapping'"), 20)
            for number in range(100, 160):
                full.add(number)
                assert full.project(LIST).folded == {LIST: 1}
            assert not rebuilding.done()
            dump.execute("COMMIT")
            assert rebuilding.result(20).differing == 0
    assert len(full.listed()) == 54 + 60


def test_a_swap_that_is_cut_off_lets_go_of_the_checkpoints(
    full: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swapping, "CUT_OFF", 0.2)
    meet = Follower.meet
    cut_off: list[bool] = []
    idle = "SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction'"

    def hang_once(follower: Follower, live: PositionVector) -> None:
        if not cut_off:
            until(lambda: full.one(idle), 10)
            until(lambda: not full.one(idle), 10, "the server does not end it")
            cut_off.append(True)
        meet(follower, live)

    monkeypatch.setattr(Follower, "meet", hang_once)
    assert rebuild(LIST).differing == 0
    assert cut_off
    assert full.live() == "things_v2"


@pytest.mark.usefixtures("slow")
def test_a_process_that_was_taken_for_dead_writes_nothing(full: ReadModels) -> None:
    """Its rebuild is given up, and the next one has a table of the same name."""
    with another_process() as stopped:
        until(lambda: full.one("SELECT 1 FROM cqrs.rebuild_parts"), 30)
        os.kill(stopped.pid, signal.SIGSTOP)
        holder = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 1668379234"
        full.connection.execute(f"SELECT pg_terminate_backend(({holder}))")
        until(lambda: not full.one(holder), 10)
        assert cancel(LIST)
        with pytest.raises(RebuildUnfinished):
            rebuild(LIST, seconds=0)
        assert [row["shadow"] for row in full.rebuilds()] == ["things_v2"] * 2
        os.kill(stopped.pid, signal.SIGCONT)
        assert stopped.wait(30) != 0
    assert (rebuild(LIST).differing, len(full.listed())) == (0, 54)
    assert rebuild(LIST).differing == 0


@pytest.mark.usefixtures("slow")
def test_a_part_that_loses_its_connection_does_not_throw_the_rebuild_away(
    full: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "SMALL", 0)
    rebuild(LIST, jobs=1)  # this process has its connections by now
    ours = {row["pid"] for row in full.rows(BACKENDS, "cqrs owner")}

    def theirs() -> list[int]:
        found = {row["pid"] for row in full.rows(BACKENDS, "cqrs owner")}
        return sorted(found - ours)

    with in_background(lambda: rebuild(LIST, jobs=2)) as rebuilding:
        for pid in until(theirs, 30):
            full.connection.execute("SELECT pg_terminate_backend(%s)", [pid])
        error = rebuilding.exception(30)
    assert isinstance(error, RebuildUnfinished), error
    assert full.rebuilds()[-1]["state"] == "building"
    monkeypatch.delenv("THINGS_PAUSE")
    assert rebuild(LIST, jobs=2).differing == 0
    assert len(full.rebuilds()) == 2


def test_a_domain_may_talk_while_a_part_loads_it(
    full: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "SMALL", 0)
    monkeypatch.setenv("THINGS_TALKS", "yes")
    assert rebuild(LIST, jobs=2).differing == 0


@pytest.fixture
def unfinished(full: ReadModels, monkeypatch: pytest.MonkeyPatch) -> ReadModels:
    """Things with a rebuild that waits to go on."""
    monkeypatch.setattr(part, "WINDOW", 20)
    with pytest.raises(RebuildUnfinished):
        rebuild(LIST, seconds=0)
    return full


def test_a_verification_does_not_put_a_rebuild_aside(unfinished: ReadModels) -> None:
    with pytest.raises(AnotherRebuild, match=r"let it end, or stop it with .* --cancel"):
        verify.verify_all(LIST)
    assert rebuild(LIST).differing == 0
    assert len(unfinished.rebuilds()) == 1


def _version(number: int) -> Projection:
    table = thing_list.table.to_metadata(sa.MetaData(schema="query"))
    one = Projection(LIST, table, version=number, group="things")
    one._folds, one._plain = thing_list._folds, thing_list._plain
    return one


def test_old_code_does_not_put_the_rebuild_of_a_new_version_aside(
    unfinished: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(subscriptions._items, LIST, _version(2))
    with pytest.raises(RebuildUnfinished):
        rebuild(LIST, seconds=0)
    states = [(row["shape"], row["state"]) for row in unfinished.rebuilds()]
    assert states == [(1, "failed"), (2, "building")], "new code does put the old one aside"
    monkeypatch.setitem(subscriptions._items, LIST, thing_list)
    with pytest.raises(AnotherRebuild, match="version 2 is being built, this code has 1"):
        rebuild(LIST)
    monkeypatch.setitem(subscriptions._items, LIST, _version(2))
    assert rebuild(LIST).table == "things_v2"


@pytest.mark.usefixtures("unfinished")
def test_partitions_that_were_united_at_a_lower_position_do_not_fold_twice() -> None:
    """An operator has set the subscription back by force, while the shadow was ahead of it."""
    with db.owner() as connection:
        journal = journals.unfinished(connection, LIST)
        assert journal is not None
        journal.reached = PositionVector((5, 9, 7))
        follower = Follower(connection, thing_list, journal, "things_v1", lambda: None)
        assert follower._meeting(PositionVector((3,))) == PositionVector((9,))
        assert follower._meeting(PositionVector((20,))) == PositionVector((20,))


def test_long_names_of_indexes_stay_apart() -> None:
    names = [f"a_read_model_with_quite_a_long_name_by_{'x' * 40}_{number}" for number in (1, 2)]
    metadata = sa.MetaData(schema="query")
    table = sa.Table("things", metadata, sa.Column("key", sa.Text, primary_key=True))
    for name in names:
        sa.Index(name, table.c.key)
    made = [str(index.name) for index in shadow._declared(table, "thing_v2")]
    assert len(set(made)) == 2
    assert all(len(name) <= 63 for name in made)


def test_two_processes_that_begin_at_once_take_turns(database: Database, full: ReadModels) -> None:
    """One rebuilds, the other is told so; neither leaves anything behind."""
    with ThreadPoolExecutor(4) as pool:
        ended = [future.exception() for future in [pool.submit(rebuild, LIST) for _ in range(4)]]
    assert None in ended
    assert all("is being rebuilt already" in str(error) for error in ended if error is not None)
    done = ended.count(None)
    assert full.tables() == {f"things_v{done + 1}", "thing_places_v1"}
    with pytest.raises(pg.UndefinedTable):
        full.connection.execute("SELECT 1 FROM query.things_v1")
