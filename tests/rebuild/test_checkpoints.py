"""A rebuild from a checkpoint keeps the rows that nothing has touched since, and folds the rest."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.rebuild.conftest import ReadModels
from tests.support.things.history import LIST, PLACES
from tests.support.things.models import ThingAdded, ThingDropped, thing_id
from worker.event_log.subscribers import subscriptions
from worker.ops import retention
from worker.rebuild import (
    CannotStartThere,
    NoSuchPosition,
    RebuildUnfinished,
    compare,
    copy_unchanged,
    part,
    rebuild,
    run,
    verify,
)
from worker.subscriptions import dead_letters
from worker.subscriptions.projection import Projection

TAMPER = "UPDATE query.things SET note = 'by hand' WHERE thing_id = %s"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is done in many small pieces."""
    monkeypatch.setattr(compare, "ROWS_PER_RANGE", 4)
    monkeypatch.setattr(copy_unchanged, "PAGE", 5)
    monkeypatch.setattr(part, "WINDOW", 20)


def _position(things: ReadModels) -> int:
    return int(things.one("SELECT max(position) FROM cqrs.events"))


def _notes(things: ReadModels) -> set[Any]:
    return {row["thing_id"] for row in things.listed() if row["note"] == "by hand"}


@pytest.mark.usefixtures("small")
def test_rows_that_events_have_touched_since_are_folded_anew_and_no_others(
    things: ReadModels,
) -> None:
    things.fill(1, 20)
    things.project()
    checkpoint = _position(things)
    things.reprice(3)
    things.add(30)
    things.project()
    for number in (3, 4, 30):
        things.connection.execute(TAMPER, [thing_id(number)])
    done = rebuild(LIST, from_position=checkpoint)
    assert (done.differing, done.rows) == (2, 19)
    assert _notes(things) == {thing_id(4)}
    assert done.events == 5, "the two of order 30 and 3, not those of all"
    assert things.tables() == {"things_v2", "thing_places_v1"}
    assert things.one("SELECT count(*) FROM cqrs.rebuild_keys") == 0


