"""The write models: what the events of a stream add up to, and the only truth about a balance."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from pydantic import Field

from models.banking.events import (
    AccountClosed,
    AccountEvent,
    AccountOpened,
    MoneyDeposited,
    MoneyWithdrawn,
    TransferCompleted,
    TransferConfirmed,
    TransferEvent,
    TransferFailed,
    TransferRefunded,
    TransferRequested,
)
from worker.contracts import Message, Money


class AccountStatus(StrEnum):
    """Whether an account takes part in business."""

    OPEN = "open"
    CLOSED = "closed"


class TransferStatus(StrEnum):
    """Where a transfer stands."""

    REQUESTED = "requested"
    COMPLETED = "completed"
    FAILED = "failed"


class Account(Message):
    """An account. `in_transit` is money taken for transfers that have not ended, by transfer."""

    account_id: UUID
    owner: str
    currency: str
    balance: Money
    in_transit: Mapping[UUID, Money] = Field(default_factory=dict)
    status: AccountStatus = AccountStatus.OPEN

    @property
    def total(self) -> Decimal:
        """The balance and what is in transit: what may come back any moment."""
        return self.balance + sum(self.in_transit.values(), Decimal(0))


class Transfer(Message):
    """A transfer, as far as repeating or ending it is concerned."""

    transfer_id: UUID
    status: TransferStatus


ACCOUNT_EVENTS = (
    AccountOpened,
    MoneyDeposited,
    MoneyWithdrawn,
    TransferRefunded,
    TransferConfirmed,
    AccountClosed,
)
TRANSFER_EVENTS = (TransferRequested, TransferCompleted, TransferFailed)


def evolve_account(account: Account | None, event: AccountEvent) -> Account:
    """The account after an event. Raises LookupError for a stream that does not begin with one."""
    if isinstance(event, AccountOpened):
        return Account(
            account_id=event.account_id,
            owner=event.owner,
            currency=event.currency,
            balance=event.balance,
        )
    if account is None:
        raise LookupError(
            f"the stream does not begin with its opening (account {event.account_id})"
        )
    moved = {"balance": event.balance, "in_transit": _in_transit(account, event)}
    if isinstance(event, AccountClosed):
        return account.model_copy(update={**moved, "status": AccountStatus.CLOSED})
    return account.model_copy(update=moved)


def _in_transit(account: Account, event: AccountEvent) -> Mapping[UUID, Decimal]:
    match event:
        case MoneyWithdrawn() if event.transfer_id is not None:
            return {**account.in_transit, event.transfer_id: event.amount}
        case TransferRefunded() | TransferConfirmed():
            return {k: v for k, v in account.in_transit.items() if k != event.transfer_id}
        case MoneyDeposited() | MoneyWithdrawn() | AccountOpened() | AccountClosed():
            return account.in_transit
        case _:
            assert_never(event)


def evolve_transfer(transfer: Transfer | None, event: TransferEvent) -> Transfer:
    """The transfer after an event."""
    match event:
        case TransferRequested():
            status = TransferStatus.REQUESTED
        case TransferCompleted():
            status = TransferStatus.COMPLETED
        case TransferFailed():
            status = TransferStatus.FAILED
        case _:
            assert_never(event)
    return Transfer(transfer_id=event.transfer_id, status=status)
