"""How fresh an answer is: eventual, causal, strong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.read_side.conftest import Shop, settings_with
from tests.read_side.shop.models import Closed, Sold
from tests.read_side.shop.queries import changes, item, mixed, sale, totals, uncached_item
from worker import event_log
from worker.base import settings
from worker.base.errors import InvalidQuery, ReadModelBehind
from worker.contracts import Receipt, Status
from worker.event_log import NewEvent
from worker.queries import consistency

Wakes = list[tuple[str, str]]
WAKE = "worker.commands.after_commit.wake"


@pytest.fixture
def wakes(monkeypatch: pytest.MonkeyPatch) -> Wakes:
    """The wake-ups that readers send; nobody hears them."""
    sent: Wakes = []
    monkeypatch.setattr(WAKE, lambda *call: sent.append(call))
    return sent


@pytest.fixture
def worker(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who projects as soon as a reader sends a wake-up."""
    monkeypatch.setattr(WAKE, lambda *call: shop.project())


def receipt(position: int | None) -> Receipt:
    return Receipt(uuid4(), "shop.sell", Status.SUCCEEDED, position=position)


def test_an_eventual_answer_is_as_old_as_it_says(shop: Shop, wakes: Wakes) -> None:
    first = shop.sell()
    shop.project()
    shop.sell()
    answer = uncached_item.ask(item="pen")
    assert answer.data is not None
    assert (answer.data.sold, answer.as_of) == (1, first)
    assert wakes == []


@pytest.mark.usefixtures("worker")
def test_a_causal_answer_holds_what_it_is_asked_for(shop: Shop) -> None:
    position = shop.sell()
    answer = item.ask(item="pen", after=position, timeout=30)
    assert answer.data is not None
    assert answer.data.sold == 1
    assert answer.as_of is not None
    assert answer.as_of >= position


@pytest.mark.usefixtures("worker")
def test_a_receipt_stands_for_its_position(shop: Shop) -> None:
    answer = item.ask(item="pen", after=receipt(shop.sell()), timeout=30)
    assert answer.data is not None


def test_a_receipt_without_an_event_waits_for_nothing(shop: Shop, wakes: Wakes) -> None:
    shop.sell()
    assert item.ask(item="pen", after=receipt(None)).data is None
    assert wakes == []


def test_a_kept_answer_that_is_too_old_is_passed_over(shop: Shop) -> None:
    shop.sell()
    shop.settle()
    assert item.ask(item="pen").as_of == 1
    position = shop.sell()
    shop.project()  # and the invalidation never comes

    answer = item.ask(item="pen", after=position)

    assert answer.data is not None
    assert (answer.data.sold, answer.from_cache) == (2, False)
    assert item.ask(item="pen", after=position).from_cache, "the newer answer took its place"


def test_a_wait_that_ends_names_subscription_position_and_lag(shop: Shop, wakes: Wakes) -> None:
    first = shop.sell()
    shop.project()
    last = [shop.sell() for _ in range(3)][-1]

    with pytest.raises(ReadModelBehind) as behind:
        item.ask(item="pen", after=last, timeout=0.05)

    error = behind.value
    assert (error.subscription, error.position, error.wanted) == ("shop.items", first, last)
    assert "3 positions behind" in str(error)
    assert set(wakes) == {("cqrs.project", "shop")}, "and it has tried to wake the runner"


def test_the_slowest_of_several_read_models_is_named(shop: Shop, wakes: Wakes) -> None:
    position = shop.sell()
    shop.project("shop.items")
    with pytest.raises(ReadModelBehind, match=r"subscription shop.customers, position 0, after 1"):
        sale.ask(item="pen", customer="ada", after=position, timeout=0)


def test_a_reader_without_patience_does_not_wait(shop: Shop, wakes: Wakes) -> None:
    with pytest.raises(ReadModelBehind):
        item.ask(item="pen", after=shop.sell(), timeout=0)


@pytest.mark.usefixtures("worker")
def test_an_event_that_the_read_model_does_not_want_counts_too(shop: Shop) -> None:
    shop.sell()
    position = shop.append("shop", Closed())
    assert item.ask(item="pen", after=position, timeout=30).as_of == position


