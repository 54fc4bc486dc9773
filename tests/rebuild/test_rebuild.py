"""A rebuild gives the table that the log says, and puts it behind the view."""

from __future__ import annotations

import pytest

from tests.rebuild.conftest import ORDERS, STOCK, Depot, order_id
from worker.rebuild import RebuildFailed, RebuildProgress, UnknownProjection, part, rebuild, run


def test_a_rebuilt_table_has_the_rows_of_the_live_one(depot: Depot) -> None:
    depot.trade()
    depot.project()
    before = depot.orders()
    done = rebuild(ORDERS)
    assert (done.differing, done.rows) == (0, 27)
    assert depot.orders() == before


def test_the_view_shows_the_new_table_and_the_old_one_is_gone(depot: Depot) -> None:
    depot.trade()
    depot.project()
    assert rebuild(ORDERS).table == "depot_orders_v2"
    assert depot.live() == "depot_orders_v2"
    assert depot.tables() == {"depot_orders_v2", "depot_stock_v1"}
    assert rebuild(ORDERS).table == "depot_orders_v3"
    assert depot.tables() == {"depot_orders_v3", "depot_stock_v1"}


def test_events_after_the_swap_are_folded_into_the_new_table(depot: Depot) -> None:
    depot.trade()
    depot.project()
    rebuild(ORDERS)
    depot.ship(1)
    depot.place(31)
    depot.project()
    shipped = {row["order_id"] for row in depot.orders() if row["shipped"]}
    assert order_id(1) in shipped
    assert len(depot.orders()) == 28


def test_rows_that_collect_from_many_streams_are_whole(depot: Depot) -> None:
    depot.trade()
    depot.project()
    before = depot.stock()
    assert rebuild(STOCK, jobs=2).differing == 0
    assert depot.stock() == before


@pytest.mark.parametrize(("window", "kept"), [(1, 1), (3, 2), (7, 5), (1_000, 4)])
def test_flushes_on_the_way_change_nothing(
    depot: Depot, monkeypatch: pytest.MonkeyPatch, window: int, kept: int
) -> None:
    monkeypatch.setattr(part, "WINDOW", window)
    depot.trade()
    depot.project()
    before = depot.orders()
    done = rebuild(ORDERS, rows_kept=kept, events_between=2 * kept)
    assert (done.differing, done.rows) == (0, 27)
    assert depot.orders() == before


def test_parts_in_processes_of_their_own_give_the_same(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "SMALL", 0)
    depot.trade(1, 60)
    depot.project()
    before = depot.orders()
    done = rebuild(ORDERS, jobs=2)
    assert (done.differing, done.rows) == (0, 54)
    assert depot.orders() == before
    assert depot.one("SELECT count(*) FROM cqrs.rebuild_parts WHERE position > 0") == 2


def test_indexes_checks_and_storage_parameters_come_along(depot: Depot) -> None:
    depot.connection.execute(
        "CREATE UNIQUE INDEX by_hand ON query.depot_orders_v1 (customer, order_id)"
        " WHERE NOT shipped"
    )
    depot.trade(1, 5)
    depot.project()
    rebuild(ORDERS)
    found = {
        row["indexname"]: row["indexdef"].partition(" USING ")[2]
        for row in depot.rows("SELECT * FROM pg_indexes WHERE tablename = 'depot_orders_v2'")
    }
    assert found == {
        "depot_orders_v2_pkey": "btree (order_id)",
        "depot_orders_v2_by_customer": "btree (customer, updated_at)",
        "depot_orders_v2_by_hand": "btree (customer, order_id) WHERE (NOT shipped)",
    }
    assert depot.one("SELECT reloptions FROM pg_class WHERE relname = 'depot_orders_v2'") == [
        "fillfactor=77"
    ]
    with pytest.raises(Exception, match="violates check constraint"):
        depot.connection.execute("UPDATE query.depot_orders_v2 SET changes = -1")


def test_the_reader_may_read_and_the_writer_may_write_the_new_table(depot: Depot) -> None:
    rebuild(ORDERS)
    for role, right in (("cqrs_reader", "SELECT"), ("cqrs_writer", "INSERT, UPDATE, DELETE")):
        assert depot.one("SELECT has_table_privilege(%s, 'query.depot_orders_v2', %s)", role, right)
    assert depot.one("SELECT has_table_privilege('cqrs_reader', 'query.depot_orders', 'SELECT')")


def test_a_projection_that_is_far_behind_is_overtaken(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "FAR_BEHIND", 10)
    depot.trade()
    done = rebuild(ORDERS)
    assert (done.differing, done.rows, len(depot.orders())) == (None, 27, 27)
    depot.ship(1)
    assert depot.project().folded[ORDERS] == 1


def test_progress_is_told_and_written_down(depot: Depot) -> None:
    depot.trade()
    depot.project()
    told: list[RebuildProgress] = []
    rebuild(ORDERS, progress=told.append)
    assert told[-1].share == 1.0
    assert told[-1].events == 73
    (row,) = depot.rebuilds()
    assert (row["state"], row["rows"], row["differing"]) == ("done", 27, 0)
    assert row["finished_at"] >= row["started_at"]


def test_a_fold_that_fails_leaves_everything_as_it_was(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    depot.trade()
    depot.project()
    before = depot.orders()
    position = depot.one("SELECT min(position) FROM cqrs.events WHERE type = 'depot.Placed'")
    depot.connection.execute("DELETE FROM cqrs.events WHERE position = %s", [position])
    with pytest.raises(LookupError, match="no such order"):
        rebuild(ORDERS)
    assert depot.orders() == before
    assert depot.tables() == {"depot_orders_v1", "depot_stock_v1"}
    (row,) = depot.rebuilds()
    assert row["state"] == "failed"
    assert "no such order" in row["error"]


def test_a_fold_that_fails_in_a_process_of_its_own_is_reported_with_its_place(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "SMALL", 0)
    depot.place(1)
    (position,) = depot.place(2)
    depot.change(2)
    depot.project()
    depot.connection.execute("DELETE FROM cqrs.events WHERE position = %s", [position])
    with pytest.raises(RebuildFailed, match=r"no such order; position \d+, stream order-2"):
        rebuild(ORDERS)
    assert depot.tables() == {"depot_orders_v1", "depot_stock_v1"}


def test_an_unknown_projection_is_named_with_a_suggestion(depot: Depot) -> None:
    with pytest.raises(UnknownProjection, match=r"did you mean depot\.orders"):
        rebuild("depot.order")
