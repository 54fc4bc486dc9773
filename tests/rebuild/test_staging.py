"""Materialized views over a read table whose columns change: computed before they are shown."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from tests.rebuild.conftest import ALL, KEPT, ORDERS, Deploy, Depot
from tests.support.workers import until
from worker.base import db
from worker.rebuild import (
    RebuildUnfinished,
    ViewInUse,
    cancel,
    part,
    rebuild,
    views,
)
from worker.refresh import refresh

SLOW = 2.0
"""Seconds that the sum takes to be computed: twice as long as a reader waits for a lock."""
VIEWS = f"""
CREATE VIEW query.depot_paid AS SELECT order_id, customer, total FROM query.depot_orders;
CREATE MATERIALIZED VIEW query.depot_sum AS
    SELECT p.customer, sum(p.total) AS total, 1 AS "depot_orders"
      FROM query.depot_orders AS depot_paid JOIN query.depot_paid AS p USING (order_id)
      JOIN (SELECT count(*) FROM query.depot_stock) AS s ON true,
           (SELECT pg_sleep({SLOW}) OFFSET 0) AS slowly GROUP BY p.customer;
CREATE UNIQUE INDEX depot_sum_key ON query.depot_sum (customer);
CREATE INDEX ON query.depot_sum (total) WHERE total > 1;
COMMENT ON MATERIALIZED VIEW query.depot_sum IS 'in query.depot_orders, 100%';
GRANT SELECT ON query.depot_sum TO PUBLIC;
CREATE SCHEMA report;
CREATE VIEW report.best AS SELECT customer FROM query.depot_sum ORDER BY total DESC LIMIT 1
"""
STAGES = "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^cqrs_'"
AT_WORK = "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query ~ '^CREATE MATERIAL'"
MAY_REFRESH = "SELECT pg_try_advisory_xact_lock(1668379238, hashtext('query.depot_sum'))"
INDEXES = "SELECT indexdef FROM pg_indexes WHERE tablename = 'depot_sum' ORDER BY 1"


@pytest.fixture
def viewed(filled: Depot) -> Depot:
    """A depot with views over views over its orders, in two schemas."""
    filled.connection.execute(VIEWS)
    return filled


def wider(deploy: Deploy) -> None:
    """A release in which a column has another type."""
    deploy(*ALL, changes=sa.BigInteger)


@pytest.mark.settings(lock_timeout=SLOW / 2)
def test_readers_wait_for_a_moment_however_long_a_view_takes(viewed: Depot, deploy: Deploy) -> None:
    sums = viewed.rows("SELECT * FROM query.depot_sum ORDER BY 1")
    indexes = viewed.rows(INDEXES)
    over, waited = threading.Event(), [0.0]

    def read() -> None:
        with db.reader() as connection:
            while not over.is_set():
                for name in ("depot_orders", "depot_paid", "depot_sum"):
                    began = time.monotonic()
                    found = connection.execute(f"SELECT count(*) FROM query.{name}").fetchone()
                    waited.append(time.monotonic() - began)
                    assert found == ((4,) if name == "depot_sum" else (9,))

    wider(deploy)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        try:
            done = rebuild(ORDERS)
        finally:
            over.set()
        reading.result(30)
    assert done.seconds > SLOW
    assert max(waited) < SLOW / 2
    assert viewed.rows("SELECT * FROM query.depot_sum ORDER BY 1") == sums
    assert viewed.rows(INDEXES) == indexes
    assert len(indexes) == 2
    assert viewed.one("SELECT obj_description('query.depot_sum'::regclass)").endswith("100%")
    assert viewed.one("SELECT has_table_privilege('public', 'query.depot_sum', 'SELECT')")
    assert viewed.one("SELECT has_table_privilege('cqrs_reader', 'query.depot_orders', 'SELECT')")
    assert viewed.one("SELECT customer FROM report.best") in {row["customer"] for row in sums}
    assert viewed.one(STAGES) == 0
    viewed.place(77, customer="new")
    viewed.project()
    assert [one.outcome for one in refresh(["depot_sum"], concurrently=True)] == ["refreshed"]
    assert viewed.one("SELECT total FROM query.depot_sum WHERE customer = 'new'")
    rebuild(ORDERS)
    assert viewed.tables() == {"depot_orders_v3", "depot_stock_v1"}


def test_nobody_refreshes_a_view_that_is_computed_anew(viewed: Depot, deploy: Deploy) -> None:
    """Else the last refresh might tell of more than the view that moves in holds."""
    wider(deploy)
    with ThreadPoolExecutor(1) as pool:
        rebuilding = pool.submit(rebuild, ORDERS)
        until(lambda: viewed.one(AT_WORK), 30)
        assert viewed.one(MAY_REFRESH) is False
        assert not rebuilding.done()
        rebuilding.result(30)
    assert viewed.one(MAY_REFRESH) is True
    (done,) = refresh(["depot_sum"])
    assert done.outcome == "refreshed"


def test_a_view_that_is_changed_meanwhile_is_not_forgotten(
    viewed: Depot, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_current, changed = (
        views.is_current,
        "CREATE OR REPLACE VIEW report.best AS SELECT customer",
    )

    def change_first(*arguments: Any) -> bool:
        viewed.connection.execute(f"{changed} FROM query.depot_sum WHERE customer = 'c1'")
        return is_current(*arguments)

    wider(deploy)
    with monkeypatch.context() as racing:
        racing.setattr(views, "is_current", change_first)
        with pytest.raises(RebuildUnfinished, match="views that are built on it were changed"):
            rebuild(ORDERS)
    assert (viewed.live(), viewed.one(STAGES)) == ("depot_orders_v1", 0)
    assert rebuild(ORDERS).table == "depot_orders_v2"
    assert viewed.rows("SELECT * FROM report.best") == [{"customer": "c1"}]


def test_views_whose_names_are_not_clear_are_computed_by_the_swap(
    viewed: Depot, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewed.connection.execute(
        "CREATE VIEW report.depot_paid AS SELECT total FROM query.depot_paid;"
        "CREATE MATERIALIZED VIEW report.twice AS"
        " SELECT a.total FROM report.depot_paid AS a JOIN query.depot_paid AS b USING (total)"
    )
    given: list[Any] = []
    show = views.switch

    def watch(connection: Any, table: Any, name: str, staged: Sequence[Any] | None = None) -> None:
        given.append(staged)
        show(connection, table, name, staged)

    monkeypatch.setattr(views, "switch", watch)
    wider(deploy)
    rebuild(ORDERS)
    assert given[-1] is None
    assert len(viewed.rows("SELECT * FROM report.twice")) == 9
    assert viewed.one("SELECT sum(total) FROM query.depot_sum")


def test_a_column_that_a_materialized_view_uses_cannot_go(viewed: Depot, deploy: Deploy) -> None:
    deploy(*(name for name in KEPT if name != "customer"))
    with pytest.raises(ViewInUse, match=r"customer.*query\.depot_paid.*query\.depot_sum"):
        rebuild(ORDERS)
    assert len(viewed.rows("SELECT * FROM query.depot_sum")) == 4
    assert viewed.one(STAGES) == 0
    assert viewed.tables() == {"depot_orders_v1", "depot_stock_v1"}


def test_what_a_killed_process_has_staged_goes_with_its_rebuild(
    viewed: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "WINDOW", 5)
    with pytest.raises(RebuildUnfinished):
        rebuild(ORDERS, seconds=0)
    viewed.connection.execute(
        "CREATE SCHEMA cqrs_depot_orders_v2_views;"
        "CREATE MATERIALIZED VIEW cqrs_depot_orders_v2_views.sums AS"
        " SELECT count(*) FROM query.depot_orders_v2"
    )
    assert cancel(ORDERS)
    assert viewed.one(STAGES) == 0
    assert viewed.tables() == {"depot_orders_v1", "depot_stock_v1"}
