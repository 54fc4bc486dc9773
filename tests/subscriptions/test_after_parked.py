"""`after=` an event that is parked: no waiting brings it, and the reader is told so."""

from __future__ import annotations

import pytest

from tests.subscriptions.conftest import Parcels
from tests.subscriptions.parcels.projections import mended
from tests.subscriptions.test_operations import Shown
from worker.base.errors import EventParked
from worker.queries.query import ask
from worker.subscriptions import dead_letters, runner

ASK = {"timeout": 0.0}


def test_a_reader_learns_that_what_it_wrote_is_parked(parcels: Parcels) -> None:
    parcels.move(2, "kiel")
    (bad,) = parcels.move(2, "nowhere")
    (behind,) = parcels.move(2, "ulm")
    parcels.catch_up()
    (letter,) = dead_letters.letters()
    for position in (bad, behind):
        with pytest.raises(EventParked, match=f"cqrs dead-letters retry {letter.id}"):
            ask("parcels.where", parcel=2, after=position, **ASK)
    assert ask("parcels.where", parcel=2).data.places == "kiel"  # eventual: what there is


def test_an_event_that_a_read_model_does_not_want_is_not_parked_for_it(parcels: Parcels) -> None:
    parcels.move(2, "nowhere")
    (unwanted,) = parcels.append(2, Shown())
    parcels.catch_up()
    assert ask("parcels.where", parcel=2, after=unwanted, **ASK).data is None


def test_an_answer_that_was_kept_meanwhile_is_not_taken_for_one_with_the_event(
    parcels: Parcels,
) -> None:
    (bad,) = parcels.move(2, "nowhere")
    parcels.move(1, "kiel")
    parcels.catch_up()
    runner.invalidate()
    kept = [ask("parcels.where", parcel=2) for _ in range(2)][1]
    assert kept.from_cache
    assert kept.as_of is not None
    assert kept.as_of >= bad
    with pytest.raises(EventParked):
        ask("parcels.where", parcel=2, after=bad, **ASK)


def test_other_streams_are_read_as_ever_and_the_event_once_it_is_mended(parcels: Parcels) -> None:
    (bad,) = parcels.move(2, "nowhere")
    (good,) = parcels.move(1, "kiel")
    parcels.catch_up()
    assert ask("parcels.where", parcel=1, after=good, **ASK).data.places == "kiel"
    (letter,) = dead_letters.letters()
    with mended("nowhere"):
        dead_letters.retry(letter.id, by="ops")
    runner.invalidate()
    assert ask("parcels.where", parcel=2, after=bad, **ASK).data.places == "nowhere"
