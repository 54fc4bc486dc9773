"""Conditions of the bank by their business names, for every query whose rows have the columns."""

from __future__ import annotations

from models.banking.read import AccountSummary
from models.banking.write import AccountStatus
from worker import Given, Op, Where, condition

open_accounts = condition(
    "banking.open",
    AccountSummary,
    Where(column="status", value=AccountStatus.OPEN.value),
    purpose="takes part in business",
)
dormant = condition(
    "banking.dormant",
    AccountSummary,
    open_accounts & Where(column="last_activity", op=Op.LT, value=Given(given="since")),
    purpose="open, and its balance has not changed since",
)