def test_a_position_that_does_not_exist_yet_is_refused_at_once(shop: Shop, wakes: Wakes) -> None:
    last = shop.sell()
    with pytest.raises(InvalidQuery, match=r"no such position yet \(after 1000, last 1\)"):
        item.ask(item="pen", after=1000, timeout=300)
    with pytest.raises(InvalidQuery, match=r"no such position yet"):
        item.ask(item="pen", after=10**30)
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
        item.ask(item="pen", **wish)


def test_a_strong_answer_holds_all_that_was_committed(shop: Shop) -> None:
    shop.sell()
    shop.settle()
    item.ask(item="pen")  # kept, and about to be too old
    for _ in range(4):
        shop.sell()
        shop.sell("ink")

    answer = item.ask(item="pen", consistency="strong", timeout=30)

    assert answer.data is not None
    assert (answer.data.sold, answer.from_cache) == (5, False)
    assert answer.as_of == 9
    assert shop.waiting_tags() == [], "and the cache has been told of what was folded on the way"


def test_a_strong_answer_holds_more_than_it_is_asked_for(shop: Shop) -> None:
    first = shop.sell()
    shop.settle()
    with shop.database.connect() as slow, slow.transaction(force_rollback=True):
        event = Sold(item="pen", customer="ada", price="1")
        event_log.append(slow, [NewEvent("item-pen", event.type, event.payload())])
        with pytest.raises(ReadModelBehind):
            item.ask(item="pen", consistency="strong", after=first, timeout=0.1)


def test_a_strong_answer_waits_for_who_is_about_to_commit(shop: Shop) -> None:
    with shop.database.connect() as slow:
        slow.execute("BEGIN")
        event = Sold(item="pen", customer="ada", price="1")
        event_log.append(slow, [NewEvent("item-pen", event.type, event.payload())])
        with pytest.raises(ReadModelBehind):
            item.ask(item="pen", consistency="strong", timeout=0.1)
        slow.execute("COMMIT")
    answer = item.ask(item="pen", consistency="strong", timeout=30)
    assert answer.data is not None


def test_a_materialized_view_says_how_far_it_goes(shop: Shop) -> None:
    position = shop.sell()
    shop.project()
    shop.refresh(position)
    answer = totals.ask(after=position)
    assert answer.data is not None
    assert (answer.data.sold, answer.as_of) == (1, position)


def test_a_materialized_view_that_was_never_refreshed_is_at_the_beginning(shop: Shop) -> None:
    assert totals.ask().as_of == 0


def test_a_materialized_view_that_is_behind_is_named(shop: Shop) -> None:
    shop.refresh(shop.sell())
    last = shop.sell()
    with pytest.raises(ReadModelBehind, match=r"subscription query.shop_totals, position 1"):
        totals.ask(after=last, timeout=0)


@pytest.mark.parametrize("wish", [{"after": 2}, {"consistency": "strong"}])
def test_who_waits_for_a_materialized_view_asks_for_its_refresh(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, wish: dict[str, Any]
) -> None:
    asked: list[str] = []

    def worker(view: str) -> None:
        asked.append(view)
        shop.project()
        shop.refresh(2)

    monkeypatch.setattr("worker.refresh.ask_for", worker)
    shop.sell()
    shop.sell()
    answer = totals.ask(**wish, timeout=30)
    assert answer.data is not None
    assert answer.data.sold == 2
    assert asked == ["query.shop_totals"]


def test_the_lowest_source_says_how_far_an_answer_goes(shop: Shop) -> None:
    first = shop.sell()
    shop.project()
    shop.refresh(first)
    shop.sell()
    shop.project()
    answer = mixed.ask(item="pen")
    assert answer.as_of == first


def test_a_query_without_read_models_cannot_promise_a_position_on_a_replica(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = shop.database.url + "&target_session_attrs=any"
    monkeypatch.setattr(settings, "_current", settings_with(query_database_url=replica))
    with pytest.raises(InvalidQuery, match="a replica cannot say how far it is"):
        changes.ask(after=shop.sell())


def test_the_wake_up_is_sent_again_while_the_wait_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one is lost; the second one is heard."""
    calls: list[Callable[[], None]] = [lambda: None, shop.project]
    monkeypatch.setattr(consistency, "NUDGE_EVERY", 0.0)
    monkeypatch.setattr(WAKE, lambda *call: calls.pop(0)() if calls else 0)
    assert item.ask(item="pen", after=shop.sell(), timeout=30).data is not None
    assert calls == []
