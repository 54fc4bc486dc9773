"""Materialized views over a read table whose columns change: computed before they are shown."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from tests.rebuild.conftest import ALL, KEPT, Deploy, ReadModels
from tests.support.things.history import LIST
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
CREATE VIEW query.thing_paid AS SELECT thing_id, owner, price FROM query.things;
CREATE MATERIALIZED VIEW query.thing_sum AS
    SELECT p.owner, sum(p.price) AS price, 1 AS "things"
      FROM query.things AS thing_paid JOIN query.thing_paid AS p USING (thing_id)
      JOIN (SELECT count(*) FROM query.thing_places) AS s ON true,
           (SELECT pg_sleep({SLOW}) OFFSET 0) AS slowly GROUP BY p.owner;
CREATE UNIQUE INDEX thing_sum_key ON query.thing_sum (owner);
CREATE INDEX ON query.thing_sum (price) WHERE price > 1;
COMMENT ON MATERIALIZED VIEW query.thing_sum IS 'in query.things, 100%';
GRANT SELECT ON query.thing_sum TO PUBLIC;
CREATE SCHEMA report;
CREATE VIEW report.best AS SELECT owner FROM query.thing_sum ORDER BY price DESC LIMIT 1
"""
STAGES = "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^cqrs_'"
AT_WORK = "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query ~ '^CREATE MATERIAL'"
MAY_REFRESH = "SELECT pg_try_advisory_xact_lock(1668379238, hashtext('query.thing_sum'))"
INDEXES = "SELECT indexdef FROM pg_indexes WHERE tablename = 'thing_sum' ORDER BY 1"


@pytest.fixture
def viewed(filled: ReadModels) -> ReadModels:
    """Things with views over views over them, in two schemas."""
    filled.connection.execute(VIEWS)
    return filled


def wider(deploy: Deploy) -> None:
    """A release in which a column has another type."""
    deploy(*ALL, changes=sa.BigInteger)


def nobody_writes_through(things: ReadModels, *views: str) -> None:
    """Neither an application nor the engine's writer."""
    for role in ("cqrs_sender", "cqrs_writer"):
        for view in views:
            written = "SELECT has_table_privilege(%s, 'query.' || %s, 'INSERT, UPDATE, DELETE')"
            assert not things.one(written, role, view), (role, view)


def test_nobody_writes_through_views_that_are_made_under_the_swap(
    viewed: ReadModels, deploy: Deploy
) -> None:
    viewed.connection.execute("DROP MATERIALIZED VIEW query.thing_sum CASCADE")
    wider(deploy)
    rebuild(LIST)
    assert viewed.tables() == {"things_v2", "thing_places_v1"}
    nobody_writes_through(viewed, "things", "thing_paid")
    assert viewed.one("SELECT has_table_privilege('cqrs_sender', 'query.things', 'SELECT')")
    assert viewed.one("SELECT has_table_privilege('cqrs_writer', 'query.things_v2', 'UPDATE')")


@pytest.mark.settings(lock_timeout=SLOW / 2)
def test_readers_wait_for_a_moment_however_long_a_view_takes(
    viewed: ReadModels, deploy: Deploy
) -> None:
    sums = viewed.rows("SELECT * FROM query.thing_sum ORDER BY 1")
    indexes = viewed.rows(INDEXES)
    over, waited = threading.Event(), [0.0]

    def read() -> None:
        with db.reader() as connection:
            while not over.is_set():
                for name in ("things", "thing_paid", "thing_sum"):
                    began = time.monotonic()
                    found = connection.execute(f"SELECT count(*) FROM query.{name}").fetchone()
                    waited.append(time.monotonic() - began)
                    assert found == ((4,) if name == "thing_sum" else (9,))

    wider(deploy)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        try:
            done = rebuild(LIST)
        finally:
            over.set()
        reading.result(30)
    assert done.seconds > SLOW
    assert max(waited) < SLOW / 2
    assert viewed.rows("SELECT * FROM query.thing_sum ORDER BY 1") == sums
    assert viewed.rows(INDEXES) == indexes
    assert len(indexes) == 2
    assert viewed.one("SELECT obj_description('query.thing_sum'::regclass)").endswith("100%")
    assert viewed.one("SELECT has_table_privilege('public', 'query.thing_sum', 'SELECT')")
    assert viewed.one("SELECT has_table_privilege('cqrs_reader', 'query.things', 'SELECT')")
    nobody_writes_through(viewed, "things", "thing_paid")
    assert viewed.one("SELECT owner FROM report.best") in {row["owner"] for row in sums}
    assert viewed.one(STAGES) == 0
    viewed.add(77, owner="new")
    viewed.project()
    assert [one.outcome for one in refresh(["thing_sum"], concurrently=True)] == ["refreshed"]
    assert viewed.one("SELECT price FROM query.thing_sum WHERE owner = 'new'")
    rebuild(LIST)
    assert viewed.tables() == {"things_v3", "thing_places_v1"}


