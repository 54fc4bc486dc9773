"""The audit of queries: who asked what, when, and how many rows they saw."""

from __future__ import annotations

from typing import Any

import pytest

from tests.read_side.conftest import Shop
from tests.read_side.shop.models import Item
from tests.read_side.shop.queries import audited_item, item
from worker.base.actor import acting_as
from worker.base.errors import ServerUnavailable
from worker.queries import query_audit
from worker.queries.errors import InvalidQuery


def recorded(shop: Shop) -> list[tuple[Any, ...]]:
    rows = shop.connection.execute(
        "SELECT query, actor, parameters, consistency, after, as_of, from_cache, stale, rows"
        "  FROM cqrs.query_audit ORDER BY audit_id"
    )
    return rows.fetchall()


def test_who_asked_what_is_recorded(shop: Shop) -> None:
    position = shop.sell()
    shop.project()
    with acting_as("ada", roles=["clerk"]):
        audited_item.ask(item="pen", after=position)
        audited_item.ask(item="pen")
        audited_item.ask(item="ink")
    name, pen, ink = "shop.audited_item", {"item": "pen"}, {"item": "ink"}
    assert recorded(shop) == [
        (name, "ada", pen, "causal", position, position, False, False, 1),
        (name, "ada", pen, "eventual", None, position, True, False, 1),
        (name, "ada", ink, "eventual", None, position, False, False, 0),
    ]


def test_when_and_how_long_is_recorded(shop: Shop) -> None:
    audited_item.ask(item="pen")
    row = shop.connection.execute(
        "SELECT now() - asked_at < interval '1 minute', seconds > 0 FROM cqrs.query_audit"
    ).fetchone()
    assert row == (True, True)


def test_other_queries_are_not_recorded(shop: Shop) -> None:
    item.ask(item="pen")
    assert recorded(shop) == []


def test_a_question_that_was_refused_showed_nothing(shop: Shop) -> None:
    with pytest.raises(InvalidQuery):
        audited_item.ask(thing="pen")
    assert recorded(shop) == []


def test_without_a_record_there_is_no_answer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise ServerUnavailable("PostgreSQL", "here", "gone", "Wait.")

    monkeypatch.setattr("worker.base.db.writer", away)
    with pytest.raises(ServerUnavailable):
        audited_item.ask(item="pen")


@pytest.mark.parametrize(
    ("data", "rows"), [(None, 0), ([], 0), ([1, 2], 2), ((1,), 1), (7, 1), ("text", 1)]
)
def test_rows_are_counted(data: Any, rows: int) -> None:
    assert query_audit.rows_in(data) == rows


def test_a_row_counts_as_one(shop: Shop) -> None:
    shop.sell()
    shop.project()
    found = item.ask(item="pen").data
    assert isinstance(found, Item)
    assert query_audit.rows_in(found) == 1
