"""`cqrs refresh`: by name, all, or over a table; for as long and in the way that one says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.rebuild.conftest import ReadModels
from tests.refresh.conftest import BEST, TOTALS
from worker.cli import refresh as refresh_cli


@pytest.fixture(autouse=True)
def domains_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixture has declared the things; a program loads the domains of its settings."""
    monkeypatch.setattr(refresh_cli, "load_domains", lambda: None)


def refresh(*arguments: str) -> Result:
    """Call the program in this process."""
    return CliRunner().invoke(refresh_cli.app, arguments)


def outcomes(result: Result) -> dict[str, Any]:
    """What became of each view, of a call with --json that succeeded."""
    assert result.exit_code == 0, result.output
    return {one["view"]: one["outcome"] for one in json.loads(result.stdout)}


def said(result: Result) -> str:
    """What is printed about an error, whatever the width of the terminal."""
    return " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    "table",
    ["query.things", "query.things_v1", "things_v1", TOTALS, "query.thing_ranked"],
)
def test_everything_that_is_computed_from_a_table_or_view_is_refreshed(
    views: ReadModels, table: str
) -> None:
    found = outcomes(refresh("--over", table, "--json"))
    assert found[BEST] == "refreshed"
    assert set(found) <= {TOTALS, BEST}


def test_a_table_that_nothing_is_computed_from_is_no_error(views: ReadModels) -> None:
    assert "no materialized view is computed" in refresh("--over", "query.thing_places").stdout
    assert outcomes(refresh("--over", "query.thing_places", "--json")) == {}


def test_a_table_that_is_not_there_is_named_with_a_suggestion(views: ReadModels) -> None:
    result = refresh("--over", "query.thingz")
    assert result.exit_code == 1
    assert "no such table; did you mean query.things? (table query.thingz)" in said(result)


def test_a_name_that_is_there_in_two_schemas_has_to_be_said_in_full(views: ReadModels) -> None:
    result = refresh("--over", "things")
    assert "say which: command.things, query.things (table things)" in said(result)


def test_only_what_is_stale_where_one_says_so(views: ReadModels) -> None:
    assert outcomes(refresh(BEST, "--json"))[BEST] == "refreshed"
    assert outcomes(refresh(BEST, "--if-stale", "--json"))[BEST] == "skipped"


def test_a_view_may_take_so_long_and_no_longer(views: ReadModels) -> None:
    views.connection.execute(
        "CREATE MATERIALIZED VIEW query.thing_slow AS SELECT pg_sleep(1)::text WITH NO DATA"
    )
    result = refresh("thing_slow", "--timeout", "0.2")
    assert result.exit_code == 1
    assert "it takes longer than it may" in " ".join(result.stdout.split())
    assert outcomes(refresh("thing_slow", "--timeout", "30", "--json")) == {
        "query.thing_slow": "refreshed"
    }


def test_readers_wait_or_do_not_as_one_says(views: ReadModels) -> None:
    def concurrent(*arguments: str) -> bool:
        (one,) = json.loads(refresh(TOTALS, "--json", *arguments).stdout)
        return bool(one["concurrent"])

    assert concurrent()
    assert concurrent("--concurrently")
    assert not concurrent("--no-concurrently")


def test_what_cannot_be_done_while_it_is_read_is_refused(views: ReadModels) -> None:
    result = refresh(BEST, "--concurrently")
    assert result.exit_code == 1
    assert "the view has no unique index over plain columns" in said(result)


@pytest.mark.parametrize("arguments", [[], [TOTALS, "--all"], ["--all", "--over", "query.things"]])
def test_views_are_chosen_in_one_way(views: ReadModels, arguments: list[str]) -> None:
    result = refresh(*arguments)
    assert result.exit_code == 2
    assert "name views, or a table with --over, or say --all" in said(result)


@pytest.mark.parametrize("seconds", ["0", "-1", "1e9", "nan"])
def test_a_timeout_that_is_none_is_refused(views: ReadModels, seconds: str) -> None:
    assert refresh(TOTALS, "--timeout", seconds).exit_code == 2


def test_all_are_refreshed_with_their_rows_and_seconds(views: ReadModels) -> None:
    views.fill(1, 9)
    views.project()
    result = refresh("--all")
    assert result.exit_code == 0
    assert TOTALS in result.stdout
    assert outcomes(refresh("--all", "--if-stale", "--json"))[TOTALS] == "skipped"


def test_a_view_of_another_schema_is_named_with_what_to_do(views: ReadModels) -> None:
    views.connection.execute("CREATE MATERIALIZED VIEW public.of_the_host AS SELECT 1 AS one")
    for name in ("public.of_the_host", "of_the_host"):
        result = refresh(name)
        assert result.exit_code == 1
        assert "public.of_the_host is not in schema query" in said(result)
        assert "ALTER MATERIALIZED VIEW public.of_the_host SET SCHEMA query" in said(result)
        assert "did you mean" not in said(result)


@pytest.mark.parametrize(
    ("name", "what"), [("query.things", "a view"), ("command.things", "a table")]
)
def test_what_is_no_materialized_view_is_named_as_what_it_is(
    views: ReadModels, name: str, what: str
) -> None:
    result = refresh(name)
    assert result.exit_code == 1
    assert f"{name} is {what}: only materialized views are refreshed" in said(result)
