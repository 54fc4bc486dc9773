"""The read models: each is the class of its rows, and the table that keeps them.

Each table lives as `query.<name>_v<version>` behind a plain view `query.<name>`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa

from models.banking.write import AccountStatus, TransferStatus
from worker.contracts import ReadRow
from worker.contracts.tables import read_table

metadata = sa.MetaData(schema="query", info={"domain": "banking"})

Cents = Annotated[Decimal, sa.Numeric(14, 2)]


class AccountSummary(ReadRow):
    """An account at a glance. `transaction_count` counts every time that the balance changed."""

    account_id: UUID
    owner: str
    currency: str
    balance: Cents
    transaction_count: int
    last_activity: datetime
    status: AccountStatus


account_summaries = read_table(
    AccountSummary,
    metadata,
    "account_summaries",
    sa.Index("account_summaries_by_balance", "balance", "account_id"),
    key="account_id",
)


class TransferSummary(ReadRow):
    """A transfer, and how it ended; `reason` says why it failed."""

    transfer_id: UUID
    from_account_id: UUID
    to_account_id: UUID
    amount: Cents
    currency: str
    status: TransferStatus
    reason: str | None
    requested_at: datetime
    ended_at: datetime | None


transfers = read_table(TransferSummary, metadata, "transfers", key="transfer_id")
