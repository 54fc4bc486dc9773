"""Folding streams: pure, and what a mistake in it looks like."""

from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.commands.aggregate import AggregateStates, aggregate
from worker.commands.state import Emitted
from worker.contracts import Event, Message


class Counted(Event):
    """Something was counted."""

    type: ClassVar[str] = "test.Counted"
    by: int


class Forgotten(Event):
    """An event that nobody declared."""

    type: ClassVar[str] = "test.Forgotten"


class Count(Message):
    """How much was counted."""

    total: int


def evolve(count: Count | None, event: Counted) -> Count:
    """Add it up."""
    return Count(total=(count.total if count else 0) + event.by)


counts = aggregate("test.count", Count, evolve, [Counted], category="count", snapshot_every=10)


def loaded(*numbers: int) -> AggregateStates:
    """A stream `count-a` with these numbers, as a batch loads it."""
    streams = AggregateStates()
    events = ",".join(f'["test.Counted", 1, {{"by": {number}}}]' for number in numbers)
    row = ("count-a", "test.count", 0, len(numbers), None, f"[{events}]")
    streams.load([counts], [row])
    return streams


NUMBERS = st.lists(st.integers(-(10**12), 10**12))


@given(NUMBERS, NUMBERS)
def test_folding_at_once_is_folding_one_after_the_other(
    stored: list[int], emitted: list[int]
) -> None:
    streams = loaded(*stored)
    for number in emitted:
        streams.take([Emitted("count-a", Counted(by=number))])
    count = streams.get(counts, "a")
    assert (count.total if count else 0) == sum(stored) + sum(emitted)
    assert (count is None) == (not stored and not emitted)
    assert streams.expected("count-a") == len(stored)


@given(st.integers(0, 30), st.integers(0, 30))
def test_a_snapshot_is_due_every_so_many_events(stored: int, emitted: int) -> None:
    streams = loaded(*[1] * stored)
    streams.take([Emitted("count-a", Counted(by=1)) for _ in range(emitted)])
    rows = streams.snapshots()
    if stored + emitted < 10:
        assert rows == []
    else:
        (row,) = rows
        assert (row["version"], row["state"]) == (stored + emitted, {"total": stored + emitted})


def test_a_stream_that_was_not_declared_is_a_mistake_of_the_handler() -> None:
    with pytest.raises(LookupError, match=r"no such fold \(test\.count, count-b\)"):
        loaded().get(counts, "b")


def test_an_event_that_was_not_declared_changes_nothing_of_what_came_with_it() -> None:
    streams = loaded(1)
    with pytest.raises(TypeError, match=r"no event of this aggregate \(test\.count, test\.Forg"):
        streams.take([Emitted("count-a", Counted(by=5)), Emitted("count-a", Forgotten())])
    assert streams.get(counts, "a") == Count(total=1)


def test_a_stream_that_nobody_folded_may_be_at_any_version() -> None:
    assert loaded(1).expected("other-1") is None
