"""The rules of banking: pure functions from a command and a state to an event, or a Refusal.

What they keep: no balance goes below zero, no cent is made or lost, and no account is closed while
money that may come back to it is on its way.
"""

from __future__ import annotations

from decimal import Decimal

from models.banking.commands import (
    CURRENCY,
    BringTransfer,
    CloseAccount,
    ConfirmTransfer,
    Deposit,
    FailTransfer,
    OpenAccount,
    RefundTransfer,
    TakeTransfer,
    TransferMoney,
    TransferStep,
    Withdraw,
)
from models.banking.events import (
    AccountClosed,
    AccountOpened,
    MoneyDeposited,
    MoneyWithdrawn,
    TransferCompleted,
    TransferConfirmed,
    TransferFailed,
    TransferRefunded,
    TransferRequested,
)
from models.banking.write import Account, AccountStatus, Transfer, TransferStatus
from worker.contracts import Refusal, RefusalKind

MOST = Decimal("999999999999.99")
"""The largest amount that an account can hold."""


def open_account(c: OpenAccount, account: Account | None) -> AccountOpened:
    """An account is opened once."""
    if account is not None:
        raise Refusal(
            "this account exists already", kind=RefusalKind.CONFLICT, account_id=c.account_id
        )
    return AccountOpened(
        account_id=c.account_id, owner=c.owner, currency=CURRENCY, balance=c.opening_balance
    )


def deposit(c: Deposit | BringTransfer, account: Account | None) -> MoneyDeposited:
    """An open account takes money, up to what it can hold together with what may come back."""
    account = _open(c, account)
    if account.total + c.amount > MOST:
        raise Refusal("the account can hold no more", account_id=c.account_id, most=MOST)
    return MoneyDeposited(
        account_id=c.account_id,
        balance=account.balance + c.amount,
        amount=c.amount,
        reference=c.reference if isinstance(c, Deposit) else "",
        transfer_id=c.transfer_id if isinstance(c, BringTransfer) else None,
    )


def withdraw(c: Withdraw | TakeTransfer, account: Account | None) -> MoneyWithdrawn:
    """An open account gives money, as much as is on it."""
    account = _open(c, account)
    if c.amount > account.balance:
        raise Refusal(
            "insufficient funds",
            account_id=c.account_id,
            balance=account.balance,
            requested=c.amount,
        )
    return MoneyWithdrawn(
        account_id=c.account_id,
        balance=account.balance - c.amount,
        amount=c.amount,
        reference=c.reference if isinstance(c, Withdraw) else "",
        transfer_id=c.transfer_id if isinstance(c, TakeTransfer) else None,
    )


def close_account(c: CloseAccount, account: Account | None) -> AccountClosed:
    """Only what holds nothing, and can get nothing back, is closed."""
    account = _open(c, account)
    if account.balance:
        raise Refusal("the account is not empty", account_id=c.account_id, balance=account.balance)
    if account.in_transit:
        raise Refusal(
            "money of this account is on its way",
            account_id=c.account_id,
            transfers=len(account.in_transit),
        )
    return AccountClosed(account_id=c.account_id, balance=account.balance)


def request_transfer(c: TransferMoney, transfer: Transfer | None) -> TransferRequested:
    """A transfer begins once. Whether there is money is asked when it is taken."""
    if transfer is not None:
        raise Refusal(
            "this transfer was asked for before",
            kind=RefusalKind.CONFLICT,
            transfer_id=c.transfer_id,
            status=transfer.status,
        )
    return TransferRequested(
        transfer_id=c.transfer_id,
        from_account_id=c.from_account_id,
        to_account_id=c.to_account_id,
        amount=c.amount,
        currency=CURRENCY,
    )


def refund_transfer(c: RefundTransfer, account: Account | None) -> TransferRefunded:
    """What is in transit comes back, whole and once."""
    account, amount = _in_transit(c, account)
    return TransferRefunded(
        account_id=c.account_id,
        balance=account.balance + amount,
        transfer_id=c.transfer_id,
        amount=amount,
    )


def confirm_transfer(
    c: ConfirmTransfer, account: Account | None, transfer: Transfer | None
) -> tuple[TransferConfirmed, TransferCompleted]:
    """What is in transit has arrived, and is so no more."""
    account, amount = _in_transit(c, account)
    _under_way(c, transfer)
    confirmed = TransferConfirmed(
        account_id=c.account_id, balance=account.balance, transfer_id=c.transfer_id, amount=amount
    )
    return confirmed, TransferCompleted(transfer_id=c.transfer_id)


def fail_transfer(c: FailTransfer, transfer: Transfer | None) -> TransferFailed:
    """A transfer that has not ended comes to nothing."""
    _under_way(c, transfer)
    return TransferFailed(transfer_id=c.transfer_id, reason=c.reason)


def _open(c: Deposit | Withdraw | CloseAccount | TransferStep, account: Account | None) -> Account:
    if account is None:
        raise Refusal("no such account", kind=RefusalKind.NOT_FOUND, account_id=c.account_id)
    if account.status is not AccountStatus.OPEN:
        raise Refusal("the account is closed", account_id=c.account_id)
    return account


def _in_transit(c: TransferStep, account: Account | None) -> tuple[Account, Decimal]:
    amount = account.in_transit.get(c.transfer_id) if account is not None else None
    if account is None or amount is None:
        raise Refusal(
            "no money of this transfer is on its way",
            account_id=c.account_id,
            transfer_id=c.transfer_id,
        )
    return account, amount


def _under_way(c: ConfirmTransfer | FailTransfer, transfer: Transfer | None) -> None:
    if transfer is None or transfer.status is not TransferStatus.REQUESTED:
        status = transfer.status if transfer is not None else "unknown"
        raise Refusal("the transfer is not under way", transfer_id=c.transfer_id, status=status)
