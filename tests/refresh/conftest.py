"""The things again, with materialized views over them."""

from __future__ import annotations

import pytest

from tests.rebuild.conftest import ReadModels, things
from worker.refresh import invalidation_rules

TOTALS = "query.thing_totals"
BEST = "query.thing_best"

VIEWS = """
CREATE MATERIALIZED VIEW query.thing_totals AS
SELECT owner, count(*) AS orders, sum(price) AS price FROM query.things GROUP BY owner;
CREATE UNIQUE INDEX thing_totals_key ON query.thing_totals (owner);
CREATE VIEW query.thing_ranked AS
SELECT owner, rank() OVER (ORDER BY price DESC) AS rank FROM query.thing_totals;
CREATE MATERIALIZED VIEW query.thing_best AS
SELECT owner FROM query.thing_ranked WHERE rank = 1;
"""


@pytest.fixture
def views(things: ReadModels) -> ReadModels:
    """Things with two materialized views, one over the other: the second has no key."""
    things.connection.execute(VIEWS)
    return things


@pytest.fixture
def no_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """No rules but those of the test."""
    monkeypatch.setattr(invalidation_rules.rules, "_items", {})


__all__ = ["no_rules", "things", "views"]
