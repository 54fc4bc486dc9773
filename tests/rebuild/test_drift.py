"""A rebuild tells which rows were wrong, and mends them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rebuild.conftest import ORDERS, STOCK, Depot, order_id
from worker.cache import source_tag
from worker.rebuild import course, rebuild
from worker.rebuild.compare import count_rows


def _tampered(depot: Depot) -> None:
    depot.trade(1, 9)
    depot.project()
    depot.connection.execute(
        "UPDATE query.depot_orders SET total = 1, note = 'x' WHERE order_id = %s", [order_id(1)]
    )
    depot.connection.execute("DELETE FROM query.depot_orders WHERE order_id = %s", [order_id(2)])
    depot.connection.execute(
        "INSERT INTO query.depot_orders SELECT %s, customer, total, shipped, changes, note, lines,"
        " labels, updated_at FROM query.depot_orders LIMIT 1",
        [order_id(99)],
    )


def test_tampered_rows_are_reported_and_mended(depot: Depot) -> None:
    _tampered(depot)
    done = rebuild(ORDERS)
    assert done.differing == 3
    found = {one.key: one for one in done.drift}
    changed = found[str(order_id(1))]
    assert changed.kind == "different"
    assert changed.columns.keys() == {"total", "note"}
    assert changed.columns["total"] == (1.00, 1.25)
    assert found[str(order_id(2))].kind == "missing"
    assert found[str(order_id(99))].kind == "extra"
    assert rebuild(ORDERS).differing == 0


def test_the_drift_is_kept_in_the_database(depot: Depot) -> None:
    _tampered(depot)
    rebuild(ORDERS)
    (row,) = depot.rebuilds()
    assert row["differing"] == 3
    assert {one["kind"] for one in row["drift"]} == {"different", "missing", "extra"}


def test_drift_invalidates_what_was_computed_from_the_table(depot: Depot) -> None:
    depot.connection.execute(
        "CREATE MATERIALIZED VIEW query.depot_sum AS SELECT sum(total) FROM query.depot_orders"
    )
    _tampered(depot)
    rebuild(ORDERS)
    tags = depot.one("SELECT tags FROM cqrs.invalidations WHERE subscription = %s", ORDERS)
    assert tags == [source_tag(ORDERS)]
    asked = depot.rows("SELECT view FROM cqrs.refresh_requests WHERE requested > served")
    assert asked == [{"view": "query.depot_sum"}]


def test_without_drift_nothing_is_invalidated_or_refreshed(depot: Depot) -> None:
    depot.connection.execute(
        "CREATE MATERIALIZED VIEW query.depot_sum AS SELECT sum(total) FROM query.depot_orders"
    )
    depot.trade()
    depot.project()
    rebuild(ORDERS)
    assert depot.one("SELECT count(*) FROM cqrs.invalidations") == 0
    assert depot.one("SELECT count(*) FROM cqrs.refresh_requests") == 0


def test_a_comparison_alone_changes_nothing(depot: Depot) -> None:
    _tampered(depot)
    before = depot.orders()
    assert rebuild(ORDERS, goes_live=False).differing == 3
    assert depot.orders() == before
    assert depot.tables() == {"depot_orders_v1", "depot_stock_v1"}


def test_what_the_live_table_folds_meanwhile_is_not_taken_for_drift(depot: Depot) -> None:
    depot.trade(1, 9)
    depot.project()
    told: list[int] = []

    def meanwhile(_: object) -> None:
        if not told:
            depot.ship(1)
            depot.place(20)
            depot.project()
        told.append(1)

    done = rebuild(ORDERS, progress=meanwhile)
    assert done.differing == 0
    assert done.rows == 10


def test_partitions_at_different_places_are_compared_each_at_its_own(depot: Depot) -> None:
    depot.trade(1, 20)
    depot.project()
    depot.connection.execute("DELETE FROM cqrs.subscriptions WHERE name = %s", [ORDERS])
    position = depot.one("SELECT max(position) FROM cqrs.events")
    depot.connection.execute(
        "INSERT INTO cqrs.subscriptions (name, partition, partitions, position, read_table, shape)"
        " SELECT %s || '#' || p, p, 2, %s, 'depot_orders_v1', 1 FROM generate_series(0, 1) AS p",
        [ORDERS, position],
    )
    depot.connection.execute(
        "UPDATE cqrs.subscriptions SET paused = true WHERE name = %s", [f"{ORDERS}#1"]
    )
    depot.trade(21, 40)
    depot.project()
    half = depot.orders()
    assert 18 < len(half) < 36
    assert rebuild(ORDERS).differing == 0
    assert depot.orders() == half
    depot.connection.execute("UPDATE cqrs.subscriptions SET paused = false")
    depot.project()
    assert len(depot.orders()) == 36
    assert rebuild(ORDERS).differing == 0


def test_rows_of_many_streams_are_mended_too(depot: Depot) -> None:
    depot.trade()
    depot.project()
    before = depot.stock()
    depot.connection.execute("UPDATE query.depot_stock SET taken = taken + 1 WHERE product = 'p1'")
    assert [str(one) for one in rebuild(STOCK).drift] == [
        f"p1: taken is {before['p1'] + 1}, should be {before['p1']}"
    ]
    assert depot.stock() == before


def test_what_is_folded_between_following_and_comparing_is_in_the_new_table(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    depot.place(1)
    depot.project()

    def and_something_happens(*facts: Any) -> int:
        depot.place(2)
        depot.project()
        return count_rows(*facts)

    monkeypatch.setattr(course, "count_rows", and_something_happens)
    assert rebuild(ORDERS).differing == 0
    assert {row["order_id"] for row in depot.orders()} == {order_id(1), order_id(2)}
