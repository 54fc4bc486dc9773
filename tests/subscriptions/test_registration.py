"""Renamed types, renamed subscriptions: nothing counts twice, nothing is lost in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.things.history import LIST, PLACES, Things
from tests.support.things.models import ThingMoved, ThingShipped, place_rows, thing_rows
from tests.support.things.projections import GROUP, place_list, thing_list
from worker import event_log
from worker.base import db
from worker.base.errors import BadDeclarations
from worker.contracts import event_versions
from worker.event_log.subscribers import subscriptions
from worker.ops import status, subscription_admin
from worker.reactions.reaction import Reaction, Then
from worker.rebuild import TypesLost, rebuild
from worker.subscriptions import runner
from worker.subscriptions.errors import NotRegistered
from worker.subscriptions.projection import Projection, projection

NEW = "things.held"
Rename = Callable[..., Projection]


@pytest.fixture
def rename(monkeypatch: pytest.MonkeyPatch) -> Rename:
    """A release in which the projection of the places has another name."""

    def rename(name: str = NEW, **declared: object) -> Projection:
        one = Projection(name, place_rows, group=GROUP, **declared)  # type: ignore[arg-type]
        one._folds, one._parted = place_list._folds, True
        monkeypatch.delitem(subscriptions._items, PLACES, raising=False)
        monkeypatch.setitem(subscriptions._items, name, one)
        return one

    return rename


def before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The release before is there again."""
    monkeypatch.delitem(subscriptions._items, NEW)
    monkeypatch.setitem(subscriptions._items, PLACES, place_list)
    runner._added.clear()


