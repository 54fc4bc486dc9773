"""One batch: what it does to rows, and which answers it says are out of date."""

from __future__ import annotations

from typing import Any

import pytest

from tests.subscriptions.conftest import Parcels
from tests.subscriptions.parcels.projections import tracking


def noted(parcels: Parcels, name: str = "parcels.tracking") -> list[set[str]]:
    """The tags that wait for the cache, batch by batch."""
    rows = parcels.connection.execute(
        "SELECT tags FROM cqrs.invalidations WHERE subscription = %s ORDER BY position", [name]
    )
    return [set(tags) for (tags,) in rows]


def last_place(row: dict[str, Any]) -> tuple[str]:
    """The tag of what is told about a place: which parcels are there."""
    return (f"at:{row['places'].split()[-1]}",)


def test_a_batch_that_removes_one_row_and_writes_others_does_both(parcels: Parcels) -> None:
    parcels.move(1, "kiel")
    parcels.move(2, "ulm")
    parcels.catch_up()
    parcels.lose(1)
    parcels.move(2, "bonn")
    parcels.move(3, "jena")
    parcels.catch_up()
    assert parcels.tracked() == {2: "ulm bonn", 3: "jena"}


def test_a_row_that_comes_and_goes_in_one_batch_was_never_there(parcels: Parcels) -> None:
    parcels.move(1, "kiel")
    parcels.lose(1)
    parcels.catch_up()
    assert parcels.tracked() == {}


def test_a_row_that_goes_and_comes_again_begins_anew(parcels: Parcels) -> None:
    parcels.move(1, "kiel")
    parcels.catch_up()
    parcels.lose(1)
    parcels.move(1, "ulm")
    parcels.catch_up()
    assert parcels.tracked() == {1: "ulm"}


def test_answers_that_a_row_has_left_are_out_of_date_like_those_it_comes_into(
    parcels: Parcels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "tags", last_place)
    parcels.move(1, "kiel")
    parcels.catch_up()
    parcels.move(1, "ulm")
    parcels.catch_up()
    assert noted(parcels) == [{"at:kiel"}, {"at:kiel", "at:ulm"}]


def test_a_row_that_goes_has_its_answers_told(parcels: Parcels) -> None:
    parcels.move(1, "kiel")
    parcels.catch_up()
    parcels.lose(1)
    parcels.catch_up()
    assert noted(parcels) == [{"parcel:1"}, {"parcel:1"}]


def test_what_is_sifted_has_the_answers_of_before_told_too(
    parcels: Parcels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "tags", last_place)
    parcels.move(1, "kiel")
    parcels.catch_up()
    parcels.move(2, "nowhere")
    parcels.move(1, "ulm")
    parcels.catch_up()
    assert noted(parcels) == [{"at:kiel"}, {"at:kiel", "at:ulm"}]
