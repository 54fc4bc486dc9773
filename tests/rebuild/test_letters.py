"""Dead letters and rebuilds: what is left out of the live table is left out of the new one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.rebuild.conftest import ALL, ORDERS, Deploy, Depot, order_id
from worker.event_log.subscribers import subscriptions
from worker.rebuild import rebuild
from worker.subscriptions import dead_letters


def _totals(depot: Depot) -> dict[object, str]:
    return {row["order_id"]: str(row["total"]) for row in depot.orders()}


@pytest.fixture
def parked(depot: Depot) -> Depot:
    """Order 1 waits behind a change that cannot be folded; order 2 does not."""
    depot.place(1)
    depot.place(2)
    depot.change(1, "not money")
    depot.change(1, "3.00")
    depot.change(2, "4.00")
    depot.project()
    assert _totals(depot) == {order_id(1): "1.50", order_id(2): "4.00"}
    return depot


def _letter(depot: Depot) -> int:
    return int(depot.one("SELECT letter_id FROM cqrs.dead_letters"))


def test_a_parked_stream_waits_in_the_new_table_too(parked: Depot) -> None:
    assert rebuild(ORDERS).differing == 0
    assert _totals(parked) == {order_id(1): "1.50", order_id(2): "4.00"}
    assert parked.one("SELECT state FROM cqrs.dead_letters") == "open"


def test_its_letter_can_be_settled_after_the_swap(parked: Depot) -> None:
    rebuild(ORDERS)
    dead_letters.discard(_letter(parked), by="test")
    parked.project()
    assert _totals(parked) == {order_id(1): "3.00", order_id(2): "4.00"}
    assert rebuild(ORDERS).differing == 0
    assert _totals(parked) == {order_id(1): "3.00", order_id(2): "4.00"}


def test_a_letter_that_is_settled_during_the_rebuild_is_folded_in(parked: Depot) -> None:
    letters = [_letter(parked)]

    def meanwhile(_: object) -> None:
        if letters:
            dead_letters.discard(letters.pop(), by="test")

    assert rebuild(ORDERS, progress=meanwhile).differing == 0
    assert _totals(parked) == {order_id(1): "3.00", order_id(2): "4.00"}


def test_a_stream_that_is_parked_during_the_rebuild_waits_in_the_new_table(depot: Depot) -> None:
    depot.place(1)
    depot.place(2)
    depot.project()
    told: list[int] = []

    def meanwhile(_: object) -> None:
        if not told:
            depot.change(1, "not money")
            depot.change(1, "3.00")
            depot.change(2, "4.00")
            depot.project()
        told.append(1)

    assert rebuild(ORDERS, progress=meanwhile).differing == 0
    assert _totals(depot) == {order_id(1): "1.50", order_id(2): "4.00"}
    dead_letters.discard(_letter(depot), by="test")
    assert _totals(depot) == {order_id(1): "3.00", order_id(2): "4.00"}


def test_a_letter_of_what_the_new_code_has_folded_is_closed_by_the_swap(
    depot: Depot, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    depot.place(1)
    depot.place(2)
    depot.project()
    depot.change(1, "not money")
    old, new = subscriptions.get(ORDERS), deploy(*ALL, total=sa.Text, lines=sa.JSON)

    def meanwhile(_: object) -> None:
        if depot.one("SELECT upto FROM cqrs.rebuilds WHERE state <> 'building'"):
            monkeypatch.setitem(subscriptions._items, ORDERS, old)
            depot.project()
            monkeypatch.setitem(subscriptions._items, ORDERS, new)

    rebuild(ORDERS, progress=meanwhile)
    letters = depot.rows("SELECT state, closed_by FROM cqrs.dead_letters")
    assert letters == [{"state": "superseded", "closed_by": "rebuild"}]
    assert _totals(depot) == {order_id(1): "not money", order_id(2): "2.50"}
    assert depot.one("SELECT letters FROM cqrs.subscriptions WHERE name = %s", ORDERS) == 0
    depot.change(1, "3.00")
    depot.project()
    assert _totals(depot)[order_id(1)] == "3.00"