@pytest.mark.usefixtures("small")
def test_what_recent_code_did_wrong_is_mended(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that keeps what was dropped, and drops what was added."""
    things.fill(1, 20)
    things.project()
    checkpoint = _position(things)
    right = subscriptions.get(LIST)
    assert isinstance(right, Projection)
    wrong = Projection(LIST, right.table, group="things")
    wrong.on(ThingDropped)(lambda row, _: row)
    wrong.on(ThingAdded)(lambda _row, _event: None)
    monkeypatch.setitem(subscriptions._items, LIST, wrong)
    for number in (1, 2):
        things.drop(number)
    things.fill(41, 44)
    things.project(LIST)
    monkeypatch.setitem(subscriptions._items, LIST, right)
    done = rebuild(LIST, from_position=checkpoint)
    assert {one.kind for one in done.drift} == {"extra", "missing"}
    assert done.differing == 6
    assert rebuild(LIST).differing == 0


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("name", "jobs"), [(LIST, 1), (LIST, 2), (PLACES, 1)])
def test_it_gives_the_same_as_from_the_beginning(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch, name: str, jobs: int
) -> None:
    monkeypatch.setattr(run, "SMALL", 0)
    things.fill(1, 30)
    things.project()
    for checkpoint in (_position(things), _position(things) // 2, 1):
        things.fill(checkpoint + 1000, checkpoint + 1007)
        things.reprice(3)
        things.project()
        if things.live(name).endswith("_v1"):
            done = rebuild(name, from_position=checkpoint, jobs=jobs, rows_kept=3, goes_live=False)
            assert done.differing == 0
    rebuild(name, from_position=_position(things) // 2, jobs=jobs, rows_kept=3)
    assert rebuild(name).differing == 0


@pytest.mark.usefixtures("small")
def test_the_live_table_moves_on_while_it_is_copied_in_slices(things: ReadModels) -> None:
    things.fill(1, 30)
    things.project()
    checkpoint = _position(things)
    things.reprice(5)
    chance, states = random.Random(4), set()
    for number in range(31, 400):
        try:
            done = rebuild(LIST, from_position=checkpoint, seconds=0, rows_kept=3)
            break
        except RebuildUnfinished:
            states.add(things.rebuilds()[-1]["state"])
        things.add(number)
        things.reprice(chance.randrange(31, number + 1))
        things.drop(chance.randrange(1, 10) * 3 + number % 2)
        things.project()
    else:
        pytest.fail("it never ends")
    assert states >= {"seeding", "marking", "building", "comparing"}
    assert done.differing == 0
    assert len(things.rebuilds()) == 1
    things.project()
    assert rebuild(LIST).differing == 0


def test_rows_of_a_stream_that_waited_behind_a_letter_are_folded_anew(things: ReadModels) -> None:
    """Its events lie before the checkpoint, and were handled after it."""
    things.add(1)
    things.add(2)
    things.reprice(1, "not money")
    things.reprice(1, "3.00")
    things.project()
    checkpoint = _position(things)
    dead_letters.discard(things.one("SELECT letter_id FROM cqrs.dead_letters"), by="test")
    for number in (1, 2):
        things.connection.execute(TAMPER, [thing_id(number)])
    assert rebuild(LIST, from_position=checkpoint).differing == 1
    assert _notes(things) == {thing_id(2)}
    assert str({row["thing_id"]: row["price"] for row in things.listed()}[thing_id(1)]) == "3.00"


def test_a_stream_that_waits_still_waits_in_the_new_table_too(things: ReadModels) -> None:
    things.add(1)
    things.project()
    checkpoint = _position(things)
    things.reprice(1, "not money")
    things.reprice(1, "3.00")
    things.project()
    assert rebuild(LIST, from_position=checkpoint).differing == 0
    assert str(things.listed()[0]["price"]) == "1.50"
    dead_letters.discard(things.one("SELECT letter_id FROM cqrs.dead_letters"), by="test")
    assert str(things.listed()[0]["price"]) == "3.00"
    assert verify.verify_all(LIST).differing == 0


def test_a_position_where_the_log_has_not_been_is_refused(things: ReadModels) -> None:
    things.add(1)
    things.project()
    with pytest.raises(NoSuchPosition, match="0 to 1 exist"):
        rebuild(LIST, from_position=99)
    assert things.rebuilds() == []


def test_a_position_where_the_live_table_has_not_been_is_refused(things: ReadModels) -> None:
    things.add(1)
    things.project()
    things.add(2)
    with pytest.raises(
        CannotStartThere, match=r"has come to 1 only: from 1 to 1 it can be, or rebuild"
    ):
        rebuild(LIST, from_position=2)


def test_a_table_that_was_built_later_tells_nothing_of_a_position_before(
    things: ReadModels,
) -> None:
    things.fill(1, 9)
    things.project()
    before = _position(things)
    things.add(20)
    things.project()
    rebuild(LIST)
    built = _position(things)
    assert before < built
    with pytest.raises(
        CannotStartThere, match=rf"built anew at {built}: from {built} to {built} it can be"
    ):
        rebuild(LIST, from_position=before)
    things.connection.execute(TAMPER, [thing_id(1)])
    assert rebuild(LIST, from_position=built).differing == 0
    assert _notes(things) == {thing_id(1)}
    things.connection.execute("DELETE FROM cqrs.rebuilds")  # nobody but us would
    with pytest.raises(CannotStartThere, match="not known when the live table was built"):
        rebuild(LIST, from_position=built)


def test_a_table_of_another_version_is_refused(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.add(1)
    things.project()
    one = subscriptions.get(LIST)
    assert isinstance(one, Projection)
    monkeypatch.setitem(subscriptions._items, LIST, Projection(LIST, one.table, version=2))
    with pytest.raises(CannotStartThere, match="not of version 2, which the code has"):
        rebuild(LIST, from_position=1)
    assert things.tables() == {"things_v1", "thing_places_v1"}


@pytest.mark.settings(history_retention=1e-9)
def test_how_the_live_table_came_to_be_is_not_forgotten(things: ReadModels) -> None:
    things.fill(1, 9)
    things.project()
    rebuild(LIST)
    rebuild(LIST)
    retention.prune()
    assert [row["shadow"] for row in things.rebuilds()] == ["things_v3"]
    assert rebuild(LIST, from_position=_position(things)).differing == 0
