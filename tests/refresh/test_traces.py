"""What a refresh read is asked of the server: views through functions, of the clock, of others."""

from __future__ import annotations

import pytest

from tests.rebuild.conftest import ReadModels
from tests.support.things.history import LIST, PLACES
from tests.support.things.models import ThingSeen
from worker import refresh
from worker.base import db
from worker.refresh import Refreshed, materialized_views
from worker.refresh.invalidation_rules import invalidation_rule

FUNCTIONS = """
CREATE FUNCTION public.in_plpgsql() RETURNS bigint LANGUAGE plpgsql STABLE AS
    $$ BEGIN RETURN (SELECT count(*) FROM query.things); END $$;
CREATE FUNCTION public.by_name(name text) RETURNS bigint LANGUAGE plpgsql AS
    $$ DECLARE n bigint; BEGIN EXECUTE 'SELECT count(*) FROM ' || name INTO n; RETURN n; END $$;
CREATE FUNCTION public.in_sql() RETURNS bigint LANGUAGE sql AS
    $$ SELECT count(*) FROM query.things $$;
CREATE FUNCTION public.said_immutable() RETURNS bigint LANGUAGE sql IMMUTABLE AS
    $$ SELECT count(*) FROM query.things $$;
CREATE FUNCTION public.parsed() RETURNS bigint LANGUAGE sql
    BEGIN ATOMIC SELECT count(*) FROM query.things; END;
CREATE FUNCTION public.raises() RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
    DECLARE found text;
    BEGIN
        SELECT name INTO STRICT found FROM query.things WHERE name = '9';
        RETURN (SELECT count(*) FROM query.thing_places);
    EXCEPTION WHEN no_data_found THEN RETURN 0;
    END $$;
"""
THROUGH = {
    "in_plpgsql": "public.in_plpgsql()",
    "by_name": "public.by_name('query.things')",
    "in_sql": "public.in_sql()",
    "said_immutable": "public.said_immutable()",
    "parsed": "public.parsed()",
    "raises": "public.raises()",
}
"""Views whose tables the catalogue tells of one alone, `parsed`: what they are computed by."""
STEADY = {"parsed", "raises", "said_immutable"}
UNSTEADY = {
    "today": "current_date AS one",
    "last_month": "now() - interval '30 days' AS one",
    "age_of_it": "age(timestamptz '2020-01-01') AS one",
    "at_random": "random() AS one",
    "setting": "current_setting('application_name') AS one",
    "of_a_sequence": "last_value AS one FROM public.numbers",
    "of_the_catalogue": "count(*) AS one FROM pg_class",
    "sampled": "count(*) AS one FROM query.things_v1 TABLESAMPLE SYSTEM (50)",
    "of_another_schema": "one FROM public.theirs",
}
STEADY_OF_THE_SERVER = """
SELECT to_char(updated_at, 'YYYY') AS year, date_trunc('day', updated_at) AS day,
       updated_at + interval '1 day' AS next, jsonb_build_object('n', name) AS n,
       updated_at::date AS at, extract(hour FROM updated_at) AS hour, updated_at::text AS text
  FROM query.things
"""


def _made(things: ReadModels, views: dict[str, str]) -> list[str]:
    for name, what in views.items():
        things.connection.execute(
            f"CREATE MATERIALIZED VIEW query.{name} AS SELECT {what} WITH NO DATA"
        )
    return [f"query.{name}" for name in views]


