"""Refreshes: in order, only when something changed, by one worker at a time, and written down."""

from __future__ import annotations

import threading

import pytest

from tests.rebuild.conftest import ReadModels
from tests.refresh.conftest import BEST, TOTALS
from tests.support.messages import sent
from tests.support.things.history import LIST, PLACES
from tests.support.things.models import ThingSeen
from tests.support.workers import until
from worker import refresh
from worker.base import db
from worker.base.settings import get_settings, using
from worker.cache import source_tag
from worker.rebuild import rebuild
from worker.refresh import NoUniqueIndex, Refreshed, RefreshFailed, UnknownView
from worker.refresh.view_refresh import ViewRefresh
from worker.refresh.views import materialized_views
from worker.subscriptions import dead_letters


def _outcomes(done: list[Refreshed]) -> dict[str, str]:
    return {one.view: one.outcome for one in done}


def _horizon(things: ReadModels, view: str = TOTALS) -> int:
    return int(things.one("SELECT horizon FROM query.refreshed WHERE view = %s", view))


def _last(things: ReadModels) -> int:
    return int(things.one("SELECT max(position) FROM cqrs.events"))


def test_views_are_refreshed_after_those_that_they_read(views: ReadModels) -> None:
    views.fill(1, 9)
    views.project()
    done = refresh.refresh([BEST, TOTALS])
    assert [one.view for one in done] == [TOTALS, BEST]
    assert views.one("SELECT owner FROM query.thing_best") is not None


def test_a_stale_view_below_is_refreshed_first_although_it_was_not_named(views: ReadModels) -> None:
    views.fill(1, 9)
    views.project()
    assert _outcomes(refresh.refresh([BEST])) == {TOTALS: "refreshed", BEST: "refreshed"}
    assert _outcomes(refresh.refresh([BEST])) == {BEST: "refreshed"}


def test_a_view_is_skipped_while_nothing_that_it_reads_changes(views: ReadModels) -> None:
    views.fill(1, 9)
    views.project()
    names = [TOTALS, BEST]
    assert _outcomes(refresh.refresh(names, if_stale=True)) == dict.fromkeys(names, "refreshed")
    assert _outcomes(refresh.refresh(names, if_stale=True)) == dict.fromkeys(names, "skipped")
    views.ship(1)
    views.project()
    assert _outcomes(refresh.refresh(names, if_stale=True)) == dict.fromkeys(names, "refreshed")


def test_events_of_other_kinds_refresh_nothing_but_move_the_horizon(views: ReadModels) -> None:
    views.fill(1, 9)
    views.project()
    refresh.refresh([TOTALS, BEST])
    views.add(20)
    views.project(PLACES)
    assert _outcomes(refresh.refresh([TOTALS], if_stale=True)) == {TOTALS: "skipped"}
    assert _horizon(views) == _last(views) - 1
    views.connection.execute("DELETE FROM cqrs.events WHERE position = %s", [_last(views)])
    views.connection.execute(
        "UPDATE cqrs.subscriptions SET position = position + 1 WHERE name = %s", [LIST]
    )
    assert _outcomes(refresh.refresh([TOTALS, BEST], if_stale=True)) == {
        TOTALS: "skipped",
        BEST: "skipped",
    }
    assert _horizon(views) == _horizon(views, BEST) == _last(views) + 1


def test_the_horizon_is_the_lowest_checkpoint_that_the_view_reads(views: ReadModels) -> None:
    views.connection.execute(
        "CREATE MATERIALIZED VIEW query.thing_both AS SELECT count(*)"
        " FROM query.things, query.thing_places"
    )
    views.fill(1, 9)
    views.project(LIST)
    refresh.refresh(["thing_both", "thing_totals"])
    assert (_horizon(views, "query.thing_both"), _horizon(views)) == (0, _last(views))
    views.project()
    (done,) = refresh.refresh(["thing_both"], if_stale=True)
    assert (done.outcome, done.horizon) == ("refreshed", _last(views))


def test_rows_that_a_repair_changed_in_place_make_a_view_stale(views: ReadModels) -> None:
    views.add(1)
    views.reprice(1, "not money")
    views.reprice(1, "9.00")
    views.project()
    refresh.refresh([TOTALS])
    dead_letters.discard(views.one("SELECT letter_id FROM cqrs.dead_letters"), by="test")
    assert _outcomes(refresh.refresh([TOTALS], if_stale=True)) == {TOTALS: "refreshed"}
    assert str(views.one("SELECT price FROM query.thing_totals")) == "9.00"


