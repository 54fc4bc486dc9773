"""Order where it is asked for, a thousand times."""

from __future__ import annotations

import pytest

from tests.processes.test_order import (
    pytestmark,
    test_a_chain_runs_in_its_order,
    test_a_payment_sent_after_its_order_is_never_too_early,
    test_commands_of_one_key_run_in_the_order_in_which_they_were_enqueued,
)


@pytest.fixture
def orders() -> int:
    """How many orders, each with its payment, are sent."""
    return 1_000


__all__ = [
    "pytestmark",
    "test_a_chain_runs_in_its_order",
    "test_a_payment_sent_after_its_order_is_never_too_early",
    "test_commands_of_one_key_run_in_the_order_in_which_they_were_enqueued",
]
