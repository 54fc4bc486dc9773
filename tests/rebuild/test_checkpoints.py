"""A rebuild from a checkpoint keeps the rows that nothing has touched since, and folds the rest."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.rebuild.conftest import ORDERS, STOCK, Depot, order_id
from tests.rebuild.depot.models import Cancelled, Placed
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

TAMPER = "UPDATE query.depot_orders SET note = 'by hand' WHERE order_id = %s"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is done in many small pieces."""
    monkeypatch.setattr(compare, "ROWS_PER_RANGE", 4)
    monkeypatch.setattr(copy_unchanged, "PAGE", 5)
    monkeypatch.setattr(part, "WINDOW", 20)


def _position(depot: Depot) -> int:
    return int(depot.one("SELECT max(position) FROM cqrs.events"))


def _notes(depot: Depot) -> set[Any]:
    return {row["order_id"] for row in depot.orders() if row["note"] == "by hand"}


@pytest.mark.usefixtures("small")
def test_rows_that_events_have_touched_since_are_folded_anew_and_no_others(depot: Depot) -> None:
    depot.trade(1, 20)
    depot.project()
    checkpoint = _position(depot)
    depot.change(3)
    depot.place(30)
    depot.project()
    for number in (3, 4, 30):
        depot.connection.execute(TAMPER, [order_id(number)])
    done = rebuild(ORDERS, from_position=checkpoint)
    assert (done.differing, done.rows) == (2, 19)
    assert _notes(depot) == {order_id(4)}
    assert done.events == 5, "the two of order 30 and 3, not those of all"
    assert depot.tables() == {"depot_orders_v2", "depot_stock_v1"}
    assert depot.one("SELECT count(*) FROM cqrs.rebuild_keys") == 0


