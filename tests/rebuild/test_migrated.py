"""Rows of another version are migrated instead of folded, and examined before they go live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.rebuild.conftest import ALL, Deploy, ReadModels
from tests.support.things.history import LIST
from tests.support.things.models import thing_rows
from worker.event_log.subscribers import subscriptions
from worker.rebuild import RebuildFailed, RebuildUnfinished, migrating, rebuild, sampling
from worker.rebuild.errors import MigrationDiffers
from worker.rebuild.part import PartBuilder
from worker.subscriptions import runner
from worker.subscriptions.projection import Row
from worker.subscriptions.row_forms import row_form

NEW = {"size": "small", "n": None, "moves": None, "places": None}
Migrate = Callable[[Row], Row | None]


@pytest.fixture
def migrate(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> Callable[[Migrate], None]:
    """A release whose rows have a size, and that makes them of the rows of version 1."""

    def release(function: Migrate) -> None:
        deploy("size", *ALL).migrate_from = {1: function}

        def folded(*_: Any) -> None:
            raise AssertionError("the log was folded")

        monkeypatch.setattr(PartBuilder, "run", folded)

    return release


def with_a_size(row: Row) -> Row:
    """What the folds of the new code say: they know a size, and do not count moves."""
    return {**row, **NEW}


def test_rows_are_migrated_and_the_log_is_folded_for_a_sample_alone(
    filled: ReadModels, migrate: Callable[[Migrate], None]
) -> None:
    before = filled.listed()
    migrate(with_a_size)
    filled.add(50)
    done = rebuild(LIST)
    assert (done.rows, done.table) == (10, "things_v2")
    rows = {row["thing_id"]: row for row in filled.listed()}
    for row in before:
        assert rows[row["thing_id"]] == {**row, **NEW}
    (noted,) = filled.rebuilds()
    assert (noted["migrated_from"], noted["state"]) == (1, "done")
    filled.add(51)
    runner.catch_up([LIST])
    assert len(filled.listed()) == 11


def test_the_function_is_given_what_a_fold_gets_back(
    filled: ReadModels, migrate: Callable[[Migrate], None]
) -> None:
    """Times, amounts, lists and all: a value has one form in Python, wherever it comes from."""
    form = row_form(thing_rows)
    text = f"SELECT {', '.join(form.selected())} FROM query.things_v1 ORDER BY thing_id"
    folded = [form.loaded(row) for row in filled.connection.execute(text.encode()).fetchall()]
    given: list[Row] = []

    def noted(row: Row) -> Row:
        given.append(dict(row))
        return with_a_size(row)

    migrate(noted)
    rebuild(LIST)
    assert sorted(given, key=lambda row: str(row["thing_id"])) == folded
    assert all(str(row["updated_at"]).endswith("Z") for row in given)


def test_rows_that_are_not_what_the_log_says_do_not_go_live(
    filled: ReadModels, migrate: Callable[[Migrate], None]
) -> None:
    before = filled.listed()
    migrate(lambda row: {**with_a_size(row), "size": "large"})
    with pytest.raises(MigrationDiffers, match="size is 'large', should be 'small'"):
        rebuild(LIST)
    assert filled.listed() == before
    assert filled.tables() == {"things_v1", "thing_places_v1"}
    (noted,) = filled.rebuilds()
    assert noted["state"] == "failed"


def test_a_row_that_the_function_leaves_out_is_missed(
    filled: ReadModels, migrate: Callable[[Migrate], None]
) -> None:
    migrate(lambda row: with_a_size(row) if row["name"] != "3" else None)
    with pytest.raises(MigrationDiffers, match="missing"):
        rebuild(LIST)


def test_what_waits_behind_a_dead_letter_waits_in_the_migrated_table_too(
    filled: ReadModels, migrate: Callable[[Migrate], None]
) -> None:
    filled.reprice(2, "no price")
    filled.ship(2)
    filled.project()
    migrate(with_a_size)
    rebuild(LIST)
    assert not next(row for row in filled.listed() if row["name"] == "2")["shipped"]
    assert filled.one("SELECT state FROM cqrs.dead_letters") == "open"


def test_the_examination_is_done_in_slices(
    filled: ReadModels,
    migrate: Callable[[Migrate], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sampling, "WINDOW", 5)
    migrate(with_a_size)
    rebuild_id = None
    copies, slices = 0, 0
    copy = migrating.MigratedRows.copy

    def counted(rows: migrating.MigratedRows) -> None:
        nonlocal copies
        copies += 1
        rows.until = float("inf")
        copy(rows)

    monkeypatch.setattr(migrating.MigratedRows, "copy", counted)
    while slices < 50:
        try:
            rebuild(LIST, seconds=0.2 if slices > 30 else 0.0, continues=rebuild_id)
            break
        except RebuildUnfinished as unfinished:
            rebuild_id, slices = unfinished.rebuild_id, slices + 1
    assert filled.listed()[0]["size"] == "small"
    assert (copies, slices > 2) == (1, True)


def test_a_task_that_is_too_short_for_it_says_so(
    filled: ReadModels, migrate: Callable[[Migrate], None]
) -> None:
    migrate(with_a_size)
    with pytest.raises(RebuildFailed, match="start it with `cqrs rebuild`"):
        rebuild(LIST, seconds=0)
    assert filled.tables() == {"things_v1", "thing_places_v1"}
    assert rebuild(LIST).rows == 9


def test_no_function_for_the_live_version_means_that_the_log_is_folded(
    filled: ReadModels, deploy: Deploy
) -> None:
    deploy("size", *ALL).migrate_from = {7: with_a_size}
    assert rebuild(LIST).rows == 9
    assert filled.rebuilds()[0]["migrated_from"] is None
    assert subscriptions.get(LIST) is not None
