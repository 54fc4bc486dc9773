"""A rebuild in slices: whatever state it is in, it goes on from there, and the server helps."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.rebuild.conftest import DOMAINS, ReadModels
from tests.support.things.history import LIST
from tests.support.things.models import thing_id
from tests.support.workers import ROOT, environment, until
from worker.base import db, settings
from worker.rebuild import (
    RebuildCancelled,
    RebuildUnfinished,
    Rebuilt,
    cancel,
    compare,
    part,
    rebuild,
    sessions,
)
from worker.rebuild import journal as journals

SLOW_INDEX = """
CREATE FUNCTION query.thought_over(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep({seconds}); RETURN $1; END $$;
CREATE INDEX thought_over ON query.things_v1 (query.thought_over(owner))
"""
AT_WORK = """
SELECT pid FROM pg_stat_activity
 WHERE state = 'active' AND query LIKE '%%thought_over%%' AND pid <> pg_backend_pid()
"""
THERE = "SELECT indexdef FROM pg_indexes WHERE indexname = 'things_v2_thought_over'"


def in_slices(name: str = LIST, most: int = 200) -> tuple[Rebuilt, list[str]]:
    """Rebuild with no time at all for each call; and the states in which calls ended."""
    states: list[str] = []
    for _ in range(most):
        try:
            return rebuild(name, seconds=0, rows_kept=3), states
        except RebuildUnfinished:
            with db.owner() as connection:
                left = journals.unfinished(connection, name)
            states.append(left.state if left else "ended")
    pytest.fail(f"it does not end: {states}")


def test_however_little_time_there_is_it_ends(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "WINDOW", 20)
    monkeypatch.setattr(compare, "ROWS_PER_RANGE", 4)
    things.fill(1, 60)
    things.project()
    for number in (2, 3, 59):
        change = "UPDATE query.things SET note = 'x' WHERE thing_id = %s"
        things.connection.execute(change, [thing_id(number)])
    done, states = in_slices()
    assert (done.differing, done.rows) == (3, 54)
    assert {one.key for one in done.drift} == {str(thing_id(number)) for number in (2, 3, 59)}
    assert done.drift[0].columns["note"][0] == "x"
    assert states.count("building") > 5
    assert states.count("comparing") > 5
    (row,) = things.rebuilds()
    assert (row["differing"], row["rows"], len(row["drift"])) == (3, 54, 3)
    assert rebuild(LIST).differing == 0


@pytest.mark.parametrize("rows", [1, 3, 10, 1_000])
def test_a_table_is_compared_whole_whatever_the_ranges(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(compare, "ROWS_PER_RANGE", rows)
    things.fill(1, 30)
    things.project()
    things.connection.execute("DELETE FROM query.things WHERE changes = 1 AND price > 20")
    missing = 27 - len(things.listed())
    assert missing > 5
    done = rebuild(LIST, goes_live=False)
    assert (done.differing, done.rows) == (missing, 27)
    assert {one.kind for one in done.drift} == {"missing"}


@contextmanager
def another_process() -> Iterator[subprocess.Popen[bytes]]:
    """A rebuild in a process of its own, which is ended at last."""
    code = (
        "from worker.base.registry import load_domains; load_domains()\n"
        "from worker.rebuild import rebuild; rebuild('things.list')"
    )
    chosen = settings.get_settings()
    assert chosen.domains == DOMAINS
    arguments = [sys.executable, "-c", code]
    with subprocess.Popen(arguments, cwd=ROOT, env=environment(chosen)) as process:
        try:
            yield process
        finally:
            process.kill()


def slow_index(things: ReadModels, seconds: float) -> None:
    """An index of the live table, by hand, that takes so long for each row of the next one."""
    things.connection.execute(SLOW_INDEX.format(seconds=0))
    again = SLOW_INDEX.partition("CREATE INDEX")[0].replace("CREATE", "CREATE OR REPLACE")
    things.connection.execute(again.format(seconds=seconds))


def test_the_server_finishes_an_index_when_the_rebuild_is_killed_over_it(
    things: ReadModels,
) -> None:
    things.fill(1, 6)
    things.project()
    slow_index(things, seconds=0.3)
    with another_process() as process:
        until(lambda: things.one(AT_WORK), 30)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert things.one(AT_WORK), "nobody waits for it any more, and it goes on"
    until(lambda: things.one(THERE), 30)
    assert things.rebuilds()[0]["state"] == "indexing"
    assert rebuild(LIST).differing == 0
    assert "thought_over" in things.one(THERE)


def test_an_index_that_takes_longer_than_a_slice_is_waited_for_by_the_next(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "HEARTBEAT", 0.1)
    things.fill(1, 6)
    things.project()
    slow_index(things, seconds=0.2)
    done, states = in_slices()
    assert states.count("indexing") > 2, "it takes more than a second, and a slice a tenth of one"
    assert done.differing == 0
    assert "thought_over" in things.one(THERE)
    assert things.one(AT_WORK) is None


def test_a_cancel_stops_an_index_that_is_being_made(things: ReadModels) -> None:
    things.fill(1, 6)
    things.project()
    slow_index(things, seconds=60)
    refused: list[BaseException] = []

    def rebuild_it() -> None:
        try:
            rebuild(LIST)
        except RebuildCancelled as error:
            refused.append(error)

    rebuilding = threading.Thread(target=rebuild_it)
    rebuilding.start()
    until(lambda: things.one(AT_WORK), 30)
    assert cancel(LIST)
    rebuilding.join(20)
    assert refused
    assert things.one(AT_WORK) is None
    assert things.tables() == {"things_v1", "thing_places_v1"}


def _unfinished(things: ReadModels) -> int:
    """A rebuild that is left after its first slice; its number."""
    things.fill(1, 30)
    things.project()
    with pytest.raises(RebuildUnfinished) as caught:
        rebuild(LIST, seconds=0)
    assert caught.value.rebuild_id is not None
    return caught.value.rebuild_id


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part reads so little at once that a slice does not finish it."""
    monkeypatch.setattr(part, "WINDOW", 20)


@pytest.mark.usefixtures("windows")
def test_one_that_was_cancelled_between_two_slices_is_not_begun_again(things: ReadModels) -> None:
    number = _unfinished(things)
    assert cancel(LIST)
    with pytest.raises(RebuildCancelled):
        rebuild(LIST, continues=number)
    assert [row["state"] for row in things.rebuilds()] == ["cancelled"]
    assert things.tables() == {"things_v1", "thing_places_v1"}


@pytest.mark.usefixtures("windows")
def test_one_that_somebody_else_has_finished_is_not_begun_again(things: ReadModels) -> None:
    number = _unfinished(things)
    done = rebuild(LIST)
    assert rebuild(LIST, continues=number) == done
    assert len(things.rebuilds()) == 1


@pytest.mark.usefixtures("windows")
def test_what_is_noted_of_a_rebuild_that_has_ended_is_refused(things: ReadModels) -> None:
    """As by a process that was taken for dead: what it wrote is rolled back with its note."""
    _unfinished(things)
    with db.owner() as connection:
        left = journals.unfinished(connection, LIST)
        assert left is not None
        rebuild(LIST)
        ended = "another process has ended it"
        with pytest.raises(RebuildUnfinished, match=ended):
            left.note_reached(left.reached, left.excluded, 0)
        with pytest.raises(RebuildUnfinished, match=ended):
            left.enter("swapping")
        with pytest.raises(RebuildUnfinished, match=ended):
            left.go_live(None, connection)
        assert not left.end("failed")
    assert things.rebuilds()[0]["state"] == "done"