def test_nobody_refreshes_a_view_that_is_computed_anew(viewed: ReadModels, deploy: Deploy) -> None:
    """Else the last refresh might tell of more than the view that moves in holds."""
    wider(deploy)
    with ThreadPoolExecutor(1) as pool:
        rebuilding = pool.submit(rebuild, LIST)
        until(lambda: viewed.one(AT_WORK), 30)
        assert viewed.one(MAY_REFRESH) is False
        assert not rebuilding.done()
        rebuilding.result(30)
    assert viewed.one(MAY_REFRESH) is True
    (done,) = refresh(["thing_sum"])
    assert done.outcome == "refreshed"


def test_a_view_that_is_changed_meanwhile_is_not_forgotten(
    viewed: ReadModels, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_current, changed = (
        views.is_current,
        "CREATE OR REPLACE VIEW report.best AS SELECT owner",
    )

    def change_first(*arguments: Any) -> bool:
        viewed.connection.execute(f"{changed} FROM query.thing_sum WHERE owner = 'c1'")
        return is_current(*arguments)

    wider(deploy)
    with monkeypatch.context() as racing:
        racing.setattr(views, "is_current", change_first)
        with pytest.raises(RebuildUnfinished, match="views that are built on it were changed"):
            rebuild(LIST)
    assert (viewed.live(), viewed.one(STAGES)) == ("things_v1", 0)
    assert rebuild(LIST).table == "things_v2"
    assert viewed.rows("SELECT * FROM report.best") == [{"owner": "c1"}]


def test_views_whose_names_are_not_clear_are_computed_by_the_swap(
    viewed: ReadModels, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewed.connection.execute(
        "CREATE VIEW report.thing_paid AS SELECT price FROM query.thing_paid;"
        "CREATE MATERIALIZED VIEW report.twice AS"
        " SELECT a.price FROM report.thing_paid AS a JOIN query.thing_paid AS b USING (price)"
    )
    given: list[Any] = []
    show = views.switch

    def watch(connection: Any, table: Any, name: str, staged: Sequence[Any] | None = None) -> None:
        given.append(staged)
        show(connection, table, name, staged)

    monkeypatch.setattr(views, "switch", watch)
    wider(deploy)
    rebuild(LIST)
    assert given[-1] is None
    assert len(viewed.rows("SELECT * FROM report.twice")) == 9
    assert viewed.one("SELECT sum(price) FROM query.thing_sum")


def test_a_column_that_a_materialized_view_uses_cannot_go(
    viewed: ReadModels, deploy: Deploy
) -> None:
    deploy(*(name for name in KEPT if name != "owner"))
    with pytest.raises(ViewInUse, match=r"owner.*query\.thing_paid.*query\.thing_sum"):
        rebuild(LIST)
    assert len(viewed.rows("SELECT * FROM query.thing_sum")) == 4
    assert viewed.one(STAGES) == 0
    assert viewed.tables() == {"things_v1", "thing_places_v1"}


def test_what_a_killed_process_has_staged_goes_with_its_rebuild(
    viewed: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "WINDOW", 5)
    with pytest.raises(RebuildUnfinished):
        rebuild(LIST, seconds=0)
    viewed.connection.execute(
        "CREATE SCHEMA cqrs_things_v2_views;"
        "CREATE MATERIALIZED VIEW cqrs_things_v2_views.sums AS"
        " SELECT count(*) FROM query.things_v2"
    )
    assert cancel(LIST)
    assert viewed.one(STAGES) == 0
    assert viewed.tables() == {"things_v1", "thing_places_v1"}