def _outcomes(done: list[Refreshed]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in done:
        found.setdefault(one.outcome, set()).add(one.view.removeprefix("query."))
    return found


def _horizons(things: ReadModels) -> dict[str, int]:
    rows = things.rows("SELECT view, horizon FROM cqrs.refreshed WHERE view ~ '^query'")
    return {row["view"].removeprefix("query."): row["horizon"] for row in rows}


def _last(things: ReadModels) -> int:
    return int(things.one("SELECT max(position) FROM cqrs.events"))


def test_a_view_through_functions_holds_no_more_than_what_they_read(things: ReadModels) -> None:
    things.connection.execute(FUNCTIONS)
    views = _made(things, {name: f"{call} AS n" for name, call in THROUGH.items()})
    things.add(1)
    things.project()
    assert _outcomes(refresh.refresh(views)) == {"refreshed": set(THROUGH)}
    (first,) = things.add(9)
    things.project(PLACES)  # the list of things lags: a refresh now does not hold the event

    refresh.refresh(views)

    assert set(_horizons(things).values()) == {first - 1}
    things.project()
    done = refresh.refresh(views, if_stale=True)
    assert _outcomes(done) == {"refreshed": set(THROUGH)}, "each sees what has changed"
    assert set(_horizons(things).values()) == {first}
    counts = {name: things.one(f"SELECT n FROM query.{name}") for name in THROUGH}
    assert counts == dict.fromkeys(THROUGH, 2) | {"raises": things.one(
        "SELECT count(*) FROM query.thing_places"
    )}  # fmt: skip
    reads = things.rows("SELECT view, name FROM cqrs.refresh_reads WHERE name ~ 'thing.*_v1'")
    assert {(row["view"], row["name"]) for row in reads} == {
        (view, "query.things_v1") for view in views
    } | {("query.raises", "query.thing_places_v1")}


def test_what_is_known_not_to_change_is_skipped_and_what_is_not_is_not(things: ReadModels) -> None:
    things.connection.execute(FUNCTIONS)
    views = _made(things, {name: f"{call} AS n" for name, call in THROUGH.items()})
    things.add(9)
    things.project()
    refresh.refresh(views)
    things.append("nobody", ThingSeen())  # nobody's table changes by it
    things.project()
    done = _outcomes(refresh.refresh(views, if_stale=True))
    assert done == {"skipped": STEADY, "refreshed": set(THROUGH) - STEADY}
    assert set(_horizons(things).values()) == {_last(things)}


def test_what_changes_by_itself_counts_as_changed(things: ReadModels) -> None:
    things.connection.execute(
        "CREATE SEQUENCE public.numbers; CREATE MATERIALIZED VIEW public.theirs AS SELECT 1 AS one;"
        f"CREATE MATERIALIZED VIEW query.steady AS {STEADY_OF_THE_SERVER}"
    )
    views = [*_made(things, UNSTEADY), "query.steady"]
    views += _made(things, {"above": "one FROM query.today"})
    things.add(1)
    things.project()
    refresh.refresh(views)
    done = refresh.refresh(views, if_stale=True)
    assert _outcomes(done) == {"refreshed": {*UNSTEADY, "above"}, "skipped": {"steady"}}
    horizons = _horizons(things)
    assert horizons.pop("of_another_schema") == 0, "nobody knows how new what it reads is"
    assert set(horizons.values()) == {_last(things)}


def test_a_foreign_table_counts_as_changed_behind_a_partitioned_one_too(things: ReadModels) -> None:
    things.connection.execute(
        "CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER far FOREIGN DATA WRAPPER elsewhere;"
        "CREATE TABLE command.parts (n int) PARTITION BY LIST (n);"
        "CREATE FOREIGN TABLE command.far_parts PARTITION OF command.parts FOR VALUES IN (1)"
        " SERVER far"
    )
    _made(things, {"over_parts": "n FROM command.parts"})
    with db.owner() as connection:
        assert "command.far_parts" in materialized_views(connection)["query.over_parts"].unsteady


def test_a_view_is_stale_when_a_function_or_a_name_has_changed(things: ReadModels) -> None:
    things.connection.execute(FUNCTIONS)
    names = ("said_immutable", "raises")
    views = _made(things, {name: f"{THROUGH[name]} AS n" for name in names})
    things.add(1)
    things.project()
    refresh.refresh(views)
    for change in (
        FUNCTIONS.replace("CREATE", "CREATE OR REPLACE").replace("count(*)", "7 + count(*)"),
        "CREATE TABLE public.things (name text)",
        "CREATE TYPE public.mood AS ENUM ('good')",
        "ALTER TYPE public.mood RENAME VALUE 'good' TO 'bad'",
    ):
        things.connection.execute(change)
        assert _outcomes(refresh.refresh(views, if_stale=True)) == {"refreshed": set(names)}, change
    assert things.one("SELECT n FROM query.said_immutable") == 8
    assert _outcomes(refresh.refresh(views, if_stale=True)) == {"skipped": set(names)}


def test_a_view_without_a_trace_depends_on_everything(things: ReadModels) -> None:
    things.connection.execute(FUNCTIONS)
    (view,) = _made(things, {"said_immutable": "public.said_immutable() AS n"})
    things.add(1)
    things.project()
    refresh.refresh([view])
    trace = "SELECT cqrs.traced_reads('query.said_immutable'::regclass)"
    assert len(things.one(trace)) == 2, "the view of the things, and the table behind it"
    things.connection.execute("UPDATE cqrs.refresh_traces SET complete = false")
    assert things.one(trace) is None
    assert _outcomes(refresh.refresh([view], if_stale=True)) == {"refreshed": {"said_immutable"}}
    things.connection.execute(
        f"DROP MATERIALIZED VIEW {view};"
        f"CREATE MATERIALIZED VIEW {view} AS SELECT public.said_immutable() + 1 AS n"
    )
    assert things.one(trace) is None, "another view of the same name"
    assert _outcomes(refresh.refresh([view], if_stale=True)) == {"refreshed": {"said_immutable"}}


def test_functions_that_read_in_a_circle_stop_no_refresh(things: ReadModels) -> None:
    things.connection.execute(
        "CREATE MATERIALIZED VIEW query.egg AS SELECT 1 AS one;"
        "CREATE FUNCTION public.eggs() RETURNS bigint LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN (SELECT count(*) FROM query.egg); END $$;"
        "CREATE MATERIALIZED VIEW query.hen AS SELECT public.eggs() AS one;"
        "CREATE FUNCTION public.hens() RETURNS bigint LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN (SELECT count(*) FROM query.hen); END $$;"
        "DROP MATERIALIZED VIEW query.egg;"
        "CREATE MATERIALIZED VIEW query.egg AS SELECT public.hens() AS one"
    )
    for _ in range(2):
        done = refresh.refresh(["egg", "hen"])
        assert {one.outcome for one in done} == {"refreshed"}


@pytest.mark.usefixtures("no_rules")
def test_a_view_of_the_clock_has_a_schedule_of_its_own(things: ReadModels) -> None:
    invalidation_rule("clock", every={"query.today": 3_600.0})
    (view,) = _made(things, {"today": "current_date AS one, count(*) AS n FROM query.things"})
    things.add(1)
    things.project()
    refresh.refresh([view])
    (done,) = refresh.refresh([view], if_stale=True)
    assert (done.outcome, "schedule of its own" in str(done.reason)) == ("skipped", True)
    before = _last(things)
    things.append("nobody", things.added(2))
    things.connection.execute(
        "UPDATE cqrs.subscriptions SET position = position + 1 WHERE subscription = %s", [LIST]
    )
    refresh.refresh([view], if_stale=True)
    assert _horizons(things)["today"] == before, "it is not known that it would not change"
    assert refresh.wake_due() == []
    things.connection.execute("UPDATE cqrs.refreshed SET refreshed_at = now() - interval '2 h'")
    assert refresh.wake_due() == [view]
    assert _outcomes(refresh.refresh([view], if_stale=True)) == {"refreshed": {"today"}}
