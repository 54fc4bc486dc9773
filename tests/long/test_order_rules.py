"""The rules of orders against a model of the trade, ten times as long as in `make test`."""

from __future__ import annotations

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.orders.test_rules import Trade


def test_the_rules_agree_with_the_model_of_the_trade() -> None:
    often = settings(max_examples=600, stateful_step_count=50, deadline=None)
    run_state_machine_as_test(Trade, settings=often)
