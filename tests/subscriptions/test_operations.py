"""Pause, resume, reset, batch sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from psycopg.errors import LockNotAvailable

from tests.conftest import Database
from tests.subscriptions.conftest import Parcels
from tests.subscriptions.parcels.projections import GROUP, mended
from tests.subscriptions.test_deaths import taker
from tests.support.messages import sent
from worker import event_log
from worker.base import db, wake_ups
from worker.commands import after_commit
from worker.contracts import Event
from worker.event_log import StoredEvent
from worker.ops import subscription_admin
from worker.ops.subscription_admin import OutOfRange, UnknownSubscription, UnsafeReset
from worker.subscriptions import checkpoints, dead_letters, runner

TRACKING = "parcels.tracking"


class Shown(Event):
    """A parcel was shown to somebody: nobody reads this."""

    type: ClassVar[str] = "parcels.Shown"


def test_a_paused_subscription_stands_still_until_it_is_resumed(parcels: Parcels) -> None:
    assert subscription_admin.pause(TRACKING).paused
    parcels.move(1, "kiel")
    parcels.catch_up()
    assert parcels.tracked() == {}
    assert parcels.arrivals() == {"kiel": 1}
    assert not subscription_admin.resume(TRACKING).paused
    parcels.catch_up()
    assert parcels.tracked() == {1: "kiel"}


@pytest.mark.parametrize("step", [lambda p: p.move(1, "kiel"), lambda p: p.append(1, Shown())])
def test_a_pause_counts_for_whoever_has_planned_already(
    parcels: Parcels, monkeypatch: pytest.MonkeyPatch, step: Callable[[Parcels], object]
) -> None:
    step(parcels)
    read = event_log.read

    def and_paused(*args: Any, **page: Any) -> list[StoredEvent]:
        subscription_admin.pause(TRACKING)
        return read(*args, **page)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(event_log, "read", and_paused)
        parcels.catch_up(TRACKING)
    assert parcels.checkpoint()["position"] == 0
    assert parcels.tracked() == {}
    subscription_admin.resume(TRACKING)
    parcels.catch_up(TRACKING)
    assert parcels.checkpoint()["position"] == 1


def test_a_runner_lowers_its_signal_and_calls_the_next_one_when_its_turn_ends(
    parcels: Parcels, monkeypatch: pytest.MonkeyPatch
) -> None:
    after_commit.wake("cqrs.project", GROUP)
    sent("projections")
    monkeypatch.setattr(runner, "TURN", 0.0)
    parcels.move(1, "kiel")
    runner.project(GROUP)
    assert [(one.task, one.args) for one in sent("projections")][:1] == [("cqrs.project", [GROUP])]
    assert wake_ups.raise_signal(f"cqrs.project:{GROUP}")


def test_what_follows_a_run_is_one_chain(parcels: Parcels) -> None:
    parcels.move(1, "kiel")
    runner.project(GROUP)
    assert [one.task for one in sent("projections")] == ["cqrs.invalidate"]
    runner.project(GROUP)
    assert sent("projections") == [], "nothing is sent where there is no work"


def test_what_is_done_to_a_subscription_that_is_not_there_is_refused_by_name(
    parcels: Parcels,
) -> None:
    for act in (subscription_admin.pause, subscription_admin.resume):
        with pytest.raises(UnknownSubscription, match=r"did you mean parcels\.tracking\?"):
            act("parcels.traking")


def test_a_subscription_can_be_paused_before_it_has_ever_run(parcels: Parcels) -> None:
    parcels.connection.execute("DELETE FROM cqrs.subscriptions WHERE name = %s", [TRACKING])
    assert subscription_admin.pause(TRACKING).position == 0
    parcels.move(1, "kiel")
    parcels.catch_up()
    assert parcels.tracked() == {}
    subscription_admin.resume(TRACKING)
    parcels.catch_up()
    assert parcels.tracked() == {1: "kiel"}


def test_a_subscription_that_no_domain_declares_can_be_paused_but_not_reset(
    parcels: Parcels,
) -> None:
    parcels.connection.execute("INSERT INTO cqrs.subscriptions (name) VALUES ('parcels.trakking')")
    assert subscription_admin.pause("parcels.trakking").paused
    with pytest.raises(UnknownSubscription, match="no domain that is loaded declares it, though"):
        subscription_admin.reset("parcels.trakking", 0, by="ada")


def test_a_projection_is_not_reset_backwards_since_it_would_count_twice(parcels: Parcels) -> None:
    parcels.move(1, "kiel", "ulm")
    parcels.catch_up()
    with pytest.raises(UnsafeReset, match=r"count them twice.*cqrs rebuild"):
        subscription_admin.reset(TRACKING, 0, by="ada")
    assert parcels.checkpoint()["position"] == 2


def test_nothing_is_reset_forwards_since_events_would_be_left_out(parcels: Parcels) -> None:
    parcels.move(1, "kiel", "ulm")
    with pytest.raises(UnsafeReset, match="left out"):
        subscription_admin.reset(TRACKING, 1, by="ada")


def test_a_forced_reset_does_it_all_the_same(parcels: Parcels) -> None:
    parcels.move(1, "kiel", "ulm")
    parcels.catch_up()
    assert subscription_admin.reset(TRACKING, 1, force=True, by="ada").position == 1
    parcels.catch_up()
    assert parcels.tracked() == {1: "kiel ulm ulm"}
    subscription_admin.reset(TRACKING, 0, force=True, by="ada")
    subscription_admin.reset(TRACKING, 2, force=True, by="ada")
    parcels.catch_up()
    assert parcels.tracked() == {1: "kiel ulm ulm"}


@pytest.mark.parametrize("position", [-1, 3, 10**15])
def test_there_is_no_reset_to_a_position_that_does_not_exist(
    parcels: Parcels, position: int
) -> None:
    parcels.move(1, "kiel", "ulm")
    with pytest.raises(OutOfRange, match="0 to 2 exist"):
        subscription_admin.reset(TRACKING, position, force=True, by="ada")


def test_a_reset_supersedes_the_letters_ahead_of_it(parcels: Parcels) -> None:
    parcels.move(1, "nowhere", "ulm")
    parcels.catch_up()
    subscription_admin.reset(TRACKING, 0, force=True, by="ada")
    (letter,) = dead_letters.letters(closed=True)
    assert (letter.state, letter.closed_by) == ("superseded", "ada")
    with mended("nowhere"):
        parcels.catch_up()
    assert parcels.tracked() == {1: "nowhere ulm"}


def test_a_reset_leaves_the_letters_behind_it_open(parcels: Parcels) -> None:
    (first,) = parcels.move(1, "nowhere")
    (second,) = parcels.move(2, "nowhere")
    parcels.catch_up()
    subscription_admin.reset(TRACKING, first, force=True, by="ada")
    assert [(one.position, one.state) for one in dead_letters.letters(closed=True)] == [
        (second, "superseded"),
        (first, "open"),
    ]


def test_a_discarded_event_stays_discarded_after_a_reset(parcels: Parcels) -> None:
    parcels.move(1, "nowhere", "ulm")
    parcels.catch_up()
    dead_letters.discard(dead_letters.letters()[0].id, by="ada")
    parcels.connection.execute("TRUNCATE query.parcels_v1")
    subscription_admin.reset(TRACKING, 0, force=True, by="ada")
    with mended("nowhere"):
        parcels.catch_up()
    assert parcels.tracked() == {1: "ulm"}
    assert parcels.checkpoint()["letters"] == 0


def test_an_operation_that_does_not_get_hold_of_all_partitions_leaves_no_mark(
    parcels: Parcels, database: Database
) -> None:
    subscription_admin.set_partitions(TRACKING, 2)
    with taker(database, f"{TRACKING}#1"), db.writer() as connection:
        connection.execute("SET lock_timeout = '50ms'")
        with pytest.raises(LockNotAvailable), checkpoints.held(connection, TRACKING):
            pass
        connection.execute("RESET lock_timeout")
        one, other = checkpoints.read(parcels.connection, [TRACKING])
    assert (one.mark, one.held, other.held) == (None, False, True)


def test_an_operation_that_is_refused_is_not_taken_for_a_death(parcels: Parcels) -> None:
    parcels.move(1, "kiel")
    with pytest.raises(UnsafeReset):
        subscription_admin.reset(TRACKING, 1, by="ada")
    (at,) = checkpoints.read(parcels.connection, [TRACKING])
    assert at.mark is None


def test_a_subscription_reads_in_batches_of_its_own_size(parcels: Parcels) -> None:
    assert subscription_admin.set_batch_size(TRACKING, 2).batch_size == 2
    parcels.move(1, "kiel", "ulm", "bonn")
    assert [at.limit for at in checkpoints.read(parcels.connection, [TRACKING])] == [2]
    parcels.catch_up()
    assert parcels.tracked() == {1: "kiel ulm bonn"}
    notes = "SELECT position FROM cqrs.invalidations ORDER BY 1"
    assert parcels.connection.execute(notes).fetchall() == [(2,), (3,)]
    assert subscription_admin.set_batch_size(TRACKING, None).batch_size is None


@pytest.mark.parametrize("size", [0, -1, 50_001])
def test_a_batch_size_out_of_range_is_refused(parcels: Parcels, size: int) -> None:
    with pytest.raises(OutOfRange, match="1 to 50,000"):
        subscription_admin.set_batch_size(TRACKING, size)
