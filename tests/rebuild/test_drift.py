"""A rebuild tells which rows were wrong, and mends them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rebuild.conftest import ReadModels
from tests.support.things.history import LIST, PLACES
from tests.support.things.models import thing_id
from worker.cache import source_tag
from worker.rebuild import rebuild, state_machine
from worker.rebuild.compare import count_rows


def _tampered(things: ReadModels) -> None:
    things.fill(1, 9)
    things.project()
    things.connection.execute(
        "UPDATE query.things SET price = 1, note = 'x' WHERE thing_id = %s", [thing_id(1)]
    )
    things.connection.execute("DELETE FROM query.things WHERE thing_id = %s", [thing_id(2)])
    things.connection.execute(
        "INSERT INTO query.things SELECT (jsonb_populate_record("
        " t, jsonb_build_object('thing_id', %s::text))).* FROM query.things AS t LIMIT 1",
        [str(thing_id(99))],
    )


def test_tampered_rows_are_reported_and_mended(things: ReadModels) -> None:
    _tampered(things)
    done = rebuild(LIST)
    assert done.differing == 3
    found = {one.key: one for one in done.drift}
    changed = found[str(thing_id(1))]
    assert changed.kind == "different"
    assert changed.columns.keys() == {"price", "note"}
    assert changed.columns["price"] == (1.00, 1.25)
    assert found[str(thing_id(2))].kind == "missing"
    assert found[str(thing_id(99))].kind == "extra"
    assert rebuild(LIST).differing == 0


def test_the_drift_is_kept_in_the_database(things: ReadModels) -> None:
    _tampered(things)
    rebuild(LIST)
    (row,) = things.rebuilds()
    assert row["differing"] == 3
    assert {one["kind"] for one in row["drift"]} == {"different", "missing", "extra"}


def test_drift_invalidates_what_was_computed_from_the_table(things: ReadModels) -> None:
    things.connection.execute(
        "CREATE MATERIALIZED VIEW query.thing_sum AS SELECT sum(price) FROM query.things"
    )
    _tampered(things)
    things.all_told()
    rebuild(LIST)
    tags = things.one("SELECT tags FROM cqrs.invalidations WHERE subscription = %s", LIST)
    assert tags == [source_tag(LIST)]
    asked = things.rows("SELECT view FROM cqrs.refresh_requests WHERE requested > served")
    assert {"view": "query.thing_sum"} in asked
    # Of a view of the clock nobody can tell; of all that is known to read other tables one can.
    assert {"view": "query.revenue_by_product"} not in asked


def test_without_drift_nothing_is_invalidated_or_refreshed(things: ReadModels) -> None:
    things.connection.execute(
        "CREATE MATERIALIZED VIEW query.thing_sum AS SELECT sum(price) FROM query.things"
    )
    things.fill()
    things.project()
    things.all_told()
    rebuild(LIST)
    assert things.one("SELECT count(*) FROM cqrs.invalidations") == 0
    assert things.one("SELECT count(*) FROM cqrs.refresh_requests") == 0


def test_a_comparison_alone_changes_nothing(things: ReadModels) -> None:
    _tampered(things)
    before = things.listed()
    assert rebuild(LIST, goes_live=False).differing == 3
    assert things.listed() == before
    assert things.tables() == {"things_v1", "thing_places_v1"}


def test_what_the_live_table_folds_meanwhile_is_not_taken_for_drift(things: ReadModels) -> None:
    things.fill(1, 9)
    things.project()
    told: list[int] = []

    def meanwhile(_: object) -> None:
        if not told:
            things.ship(1)
            things.add(20)
            things.project()
        told.append(1)

    done = rebuild(LIST, progress=meanwhile)
    assert done.differing == 0
    assert done.rows == 10


def test_partitions_at_different_places_are_compared_each_at_its_own(things: ReadModels) -> None:
    things.fill(1, 20)
    things.project()
    things.connection.execute("DELETE FROM cqrs.subscriptions WHERE name = %s", [LIST])
    position = things.one("SELECT max(position) FROM cqrs.events")
    things.connection.execute(
        "INSERT INTO cqrs.subscriptions (name, partition, partitions, position, read_table, shape)"
        " SELECT %s || '#' || p, p, 2, %s, 'things_v1', 1 FROM generate_series(0, 1) AS p",
        [LIST, position],
    )
    things.connection.execute(
        "UPDATE cqrs.subscriptions SET paused = true WHERE name = %s", [f"{LIST}#1"]
    )
    things.fill(21, 40)
    things.project()
    half = things.listed()
    assert 18 < len(half) < 36
    assert rebuild(LIST).differing == 0
    assert things.listed() == half
    things.connection.execute("UPDATE cqrs.subscriptions SET paused = false")
    things.project()
    assert len(things.listed()) == 36
    assert rebuild(LIST).differing == 0


def test_rows_of_many_streams_are_mended_too(things: ReadModels) -> None:
    things.fill()
    things.project()
    before = things.held()
    things.connection.execute("UPDATE query.thing_places SET held = held + 1 WHERE place = 'p1'")
    assert [str(one) for one in rebuild(PLACES).drift] == [
        f"p1: held is {before['p1'] + 1}, should be {before['p1']}"
    ]
    assert things.held() == before


def test_what_is_folded_between_following_and_comparing_is_in_the_new_table(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.add(1)
    things.project()

    def and_something_happens(*facts: Any) -> int:
        things.add(2)
        things.project()
        return count_rows(*facts)

    monkeypatch.setattr(state_machine, "count_rows", and_something_happens)
    assert rebuild(LIST).differing == 0
    assert {row["thing_id"] for row in things.listed()} == {thing_id(1), thing_id(2)}
