"""The verifier finds rows that are not what the log says, and says which."""

from __future__ import annotations

import pytest

from tests.rebuild.conftest import ORDERS, STOCK, Depot, order_id
from worker.event_log.subscribers import subscriptions
from worker.ops import subscription_admin
from worker.rebuild import UnknownProjection, verify
from worker.rebuild.verify import NotComparable
from worker.subscriptions import dead_letters
from worker.subscriptions.projection import Projection


def test_rows_that_are_right_are_found_right(depot: Depot) -> None:
    depot.trade()
    depot.project()
    for name, rows in ((ORDERS, 30), (STOCK, 3)):
        found = verify.verify(name, sample=1_000)
        assert (found.differing, found.checked, found.complete) == (0, rows, False)
        assert found.position == depot.one("SELECT max(position) FROM cqrs.events")


@pytest.mark.parametrize("name", [ORDERS, STOCK])
def test_a_small_sample_is_right_too(depot: Depot, name: str) -> None:
    depot.trade()
    depot.project()
    for _ in range(5):
        found = verify.verify(name, sample=4)
        assert found.differing == 0
        assert found.checked > 0


def test_an_empty_read_model_is_right(depot: Depot) -> None:
    assert verify.verify(ORDERS).checked == 0
    assert verify.verify_all(ORDERS).checked == 0


def test_tampered_missing_and_invented_rows_are_found(depot: Depot) -> None:
    depot.trade()
    depot.project()
    change = "UPDATE query.depot_orders SET total = total + 1 WHERE order_id = %s"
    depot.connection.execute(change, [order_id(1)])
    depot.connection.execute("DELETE FROM query.depot_orders WHERE order_id = %s", [order_id(2)])
    invent = "UPDATE query.depot_orders SET order_id = %s WHERE order_id = %s"
    depot.connection.execute(invent, [order_id(99), order_id(3)])
    before = depot.orders()
    wanted = {
        str(order_id(1)): "different",
        str(order_id(2)): "missing",
        str(order_id(3)): "missing",
        str(order_id(99)): "extra",
    }
    for found in (verify.verify(ORDERS, sample=1_000), verify.verify_all(ORDERS)):
        assert {one.key: one.kind for one in found.drift} == wanted
        assert found.differing == 4
    assert depot.orders() == before


def test_a_row_of_many_streams_is_found_when_it_is_tampered_with(depot: Depot) -> None:
    depot.trade()
    depot.project()
    depot.connection.execute("UPDATE query.depot_stock SET taken = 0 WHERE product = 'p2'")
    (drift,) = verify.verify(STOCK).drift
    assert (drift.key, drift.columns["taken"][0]) == ("p2", 0)


def test_what_is_verified_is_written_down(depot: Depot) -> None:
    depot.trade(1, 5)
    depot.project()
    depot.connection.execute("DELETE FROM query.depot_orders WHERE order_id = %s", [order_id(2)])
    verify.verify(ORDERS)
    verify.verify_all(ORDERS)
    rows = depot.rows("SELECT * FROM cqrs.verifications ORDER BY verification_id")
    assert [(row["complete"], row["differing"]) for row in rows] == [(False, 1), (True, 1)]
    assert rows[0]["drift"][0]["key"] == str(order_id(2))


def test_parked_events_are_no_drift(depot: Depot) -> None:
    depot.place(1)
    depot.change(1, "not money")
    depot.change(1, "5.00")
    depot.project()
    assert verify.verify(ORDERS).differing == 0
    assert verify.verify_all(ORDERS).differing == 0
    dead_letters.discard(depot.one("SELECT letter_id FROM cqrs.dead_letters"), by="test")
    assert verify.verify(ORDERS).differing == 0
    assert str(depot.orders()[0]["total"]) == "5.00"


def test_events_that_the_live_table_has_not_read_yet_are_no_drift(depot: Depot) -> None:
    depot.trade(1, 9)
    depot.project()
    depot.trade(10, 20)
    assert verify.verify(ORDERS).differing == 0
    assert verify.verify_all(ORDERS).differing == 0


def test_partitions_at_different_places_are_verified_each_at_its_own(depot: Depot) -> None:
    depot.trade(1, 9)
    depot.project()
    subscription_admin.set_partitions(ORDERS, 2)
    pause = "UPDATE cqrs.subscriptions SET paused = true WHERE name = %s"
    depot.connection.execute(pause, [f"{ORDERS}#1"])
    depot.trade(10, 20)
    depot.project()
    assert 9 < len(depot.orders()) < 18
    assert verify.verify(ORDERS, sample=1_000).differing == 0


def test_a_table_of_another_version_is_not_compared(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = Projection(ORDERS, subscriptions.get(ORDERS).table, version=2)  # type: ignore[union-attr]
    monkeypatch.setitem(subscriptions._items, ORDERS, newer)
    for look in (verify.verify, verify.verify_all):
        with pytest.raises(NotComparable, match="rebuild it"):
            look(ORDERS)


def test_an_unknown_projection_is_refused(depot: Depot) -> None:
    with pytest.raises(UnknownProjection, match=r"did you mean depot\.stock"):
        verify.verify("depot.stok")
