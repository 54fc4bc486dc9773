"""Ten thousand random steps: then every read model equals one recomputed from the write tables."""

from __future__ import annotations

from collections import Counter

from tests.conversations.agreement import agree, shown, unchanged_by_a_rebuild
from tests.conversations.conftest import service as service  # a fixture
from tests.conversations.steps import World
from tests.conversations.support import Service
from worker.commands.batches import in_parts
from worker.commands.executor import execute
from worker.contracts import Receipt


def test_ten_thousand_random_steps(service: Service) -> None:
    ends = Counter[str]()
    for batch in in_parts(list(World(2026, users=60).steps(10_000)), 200):
        ends.update(o.status for o in execute(batch).outcomes if isinstance(o, Receipt))
    service.catch_up()

    assert ends["dead"] == 0
    assert ends["succeeded"] > 4_000
    agree(service.system)
    unchanged_by_a_rebuild(service.system)
    assert len(shown(service.system, "session_turns")) > 1_500
