"""A projection with other columns goes live like any other rebuild, while the old table serves."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from psycopg import errors as pg

from tests.rebuild.conftest import ALL, KEPT, ORDERS, Deploy, Depot
from worker.cache import source_tag
from worker.event_log.subscribers import subscriptions
from worker.rebuild import ViewInUse, rebuild
from worker.subscriptions import runner


def test_new_columns_go_live_and_dependants_follow(filled: Depot, deploy: Deploy) -> None:
    filled.connection.execute(
        "CREATE VIEW query.depot_paid AS SELECT order_id, total FROM query.depot_orders;"
        "CREATE MATERIALIZED VIEW query.depot_sum AS SELECT sum(total) FROM query.depot_paid"
    )
    deploy("size", *ALL, lines=sa.dialects.postgresql.JSONB)
    done = rebuild(ORDERS)
    assert (done.differing, done.table) == (None, "depot_orders_v2")
    assert {row["size"] for row in filled.orders()} == {"small"}
    assert len(filled.rows("SELECT * FROM query.depot_paid")) == 9
    filled.connection.execute("REFRESH MATERIALIZED VIEW query.depot_sum")
    assert filled.tables() == {"depot_orders_v2", "depot_stock_v1"}


def test_the_old_code_keeps_the_old_table_until_the_swap_and_the_new_code_waits(
    filled: Depot, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = subscriptions.get(ORDERS)
    deploy(*ALL)
    filled.place(20)
    assert filled.project().folded == {"depot.stock": 1}
    assert len(filled.orders()) == 9
    new = subscriptions.get(ORDERS)
    monkeypatch.setitem(subscriptions._items, ORDERS, old)
    filled.project()
    assert len(filled.orders()) == 10
    monkeypatch.setitem(subscriptions._items, ORDERS, new)
    rebuild(ORDERS)
    filled.place(21)
    filled.project()
    assert len(filled.orders()) == 11
    monkeypatch.setitem(subscriptions._items, ORDERS, old)
    filled.place(22)
    filled.project()
    assert len(filled.orders()) == 11


def test_a_column_that_goes_takes_nothing_with_it_that_does_not_need_it(
    filled: Depot, deploy: Deploy
) -> None:
    filled.connection.execute(
        "CREATE VIEW query.depot_paid AS SELECT order_id, total FROM query.depot_orders;"
        "COMMENT ON VIEW query.depot_paid IS 'what was paid';"
        "GRANT SELECT ON query.depot_paid TO PUBLIC;"
        "CREATE MATERIALIZED VIEW query.depot_sum AS"
        " SELECT customer, sum(total) FROM query.depot_orders"
        " JOIN query.depot_paid USING (order_id, total) GROUP BY customer;"
        "CREATE UNIQUE INDEX depot_sum_key ON query.depot_sum (customer)"
    )
    deploy(*KEPT, changes=sa.BigInteger)
    rebuild(ORDERS)
    assert filled.orders()[0].keys() == {"order_id", *KEPT}
    assert len(filled.rows("SELECT * FROM query.depot_sum")) == 4
    filled.connection.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY query.depot_sum")
    assert filled.one("SELECT obj_description('query.depot_paid'::regclass)") == "what was paid"
    assert filled.one("SELECT has_table_privilege('public', 'query.depot_paid', 'SELECT')")
    assert filled.one("SELECT has_table_privilege('cqrs_reader', 'query.depot_orders', 'SELECT')")


def test_a_column_that_others_use_cannot_go(filled: Depot, deploy: Deploy) -> None:
    filled.connection.execute(
        "CREATE VIEW query.depot_fresh AS SELECT order_id, updated_at FROM query.depot_orders"
    )
    deploy(*KEPT)
    with pytest.raises(ViewInUse, match=r"updated_at.*query\.depot_fresh"):
        rebuild(ORDERS)
    assert len(filled.rows("SELECT * FROM query.depot_fresh")) == 9
    assert filled.tables() == {"depot_orders_v1", "depot_stock_v1"}
    assert filled.rebuilds()[0]["state"] == "failed"


def test_an_index_over_a_column_that_is_gone_is_left_behind(filled: Depot, deploy: Deploy) -> None:
    deploy(*KEPT)
    rebuild(ORDERS)
    found = filled.rows("SELECT indexname FROM pg_indexes WHERE tablename = 'depot_orders_v2'")
    assert [row["indexname"] for row in found] == ["depot_orders_v2_pkey"]


def test_a_view_that_others_are_built_on_is_not_dropped(filled: Depot) -> None:
    filled.connection.execute("CREATE VIEW query.depot_all AS SELECT * FROM query.depot_orders")
    with pytest.raises(pg.DependentObjectsStillExist):
        filled.connection.execute("DROP VIEW query.depot_orders")
    rebuild(ORDERS)
    assert len(filled.rows("SELECT * FROM query.depot_all")) == 9


def test_a_table_that_somebody_built_upon_stays_until_it_is_free(filled: Depot) -> None:
    filled.connection.execute(
        "CREATE VIEW query.depot_direct AS SELECT * FROM query.depot_orders_v1"
    )
    rebuild(ORDERS)
    assert "depot_orders_v1" in filled.tables()
    filled.connection.execute("DROP VIEW query.depot_direct")
    rebuild(ORDERS)
    assert filled.tables() == {"depot_orders_v3", "depot_stock_v1"}


def test_new_code_that_is_the_first_to_run_finds_the_table_that_is_there(
    depot: Depot, deploy: Deploy
) -> None:
    depot.connection.execute("DELETE FROM cqrs.subscriptions WHERE name = %s", [ORDERS])
    runner._added.clear()  # as in a new process
    deploy("size", *ALL)
    depot.place(1)
    assert ORDERS not in depot.project().folded
    assert depot.live() == "depot_orders_v1"
    assert rebuild(ORDERS).table == "depot_orders_v2"
    assert {row["size"] for row in depot.orders()} == {"small"}


def test_answers_over_a_table_of_another_shape_are_out_of_date(
    filled: Depot, deploy: Deploy
) -> None:
    deploy("size", *ALL, lines=sa.dialects.postgresql.JSONB)
    assert rebuild(ORDERS).differing is None, "that cannot be told, and so it counts as changed"
    tags = filled.one("SELECT tags FROM cqrs.invalidations WHERE subscription = %s", ORDERS)
    assert tags == [source_tag(ORDERS)]
