"""A release with a column more is rolled out while commands run at full rate."""

from __future__ import annotations

import pytest

from tests.schema.rollout.load import FULL, Size
from tests.schema.test_under_load import (
    database,
    db,
    test_a_column_on_both_sides_while_commands_run,
)

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def size() -> Size:
    """As many commands as the workers take."""
    return FULL


__all__ = ["database", "db", "test_a_column_on_both_sides_while_commands_run"]
