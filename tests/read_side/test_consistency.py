"""How fresh an answer is: eventual, causal, strong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.read_side.conftest import ReadSide, settings_with
from tests.support.things.models import ThingMoved, ThingSeen, thing_id
from tests.support.things.queries import changes, mixed, thing, totals, uncached_thing, visit
from worker import event_log
from worker.base import settings
from worker.contracts import Receipt, Status
from worker.event_log import NewEvent
from worker.queries import consistency
from worker.queries.errors import InvalidQuery, ReadModelBehind

Wakes = list[tuple[str, str]]
WAKE = "worker.commands.after_commit.wake"


@pytest.fixture
def wakes(monkeypatch: pytest.MonkeyPatch) -> Wakes:
    """The wake-ups that readers send; nobody hears them."""
    sent: Wakes = []
    monkeypatch.setattr(WAKE, lambda *call: sent.append(call))
    return sent


@pytest.fixture
def worker(things: ReadSide, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who projects as soon as a reader sends a wake-up."""
    monkeypatch.setattr(WAKE, lambda *call: things.project())


def receipt(position: int | None) -> Receipt:
    return Receipt(uuid4(), "things.visit", Status.SUCCEEDED, position=position)


def test_an_eventual_answer_is_as_old_as_it_says(things: ReadSide, wakes: Wakes) -> None:
    first = things.visit()
    things.project()
    things.visit()
    answer = uncached_thing.ask(name="pen")
    assert answer.data is not None
    assert (answer.data.moves, answer.as_of) == (1, first)
    assert wakes == []


@pytest.mark.usefixtures("worker")
def test_a_causal_answer_holds_what_it_is_asked_for(things: ReadSide) -> None:
    position = things.visit()
    answer = thing.ask(name="pen", after=position, timeout=30)
    assert answer.data is not None
    assert answer.data.moves == 1
    assert answer.as_of is not None
    assert answer.as_of >= position


@pytest.mark.usefixtures("worker")
def test_a_receipt_stands_for_its_position(things: ReadSide) -> None:
    answer = thing.ask(name="pen", after=receipt(things.visit()), timeout=30)
    assert answer.data is not None


def test_a_receipt_without_an_event_waits_for_nothing(things: ReadSide, wakes: Wakes) -> None:
    things.visit()
    assert thing.ask(name="pen", after=receipt(None)).data is None
    assert wakes == []


def test_a_kept_answer_that_is_too_old_is_passed_over(things: ReadSide) -> None:
    things.visit()
    things.settle()
    assert thing.ask(name="pen").as_of == 1
    position = things.visit()
    things.project()  # and the invalidation never comes

    answer = thing.ask(name="pen", after=position)

    assert answer.data is not None
    assert (answer.data.moves, answer.from_cache) == (2, False)
    assert thing.ask(name="pen", after=position).from_cache, "the newer answer took its place"


def test_a_wait_that_ends_names_subscription_position_and_lag(
    things: ReadSide, wakes: Wakes
) -> None:
    first = things.visit()
    things.project()
    last = [things.visit() for _ in range(3)][-1]

    with pytest.raises(ReadModelBehind) as behind:
        thing.ask(name="pen", after=last, timeout=0.05)

    error = behind.value
    assert (error.subscription, error.position, error.wanted) == ("things.list", first, last)
    assert "3 positions behind" in str(error)
    assert set(wakes) == {("cqrs.project", "things")}, "and it has tried to wake the runner"


def test_the_slowest_of_several_read_models_is_named(things: ReadSide, wakes: Wakes) -> None:
    position = things.visit()
    things.project("things.list")
    with pytest.raises(ReadModelBehind, match=r"subscription things.places, position 0, after 1"):
        visit.ask(name="pen", place="ada", after=position, timeout=0)


def test_a_reader_without_patience_does_not_wait(things: ReadSide, wakes: Wakes) -> None:
    with pytest.raises(ReadModelBehind):
        thing.ask(name="pen", after=things.visit(), timeout=0)


@pytest.mark.usefixtures("worker")
def test_an_event_that_the_read_model_does_not_want_counts_too(things: ReadSide) -> None:
    things.visit()
    position = things.append("nobody", ThingSeen())[0]
    assert thing.ask(name="pen", after=position, timeout=30).as_of == position


