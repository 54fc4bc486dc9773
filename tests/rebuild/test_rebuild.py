"""A rebuild gives the table that the log says, and puts it behind the view."""

from __future__ import annotations

import pytest

from tests.rebuild.conftest import ReadModels
from tests.support.things.history import LIST, PLACES
from tests.support.things.models import ThingPriced, thing_id
from worker import event_log
from worker.event_log import NewEvent
from worker.rebuild import (
    RebuildFailed,
    RebuildProgress,
    UnknownProjection,
    part,
    rebuild,
    run,
    verify,
)


def test_a_rebuilt_table_has_the_rows_of_the_live_one(things: ReadModels) -> None:
    things.fill()
    things.project()
    before = things.listed()
    done = rebuild(LIST)
    assert (done.differing, done.rows) == (0, 27)
    assert things.listed() == before


def test_the_view_shows_the_new_table_and_the_old_one_is_gone(things: ReadModels) -> None:
    things.fill()
    things.project()
    assert rebuild(LIST).table == "things_v2"
    assert things.live() == "things_v2"
    assert things.tables() == {"things_v2", "thing_places_v1"}
    assert rebuild(LIST).table == "things_v3"
    assert things.tables() == {"things_v3", "thing_places_v1"}


def test_events_after_the_swap_are_folded_into_the_new_table(things: ReadModels) -> None:
    things.fill()
    things.project()
    rebuild(LIST)
    things.ship(1)
    things.add(31)
    things.project()
    shipped = {row["thing_id"] for row in things.listed() if row["shipped"]}
    assert thing_id(1) in shipped
    assert len(things.listed()) == 28


def test_a_key_in_capitals_finds_its_row_wherever_events_are_read(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a live batch, by the parts of a rebuild, from a checkpoint, and by the verifier."""
    monkeypatch.setattr(run, "SMALL", 0)
    things.fill(1, 9)
    things.project()
    data = {"thing_id": str(thing_id(2)).upper(), "price": "7"}
    event_log.append(things.connection, [NewEvent("thing-2", ThingPriced.type, data)])
    things.project()
    (row,) = (row for row in things.listed() if row["thing_id"] == thing_id(2))
    assert (str(row["price"]), len(things.listed())) == ("7.00", 9)
    assert verify.verify(LIST).differing == 0
    position = things.one("SELECT max(position) FROM cqrs.events")
    assert rebuild(LIST, from_position=position - 1, jobs=1).differing == 0
    assert rebuild(LIST, jobs=2).differing == 0


def test_rows_that_collect_from_many_streams_are_whole(things: ReadModels) -> None:
    things.fill()
    things.project()
    before = things.held()
    assert rebuild(PLACES, jobs=2).differing == 0
    assert things.held() == before


@pytest.mark.parametrize(("window", "kept"), [(1, 1), (3, 2), (7, 5), (1_000, 4)])
def test_flushes_on_the_way_change_nothing(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch, window: int, kept: int
) -> None:
    monkeypatch.setattr(part, "WINDOW", window)
    things.fill()
    things.project()
    before = things.listed()
    done = rebuild(LIST, rows_kept=kept, events_between=2 * kept)
    assert (done.differing, done.rows) == (0, 27)
    assert things.listed() == before


def test_parts_in_processes_of_their_own_give_the_same(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "SMALL", 0)
    things.fill(1, 60)
    things.project()
    before = things.listed()
    done = rebuild(LIST, jobs=2)
    assert (done.differing, done.rows) == (0, 54)
    assert things.listed() == before
    assert things.one("SELECT count(*) FROM cqrs.rebuild_parts WHERE position > 0") == 2


def test_indexes_checks_and_storage_parameters_come_along(things: ReadModels) -> None:
    things.connection.execute(
        "CREATE UNIQUE INDEX by_hand ON query.things_v1 (owner, thing_id) WHERE NOT shipped"
    )
    things.fill(1, 5)
    things.project()
    rebuild(LIST)
    found = {
        row["indexname"]: row["indexdef"].partition(" USING ")[2]
        for row in things.rows("SELECT * FROM pg_indexes WHERE tablename = 'things_v2'")
    }
    assert found == {
        "things_v2_pkey": "btree (thing_id)",
        "things_v2_by_owner": "btree (owner, updated_at)",
        "things_v2_by_hand": "btree (owner, thing_id) WHERE (NOT shipped)",
    }
    assert things.one("SELECT reloptions FROM pg_class WHERE relname = 'things_v2'") == [
        "fillfactor=77"
    ]
    with pytest.raises(Exception, match="violates check constraint"):
        things.connection.execute("UPDATE query.things_v2 SET changes = -1")


def test_the_reader_may_read_and_the_writer_may_write_the_new_table(things: ReadModels) -> None:
    rebuild(LIST)
    for role, right in (("cqrs_reader", "SELECT"), ("cqrs_writer", "INSERT, UPDATE, DELETE")):
        assert things.one("SELECT has_table_privilege(%s, 'query.things_v2', %s)", role, right)
    assert things.one("SELECT has_table_privilege('cqrs_reader', 'query.things', 'SELECT')")


def test_a_projection_that_is_far_behind_is_overtaken(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "FAR_BEHIND", 10)
    things.fill()
    done = rebuild(LIST)
    assert (done.differing, done.rows, len(things.listed())) == (None, 27, 27)
    things.ship(1)
    assert things.project().folded[LIST] == 1


def test_progress_is_told_and_written_down(things: ReadModels) -> None:
    things.fill()
    things.project()
    told: list[RebuildProgress] = []
    rebuild(LIST, progress=told.append)
    assert told[-1].share == 1.0
    assert told[-1].events == 73
    (row,) = things.rebuilds()
    assert (row["state"], row["rows"], row["differing"]) == ("done", 27, 0)
    assert row["finished_at"] >= row["started_at"]


def test_a_fold_that_fails_leaves_everything_as_it_was(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.fill()
    things.project()
    before = things.listed()
    position = things.one("SELECT min(position) FROM cqrs.events WHERE type = 'things.ThingAdded'")
    things.connection.execute("DELETE FROM cqrs.events WHERE position = %s", [position])
    with pytest.raises(LookupError, match="no such thing"):
        rebuild(LIST)
    assert things.listed() == before
    assert things.tables() == {"things_v1", "thing_places_v1"}
    (row,) = things.rebuilds()
    assert row["state"] == "failed"
    assert "no such thing" in row["error"]


def test_a_fold_that_fails_in_a_process_of_its_own_is_reported_with_its_place(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "SMALL", 0)
    things.add(1)
    (position,) = things.add(2)
    things.reprice(2)
    things.project()
    things.connection.execute("DELETE FROM cqrs.events WHERE position = %s", [position])
    with pytest.raises(RebuildFailed, match=r"no such thing; position \d+, stream thing-2"):
        rebuild(LIST)
    assert things.tables() == {"things_v1", "thing_places_v1"}


def test_an_unknown_projection_is_named_with_a_suggestion(things: ReadModels) -> None:
    with pytest.raises(UnknownProjection, match=r"did you mean things\.list"):
        rebuild("things.lst")
