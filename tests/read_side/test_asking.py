"""What a question gives back, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
import redis as redis_py

from tests.read_side.conftest import Shop
from tests.read_side.shop.models import Item
from tests.read_side.shop.queries import (
    as_number,
    burglar,
    changes,
    guess,
    item,
    items,
    nothing,
    sale,
    uncached_item,
)
from worker.base import db
from worker.base.errors import InvalidQuery, UnknownQuery
from worker.event_log.sources import queries
from worker.queries.query import Reader, ask, query


def test_an_answer_says_how_far_it_goes(shop: Shop) -> None:
    position = shop.sell("pen", price="2.25")
    shop.settle()

    answer = item.ask(item="pen")

    assert isinstance(answer.data, Item)
    assert (answer.data.sold, answer.data["revenue"]) == (1, Decimal("2.25"))
    assert answer.as_of == position
    assert (answer.from_cache, answer.stale) == (False, False)


def test_nothing_found_is_none_or_an_empty_list(shop: Shop) -> None:
    assert item.ask(item="nobody sold this").data is None
    assert items.ask().data == []


def test_questions_that_differ_in_a_secret_do_not_share_an_answer(shop: Shop) -> None:
    assert guess.ask(token="abc").data == "cba"
    assert guess.ask(token="xyz").data == "zyx"


def test_a_kept_answer_equals_the_one_it_was_made_from(shop: Shop) -> None:
    shop.sell("pen", price="1.10")
    shop.connection.execute("UPDATE query.shop_items_v1 SET code = gen_random_uuid(), grade = 'é'")
    shop.settle()

    first, second = sale.ask(item="pen", customer="ada"), sale.ask(item="pen", customer="ada")

    assert second.from_cache
    assert second.data == first.data
    assert second.as_of == first.as_of


def test_two_statements_of_a_query_see_one_snapshot(shop: Shop) -> None:
    shop.sell()
    shop.project()
    seen = []

    @query("shop.twice", reads=("shop.items",))
    def twice(db: object, *, item: str) -> int:
        first = uncached_item(db, item=item)  # type: ignore[arg-type]
        shop.sell()
        shop.project()
        second = uncached_item(db, item=item)  # type: ignore[arg-type]
        seen.extend([first, second])
        return 0

    answer = twice.ask(item="pen")

    assert seen[0] == seen[1]
    assert answer.as_of == 1


def test_a_query_that_reads_no_read_model_is_current(shop: Shop) -> None:
    assert changes.ask(after=shop.sell()).as_of is None


def test_a_query_may_ask_the_database_for_nothing(shop: Shop) -> None:
    position = shop.sell()
    shop.project()
    answer = nothing.ask()
    assert (answer.data, answer.as_of) == (7, position)


def test_a_query_is_asked_by_name(shop: Shop) -> None:
    shop.sell("ink")
    shop.project()
    assert ask("shop.item", item="ink").data.sold == 1


def test_an_unknown_query_is_refused_with_the_closest_name() -> None:
    with pytest.raises(
        UnknownQuery, match=r"no query is called 'shop.itms'; did you mean shop.item"
    ):
        ask("shop.itms")


def test_every_wrong_parameter_is_named() -> None:
    with pytest.raises(InvalidQuery) as refused:
        items.ask(
            limit=10**9,
            offset=-1,
            wher=(),
            order_by=("a\0b",),
            consistency="causl",
            after="x",  # type: ignore[arg-type]
            timeout=float("nan"),
        )
    errors = refused.value.errors
    assert set(errors) == {"limit", "offset", "wher", "consistency", "after", "timeout"}
    assert "less than or equal to 1000" in errors["limit"]
    assert "did you mean where" in errors["wher"]
    assert "(query shop.items)" in str(refused.value)


@pytest.mark.parametrize("limit", [0, -1, 1001, 10**9, 10**30, 1.5, "many", None])
def test_a_limit_is_bounded(limit: object) -> None:
    with pytest.raises(InvalidQuery, match="limit"):
        items.ask(limit=limit)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(InvalidQuery, match="item: Field required"):
        item.ask()


@pytest.mark.parametrize(
    ("text", "why"), [("a\0b", "NUL"), ("\ud800", r"surrogate|valid string|unicode")]
)
def test_text_that_cannot_be_stored_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidQuery, match=why) as refused:
        item.ask(item=text)
    assert "item" in refused.value.errors


def test_a_value_that_the_database_refuses_is_the_callers_mistake(shop: Shop) -> None:
    with pytest.raises(InvalidQuery, match='invalid input syntax for type integer: "seven"'):
        as_number.ask(text="seven")


def test_a_query_can_neither_write_nor_look_aside(shop: Shop) -> None:
    shop.sell()
    shop.project()
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        burglar.ask(block="try_to_delete")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        burglar.ask(block="try_to_look_aside")
    assert uncached_item.ask(item="pen").data is not None, "the connection is clean again"


def test_a_parameter_may_not_take_a_name_that_ask_needs() -> None:
    with pytest.raises(TypeError, match="ask\\(\\) takes this name itself"):

        @query("shop.wrong")
        def wrong(db: object, *, after: int) -> int:
            return after


def test_a_query_says_what_it_returns() -> None:
    with pytest.raises(TypeError, match=r"annotate its function \(query shop\.wrong\)"):

        @query("shop.wrong")
        def wrong(db: object):  # type: ignore[no-untyped-def]
            return 1


def test_a_query_that_asks_once_costs_one_round_trip(shop: Shop, tmp_path: Path) -> None:
    for _ in range(3):
        uncached_item.ask(item="pen")  # statements are prepared on the way
    # On a busy machine the server now and then answers while we still send: the least counts.
    trips = [
        _round_trips(tmp_path / f"trace{n}", lambda: uncached_item.ask(item="pen"))
        for n in range(5)
    ]
    assert min(trips) == 1


def test_a_query_that_asks_twice_now_and_then_is_answered_whole(shop: Shop) -> None:
    shop.sell()
    shop.project()

    @query("shop.now_and_then", reads=("shop.items",))
    def now_and_then(db: Reader, *, times: int) -> list[Item | None]:
        return [uncached_item(db, item="pen") for _ in range(times)]

    for times in (0, 1, 1, 2, 1, 3):
        assert len(now_and_then.ask(times=times).data) == times


def test_a_kept_answer_costs_the_database_nothing(shop: Shop, tmp_path: Path) -> None:
    item.ask(item="pen")
    assert _round_trips(tmp_path / "trace", lambda: item.ask(item="pen")) == 0


def _round_trips(trace: Path, call: Callable[[], object]) -> int:
    """How often the pooled connection waits for the server: libpq's own trace of Sync messages."""
    with trace.open("wb") as file:
        with db.reader() as connection:
            traced = connection.pgconn
            traced.trace(file.fileno())
        call()
        traced.untrace()
    sent = [line for line in trace.read_text().splitlines() if "\tF\t" in line]
    return sum("\tSync" in line or "\tQuery\t" in line for line in sent)


def test_an_answer_that_other_code_has_kept_is_passed_over(
    shop: Shop, redis: redis_py.Redis
) -> None:
    shop.sell("pen")
    shop.settle()
    item.ask(item="pen")
    (key,) = redis.keys("cqrs:answer:*")
    redis.hset(key, "body", '{"of": "another shape"}')
    answer = item.ask(item="pen")
    assert (answer.data and answer.data.sold, answer.from_cache) == (1, False)


def test_answers_of_two_codes_of_a_query_are_kept_apart(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    @query("shop.coded", reads=("shop.items",), tags=lambda p: ("items",))
    def before(db: Reader) -> int:
        return 1

    assert [before.ask().data for _ in range(2)] == [1, 1]
    monkeypatch.delitem(queries._items, "shop.coded")

    @query("shop.coded", reads=("shop.items",), tags=lambda p: ("items",))
    def after(db: Reader) -> int:
        return 2

    assert after.ask().data == 2
    assert after.ask().from_cache
    monkeypatch.delitem(queries._items, "shop.coded")
