"""What the bank does of itself: it carries a transfer from its request to its end.

take ──▶ bring ──▶ confirm                 completed
  │        └ refused, or not done in time ─▶ refund ─▶ fail     failed, and nothing has changed
  └ refused, or not done in time ─▶ fail                        failed, and nothing has changed
"""

from __future__ import annotations

from typing import Any

from models.banking.events import TransferRequested
from tasks.banking.commands import (
    bring_transfer,
    confirm_transfer,
    fail_transfer,
    refund_transfer,
    take_transfer,
)
from worker import SagaState, saga, send, step

PATIENCE = 60.0
"""Seconds that each step of a transfer may take before the transfer is given up."""


def _first(s: SagaState) -> dict[str, Any]:
    return {"transfer_id": s.start["transfer_id"], "account_id": s.start["from_account_id"]}


def _second(s: SagaState) -> dict[str, Any]:
    return {"transfer_id": s.start["transfer_id"], "account_id": s.start["to_account_id"]}


transfer = saga(
    "banking.money_transfer",
    TransferRequested,
    key="transfer_id",
    steps=(
        step(
            "take",
            send(take_transfer, lambda s: {**_first(s), "amount": s.start["amount"]}),
            undo=send(refund_transfer, _first),
            within=PATIENCE,
        ),
        step(
            "bring",
            send(bring_transfer, lambda s: {**_second(s), "amount": s.start["amount"]}),
            within=PATIENCE,
        ),
    ),
    completed=send(confirm_transfer, _first),
    failed=send(
        fail_transfer, lambda s: {"transfer_id": s.start["transfer_id"], "reason": s.error or ""}
    ),
    purpose="moves money from one account to another, or leaves everything as it was",
)
