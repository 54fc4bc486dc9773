"""While a read table is rebuilt and swapped, forty times, nobody notices."""

from __future__ import annotations

import pytest

from tests.rebuild.conftest import things
from tests.rebuild.test_under_load import test_no_read_fails_and_no_row_is_missing

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def times() -> int:
    """How often it is rebuilt."""
    return 40


__all__ = ["test_no_read_fails_and_no_row_is_missing", "things"]
