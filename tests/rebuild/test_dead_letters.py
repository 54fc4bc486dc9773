"""Dead letters and rebuilds: what is left out of the live table is left out of the new one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.rebuild.conftest import ALL, Deploy, ReadModels
from tests.support.things.history import LIST
from tests.support.things.models import thing_id
from worker.event_log.subscribers import subscriptions
from worker.rebuild import rebuild
from worker.subscriptions import dead_letters


def _totals(things: ReadModels) -> dict[object, str]:
    return {row["thing_id"]: str(row["price"]) for row in things.listed()}


@pytest.fixture
def parked(things: ReadModels) -> ReadModels:
    """Thing 1 waits behind a change that cannot be folded; thing 2 does not."""
    things.add(1)
    things.add(2)
    things.reprice(1, "not money")
    things.reprice(1, "3.00")
    things.reprice(2, "4.00")
    things.project()
    assert _totals(things) == {thing_id(1): "1.50", thing_id(2): "4.00"}
    return things


def _letter(things: ReadModels) -> int:
    return int(things.one("SELECT letter_id FROM cqrs.dead_letters"))


def test_a_parked_stream_waits_in_the_new_table_too(parked: ReadModels) -> None:
    assert rebuild(LIST).differing == 0
    assert _totals(parked) == {thing_id(1): "1.50", thing_id(2): "4.00"}
    assert parked.one("SELECT state FROM cqrs.dead_letters") == "open"


def test_its_letter_can_be_settled_after_the_swap(parked: ReadModels) -> None:
    rebuild(LIST)
    dead_letters.discard(_letter(parked), by="test")
    parked.project()
    assert _totals(parked) == {thing_id(1): "3.00", thing_id(2): "4.00"}
    assert rebuild(LIST).differing == 0
    assert _totals(parked) == {thing_id(1): "3.00", thing_id(2): "4.00"}


def test_a_letter_that_is_settled_during_the_rebuild_is_folded_in(parked: ReadModels) -> None:
    letters = [_letter(parked)]

    def meanwhile(_: object) -> None:
        if letters:
            dead_letters.discard(letters.pop(), by="test")

    assert rebuild(LIST, progress=meanwhile).differing == 0
    assert _totals(parked) == {thing_id(1): "3.00", thing_id(2): "4.00"}


def test_a_stream_that_is_parked_during_the_rebuild_waits_in_the_new_table(
    things: ReadModels,
) -> None:
    things.add(1)
    things.add(2)
    things.project()
    told: list[int] = []

    def meanwhile(_: object) -> None:
        if not told:
            things.reprice(1, "not money")
            things.reprice(1, "3.00")
            things.reprice(2, "4.00")
            things.project()
        told.append(1)

    assert rebuild(LIST, progress=meanwhile).differing == 0
    assert _totals(things) == {thing_id(1): "1.50", thing_id(2): "4.00"}
    dead_letters.discard(_letter(things), by="test")
    assert _totals(things) == {thing_id(1): "3.00", thing_id(2): "4.00"}


def test_a_letter_of_what_the_new_code_has_folded_is_closed_by_the_swap(
    things: ReadModels, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.add(1)
    things.add(2)
    things.project()
    things.reprice(1, "not money")
    old, new = subscriptions.get(LIST), deploy(*ALL, price=sa.Text, parts=sa.JSON)

    def meanwhile(_: object) -> None:
        if things.one("SELECT upto FROM cqrs.rebuilds WHERE state <> 'building'"):
            monkeypatch.setitem(subscriptions._items, LIST, old)
            things.project()
            monkeypatch.setitem(subscriptions._items, LIST, new)

    rebuild(LIST, progress=meanwhile)
    letters = things.rows("SELECT state, closed_by FROM cqrs.dead_letters")
    assert letters == [{"state": "superseded", "closed_by": "rebuild"}]
    assert _totals(things) == {thing_id(1): "not money", thing_id(2): "2.50"}
    assert things.one("SELECT letters FROM cqrs.subscriptions WHERE name = %s", LIST) == 0
    things.reprice(1, "3.00")
    things.project()
    assert _totals(things)[thing_id(1)] == "3.00"
