"""Consistency rules: declared beside the domain, used by the runner, printed by the map."""

from __future__ import annotations

import pytest

from tests.read_side.conftest import ReadSide
from tests.support.things.models import ThingMoved, ThingSeen
from tests.support.things.projections import thing_list
from tests.support.things.queries import thing, totals, uncached_thing
from worker import cache
from worker.base.registry import Registry
from worker.queries.query import Reader, query
from worker.refresh import invalidation_rules
from worker.refresh.invalidation_rules import (
    Consequence,
    InvalidationRule,
    consequences,
    invalidation_rule,
    refreshes_for,
    tags_for,
)
from worker.subscriptions import runner

VIEW = "query.thing_totals"


@pytest.fixture(autouse=True)
def _own_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules of this test alone."""
    own: Registry[InvalidationRule] = Registry("rule")
    monkeypatch.setattr(invalidation_rules, "rules", own)


@pytest.fixture(autouse=True)
def _rules_of_things(_own_rules: None) -> None:
    invalidation_rule(
        "things.moves",
        on=[ThingMoved],
        affects=["things.thing", "things.totals"],
        refresh={VIEW: 1.0},
    )
    invalidation_rule(
        "things.looks", on=[ThingSeen, ThingMoved], refresh={VIEW: 5, "query.other": 0}
    )


def test_an_event_invalidates_the_queries_that_read_the_projection() -> None:
    assert tags_for("things.list", {"things.ThingMoved"}) == {
        "query:things.thing",
        "query:things.totals",
    }
    assert tags_for("things.places", {"things.ThingMoved"}) == {"query:things.totals"}
    assert tags_for("things.list", {"things.ThingSeen", "else"}) == set()


def test_a_view_is_refreshed_after_the_shortest_wait() -> None:
    assert refreshes_for({"things.ThingMoved"}) == {VIEW: 1.0, "query.other": 0}
    assert refreshes_for({"things.ThingSeen"}) == {VIEW: 5, "query.other": 0}
    assert refreshes_for({"something"}) == {}


def test_the_map_lists_what_follows_from_each_event() -> None:
    moved, seen = consequences()
    assert seen == Consequence("things.ThingSeen", (), {VIEW: 5, "query.other": 0})
    assert str(moved) == (
        "things.ThingMoved → things.thing, things.totals,"
        " refresh query.thing_totals after 1 s, refresh query.other after 0 s"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"on": [], "affects": ["things.thing"]},
        {"on": [ThingMoved]},
        {"on": [ThingMoved], "refresh": {VIEW: -1}},
    ],
)
def test_a_rule_that_says_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"rule things\.wrong"):
        invalidation_rule("things.wrong", **wrong)  # type: ignore[arg-type]


def test_a_name_stands_once() -> None:
    with pytest.raises(ValueError, match="two of one name"):
        invalidation_rule("things.moves", on=[ThingMoved], affects=["things.thing"])


def test_the_tags_of_a_rule_go_out_with_the_wake_up_that_folded_its_event(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thing_list, "tags", lambda row: ())
    thing.ask(name="pen")
    things.append("pen", ThingSeen())
    assert not runner.catch_up(["things.list"]).tags, "nothing was folded"
    things.visit("pen")
    assert runner.catch_up(["things.list"]).tags, "so that the next link tells the cache"
    assert [tags for _, tags, _ in things.waiting_tags()] == [
        ["query:things.thing", "query:things.totals"]
    ]
    runner.invalidate()
    assert not thing.ask(name="pen").from_cache


def test_the_tag_of_a_query_invalidates_all_its_answers(things: ReadSide) -> None:
    @query("things.tagged", reads=("things.list",), tags=lambda p: ())
    def tagged(db: Reader, *, name: str) -> object:
        return uncached_thing(db, name=name)

    for name in ("pen", "ink"):
        tagged.ask(name=name)
        assert tagged.ask(name=name).from_cache
    cache.invalidate({cache.query_tag("things.tagged")})
    assert not any(tagged.ask(name=name).from_cache for name in ("pen", "ink"))


def test_the_tag_of_a_source_invalidates_all_answers_over_it(things: ReadSide) -> None:
    thing.ask(name="pen")
    totals.ask()
    assert thing.ask(name="pen").from_cache
    assert totals.ask().from_cache
    cache.invalidate([cache.source_tag("things.list"), cache.source_tag(VIEW)], 1)
    assert not thing.ask(name="pen").from_cache
    assert not totals.ask().from_cache
