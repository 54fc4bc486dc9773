"""The depot again, with materialized views over it."""

from __future__ import annotations

import pytest

from tests.rebuild.conftest import Depot, depot
from worker.refresh import invalidation_rules

TOTALS = "query.depot_totals"
BEST = "query.depot_best"

VIEWS = """
CREATE MATERIALIZED VIEW query.depot_totals AS
SELECT customer, count(*) AS orders, sum(total) AS total FROM query.depot_orders GROUP BY customer;
CREATE UNIQUE INDEX depot_totals_key ON query.depot_totals (customer);
CREATE VIEW query.depot_ranked AS
SELECT customer, rank() OVER (ORDER BY total DESC) AS rank FROM query.depot_totals;
CREATE MATERIALIZED VIEW query.depot_best AS
SELECT customer FROM query.depot_ranked WHERE rank = 1;
"""


@pytest.fixture
def views(depot: Depot) -> Depot:
    """A depot with two materialized views, one over the other: the second has no key."""
    depot.connection.execute(VIEWS)
    return depot


@pytest.fixture
def no_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """No rules but those of the test."""
    monkeypatch.setattr(invalidation_rules.rules, "_items", {})


__all__ = ["depot", "no_rules", "views"]
