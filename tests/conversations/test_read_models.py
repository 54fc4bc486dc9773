"""The read models say what the write tables say, whatever has happened, and by both ways."""

from __future__ import annotations

from collections import Counter

from tests.conversations.agreement import agree, shown, unchanged_by_a_rebuild
from tests.conversations.steps import World
from tests.conversations.support import Service
from worker.commands.batches import in_parts
from worker.commands.executor import execute
from worker.contracts import Receipt


def test_hundreds_of_random_steps_are_shown_as_the_write_tables_hold_them(
    service: Service,
) -> None:
    ends = Counter[str]()
    for batch in in_parts(list(World(7).steps(300)), 50):
        ends.update(o.status for o in execute(batch).outcomes if isinstance(o, Receipt))
    service.catch_up()

    assert ends["succeeded"] > 150
    assert ends["rejected"] > 15
    assert ends["dead"] == 0
    agree(service.system)
    unchanged_by_a_rebuild(service.system)
    assert len(shown(service.system, "session_turns")) > 25
