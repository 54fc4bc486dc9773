"""A projection with other columns goes live like any other rebuild, while the old table serves."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from psycopg import errors as pg

from tests.rebuild.conftest import ALL, KEPT, Deploy, ReadModels
from tests.support.things.history import LIST, PLACES
from worker.cache import source_tag
from worker.event_log.subscribers import subscriptions
from worker.rebuild import ViewInUse, rebuild
from worker.subscriptions import runner


def test_new_columns_go_live_and_dependants_follow(filled: ReadModels, deploy: Deploy) -> None:
    filled.connection.execute(
        "CREATE VIEW query.thing_paid AS SELECT thing_id, price FROM query.things;"
        "CREATE MATERIALIZED VIEW query.thing_sum AS SELECT sum(price) FROM query.thing_paid"
    )
    deploy("size", *ALL, parts=sa.dialects.postgresql.JSONB)
    done = rebuild(LIST)
    assert (done.differing, done.table) == (None, "things_v2")
    assert {row["size"] for row in filled.listed()} == {"small"}
    assert len(filled.rows("SELECT * FROM query.thing_paid")) == 9
    filled.connection.execute("REFRESH MATERIALIZED VIEW query.thing_sum")
    assert filled.tables() == {"things_v2", "thing_places_v1"}


def test_the_old_code_keeps_the_old_table_until_the_swap_and_the_new_code_waits(
    filled: ReadModels, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = subscriptions.get(LIST)
    deploy(*ALL)
    filled.add(20)
    assert filled.project().folded == {PLACES: 1}
    assert len(filled.listed()) == 9
    new = subscriptions.get(LIST)
    monkeypatch.setitem(subscriptions._items, LIST, old)
    filled.project()
    assert len(filled.listed()) == 10
    monkeypatch.setitem(subscriptions._items, LIST, new)
    rebuild(LIST)
    filled.add(21)
    filled.project()
    assert len(filled.listed()) == 11
    monkeypatch.setitem(subscriptions._items, LIST, old)
    filled.add(22)
    filled.project()
    assert len(filled.listed()) == 11


def test_a_column_that_goes_takes_nothing_with_it_that_does_not_need_it(
    filled: ReadModels, deploy: Deploy
) -> None:
    filled.connection.execute(
        "CREATE VIEW query.thing_paid AS SELECT thing_id, price FROM query.things;"
        "COMMENT ON VIEW query.thing_paid IS 'what was paid';"
        "GRANT SELECT ON query.thing_paid TO PUBLIC;"
        "CREATE MATERIALIZED VIEW query.thing_sum AS"
        " SELECT owner, sum(price) FROM query.things"
        " JOIN query.thing_paid USING (thing_id, price) GROUP BY owner;"
        "CREATE UNIQUE INDEX thing_sum_key ON query.thing_sum (owner)"
    )
    deploy(*KEPT, changes=sa.BigInteger)
    rebuild(LIST)
    assert filled.listed()[0].keys() == {"thing_id", *KEPT}
    assert len(filled.rows("SELECT * FROM query.thing_sum")) == 4
    filled.connection.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY query.thing_sum")
    assert filled.one("SELECT obj_description('query.thing_paid'::regclass)") == "what was paid"
    assert filled.one("SELECT has_table_privilege('public', 'query.thing_paid', 'SELECT')")
    assert filled.one("SELECT has_table_privilege('cqrs_reader', 'query.things', 'SELECT')")


def test_a_column_that_others_use_cannot_go(filled: ReadModels, deploy: Deploy) -> None:
    filled.connection.execute(
        "CREATE VIEW query.thing_fresh AS SELECT thing_id, updated_at FROM query.things"
    )
    deploy(*KEPT)
    with pytest.raises(ViewInUse, match=r"updated_at.*query\.thing_fresh"):
        rebuild(LIST)
    assert len(filled.rows("SELECT * FROM query.thing_fresh")) == 9
    assert filled.tables() == {"things_v1", "thing_places_v1"}
    assert filled.rebuilds()[0]["state"] == "failed"


def test_an_index_over_a_column_that_is_gone_is_left_behind(
    filled: ReadModels, deploy: Deploy
) -> None:
    deploy(*KEPT)
    rebuild(LIST)
    found = filled.rows("SELECT indexname FROM pg_indexes WHERE tablename = 'things_v2'")
    assert [row["indexname"] for row in found] == ["things_v2_pkey"]


def test_a_view_that_others_are_built_on_is_not_dropped(filled: ReadModels) -> None:
    filled.connection.execute("CREATE VIEW query.thing_all AS SELECT * FROM query.things")
    with pytest.raises(pg.DependentObjectsStillExist):
        filled.connection.execute("DROP VIEW query.things")
    rebuild(LIST)
    assert len(filled.rows("SELECT * FROM query.thing_all")) == 9


def test_a_table_that_somebody_built_upon_stays_until_it_is_free(filled: ReadModels) -> None:
    filled.connection.execute("CREATE VIEW query.thing_direct AS SELECT * FROM query.things_v1")
    rebuild(LIST)
    assert "things_v1" in filled.tables()
    filled.connection.execute("DROP VIEW query.thing_direct")
    rebuild(LIST)
    assert filled.tables() == {"things_v3", "thing_places_v1"}


def test_new_code_that_is_the_first_to_run_finds_the_table_that_is_there(
    things: ReadModels, deploy: Deploy
) -> None:
    things.connection.execute("DELETE FROM cqrs.subscriptions WHERE name = %s", [LIST])
    runner._added.clear()  # as in a new process
    deploy("size", *ALL)
    things.add(1)
    assert LIST not in things.project().folded
    assert things.live() == "things_v1"
    assert rebuild(LIST).table == "things_v2"
    assert {row["size"] for row in things.listed()} == {"small"}


def test_answers_over_a_table_of_another_shape_are_out_of_date(
    filled: ReadModels, deploy: Deploy
) -> None:
    deploy("size", *ALL, parts=sa.dialects.postgresql.JSONB)
    filled.all_told()
    assert rebuild(LIST).differing is None, "that cannot be told, and so it counts as changed"
    tags = filled.one("SELECT tags FROM cqrs.invalidations WHERE subscription = %s", LIST)
    assert tags == [source_tag(LIST)]
