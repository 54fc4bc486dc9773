"""The read models: what the projections write and the queries read.

Each table lives as `query.<name>_v<version>` behind a plain view `query.<name>`; `sql/query/`
creates both.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from models.banking.write import AccountStatus, TransferStatus
from worker.contracts import ReadRow

metadata = sa.MetaData(schema="query", info={"domain": "banking"})

_money = sa.Numeric(14, 2)
_time = sa.DateTime(timezone=True)

account_summaries = sa.Table(
    "account_summaries",
    metadata,
    sa.Column("account_id", sa.Uuid, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("balance", _money, nullable=False),
    sa.Column("transaction_count", sa.Integer, nullable=False),
    sa.Column("last_activity", _time, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Index("account_summaries_by_balance", "balance", "account_id"),
)

transfers = sa.Table(
    "transfers",
    metadata,
    sa.Column("transfer_id", sa.Uuid, primary_key=True),
    sa.Column("from_account_id", sa.Uuid, nullable=False),
    sa.Column("to_account_id", sa.Uuid, nullable=False),
    sa.Column("amount", _money, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("requested_at", _time, nullable=False),
    sa.Column("ended_at", _time),
)


class AccountSummary(ReadRow):
    """An account at a glance. `transaction_count` counts every time that the balance changed."""

    account_id: UUID
    owner: str
    currency: str
    balance: Decimal
    transaction_count: int
    last_activity: datetime
    status: AccountStatus


class TransferSummary(ReadRow):
    """A transfer, and how it ended; `reason` says why it failed."""

    transfer_id: UUID
    from_account_id: UUID
    to_account_id: UUID
    amount: Decimal
    currency: str
    status: TransferStatus
    reason: str | None
    requested_at: datetime
    ended_at: datetime | None
