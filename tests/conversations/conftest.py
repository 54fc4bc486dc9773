"""The conversation service on a database of its own."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.conversations.support import Service
from worker.testing import System


@pytest.fixture
def service(database: Database) -> Service:
    """The service, without users."""
    return Service(System(database.name, database.url))