def test_a_view_over_write_tables_is_as_far_as_the_log(views: ReadModels) -> None:
    views.connection.execute(
        "CREATE TABLE command.thing_bins (n int);"
        "CREATE MATERIALIZED VIEW query.thing_bins AS SELECT count(*) FROM command.thing_bins"
    )
    views.add(1)
    assert refresh.refresh(["thing_bins"], if_stale=True)[0].horizon == _last(views)
    assert refresh.refresh(["thing_bins"], if_stale=True)[0].outcome == "skipped"
    views.add(2)
    assert refresh.refresh(["thing_bins"], if_stale=True)[0].outcome == "refreshed"


def test_a_view_over_the_engines_own_tables_is_never_skipped(views: ReadModels) -> None:
    views.connection.execute(
        "CREATE MATERIALIZED VIEW query.thing_receipts AS SELECT count(*) FROM cqrs.receipts"
    )
    for _ in range(2):
        assert refresh.refresh(["thing_receipts"], if_stale=True)[0].outcome == "refreshed"


def test_readers_do_not_wait_where_a_unique_index_allows_it(views: ReadModels) -> None:
    done = refresh.refresh([TOTALS, BEST])
    assert [one.concurrent for one in done] == [True, False]
    views.connection.execute("REFRESH MATERIALIZED VIEW query.thing_totals WITH NO DATA")
    assert [one.concurrent for one in refresh.refresh([TOTALS])] == [False]
    assert [one.concurrent for one in refresh.refresh([TOTALS])] == [True]


@pytest.mark.parametrize(
    "index", ["(owner) WHERE owner > ''", "(lower(owner))"], ids=["partial", "expression"]
)
def test_an_index_that_does_not_say_which_row_is_which_is_not_enough(
    views: ReadModels, index: str
) -> None:
    views.connection.execute(f"CREATE UNIQUE INDEX thing_best_key ON query.thing_best {index}")
    done = refresh.refresh([BEST])[-1]
    assert (done.outcome, done.concurrent) == ("refreshed", False)


def test_to_insist_on_concurrently_without_a_unique_index_is_refused(views: ReadModels) -> None:
    with pytest.raises(NoUniqueIndex, match=r"create one, .*query\.thing_best"):
        refresh.refresh([TOTALS, BEST], concurrently=True)
    assert views.one("SELECT count(*) FROM cqrs.refreshes") == 0


def test_an_unknown_view_is_named_with_a_suggestion(views: ReadModels) -> None:
    with pytest.raises(UnknownView, match=r"did you mean query\.thing_totals"):
        refresh.refresh(["query.thing_total"])


def test_what_became_of_each_refresh_is_kept(views: ReadModels) -> None:
    views.fill(1, 9)
    views.project()
    refresh.refresh([TOTALS])
    refresh.refresh([TOTALS], if_stale=True)
    first, second = views.rows("SELECT * FROM cqrs.refreshes ORDER BY refresh_id")
    assert (first["outcome"], first["rows"], first["horizon"]) == ("refreshed", 4, _last(views))
    assert first["duration"].total_seconds() > 0
    assert (second["outcome"], second["reason"]) == ("skipped", "nothing that it reads has changed")


def test_answers_over_a_view_are_invalidated_with_its_refresh(views: ReadModels) -> None:
    refresh.refresh([TOTALS])
    refresh.refresh([TOTALS], if_stale=True)
    assert [row["tags"] for row in views.rows("SELECT tags FROM cqrs.invalidations")] == [
        [source_tag(TOTALS)]
    ]


def test_who_refreshes_has_the_cache_told_at_once(views: ReadModels) -> None:
    sent("projections")
    refresh.refresh([TOTALS])
    assert [one.task for one in sent("projections")] == ["cqrs.invalidate"]
    refresh.refresh([TOTALS], if_stale=True)
    assert sent("projections") == []


