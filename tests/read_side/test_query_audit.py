"""The audit of queries: who asked what, when, and how many rows they saw."""

from __future__ import annotations

from typing import Any

import pytest

from tests.read_side.conftest import ReadSide
from tests.support.things.models import Thing
from tests.support.things.queries import audited_thing, thing
from worker.base.actor import acting_as
from worker.base.errors import ServerUnavailable
from worker.queries import query_audit
from worker.queries.errors import InvalidQuery


def recorded(things: ReadSide) -> list[tuple[Any, ...]]:
    rows = things.connection.execute(
        "SELECT query, actor, parameters, consistency, after, as_of, from_cache, stale, rows"
        "  FROM cqrs.query_audit ORDER BY audit_id"
    )
    return rows.fetchall()


def test_who_asked_what_is_recorded(things: ReadSide) -> None:
    position = things.visit()
    things.project()
    with acting_as("ada", roles=["clerk"]):
        audited_thing.ask(name="pen", after=position)
        audited_thing.ask(name="pen")
        audited_thing.ask(name="ink")
    name, pen, ink = "things.audited_thing", {"name": "pen"}, {"name": "ink"}
    assert recorded(things) == [
        (name, "ada", pen, "causal", position, position, False, False, 1),
        (name, "ada", pen, "eventual", None, position, True, False, 1),
        (name, "ada", ink, "eventual", None, position, False, False, 0),
    ]


def test_when_and_how_long_is_recorded(things: ReadSide) -> None:
    audited_thing.ask(name="pen")
    row = things.connection.execute(
        "SELECT now() - asked_at < interval '1 minute', seconds > 0 FROM cqrs.query_audit"
    ).fetchone()
    assert row == (True, True)


def test_other_queries_are_not_recorded(things: ReadSide) -> None:
    thing.ask(name="pen")
    assert recorded(things) == []


def test_a_question_that_was_refused_showed_nothing(things: ReadSide) -> None:
    with pytest.raises(InvalidQuery):
        audited_thing.ask(thing="pen")  # type: ignore[call-overload]
    assert recorded(things) == []


def test_without_a_record_there_is_no_answer(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ServerUnavailable("PostgreSQL", "here", "gone", "Wait.")

    monkeypatch.setattr("worker.base.db.sender", away)
    with pytest.raises(ServerUnavailable):
        audited_thing.ask(name="pen")


@pytest.mark.parametrize(
    ("data", "rows"), [(None, 0), ([], 0), ([1, 2], 2), ((1,), 1), (7, 1), ("text", 1)]
)
def test_rows_are_counted(data: Any, rows: int) -> None:
    assert query_audit.rows_in(data) == rows


def test_a_row_counts_as_one(things: ReadSide) -> None:
    things.visit()
    things.project()
    found = thing.ask(name="pen").data
    assert isinstance(found, Thing)
    assert query_audit.rows_in(found) == 1
