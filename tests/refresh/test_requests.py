"""Events ask for refreshes: soon, however many they are, and none is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import pytest
from redis import Redis

from tests.rebuild.conftest import DOMAINS, ReadModels
from tests.refresh.conftest import TOTALS
from tests.support.messages import sent
from tests.support.things.history import LIST
from tests.support.things.models import ThingAdded, ThingPriced
from tests.support.things.projections import place_list, thing_list
from tests.support.workers import Workers, until
from worker import event_log, refresh
from worker.base import settings
from worker.commands import after_commit
from worker.event_log import NewEvent
from worker.refresh import RefreshFailed
from worker.refresh.invalidation_rules import invalidation_rule
from worker.subscriptions import runner

pytestmark = pytest.mark.usefixtures("no_rules")


def _refreshed(things: ReadModels) -> int:
    return int(things.one("SELECT count(*) FROM cqrs.refreshes WHERE outcome = 'refreshed'"))


def _waiting(things: ReadModels) -> list[str]:
    rows = things.rows("SELECT view FROM cqrs.refresh_requests WHERE requested > served")
    return [row["view"] for row in rows]


@pytest.fixture
def workers_with_rule(views: ReadModels, workers: Workers) -> Workers:
    """Workers that know the things, and that one more changes the totals within a second."""
    workers.settings = settings.get_settings().model_copy(update={"domains": DOMAINS})
    return workers


def _place_all(things: ReadModels, numbers: Iterable[int]) -> None:
    """Add things, all in one commit, and send the wake-up that follows it."""
    new = [
        NewEvent(f"thing-{number}", ThingAdded.type, things.added(number).payload())
        for number in numbers
    ]
    event_log.append(things.connection, new)
    after_commit.wake("cqrs.project", "things")


def test_a_thousand_events_within_a_second_cause_two_refreshes_at_most(
    views: ReadModels, workers_with_rule: Workers
) -> None:
    workers_with_rule.start(["projections", "maintenance"], environ={"THINGS_RULE": "1"})
    began = time.monotonic()
    for first in range(0, 1_000, 100):
        _place_all(views, range(first, first + 100))
    assert time.monotonic() - began < 1.0, "this machine is too slow to tell"
    until(lambda: views.one("SELECT sum(orders) FROM query.thing_totals") == 1_000, 20)
    until(lambda: not _waiting(views), 20)
    assert 1 <= _refreshed(views) <= 2


def test_a_rules_request_is_written_with_the_fold(views: ReadModels) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={TOTALS: 30.0})
    views.add(1)
    views.project()
    assert _waiting(views) == [TOTALS]
    due = views.one("SELECT due_at - clock_timestamp() FROM cqrs.refresh_requests")
    assert 20 < due.total_seconds() <= 30


def test_further_events_do_not_put_it_off(views: ReadModels) -> None:
    invalidation_rule("things", on=[ThingAdded, ThingPriced], refresh={TOTALS: 30.0})
    views.add(1)
    views.project()
    first = views.one("SELECT due_at FROM cqrs.refresh_requests")
    views.reprice(1)
    views.project()
    assert views.one("SELECT due_at FROM cqrs.refresh_requests") == first


def test_one_wake_up_waits_however_often_events_ask(views: ReadModels, redis: Redis) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={TOTALS: 1.0})
    assert len(refresh.wake_ups({ThingAdded.type})) == 1
    assert refresh.wake_ups({ThingAdded.type}) == []


def test_a_long_wait_is_left_to_the_sweep(views: ReadModels, redis: Redis) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={TOTALS: 3_600.0})
    assert refresh.wake_ups({ThingAdded.type}) == []
    views.add(1)
    views.project()
    assert refresh.wake_due() == []
    views.connection.execute("UPDATE cqrs.refresh_requests SET due_at = now()")
    assert refresh.wake_due() == [TOTALS]


def test_nothing_happens_before_the_time_has_come(views: ReadModels, redis: Redis) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={TOTALS: 30.0})
    views.add(1)
    views.project()
    refresh.refresh_due(TOTALS)
    assert _refreshed(views) == 0


def test_a_view_that_is_due_is_refreshed_once(views: ReadModels, redis: Redis) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={TOTALS: 0.0})
    views.add(1)
    views.project()
    refresh.refresh_due(TOTALS)
    refresh.refresh_due(TOTALS)
    assert (_refreshed(views), _waiting(views)) == (1, [])


def test_the_wake_up_that_folds_an_event_sends_for_the_refresh(
    views: ReadModels, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={TOTALS: 1.0})
    for projection in (thing_list, place_list):  # else the cache is told first
        monkeypatch.setattr(projection, "tags", lambda row: ())
    views.add(1)
    runner.project("things")
    (asked,) = sent("projections") + sent("maintenance")
    assert (asked.task, asked.args) == ("cqrs.refresh_due", [TOTALS])


def test_whoever_asks_during_a_refresh_sends_the_next_message(
    views: ReadModels, redis: Redis
) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={TOTALS: 0.0})
    assert refresh.wake_ups({ThingAdded.type})
    refresh.refresh_due(TOTALS)
    assert refresh.wake_ups({ThingAdded.type})


def test_a_view_that_another_worker_refreshes_is_left_to_it(
    views: ReadModels, redis: Redis
) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={TOTALS: 0.0})
    views.add(1)
    views.project()
    with views.connect() as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(1668379238, hashtext(%s))", [TOTALS])
        refresh.refresh_due(TOTALS)
    assert (_refreshed(views), _waiting(views)) == (0, [TOTALS])
    refresh.refresh_due(TOTALS)
    assert (_refreshed(views), _waiting(views)) == (1, [])


def test_what_is_asked_for_during_a_refresh_neither_waits_nor_is_lost(
    views: ReadModels, redis: Redis
) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={"query.thing_slow": 0.0})
    views.connection.execute(
        "CREATE MATERIALIZED VIEW query.thing_slow AS"
        " SELECT count(*) AS n, pg_sleep(1)::text FROM query.things WITH NO DATA"
    )
    views.add(1)
    views.project()
    refreshing = threading.Thread(target=refresh.refresh_due, args=("query.thing_slow",))
    refreshing.start()
    at_it = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%REFRESH MATERIALIZED VIEW%%'"
        " AND state = 'active' AND pid <> pg_backend_pid()"
    )
    until(lambda: views.one(at_it), 10)
    views.add(2)
    views.project()
    assert views.one(at_it) == 1
    refreshing.join(20)
    assert views.one("SELECT n FROM query.thing_slow") == 1
    assert _waiting(views) == ["query.thing_slow"]
    refresh.refresh_due("query.thing_slow")
    assert views.one("SELECT n FROM query.thing_slow") == 2
    assert _waiting(views) == []


def test_a_refresh_that_fails_is_tried_again_later(views: ReadModels, redis: Redis) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={"query.thing_bad": 0.0})
    views.connection.execute(
        "CREATE MATERIALIZED VIEW query.thing_bad AS"
        " SELECT 1 / (count(*) - 1) FROM query.things WITH NO DATA"
    )
    views.add(1)
    views.project()
    with pytest.raises(RefreshFailed, match=r"division by zero \(view query.thing_bad\)"):
        refresh.refresh_due("query.thing_bad")
    assert _waiting(views) == ["query.thing_bad"]
    due = views.one("SELECT due_at - clock_timestamp() FROM cqrs.refresh_requests")
    assert due.total_seconds() > 5


def test_a_view_that_failed_for_whomever_is_not_tried_every_second(
    views: ReadModels, redis: Redis
) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={"query.thing_bad": 0.0})
    views.connection.execute(
        "CREATE MATERIALIZED VIEW query.thing_bad AS"
        " SELECT 1 / (orders - orders) AS never FROM query.thing_totals WITH NO DATA"
    )
    views.add(1)
    views.project()
    assert [one.outcome for one in refresh.refresh(["query.thing_bad"])][-1] == "failed"
    assert refresh.wake_due() == []


def test_whoever_waits_for_a_view_gets_it_refreshed_at_once(
    views: ReadModels, redis: Redis
) -> None:
    views.add(1)
    views.project(LIST)
    refresh.ask_for(TOTALS, 1)
    refresh.refresh_due(TOTALS)
    assert _refreshed(views) == 1