def test_a_view_over_another_one_holds_no_more_than_that(views: ReadModels) -> None:
    views.add(1)
    views.project()
    refresh.refresh([BEST])
    views.connection.execute("UPDATE cqrs.refreshed SET horizon = 0 WHERE view = %s", [TOTALS])
    views.append(1, ThingSeen())
    with db.owner() as connection:
        run = ViewRefresh(connection, materialized_views(connection), 5.0)
        assert run.refresh(run.views.find(BEST), if_stale=False).horizon == 0


def test_a_view_that_was_emptied_is_computed(views: ReadModels) -> None:
    views.add(1)
    views.project()
    refresh.refresh([TOTALS])
    views.connection.execute("REFRESH MATERIALIZED VIEW query.thing_totals WITH NO DATA")
    assert _outcomes(refresh.refresh([TOTALS], if_stale=True)) == {TOTALS: "refreshed"}


def test_a_view_that_fails_stops_only_those_that_read_it(views: ReadModels) -> None:
    views.connection.execute(
        "CREATE MATERIALIZED VIEW query.thing_bad AS"
        " SELECT owner, 1 / (orders - orders) AS never FROM query.thing_totals WITH NO DATA;"
        "CREATE MATERIALIZED VIEW query.thing_worse AS SELECT * FROM query.thing_bad WITH NO DATA"
    )
    views.add(1)
    views.project()
    with pytest.raises(RefreshFailed, match="division by zero") as caught:
        refresh.refresh_all()
    assert set(caught.value.failed) == {"query.thing_bad", "query.thing_worse"}
    assert views.one("SELECT owner FROM query.thing_best") == "c1"
    reasons = {r["view"]: r["reason"] for r in views.rows("SELECT * FROM cqrs.refreshes")}
    assert reasons["query.thing_worse"] == (
        "it reads a view that was not refreshed, query.thing_bad"
    )
    assert views.one("SELECT count(*) FROM query.refreshed WHERE view = 'query.thing_bad'") == 0


def test_what_somebody_else_holds_is_waited_for_a_while_only(views: ReadModels) -> None:
    with using(get_settings().model_copy(update={"lock_timeout": 0.2})):
        with views.connect() as other, other.transaction():
            other.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY query.thing_totals")
            (done,) = refresh.refresh([TOTALS])
        assert (done.outcome, done.reason) == (
            "failed",
            "others hold it for too long: a lock was not to be had in time",
        )
        assert refresh.refresh([TOTALS])[0].outcome == "refreshed"


def test_a_refresh_may_take_only_so_long(views: ReadModels) -> None:
    views.connection.execute(
        "CREATE MATERIALIZED VIEW query.thing_slow AS SELECT pg_sleep(5)::text WITH NO DATA"
    )
    (done,) = refresh.refresh(["thing_slow"], timeout=0.2)
    assert (done.outcome, done.reason) == (
        "failed",
        "it takes longer than it may: see the timeout of the refresh",
    )


def test_two_who_refresh_a_view_at_once_compute_it_once(views: ReadModels) -> None:
    views.add(1)
    views.project()
    done: list[Refreshed] = []
    both = [
        threading.Thread(target=lambda: done.extend(refresh.refresh([TOTALS]))) for _ in range(2)
    ]
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with views.connect() as third, third.transaction():
        third.execute("SELECT pg_advisory_xact_lock(1668379238, hashtext(%s))", [TOTALS])
        for each in both:
            each.start()
        until(lambda: views.one(waiting) == 2, 20)
    for each in both:
        each.join(20)
    assert sorted(one.outcome for one in done) == ["refreshed", "skipped"]


def test_everything_computed_from_a_table_is_refreshed(views: ReadModels) -> None:
    assert _outcomes(refresh.refresh_over(["query.things"])) == {
        TOTALS: "refreshed",
        BEST: "refreshed",
    }
    assert refresh.refresh_over(["query.thing_places_v1"]) == []


def test_views_follow_a_table_that_was_swapped(views: ReadModels) -> None:
    views.fill(1, 9)
    views.project()
    refresh.refresh([TOTALS])
    rebuild(LIST)
    assert _outcomes(refresh.refresh([TOTALS], if_stale=True)) == {TOTALS: "skipped"}
    views.add(30)
    views.project()
    (done,) = refresh.refresh([TOTALS], if_stale=True)
    assert (done.outcome, done.horizon) == ("refreshed", _last(views))
    until(lambda: views.one("SELECT sum(orders) FROM query.thing_totals") == 10, 5)
