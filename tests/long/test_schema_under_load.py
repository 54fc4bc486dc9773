"""A release with a column more is rolled out while commands run at full rate."""

from __future__ import annotations

import pytest

from tests.processes.test_schema_under_load import (
    database,
    db,
    test_a_column_on_both_sides_while_commands_run,
)
from tests.schema.rollout.load import FULL, Size

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def size() -> Size:
    """As many commands as the workers take."""
    return FULL


__all__ = ["database", "db", "test_a_column_on_both_sides_while_commands_run"]
