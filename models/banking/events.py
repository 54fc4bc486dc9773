"""What has happened in the banking domain. Events tell a projection all that it needs.

Streams: `account-<id>` and `transfer-<id>`. No write table stands beside them.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias
from uuid import UUID

from worker.contracts import Event, Money


class AccountEventBase(Event):
    """What every event of an account says; `balance` is the account's after it."""

    account_id: UUID
    balance: Money


class AccountOpened(AccountEventBase):
    """An account was opened; its `balance` is the first deposit."""

    type: ClassVar[str] = "banking.AccountOpened"

    owner: str
    currency: str


class MoneyDeposited(AccountEventBase):
    """Money came in: over the counter, or by a transfer."""

    type: ClassVar[str] = "banking.MoneyDeposited"

    amount: Money
    reference: str = ""
    transfer_id: UUID | None = None


class MoneyWithdrawn(AccountEventBase):
    """Money went out: over the counter, or into a transfer, and then it is in transit."""

    type: ClassVar[str] = "banking.MoneyWithdrawn"

    amount: Money
    reference: str = ""
    transfer_id: UUID | None = None


class TransferRefunded(AccountEventBase):
    """Money that was in transit came back."""

    type: ClassVar[str] = "banking.TransferRefunded"

    transfer_id: UUID
    amount: Money


class TransferConfirmed(AccountEventBase):
    """Money that was in transit has arrived at the other account."""

    type: ClassVar[str] = "banking.TransferConfirmed"

    transfer_id: UUID
    amount: Money


class AccountClosed(AccountEventBase):
    """An account was closed; its balance is zero."""

    type: ClassVar[str] = "banking.AccountClosed"


class TransferRequested(Event):
    """Somebody wants money moved from one account to another."""

    type: ClassVar[str] = "banking.TransferRequested"

    transfer_id: UUID
    from_account_id: UUID
    to_account_id: UUID
    amount: Money
    currency: str


class TransferCompleted(Event):
    """A transfer's money has arrived."""

    type: ClassVar[str] = "banking.TransferCompleted"

    transfer_id: UUID


class TransferFailed(Event):
    """A transfer came to nothing; whatever was taken has been put back."""

    type: ClassVar[str] = "banking.TransferFailed"

    transfer_id: UUID
    reason: str


AccountEvent: TypeAlias = (
    AccountOpened
    | MoneyDeposited
    | MoneyWithdrawn
    | TransferRefunded
    | TransferConfirmed
    | AccountClosed
)
TransferEvent: TypeAlias = TransferRequested | TransferCompleted | TransferFailed