def test_a_renamed_projection_goes_on_where_it_was(
    things: Things, rename: Rename, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.move("a", "here", "here", "nowhere", "here")
    things.project()
    held = things.held()
    was = things.checkpoint(PLACES)
    rename(renamed_from=(PLACES,))
    assert runner.catch_up([NEW]).folded == {}
    assert things.held() == held
    now = things.checkpoint(NEW)
    assert {**now, "updated_at": 0} == {**was, "updated_at": 0, "name": NEW, "subscription": NEW}
    things.move("a", "here")
    runner.catch_up([NEW])
    assert things.held()["here"] == held["here"] + 1
    before(monkeypatch)
    things.move("a", "here")
    assert runner.catch_up([PLACES]).folded == {}
    assert things.checkpoint(PLACES) == {}


def test_a_read_model_has_one_owner(things: Things, rename: Rename) -> None:
    things.move("a", "here", "here")
    things.project()
    renamed = rename()
    assert runner.catch_up([NEW, LIST]).folded == {}
    assert things.held() == {"here": 2}
    assert things.checkpoint(NEW) == {}
    (told,) = [one for one in status.subscription_statuses() if one.name == NEW]
    assert told.error is not None
    assert f"renamed_from='{PLACES}'" in told.error
    for refused in (rebuild, subscription_admin.pause):
        with pytest.raises(NotRegistered, match="a read model has one owner"):
            refused(NEW)
    with pytest.raises(BadDeclarations, match="two projections of one read model"):
        projection("things.again", renamed.table)


def test_a_former_name_is_never_begun_anew(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    answered: list[str] = []
    for name, former in ("things.old", ()), ("things.new", ("things.old",)):
        one = Reaction(name, group="mail", renamed_from=former)
        one.on(ThingMoved)(lambda event, _then: answered.append(event.data["place"]))
        monkeypatch.setitem(subscriptions._items, name, one)
    things.move("a", "here")
    runner.catch_up(["things.old"])
    runner.catch_up(["things.new"])
    runner._added.clear()
    things.move("a", "there")
    runner.catch_up(["things.old"])
    assert answered == ["here"]
    runner.catch_up(["things.new"])
    assert answered == ["here", "there"]


def test_a_rename_waits_for_the_rebuild_of_the_former_name(things: Things, rename: Rename) -> None:
    things.move("a", "here")
    things.project()
    with db.owner() as connection:
        connection.execute("SELECT pg_advisory_lock(1668379234, hashtext(%s))", [PLACES])
        rename(renamed_from=(PLACES,))
        runner.catch_up([NEW])
        assert things.checkpoint(PLACES)["position"] == things.last()
        connection.execute("SELECT pg_advisory_unlock(1668379234, hashtext(%s))", [PLACES])
    runner.catch_up([NEW])
    assert things.checkpoint(NEW)["position"] == things.last()


def test_what_a_renamed_reaction_starts_has_the_ids_that_it_had(things: Things) -> None:
    things.move("a", "here")
    (event,) = event_log.read(things.connection, after=0, upto=things.last(), limit=1)
    ids = []
    for one in (Reaction("things.old"), Reaction("things.new", renamed_from=("things.old",))):

        def answer(_event: object, then: Then) -> None:
            ids.append(then._next_id())

        one.on(ThingMoved)(answer)
        one.answer(event)
    assert ids[0] == ids[1]


@pytest.fixture
def without_shipping(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Projection]:
    """A release whose list of things does not fold what was sent off."""

    def release(**declared: object) -> Projection:
        one = Projection(LIST, thing_rows, group=GROUP, **declared)  # type: ignore[arg-type]
        one._folds = {t: f for t, f in thing_list._folds.items() if t != ThingShipped.type}
        one._plain = {t: f for t, f in thing_list._plain.items() if t != ThingShipped.type}
        monkeypatch.setitem(subscriptions._items, LIST, one)
        runner._added.clear()
        return one

    return release


def test_a_type_that_the_code_names_no_longer_stops_the_rebuild(
    things: Things,
    without_shipping: Callable[..., Projection],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    things.add(1)
    things.project()
    without_shipping()
    assert rebuild(LIST).rows == 1, "the log holds none"
    monkeypatch.setitem(subscriptions._items, LIST, thing_list)
    runner._added.clear()
    things.ship(1)
    things.project()
    rows = things.listed()
    without_shipping()
    things.project()
    with pytest.raises(TypesLost, match=ThingShipped.type):
        rebuild(LIST)
    assert things.listed() == rows
    assert things.rows("SELECT * FROM cqrs.rebuilds WHERE finished_at IS NULL") == []
    without_shipping(forgets=frozenset({ThingShipped.type}))
    assert rebuild(LIST).differing == 1
    assert (
        things.one(
            "SELECT count(*) FROM cqrs.subscribed_types WHERE subscription = %s AND type = %s",
            LIST,
            ThingShipped.type,
        )
        == 0
    )


def test_a_renamed_type_is_named_under_both_names(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.fill(1, 9)
    things.project()
    rows = things.listed()
    for name in ("_declared", "_today"):
        monkeypatch.setattr(event_versions, name, dict(getattr(event_versions, name)))
    former, today = ThingShipped.type, "things.ThingSentOff"
    monkeypatch.setattr(ThingShipped, "type", today)
    renamed = Projection(LIST, thing_rows, group=GROUP)
    names = {former: today}
    renamed._folds = {names.get(t, t): f for t, f in thing_list._folds.items()}
    renamed._plain = {names.get(t, t): f for t, f in thing_list._plain.items()}
    monkeypatch.setitem(subscriptions._items, LIST, renamed)
    monkeypatch.delitem(event_versions._declared, former)
    event_versions.declare(ThingShipped)
    with pytest.raises(TypesLost, match=former):
        rebuild(LIST)
    monkeypatch.setattr(ThingShipped, "former_types", (former,))
    event_versions.declare(ThingShipped)
    done = rebuild(LIST)
    event_versions.as_stored.clear()
    assert (done.differing, things.listed()) == (0, rows)


def test_a_process_that_has_loaded_one_domain_of_several_renames_nothing(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.fill(1, 9)
    things.project()
    monkeypatch.delitem(subscriptions._items, PLACES)
    runner._added.clear()
    runner.catch_up()
    assert rebuild(LIST).differing == 0
    assert things.checkpoint(PLACES)["position"] > 0


@pytest.fixture
def without_moves(things: Things, monkeypatch: pytest.MonkeyPatch) -> Iterator[Projection]:
    """A release whose projection of the places names one type fewer, after the one before ran."""
    things.move("a", "here", "there")
    things.project()
    monkeypatch.setattr(place_list, "_folds", dict(place_list._folds))
    del place_list._folds[ThingMoved.type]
    runner._added.clear()
    yield place_list
    runner._added.clear()


def test_an_unread_event_of_a_type_that_the_code_names_no_longer_stops_its_subscription(
    things: Things, without_moves: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = things.held()
    things.add(1)
    before = things.last()
    things.move("a", "elsewhere")
    things.ship(1)
    runner.catch_up()
    assert things.checkpoint(LIST)["position"] == things.last(), "it holds up no other"
    stopped = things.checkpoint(PLACES)
    assert stopped["position"] == before
    assert f"it handled {ThingMoved.type} once" in stopped["error"]
    assert f"position {before + 1}" in stopped["error"]
    told = [one.error for one in status.subscription_statuses() if one.name == PLACES]
    assert "forgets=[" in str(told)
    monkeypatch.undo()
    runner._added.clear()
    runner.catch_up()
    assert things.checkpoint(PLACES)["position"] == things.last()
    assert things.checkpoint(PLACES)["error"] is None
    assert {**held, "elsewhere": 1}.items() <= things.held().items()


def test_what_is_declared_forgotten_is_passed_over(
    things: Things, without_moves: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(without_moves, "forgets", frozenset({ThingMoved.type}))
    things.move("a", "elsewhere")
    runner.catch_up()
    assert things.checkpoint(PLACES)["position"] == things.last()
    assert things.checkpoint(PLACES)["error"] is None


def test_a_type_of_which_all_was_handled_stops_nobody(
    things: Things, without_moves: Projection
) -> None:
    things.add(1)
    runner.catch_up()
    assert things.checkpoint(PLACES)["position"] == things.last()
