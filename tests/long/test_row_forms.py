"""Rows with a column of every type, folded in one batch, in many and anew, by the thousand."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from hypothesis import given, settings

from tests.conftest import Database
from tests.subscriptions import row_histories as rows


def test_one_batch_is_many_is_rebuilt(own_database: Database) -> None:
    projection = rows.projection_of(sa.Text)
    with own_database.connect() as connection:
        rows.prepare(connection)
        rows.create(connection, projection, "kinds_v1", "kinds_v2")

        @settings(max_examples=3_000, deadline=None)
        @given(rows.events)
        def holds(history: list[Any]) -> None:
            rows.same_however_folded(connection, projection, history)

        holds()
