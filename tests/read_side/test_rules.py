"""Consistency rules: declared beside the domain, used by the runner, printed by the map."""

from __future__ import annotations

import pytest

from tests.read_side.conftest import Shop
from tests.read_side.shop.models import Closed, Sold
from tests.read_side.shop.projections import item_list
from tests.read_side.shop.queries import item, totals, uncached_item
from worker import cache
from worker.base.registry import Registry, load_domains
from worker.queries.query import Reader, query
from worker.refresh import invalidation_rules
from worker.refresh.invalidation_rules import (
    Consequence,
    InvalidationRule,
    consequences,
    invalidation_rule,
    problems,
    refreshes_for,
    tags_for,
)
from worker.subscriptions import runner

VIEW = "query.shop_totals"


@pytest.fixture(autouse=True)
def _own_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules of this test alone."""
    own: Registry[InvalidationRule] = Registry("rule")
    monkeypatch.setattr(invalidation_rules, "rules", own)


@pytest.fixture(autouse=True)
def _shop_rules(_own_rules: None) -> None:
    invalidation_rule(
        "shop.sales", on=[Sold], affects=["shop.item", "shop.totals"], refresh={VIEW: 1.0}
    )
    invalidation_rule("shop.closing", on=[Closed, Sold], refresh={VIEW: 5, "query.other": 0})


def test_an_event_invalidates_the_queries_that_read_the_projection() -> None:
    assert tags_for("shop.items", {"shop.Sold"}) == {"query:shop.item", "query:shop.totals"}
    assert tags_for("shop.customers", {"shop.Sold"}) == {"query:shop.totals"}
    assert tags_for("shop.items", {"shop.Closed", "else"}) == set()


def test_a_view_is_refreshed_after_the_shortest_wait() -> None:
    assert refreshes_for({"shop.Sold"}) == {VIEW: 1.0, "query.other": 0}
    assert refreshes_for({"shop.Closed"}) == {VIEW: 5, "query.other": 0}
    assert refreshes_for({"something"}) == {}


def test_the_map_lists_what_follows_from_each_event() -> None:
    closed, sold = consequences()
    assert closed == Consequence("shop.Closed", (), {VIEW: 5, "query.other": 0})
    assert str(sold) == (
        "shop.Sold → shop.item, shop.totals,"
        " refresh query.shop_totals after 1 s, refresh query.other after 0 s"
    )


def test_a_rule_that_names_no_query_that_exists_is_a_problem() -> None:
    invalidation_rule("shop.typo", on=[Sold], affects=["shop.itm"])
    assert problems() == ["no query is called 'shop.itm' (rule shop.typo)"]
    with pytest.raises(ValueError, match=r"no query is called 'shop\.itm' \(rule shop\.typo\)"):
        load_domains()


@pytest.mark.parametrize(
    "wrong",
    [
        {"on": [], "affects": ["shop.item"]},
        {"on": [Sold]},
        {"on": [Sold], "refresh": {VIEW: -1}},
    ],
)
def test_a_rule_that_says_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"rule shop\.wrong"):
        invalidation_rule("shop.wrong", **wrong)  # type: ignore[arg-type]


def test_a_name_stands_once() -> None:
    with pytest.raises(ValueError, match="two of one name"):
        invalidation_rule("shop.sales", on=[Sold], affects=["shop.item"])


def test_the_tags_of_a_rule_go_out_with_the_wake_up_that_folded_its_event(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_list, "tags", lambda row: ())
    item.ask(item="pen")
    shop.append("item-pen", Closed())
    assert not runner.catch_up(["shop.items"]).tags, "nothing was folded"
    shop.sell("pen")
    assert runner.catch_up(["shop.items"]).tags, "so that the next link tells the cache"
    assert [tags for _, tags, _ in shop.waiting_tags()] == [
        ["query:shop.item", "query:shop.totals"]
    ]
    runner.invalidate()
    assert not item.ask(item="pen").from_cache


def test_the_tag_of_a_query_invalidates_all_its_answers(shop: Shop) -> None:
    @query("shop.tagged", reads=("shop.items",), tags=lambda p: ())
    def tagged(db: Reader, *, item: str) -> object:
        return uncached_item(db, item=item)

    for name in ("pen", "ink"):
        tagged.ask(item=name)
        assert tagged.ask(item=name).from_cache
    cache.invalidate({cache.query_tag("shop.tagged")})
    assert not any(tagged.ask(item=name).from_cache for name in ("pen", "ink"))


def test_the_tag_of_a_source_invalidates_all_answers_over_it(shop: Shop) -> None:
    item.ask(item="pen")
    totals.ask()
    assert item.ask(item="pen").from_cache
    assert totals.ask().from_cache
    cache.invalidate([cache.source_tag("shop.items"), cache.source_tag(VIEW)], 1)
    assert not item.ask(item="pen").from_cache
    assert not totals.ask().from_cache
