"""`after=` an event that is parked: no waiting brings it, and the reader is told so."""

from __future__ import annotations

import pytest

from tests.support.things.history import Things
from tests.support.things.models import ThingSeen
from tests.support.things.projections import mended
from worker.queries.errors import EventParked
from worker.queries.query import ask
from worker.subscriptions import dead_letters, runner

ASK = {"timeout": 0.0}


def test_a_reader_learns_that_what_it_wrote_is_parked(things: Things) -> None:
    things.move(2, "kiel")
    (bad,) = things.move(2, "nowhere")
    (behind,) = things.move(2, "ulm")
    things.project()
    (letter,) = dead_letters.find()
    for position in (bad, behind):
        with pytest.raises(EventParked, match=f"cqrs dead-letters retry {letter.id}"):
            ask("things.thing", name="2", after=position, **ASK)
    assert ask("things.thing", name="2").data.places == "kiel"  # eventual: what there is


def test_an_event_that_a_read_model_does_not_want_is_not_parked_for_it(things: Things) -> None:
    things.move(2, "nowhere")
    (unwanted,) = things.append(2, ThingSeen())
    things.project()
    assert ask("things.thing", name="2", after=unwanted, **ASK).data is None


def test_an_answer_that_was_kept_meanwhile_is_not_taken_for_one_with_the_event(
    things: Things,
) -> None:
    (bad,) = things.move(2, "nowhere")
    things.move(1, "kiel")
    things.project()
    runner.invalidate()
    kept = [ask("things.thing", name="2") for _ in range(2)][1]
    assert kept.from_cache
    assert kept.as_of is not None
    assert kept.as_of >= bad
    with pytest.raises(EventParked):
        ask("things.thing", name="2", after=bad, **ASK)


def test_other_streams_are_read_as_ever_and_the_event_once_it_is_mended(things: Things) -> None:
    (bad,) = things.move(2, "nowhere")
    (good,) = things.move(1, "kiel")
    things.project()
    assert ask("things.thing", name="1", after=good, **ASK).data.places == "kiel"
    (letter,) = dead_letters.find()
    with mended("nowhere"):
        dead_letters.retry(letter.id, by="ops")
    runner.invalidate()
    assert ask("things.thing", name="2", after=bad, **ASK).data.places == "nowhere"
