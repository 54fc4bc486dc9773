"""A hundred thousand messages that nobody should send (`make fuzz`).

`FUZZ_MESSAGES=10000 FUZZ_SEED=7 make fuzz` sends fewer, or the same again.
"""

from __future__ import annotations

import os

import pytest

from tests.processes.test_fuzz import seed, test_no_bytes_in_a_queue_stop_a_worker

pytestmark = pytest.mark.timeout(3_600)


@pytest.fixture
def number() -> int:
    """How many messages that nobody should send."""
    return int(os.environ.get("FUZZ_MESSAGES", "100000"))


__all__ = ["seed", "test_no_bytes_in_a_queue_stop_a_worker"]
