"""Pause, resume, reset, batch sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg.errors import LockNotAvailable

from tests.conftest import Database
from tests.subscriptions.test_deaths import taker
from tests.support.messages import sent
from tests.support.things.history import LIST, Things
from tests.support.things.models import ThingSeen
from tests.support.things.projections import GROUP, mended
from worker import event_log
from worker.base import db, wake_ups
from worker.commands import after_commit
from worker.event_log import StoredEvent
from worker.ops import subscription_admin
from worker.ops.subscription_admin import OutOfRange, UnknownSubscription, UnsafeReset
from worker.subscriptions import checkpoints, dead_letters, runner


def test_a_paused_subscription_stands_still_until_it_is_resumed(things: Things) -> None:
    assert subscription_admin.pause(LIST).paused
    things.move(1, "kiel")
    things.project()
    assert things.tracked() == {}
    assert things.held() == {"kiel": 1}
    assert not subscription_admin.resume(LIST).paused
    things.project()
    assert things.tracked() == {1: "kiel"}


@pytest.mark.parametrize("step", [lambda p: p.move(1, "kiel"), lambda p: p.append(1, ThingSeen())])
def test_a_pause_counts_for_whoever_has_planned_already(
    things: Things, monkeypatch: pytest.MonkeyPatch, step: Callable[[Things], object]
) -> None:
    step(things)
    read = event_log.read

    def and_paused(*args: Any, **page: Any) -> list[StoredEvent]:
        subscription_admin.pause(LIST)
        return read(*args, **page)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(event_log, "read", and_paused)
        things.project(LIST)
    assert things.checkpoint()["position"] == 0
    assert things.tracked() == {}
    subscription_admin.resume(LIST)
    things.project(LIST)
    assert things.checkpoint()["position"] == 1


def test_a_runner_lowers_its_signal_and_calls_the_next_one_when_its_turn_ends(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    after_commit.wake("cqrs.project", GROUP)
    sent("projections")
    monkeypatch.setattr(runner, "TURN_SECONDS", 0.0)
    things.move(1, "kiel")
    runner.project(GROUP)
    assert [(one.task, one.args) for one in sent("projections")][:1] == [("cqrs.project", [GROUP])]
    assert wake_ups.raise_signal(f"cqrs.project:{GROUP}")


def test_what_follows_a_run_is_one_chain(things: Things) -> None:
    things.move(1, "kiel")
    runner.project(GROUP)
    assert [one.task for one in sent("projections")] == ["cqrs.invalidate"]
    runner.project(GROUP)
    assert sent("projections") == [], "nothing is sent where there is no work"


def test_what_is_done_to_a_subscription_that_is_not_there_is_refused_by_name(
    things: Things,
) -> None:
    for act in (subscription_admin.pause, subscription_admin.resume):
        with pytest.raises(UnknownSubscription, match=r"did you mean things\.list\?"):
            act("things.lits")


def test_a_subscription_can_be_paused_before_it_has_ever_run(things: Things) -> None:
    things.connection.execute("DELETE FROM cqrs.subscriptions WHERE name = %s", [LIST])
    assert subscription_admin.pause(LIST).position == 0
    things.move(1, "kiel")
    things.project()
    assert things.tracked() == {}
    subscription_admin.resume(LIST)
    things.project()
    assert things.tracked() == {1: "kiel"}


def test_a_subscription_that_no_domain_declares_can_be_paused_but_not_reset(
    things: Things,
) -> None:
    things.connection.execute("INSERT INTO cqrs.subscriptions (name) VALUES ('things.lizt')")
    assert subscription_admin.pause("things.lizt").paused
    with pytest.raises(UnknownSubscription, match="no domain that is loaded declares it, though"):
        subscription_admin.reset("things.lizt", 0, by="ada")


def test_a_projection_is_not_reset_backwards_since_it_would_count_twice(things: Things) -> None:
    things.move(1, "kiel", "ulm")
    things.project()
    with pytest.raises(UnsafeReset, match=r"count them twice.*cqrs rebuild"):
        subscription_admin.reset(LIST, 0, by="ada")
    assert things.checkpoint()["position"] == 2


def test_nothing_is_reset_forwards_since_events_would_be_left_out(things: Things) -> None:
    things.move(1, "kiel", "ulm")
    with pytest.raises(UnsafeReset, match="left out"):
        subscription_admin.reset(LIST, 1, by="ada")


def test_a_forced_reset_does_it_all_the_same(things: Things) -> None:
    things.move(1, "kiel", "ulm")
    things.project()
    assert subscription_admin.reset(LIST, 1, force=True, by="ada").position == 1
    things.project()
    assert things.tracked() == {1: "kiel ulm ulm"}
    subscription_admin.reset(LIST, 0, force=True, by="ada")
    subscription_admin.reset(LIST, 2, force=True, by="ada")
    things.project()
    assert things.tracked() == {1: "kiel ulm ulm"}


@pytest.mark.parametrize("position", [-1, 3, 10**15])
def test_there_is_no_reset_to_a_position_that_does_not_exist(things: Things, position: int) -> None:
    things.move(1, "kiel", "ulm")
    with pytest.raises(OutOfRange, match="0 to 2 exist"):
        subscription_admin.reset(LIST, position, force=True, by="ada")


def test_a_reset_supersedes_the_letters_ahead_of_it(things: Things) -> None:
    things.move(1, "nowhere", "ulm")
    things.project()
    subscription_admin.reset(LIST, 0, force=True, by="ada")
    (letter,) = dead_letters.find(closed=True)
    assert (letter.state, letter.closed_by) == ("superseded", "ada")
    with mended("nowhere"):
        things.project()
    assert things.tracked() == {1: "nowhere ulm"}


def test_a_reset_leaves_the_letters_behind_it_open(things: Things) -> None:
    (first,) = things.move(1, "nowhere")
    (second,) = things.move(2, "nowhere")
    things.project()
    subscription_admin.reset(LIST, first, force=True, by="ada")
    assert [(one.position, one.state) for one in dead_letters.find(closed=True)] == [
        (second, "superseded"),
        (first, "open"),
    ]


def test_a_discarded_event_stays_discarded_after_a_reset(things: Things) -> None:
    things.move(1, "nowhere", "ulm")
    things.project()
    dead_letters.discard(dead_letters.find()[0].id, by="ada")
    things.connection.execute("TRUNCATE query.things_v1")
    subscription_admin.reset(LIST, 0, force=True, by="ada")
    with mended("nowhere"):
        things.project()
    assert things.tracked() == {1: "ulm"}
    assert things.checkpoint()["letters"] == 0


def test_an_operation_that_does_not_get_hold_of_all_partitions_leaves_no_mark(
    things: Things, database: Database
) -> None:
    subscription_admin.set_partitions(LIST, 2)
    with taker(database, f"{LIST}#1"), db.writer() as connection:
        connection.execute("SET lock_timeout = '50ms'")
        with pytest.raises(LockNotAvailable), checkpoints.held(connection, LIST):
            pass
        connection.execute("RESET lock_timeout")
        one, other = checkpoints.read(things.connection, [LIST])
    assert (one.mark, one.held, other.held) == (None, False, True)


def test_an_operation_that_is_refused_is_not_taken_for_a_death(things: Things) -> None:
    things.move(1, "kiel")
    with pytest.raises(UnsafeReset):
        subscription_admin.reset(LIST, 1, by="ada")
    (at,) = checkpoints.read(things.connection, [LIST])
    assert at.mark is None


def test_a_subscription_reads_in_batches_of_its_own_size(things: Things) -> None:
    assert subscription_admin.set_batch_size(LIST, 2).batch_size == 2
    things.move(1, "kiel", "ulm", "bonn")
    assert [at.limit for at in checkpoints.read(things.connection, [LIST])] == [2]
    things.project()
    assert things.tracked() == {1: "kiel ulm bonn"}
    assert [position for _, position in things.noted()] == [2, 3]
    assert subscription_admin.set_batch_size(LIST, None).batch_size is None


@pytest.mark.parametrize("size", [0, -1, 50_001])
def test_a_batch_size_out_of_range_is_refused(things: Things, size: int) -> None:
    with pytest.raises(OutOfRange, match="1 to 50,000"):
        subscription_admin.set_batch_size(LIST, size)
