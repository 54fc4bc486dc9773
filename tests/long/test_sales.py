"""A year at the till: 10,000 random sales, and every read model to the cent."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.sales.trades import a_rebuild_changes_nothing, agree, trade
from worker.contracts import Status

pytestmark = pytest.mark.timeout(900)


def test_10000_random_sales_and_every_read_model_is_right(database: Database) -> None:
    receipts = trade(seed=2026, sales=10_000, products=200)

    agree(database)
    a_rebuild_changes_nothing()
    refused = sum(receipt.status is Status.REJECTED for receipt in receipts)
    assert 500 < refused < len(receipts) - 5_000