def test_a_position_that_does_not_exist_yet_is_refused_at_once(
    things: ReadSide, wakes: Wakes
) -> None:
    last = things.visit()
    with pytest.raises(InvalidQuery, match=r"no such position yet \(after 1000, last 1\)"):
        thing.ask(name="pen", after=1000, timeout=300)
    with pytest.raises(InvalidQuery, match=r"no such position yet"):
        thing.ask(name="pen", after=10**30)
    with pytest.raises(InvalidQuery, match=r"no such position yet"):
        changes.ask(after=1000)
    assert last == 1
    assert wakes == []


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"consistency": "causal"}, "causal needs after="),
        ({"consistency": "eventual", "after": 1}, "eventual waits for nothing"),
        ({"consistency": "Strong"}, "eventual, causal or strong"),
        ({"consistency": 1}, "eventual, causal or strong"),
        ({"after": -1}, "a position"),
        ({"after": True}, "a position"),
        ({"after": "12"}, "a position"),
        ({"timeout": -1}, "seconds"),
        ({"timeout": float("inf")}, "seconds"),
        ({"timeout": "5"}, "seconds"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(wish: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidQuery, match=why):
        thing.ask(name="pen", **wish)


def test_a_strong_answer_holds_all_that_was_committed(things: ReadSide) -> None:
    things.visit()
    things.settle()
    thing.ask(name="pen")  # kept, and about to be too old
    for _ in range(4):
        things.visit()
        things.visit("ink")

    answer = thing.ask(name="pen", consistency="strong", timeout=30)

    assert answer.data is not None
    assert (answer.data.moves, answer.from_cache) == (5, False)
    assert answer.as_of == 9
    assert things.waiting_tags() == [], "and the cache has been told of what was folded on the way"


def test_a_strong_answer_holds_more_than_it_is_asked_for(things: ReadSide) -> None:
    first = things.visit()
    things.settle()
    with things.connect() as slow, slow.transaction(force_rollback=True):
        event = ThingMoved(thing_id=thing_id("pen"), name="pen", place="ada")
        event_log.append(slow, [NewEvent("thing-pen", event.type, event.payload())])
        with pytest.raises(ReadModelBehind):
            thing.ask(name="pen", consistency="strong", after=first, timeout=0.1)


def test_a_strong_answer_waits_for_who_is_about_to_commit(things: ReadSide) -> None:
    with things.connect() as slow:
        slow.execute("BEGIN")
        event = ThingMoved(thing_id=thing_id("pen"), name="pen", place="ada")
        event_log.append(slow, [NewEvent("thing-pen", event.type, event.payload())])
        with pytest.raises(ReadModelBehind):
            thing.ask(name="pen", consistency="strong", timeout=0.1)
        slow.execute("COMMIT")
    answer = thing.ask(name="pen", consistency="strong", timeout=30)
    assert answer.data is not None


def test_a_materialized_view_says_how_far_it_goes(things: ReadSide) -> None:
    position = things.visit()
    things.project()
    things.refresh(position)
    answer = totals.ask(after=position)
    assert answer.data is not None
    assert (answer.data.moves, answer.as_of) == (1, position)


def test_a_materialized_view_that_was_never_refreshed_is_at_the_beginning(things: ReadSide) -> None:
    assert totals.ask().as_of == 0


def test_a_materialized_view_that_is_behind_is_named(things: ReadSide) -> None:
    things.refresh(things.visit())
    last = things.visit()
    with pytest.raises(ReadModelBehind, match=r"subscription query.thing_totals, position 1"):
        totals.ask(after=last, timeout=0)


@pytest.mark.parametrize("wish", [{"after": 2}, {"consistency": "strong"}])
def test_who_waits_for_a_materialized_view_asks_for_its_refresh(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch, wish: dict[str, Any]
) -> None:
    asked: list[str] = []

    def worker(view: str, position: int, *, again: bool) -> None:
        assert (position, again) == (2, False)
        asked.append(view)
        things.project()
        things.refresh(2)

    monkeypatch.setattr("worker.refresh.ask_for", worker)
    things.visit()
    things.visit()
    answer = totals.ask(**wish, timeout=30)
    assert answer.data is not None
    assert answer.data.moves == 2
    assert asked == ["query.thing_totals"]


def test_the_lowest_source_says_how_far_an_answer_goes(things: ReadSide) -> None:
    first = things.visit()
    things.project()
    things.refresh(first)
    things.visit()
    things.project()
    answer = mixed.ask(name="pen")
    assert answer.as_of == first


def test_a_query_without_read_models_cannot_promise_a_position_on_a_replica(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = things.url + "&target_session_attrs=any"
    monkeypatch.setattr(settings, "_current", settings_with(query_database_url=replica))
    with pytest.raises(InvalidQuery, match="a replica cannot say how far it is"):
        changes.ask(after=things.visit())


def test_the_wake_up_is_sent_again_while_the_wait_goes_on(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one is lost; the second one is heard."""
    calls: list[Callable[[], object]] = [lambda: None, things.project]
    monkeypatch.setattr(consistency, "NUDGE_EVERY", 0.0)
    monkeypatch.setattr(WAKE, lambda *call: calls.pop(0)() if calls else 0)
    assert thing.ask(name="pen", after=things.visit(), timeout=30).data is not None
    assert calls == []
