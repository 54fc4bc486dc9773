"""Fixtures of the sales domain."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.sales.support import Till


@pytest.fixture
def till(database: Database) -> Till:
    """A till on a fresh database."""
    return Till(database)
