"""Fixtures of the orders domain."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.support.shop import Shop


@pytest.fixture
def shop(database: Database) -> Shop:
    """A shop with one customer, on a fresh database."""
    return Shop(database)
