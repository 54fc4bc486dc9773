"""What the bank shows: each account at a glance, and how each transfer ended."""

from __future__ import annotations

from models.banking import read
from models.banking.events import (
    AccountClosed,
    AccountOpened,
    MoneyDeposited,
    MoneyWithdrawn,
    TransferCompleted,
    TransferFailed,
    TransferRefunded,
    TransferRequested,
)
from models.banking.write import AccountStatus, TransferStatus
from worker import Row, StoredEvent, projection, row_from

account_summaries = projection(
    "banking.account_summaries",
    read.account_summaries,
    tags=lambda row: (f"account:{row['account_id']}", "accounts"),
    by_stream=True,
    purpose="each account's balance and how often it changed",
)
transfers = projection(
    "banking.transfers",
    read.transfers,
    tags=lambda row: (f"transfer:{row['transfer_id']}",),
    by_stream=True,
    purpose="each transfer and how it ended",
)


@account_summaries.on(AccountOpened)
def _(row: Row | None, event: StoredEvent) -> Row:
    return row_from(
        read.account_summaries,
        event,
        transaction_count=0,
        last_activity=event.recorded_at.isoformat(),
        status=AccountStatus.OPEN,
    )


@account_summaries.on(MoneyDeposited, MoneyWithdrawn, TransferRefunded)
def _(row: Row | None, event: StoredEvent) -> Row:
    row = _there(row, event)
    row["balance"] = event.data["balance"]
    row["transaction_count"] += 1
    row["last_activity"] = event.recorded_at.isoformat()
    return row


@account_summaries.on(AccountClosed)
def _(row: Row | None, event: StoredEvent) -> Row:
    row = _there(row, event)
    row["status"] = AccountStatus.CLOSED
    row["last_activity"] = event.recorded_at.isoformat()
    return row


@transfers.on(TransferRequested)
def _(row: Row | None, event: StoredEvent) -> Row:
    return row_from(
        read.transfers,
        event,
        status=TransferStatus.REQUESTED,
        requested_at=event.recorded_at.isoformat(),
    )


@transfers.on(TransferCompleted)
def _(row: Row | None, event: StoredEvent) -> Row:
    return _ended(_there(row, event), event, TransferStatus.COMPLETED)


@transfers.on(TransferFailed)
def _(row: Row | None, event: StoredEvent) -> Row:
    row = _ended(_there(row, event), event, TransferStatus.FAILED)
    row["reason"] = event.data["reason"]
    return row


def _ended(row: Row, event: StoredEvent, status: TransferStatus) -> Row:
    row["status"] = status
    row["ended_at"] = event.recorded_at.isoformat()
    return row


def _there(row: Row | None, event: StoredEvent) -> Row:
    if row is None:
        raise LookupError(f"nothing precedes this event (stream {event.stream}, {event.type})")
    return row
