"""Projections that are declared together take their places in one transaction, or none does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tests.rebuild.conftest import ALL, Deploy, ReadModels
from tests.support.things.history import LIST, PLACES
from tests.support.things.projections import GROUP, place_list
from worker.event_log import StoredEvent
from worker.event_log.subscribers import subscriptions
from worker.ops import declarations
from worker.rebuild import RebuildUnfinished, cancel, rebuild, run, state_machine, swapping
from worker.rebuild.tasks import _moved_with
from worker.rebuild.together import moved_together
from worker.subscriptions import runner
from worker.subscriptions.projection import Projection, Row

Release = Callable[..., None]


@pytest.fixture
def release(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> Release:
    """Both read models have new columns, and move together; the places say so."""

    def release(fold: Callable[..., Row] | None = None) -> None:
        deploy("size", *ALL)
        columns: list[Any] = [sa.Column("place", sa.Text, primary_key=True)]
        columns += [sa.Column("held", sa.Integer), sa.Column("since", sa.Text)]
        table = sa.Table("thing_places", sa.MetaData(schema="query"), *columns)
        one = Projection(PLACES, table, version=2, group=GROUP, moves_with=frozenset({LIST}))

        def counted(row: Row | None, event: StoredEvent, part: tuple[str, int]) -> Row:
            place, pieces = part
            return {"place": place, "held": (row or {"held": 0})["held"] + pieces, "since": "now"}

        for type_, ((parts, _),) in place_list._folds.items():
            one._folds[type_] = [(parts, fold or counted)]
        one._parted = True
        monkeypatch.setitem(subscriptions._items, PLACES, one)

    return release


def columns(things: ReadModels) -> tuple[bool, bool]:
    """Whether each of the two views is of the new release."""
    found = [
        things.one(
            "SELECT count(*) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s",
            *which,
        )
        for which in (("query.things", "size"), ("query.thing_places", "since"))
    ]
    return bool(found[0]), bool(found[1])


def switched_by(things: ReadModels) -> set[str]:
    """The transactions that made the views' rules, and wrote the checkpoints, as they are now."""
    rules = things.rows(
        "SELECT xmin::text AS by FROM pg_rewrite WHERE ev_class IN"
        " ('query.things'::regclass, 'query.thing_places'::regclass)"
    )
    places = things.rows("SELECT xmin::text AS by FROM cqrs.subscriptions")
    return {row["by"] for row in (*rules, *places)}


@pytest.mark.parametrize("name", [LIST, PLACES])
def test_two_take_their_places_in_one_transaction(
    filled: ReadModels, release: Release, name: str
) -> None:
    held = filled.held()
    release()
    done = rebuild(name)
    assert done.name == name
    assert columns(filled) == (True, True)
    assert len(switched_by(filled)) == 1
    assert {
        row["place"]: row["held"] for row in filled.rows("SELECT * FROM query.thing_places")
    } == held
    filled.add(50)
    runner.catch_up([LIST, PLACES])
    assert len(filled.listed()) == 10
    assert filled.tables() == {"things_v2", "thing_places_v2"}


def test_who_holds_one_back_holds_back_both(
    filled: ReadModels, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swapping, "LOCK_WAIT", 0.02)
    monkeypatch.setattr(state_machine, "SWAP_SECONDS", 0.1)
    release()
    with filled.connect() as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM query.thing_places")
        with pytest.raises(RebuildUnfinished, match="found no gap") as told:
            rebuild(LIST)
        assert columns(filled) == (False, False)
    monkeypatch.setattr(state_machine, "SWAP_SECONDS", 60.0)
    rebuild(LIST, continues=told.value.rebuild_id)
    assert columns(filled) == (True, True)
    assert filled.one("SELECT max(deaths) FROM cqrs.subscriptions") == 0


def test_one_that_cannot_be_built_takes_the_other_with_it(
    filled: ReadModels, release: Release
) -> None:
    def broken(*_: object) -> Row:
        raise ZeroDivisionError

    release(broken)
    with pytest.raises(ZeroDivisionError):
        rebuild(LIST)
    assert columns(filled) == (False, False)
    assert {row["state"] for row in filled.rebuilds()} == {"failed"}
    assert filled.tables() == {"things_v1", "thing_places_v1"}


def test_both_are_cancelled_by_either_name(
    filled: ReadModels, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    release()

    def no_time(_runs: object) -> None:
        raise RebuildUnfinished(LIST, "time is up")

    monkeypatch.setattr(run, "finish", no_time)
    with pytest.raises(RebuildUnfinished):
        rebuild(LIST)
    assert cancel(PLACES)
    assert {row["state"] for row in filled.rebuilds()} == {"cancelled"}
    assert filled.tables() == {"things_v1", "thing_places_v1"}


def test_the_nightly_rebuild_builds_them_once(release: Release) -> None:
    release()
    assert _moved_with(LIST) == _moved_with(PLACES) == {LIST, PLACES}
    named = subscriptions.get(PLACES)
    assert isinstance(named, Projection)
    assert [one.name for one in moved_together(named)] == [PLACES, LIST]
    named.moves_with = frozenset({"things.lisst"})
    told = [problem for problem in declarations.problems(None) if "things.lisst" in problem]
    assert told == [
        f"no projection is called 'things.lisst'; did you mean {LIST}? (moves_with of {PLACES})"
    ]
