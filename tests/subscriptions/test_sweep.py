"""The sweep: whatever waits is found, although every message about it was lost."""

from __future__ import annotations

from tests.support.things.history import LIST, PLACES, Things
from tests.support.things.projections import GROUP
from worker.ops import subscription_admin
from worker.ops.maintenance import find_work
from worker.subscriptions.runner import invalidate

NAMES = (LIST, PLACES)


def test_a_subscription_that_lags_is_found_and_one_that_does_not_is_not(things: Things) -> None:
    assert GROUP not in find_work().groups
    things.move(1, "kiel")
    assert GROUP in find_work().groups
    things.project()
    assert GROUP not in find_work().groups


def test_a_subscription_that_has_never_run_is_found(things: Things) -> None:
    things.connection.execute("DELETE FROM cqrs.subscriptions WHERE name = %s", NAMES[:1])
    assert GROUP in find_work().groups


def test_a_paused_subscription_is_left_in_peace(things: Things) -> None:
    for name in NAMES:
        subscription_admin.pause(name)
    things.move(1, "kiel")
    assert GROUP not in find_work().groups
    subscription_admin.resume(NAMES[0])
    assert GROUP in find_work().groups


def test_tags_that_have_waited_for_a_second_are_found_until_the_cache_knows(
    things: Things,
) -> None:
    things.move(1, "kiel")
    things.project()
    assert not find_work().tags, "the wake-up's own chain is at it"
    things.connection.execute("UPDATE cqrs.invalidations SET created_at = now() - interval '2 s'")
    assert find_work().tags
    invalidate()
    assert not find_work().tags
