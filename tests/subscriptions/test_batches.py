"""One batch: what it does to rows, and which answers it says are out of date."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.things.history import Things, tags_of
from tests.support.things.projections import thing_list


def noted(things: Things) -> list[set[str]]:
    """The tags that wait for the cache, batch by batch."""
    return [set(tags) for tags, _ in things.noted()]


def last_place(row: dict[str, Any]) -> tuple[str]:
    """The tag of what is told about a place: which things are there."""
    return (f"at:{row['places'].split()[-1]}",)


def test_a_batch_that_removes_one_row_and_writes_others_does_both(things: Things) -> None:
    things.move(1, "kiel")
    things.move(2, "ulm")
    things.project()
    things.drop(1)
    things.move(2, "bonn")
    things.move(3, "jena")
    things.project()
    assert things.tracked() == {2: "ulm bonn", 3: "jena"}


def test_a_row_that_comes_and_goes_in_one_batch_was_never_there(things: Things) -> None:
    things.move(1, "kiel")
    things.drop(1)
    things.project()
    assert things.tracked() == {}


def test_a_row_that_goes_and_comes_again_begins_anew(things: Things) -> None:
    things.move(1, "kiel")
    things.project()
    things.drop(1)
    things.move(1, "ulm")
    things.project()
    assert things.tracked() == {1: "ulm"}


def test_answers_that_a_row_has_left_are_out_of_date_like_those_it_comes_into(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thing_list, "tags", last_place)
    things.move(1, "kiel")
    things.project()
    things.move(1, "ulm")
    things.project()
    assert noted(things) == [{"at:kiel"}, {"at:kiel", "at:ulm"}]


def test_a_row_that_goes_has_its_answers_told(things: Things) -> None:
    things.move(1, "kiel")
    things.project()
    things.drop(1)
    things.project()
    assert noted(things) == [set(tags_of(1))] * 2


def test_what_is_sifted_has_the_answers_of_before_told_too(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thing_list, "tags", last_place)
    things.move(1, "kiel")
    things.project()
    things.move(2, "nowhere")
    things.move(1, "ulm")
    things.project()
    assert noted(things) == [{"at:kiel"}, {"at:kiel", "at:ulm"}]
