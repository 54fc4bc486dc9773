"""The state that a batch's commands decide on: what is found is what the commands before left."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.support.things.models import things
from worker.commands.change_set import ChangeSet
from worker.commands.load_plan import sequence_name
from worker.commands.state import State, Work
from worker.contracts import Actor, uuid7

KEYS = [UUID(int=n) for n in range(1, 4)]
NUMBERS = sa.Sequence("numbers", metadata=sa.MetaData(schema="command"))


@pytest.fixture
def state() -> State:
    """Three things that were loaded, each of them looked for once by its number."""
    made = State(datetime.now(UTC))
    made.load({things: [{"thing_id": key, "n": 7, "price": Decimal(1)} for key in KEYS]})
    assert keys(made, n=7) == KEYS
    return made


def keys(state: State, **where: Any) -> list[UUID]:
    return [row["thing_id"] for row in state.find(things, **where)]


def work() -> Work:
    return Work(uuid7(), Actor())


def test_what_was_changed_is_found_by_its_new_value_alone(state: State) -> None:
    one = work()
    one.update(things, KEYS[1], n=8)
    one.apply_to(state)

    assert (keys(state, n=7), keys(state, n=8)) == ([KEYS[0], KEYS[2]], [KEYS[1]])


def test_the_first_row_and_a_row_that_must_be_there(state: State) -> None:
    first = state.first(things, n=7)

    assert first is not None
    assert first["thing_id"] == KEYS[0]
    assert state.first(things, n=9) is None
    assert state.loaded(things, KEYS[1])["thing_id"] == KEYS[1]
    with pytest.raises(LookupError, match=r"command\.things, key"):
        state.loaded(things, UUID(int=9))


def test_what_was_removed_is_found_no_more(state: State) -> None:
    one = work()
    one.delete(things, KEYS[1])
    one.apply_to(state)

    assert keys(state, n=7) == [KEYS[0], KEYS[2]]
    assert state.get(things, KEYS[1]) is None


def test_what_was_added_is_found_with_its_defaults(state: State) -> None:
    new, one = uuid7(), work()
    one.insert(things, {"thing_id": new, "price": Decimal(2)})
    one.apply_to(state)

    assert keys(state, n=0) == [new]
    assert state.get(things, new) == {"thing_id": new, "n": 0, "price": Decimal(2)}


def test_nothing_of_it_is_there_before_it_is_applied(state: State) -> None:
    one = work()
    one.update(things, KEYS[0], n=8)
    one.delete(things, KEYS[1])

    assert keys(state, n=7) == KEYS


def test_a_row_that_was_not_loaded_cannot_be_changed(state: State) -> None:
    one = work()
    one.update(things, uuid7(), n=8)

    with pytest.raises(LookupError, match=r"declares no such row \(command\.things"):
        one.apply_to(state)


def test_each_number_is_given_once_and_none_that_was_not_drawn(state: State) -> None:
    state.load({}, {sequence_name(NUMBERS): [4, 5]})

    assert [state.number(NUMBERS), state.number(NUMBERS)] == [4, 5]
    with pytest.raises(LookupError, match="declares no draw"):
        state.number(NUMBERS)


def test_what_stays_the_same_is_no_change_in_the_trail_of_a_batch(state: State) -> None:
    changes = ChangeSet()
    for price in (2, 2, 3):  # the second one says again what the first one has said
        one = work()
        one.update(things, KEYS[0], price=Decimal(price))
        changes.take(one, state)

    _, parameters = changes.statements()[0]
    assert isinstance(parameters, dict)
    trail = json.loads(parameters["attribution"])["steps"]["command.things"][str(KEYS[0])]
    assert [(step["by"], step["new"]["price"]) for step in trail] == [(0, 2), (2, 3)]
