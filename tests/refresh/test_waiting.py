"""Whoever waits for a view is served at once; those of one rule are refreshed each at its time."""

from __future__ import annotations

import threading

import pytest

from tests.rebuild.conftest import ReadModels
from tests.refresh.conftest import BEST, TOTALS
from tests.support.messages import sent
from tests.support.things.history import LIST
from tests.support.things.models import ThingAdded
from tests.support.workers import until
from worker import refresh
from worker.refresh import tasks
from worker.refresh.invalidation_rules import invalidation_rule

pytestmark = pytest.mark.usefixtures("no_rules", "redis")


def _due_in(things: ReadModels, view: str = TOTALS) -> float:
    due = "SELECT due_at - clock_timestamp() FROM cqrs.refresh_requests WHERE view = %s"
    return float(things.one(due, view).total_seconds())


def _last(things: ReadModels) -> int:
    return int(things.one("SELECT max(position) FROM cqrs.events"))


def _waiting(things: ReadModels) -> int:
    pending = "SELECT count(*) FROM cqrs.refresh_requests WHERE requested > served"
    return int(things.one(pending))


def test_who_waits_is_not_held_up_by_a_wake_up_that_comes_later(views: ReadModels) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={TOTALS: 50.0})
    views.add(1)
    views.project()
    assert refresh.wake_ups({ThingAdded.type}) == [TOTALS]
    assert len(sent("maintenance")) == 1, "which comes in 50 seconds"

    refresh.ask_for(TOTALS, _last(views))

    (message,) = sent("maintenance")
    assert (message.task, message.args) == ("cqrs.refresh_due", [TOTALS])
    refresh.refresh_due(TOTALS)
    assert views.one("SELECT horizon FROM query.refreshed") == _last(views)
    assert _waiting(views) == 0


def test_the_sweep_is_not_held_up_by_it_either(views: ReadModels) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={TOTALS: 50.0})
    views.add(1)
    views.project()
    refresh.wake_ups({ThingAdded.type})
    views.connection.execute("UPDATE cqrs.refresh_requests SET due_at = now()")
    assert refresh.wake_due() == [TOTALS]


def test_views_of_one_rule_do_not_wait_for_one_another(views: ReadModels) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={TOTALS: 10.0, BEST: 20.0})
    views.add(1)
    views.project()
    assert set(refresh.wake_ups({ThingAdded.type})) == {TOTALS, BEST}
    messages = sent("maintenance")
    assert sorted(message.args[0] for message in messages) == [BEST, TOTALS]
    assert [message.chain for message in messages] == [[], []]
    assert 9 < _due_in(views) <= 10
    assert 19 < _due_in(views, BEST) <= 20


def test_who_has_what_he_waits_for_asks_for_nothing(views: ReadModels) -> None:
    views.add(1)
    views.project()
    refresh.refresh([TOTALS])
    sent("maintenance")
    refresh.ask_for(TOTALS, _last(views))
    assert (_waiting(views), sent("maintenance")) == (0, [])


def test_however_often_somebody_asks_the_view_is_refreshed_once(views: ReadModels) -> None:
    views.add(1)
    views.project()
    for again in (False, True, True):
        refresh.ask_for(TOTALS, _last(views), again=again)
    refresh.refresh_due(TOTALS)
    refresh.refresh_due(TOTALS)
    assert views.one("SELECT count(*) FROM cqrs.refreshes") == 1


def test_a_refresh_waits_a_moment_for_the_projection_of_what_a_reader_wants(
    views: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "SOURCES_WAIT", 20.0)
    views.add(1)
    refresh.ask_for(TOTALS, _last(views))
    refreshing = threading.Thread(target=refresh.refresh_due, args=(TOTALS,))
    refreshing.start()
    until(lambda: _due_in(views) > 10, 10)  # it is at it
    views.project(LIST)
    refreshing.join(20)
    assert views.one("SELECT horizon FROM query.refreshed") == _last(views)
    assert views.one("SELECT count(*) FROM cqrs.refreshes") == 1


def test_who_waits_still_is_served_again_and_who_has_gone_is_not(
    views: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "SOURCES_WAIT", 0.0)
    invalidation_rule("things", on=[ThingAdded], refresh={TOTALS: 30.0})
    views.add(1)
    refresh.ask_for(TOTALS, _last(views))
    refresh.refresh_due(TOTALS)  # and nothing is projected
    assert _due_in(views) <= 0
    assert _waiting(views) == 1
    views.connection.execute("UPDATE cqrs.refresh_requests SET waited_at = now() - interval '1 h'")
    refresh.refresh_due(TOTALS)
    assert _waiting(views) == 0


def test_a_refresh_that_another_worker_is_at_is_followed_by_one_for_who_waits(
    views: ReadModels,
) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={TOTALS: 30.0})
    views.add(1)
    views.project()
    refresh.ask_for(TOTALS, _last(views))
    with views.connect() as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(1668379238, hashtext(%s))", [TOTALS])
        refresh.refresh_due(TOTALS)
    assert _due_in(views) < 1, "not after the rule's wait"


def test_nobody_waits_for_what_nobody_has_written(views: ReadModels) -> None:
    views.add(1)
    refresh.ask_for(TOTALS, 10**15)
    assert views.one("SELECT wanted FROM cqrs.refresh_requests") == _last(views)
