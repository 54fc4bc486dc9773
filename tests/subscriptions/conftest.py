"""The things, whose projections have run once: their checkpoints are there."""

from __future__ import annotations

import pytest
import redis as redis_py

from tests.support.things.history import Things


@pytest.fixture
def things(things: Things, redis: redis_py.Redis) -> Things:
    """No things yet."""
    things.project()
    return things
