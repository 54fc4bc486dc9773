"""`cqrs map`: what follows from what, as the domains declare it, and what runs by the clock."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.conftest import Database
from tests.support.things.models import ThingAdded, ThingBumped
from worker.base.settings import get_settings
from worker.cli.root import app
from worker.ops.schedule import ScheduleEntry
from worker.refresh import invalidation_rules
from worker.refresh.invalidation_rules import invalidation_rule

VIEW = "query.revenue_by_product"
pytestmark = pytest.mark.usefixtures("things")


@pytest.fixture(autouse=True)
def _own_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules of this test alone."""
    monkeypatch.setattr(invalidation_rules.rules, "_items", {})


def drawn(*arguments: str) -> Result:
    """What `cqrs map` does."""
    return CliRunner().invoke(app, ["map", *arguments])


def told() -> dict[str, Any]:
    """The map as JSON."""
    result = drawn("--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_every_command_shows_its_events_and_who_reads_them() -> None:
    (placed,) = (one for one in told()["commands"] if one["command"] == "orders.create_order")
    assert placed["events"] == ["orders.OrderCreated"]
    assert {"orders.order_summaries", "orders.order_items"} <= set(placed["subscriptions"])
    assert "orders.orders_summary" in placed["queries"]
    shown = drawn().stdout
    assert "things.add  Add a thing." in shown
    assert "orders.product_inventory, orders.order_summaries" in shown


def test_what_a_rule_says_about_an_event_is_listed() -> None:
    invalidation_rule(
        "things.counting", on=[ThingAdded], affects=["orders.audit_log", "banking.transfer"]
    )
    invalidation_rule("things.totals", on=[ThingAdded, ThingBumped], refresh={VIEW: 1})
    added, bumped = told()["consequences"]
    assert added["event"] == "things.ThingAdded"
    assert added["queries"] == ["banking.transfer", "orders.audit_log"]
    assert added["refresh"] == bumped["refresh"] == {VIEW: 1.0}
    shown = drawn().stdout
    assert "affects    banking.transfer, orders.audit_log" in shown
    assert f"refreshes  {VIEW} after 1 s" in shown


def test_a_rule_that_names_no_query_makes_the_map_fail() -> None:
    invalidation_rule("things.typo", on=[ThingAdded], affects=["orders.audit_lgo"])
    said = (
        "no query is called 'orders.audit_lgo'; did you mean orders.audit_log? (rule things.typo)"
    )
    for result in (drawn(), drawn("--json")):
        assert result.exit_code == 1
        assert said in result.stdout
    assert json.loads(drawn("--json").stdout)["problems"] == [said]


def test_every_query_says_what_it_reads_and_costs() -> None:
    asked = {one["query"]: one for one in told()["queries"]}
    revenue = asked["orders.revenue_by_product"]
    assert (revenue["views"], revenue["cached"]) == (["query.revenue_by_product"], True)
    assert (revenue["cost"], revenue["by_page"]) == (None, True)
    assert not asked["orders.audit_log"]["cached"]
    assert "never kept, cost by the page" in drawn().stdout


def test_every_query_says_which_conditions_by_name_it_takes() -> None:
    asked = {one["query"]: one["conditions"] for one in told()["queries"]}
    assert asked["orders.orders_summary"] == [
        "orders.above(amount)",
        "orders.open",
        "orders.taken_between(since, until)",
    ]
    assert asked["orders.product_inventory"] == ["orders.sold_out"]
    assert "orders.changed_by(actor)" in asked["orders.audit_log"]
    assert {"banking.dormant(since)", "banking.open"} <= set(asked["banking.accounts_by_balance"])
    assert asked["orders.order_details"] == []
    assert "conditions  orders.above(amount), orders.open" in drawn().stdout


@pytest.mark.settings(sweep_interval=2.5, rebuild_hour=4)
def test_the_schedule_is_listed_with_periods_and_reasons(things: Database) -> None:
    schedule = told()["schedule"]
    assert schedule["sweep"]["every"] == get_settings().sweep_interval == 2.5
    assert "lost message" in schedule["sweep"]["why"]
    shown = drawn().stdout
    assert "sweep  every 2.5 s, cqrs.sweep" in shown
    assert "rebuild-read-models  daily at 04:00 UTC" in shown


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (ScheduleEntry("t", 1.0, ""), "every 1 s"),
        (ScheduleEntry("t", 90.0, ""), "every 90 s"),
        (ScheduleEntry("t", 900.0, ""), "every 15 min"),
        (ScheduleEntry.daily("t", 3, ""), "daily at 03:00 UTC"),
    ],
)
def test_periods_are_told_as_people_say_them(entry: ScheduleEntry, said: str) -> None:
    assert entry.when == said
