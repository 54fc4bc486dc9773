"""In which order tests run, and which of them are left out of `make test-fast`.

Tests that wait most begin first, so that at the end no process waits for one long test; what is
short fills the gaps.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

STARTS_PROCESSES = frozenset({"workers", "things_workers", "up", "home", "running_home"})
"""Fixtures of which each starts workers or servers: seconds a test, where others take less."""

LONGEST_FIRST = (
    "tests/processes/test_schema_under_load.py",
    "tests/processes/test_fuzz.py",
    "tests/processes/test_kills.py",
    "tests/processes/test_order.py",
    "tests/processes/test_banking_kills.py",
    "tests/processes/test_docs.py",
    "tests/processes/test_ended.py",
    "tests/rebuild/test_under_commands.py",
    "tests/processes/test_guest.py",
    "tests/processes/test_project.py",
    "tests/processes/test_beat.py",
    "tests/schema/test_through_engine.py",
    "tests/processes/test_schema_killed_workers.py",
    "tests/processes/test_rebuild_tasks.py",
    "tests/processes/test_up.py",
    "tests/processes/test_embedded.py",
    "tests/rolling/test_rolling.py",
    "tests/test_delivery.py",
    "tests/processes/test_intake.py",
    "tests/subscriptions/test_dead_chains.py",
    "tests/processes/test_outages.py",
    "tests/test_fence_model.py",
    "tests/processes/test_readme.py",
    "tests/processes/test_cli.py",
    "tests/read_side/test_interleavings.py",
    "tests/test_fence_races.py",
    "tests/rebuild/test_dependent_views.py",
    "tests/rebuild/test_under_load.py",
    "tests/refresh/test_requests.py",
    "tests/processes/test_celery_stack.py",
    "tests/schema/test_killed.py",
    "tests/schema/test_changesets.py",
    "tests/rebuild/test_rebuild_states.py",
    "tests/rebuild/test_checkpoints.py",
    "tests/orders/test_read_models.py",
    "tests/rebuild/test_slices.py",
    "tests/schema/test_follow_up.py",
    "tests/processes/test_rebuild_folds.py",
    "tests/test_retention.py",
    "tests/schema/test_beyond_words.py",
    "tests/schema/test_witness.py",
    "tests/processes/test_rebuild_races.py",
    "tests/rebuild/test_rebuild.py",
    "tests/orders/test_batches.py",
    "tests/schema/test_tasks.py",
    "tests/schema/test_lost_sessions.py",
    "tests/schema/test_related_locks.py",
    "tests/processes/test_orm_bench.py",
    "tests/orders/test_races.py",
    "tests/sagas/test_reactions.py",
)
"""Files whose tests take longest (`pytest --durations=60`)."""


def arrange(items: list[pytest.Item]) -> None:
    """Mark what is slow, and put it first."""
    for item in items:
        if _file(item) in LONGEST_FIRST or _starts_processes(item):
            item.add_marker(pytest.mark.slow)
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    file = _file(item)
    if file in LONGEST_FIRST:
        return LONGEST_FIRST.index(file)
    return len(LONGEST_FIRST) + (item.get_closest_marker("slow") is None)


def _starts_processes(item: pytest.Item) -> bool:
    fixtures: Iterable[str] = getattr(item, "fixturenames", ())
    return not STARTS_PROCESSES.isdisjoint(fixtures)


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