@pytest.mark.usefixtures("small")
def test_what_recent_code_did_wrong_is_mended(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that keeps what was cancelled, and drops what was placed."""
    depot.trade(1, 20)
    depot.project()
    checkpoint = _position(depot)
    right = subscriptions.get(ORDERS)
    assert isinstance(right, Projection)
    wrong = Projection(ORDERS, right.table, group="depot")
    wrong.on(Cancelled)(lambda row, _: row)
    wrong.on(Placed)(lambda _row, _event: None)
    monkeypatch.setitem(subscriptions._items, ORDERS, wrong)
    for number in (1, 2):
        depot.cancel(number)
    depot.trade(41, 44)
    depot.project(ORDERS)
    monkeypatch.setitem(subscriptions._items, ORDERS, right)
    done = rebuild(ORDERS, from_position=checkpoint)
    assert {one.kind for one in done.drift} == {"extra", "missing"}
    assert done.differing == 6
    assert rebuild(ORDERS).differing == 0


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("name", "jobs"), [(ORDERS, 1), (ORDERS, 2), (STOCK, 1)])
def test_it_gives_the_same_as_from_the_beginning(
    depot: Depot, monkeypatch: pytest.MonkeyPatch, name: str, jobs: int
) -> None:
    monkeypatch.setattr(run, "SMALL", 0)
    depot.trade(1, 30)
    depot.project()
    for checkpoint in (_position(depot), _position(depot) // 2, 1):
        depot.trade(checkpoint + 1000, checkpoint + 1007)
        depot.change(3)
        depot.project()
        if depot.live(name).endswith("_v1"):
            done = rebuild(name, from_position=checkpoint, jobs=jobs, rows_kept=3, goes_live=False)
            assert done.differing == 0
    rebuild(name, from_position=_position(depot) // 2, jobs=jobs, rows_kept=3)
    assert rebuild(name).differing == 0


@pytest.mark.usefixtures("small")
def test_the_live_table_moves_on_while_it_is_copied_in_slices(depot: Depot) -> None:
    depot.trade(1, 30)
    depot.project()
    checkpoint = _position(depot)
    depot.change(5)
    chance, states = random.Random(4), set()
    for number in range(31, 400):
        try:
            done = rebuild(ORDERS, from_position=checkpoint, seconds=0, rows_kept=3)
            break
        except RebuildUnfinished:
            states.add(depot.rebuilds()[-1]["state"])
        depot.place(number)
        depot.change(chance.randrange(31, number + 1))
        depot.cancel(chance.randrange(1, 10) * 3 + number % 2)
        depot.project()
    else:
        pytest.fail("it never ends")
    assert states >= {"seeding", "marking", "building", "comparing"}
    assert done.differing == 0
    assert len(depot.rebuilds()) == 1
    depot.project()
    assert rebuild(ORDERS).differing == 0


def test_rows_of_a_stream_that_waited_behind_a_letter_are_folded_anew(depot: Depot) -> None:
    """Its events lie before the checkpoint, and were handled after it."""
    depot.place(1)
    depot.place(2)
    depot.change(1, "not money")
    depot.change(1, "3.00")
    depot.project()
    checkpoint = _position(depot)
    dead_letters.discard(depot.one("SELECT letter_id FROM cqrs.dead_letters"), by="test")
    for number in (1, 2):
        depot.connection.execute(TAMPER, [order_id(number)])
    assert rebuild(ORDERS, from_position=checkpoint).differing == 1
    assert _notes(depot) == {order_id(2)}
    assert str({row["order_id"]: row["total"] for row in depot.orders()}[order_id(1)]) == "3.00"


def test_a_stream_that_waits_still_waits_in_the_new_table_too(depot: Depot) -> None:
    depot.place(1)
    depot.project()
    checkpoint = _position(depot)
    depot.change(1, "not money")
    depot.change(1, "3.00")
    depot.project()
    assert rebuild(ORDERS, from_position=checkpoint).differing == 0
    assert str(depot.orders()[0]["total"]) == "1.50"
    dead_letters.discard(depot.one("SELECT letter_id FROM cqrs.dead_letters"), by="test")
    assert str(depot.orders()[0]["total"]) == "3.00"
    assert verify.verify_all(ORDERS).differing == 0


def test_a_position_where_the_log_has_not_been_is_refused(depot: Depot) -> None:
    depot.place(1)
    depot.project()
    with pytest.raises(NoSuchPosition, match="0 to 1 exist"):
        rebuild(ORDERS, from_position=99)
    assert depot.rebuilds() == []


def test_a_position_where_the_live_table_has_not_been_is_refused(depot: Depot) -> None:
    depot.place(1)
    depot.project()
    depot.place(2)
    with pytest.raises(
        CannotStartThere, match=r"has come to 1 only: rebuild it from the beginning"
    ):
        rebuild(ORDERS, from_position=2)


def test_a_table_that_was_built_later_tells_nothing_of_a_position_before(depot: Depot) -> None:
    depot.trade(1, 9)
    depot.project()
    before = _position(depot)
    depot.place(20)
    depot.project()
    rebuild(ORDERS)
    built = _position(depot)
    assert before < built
    with pytest.raises(CannotStartThere, match=rf"live table was built anew at {built}: rebuild"):
        rebuild(ORDERS, from_position=before)
    depot.connection.execute(TAMPER, [order_id(1)])
    assert rebuild(ORDERS, from_position=built).differing == 0
    assert _notes(depot) == {order_id(1)}
    depot.connection.execute("DELETE FROM cqrs.rebuilds")  # nobody but us would
    with pytest.raises(CannotStartThere, match="not known when the live table was built"):
        rebuild(ORDERS, from_position=built)


def test_a_table_of_another_version_is_refused(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    depot.place(1)
    depot.project()
    one = subscriptions.get(ORDERS)
    assert isinstance(one, Projection)
    monkeypatch.setitem(subscriptions._items, ORDERS, Projection(ORDERS, one.table, version=2))
    with pytest.raises(CannotStartThere, match="not of version 2, which the code has"):
        rebuild(ORDERS, from_position=1)
    assert depot.tables() == {"depot_orders_v1", "depot_stock_v1"}


@pytest.mark.settings(history_retention=1e-9)
def test_how_the_live_table_came_to_be_is_not_forgotten(depot: Depot) -> None:
    depot.trade(1, 9)
    depot.project()
    rebuild(ORDERS)
    rebuild(ORDERS)
    retention.prune()
    assert [row["shadow"] for row in depot.rebuilds()] == ["depot_orders_v3"]
    assert rebuild(ORDERS, from_position=_position(depot)).differing == 0
