"""Handlers of the banking domain: each folds its streams, lets a rule decide, and emits an event.

There are no rows to lock: two commands on one account meet when they append to its stream, and the
one that comes second decides again.
"""

from __future__ import annotations

from typing import Any

from models.banking import rules
from models.banking.commands import (
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
    AccountEvent,
    AccountOpened,
    MoneyDeposited,
    MoneyWithdrawn,
    TransferCompleted,
    TransferConfirmed,
    TransferFailed,
    TransferRefunded,
    TransferRequested,
)
from models.banking.write import (
    ACCOUNT_EVENTS,
    TRANSFER_EVENTS,
    Account,
    Transfer,
    evolve_account,
    evolve_transfer,
)
from worker import Actor, FoldStreams, State, Work, aggregate, anyone, command, fold, only

accounts = aggregate("banking.account", Account, evolve_account, ACCOUNT_EVENTS, category="account")
transfers = aggregate(
    "banking.transfer", Transfer, evolve_transfer, TRANSFER_EVENTS, category="transfer"
)
the_saga = only()
tellers = only("teller")


def _is_owner(actor: Actor, account: Account | None) -> bool:
    """Tellers; and the actor whose name the account bears. Of one that is not there, nobody."""
    return tellers(actor) or (account is not None and account.owner == actor.name)


def own_account(actor: Actor, c: Withdraw | CloseAccount, state: State) -> bool:
    """Who may take what is on an account. Anybody may put money on it."""
    return _is_owner(actor, state.folded(accounts, c.account_id))


def own_source(actor: Actor, c: TransferMoney, state: State) -> bool:
    """Who may have money moved: the owner of the account that it leaves."""
    return _is_owner(actor, state.folded(accounts, c.from_account_id))


# ---------------------------------------------------------------------------------- accounts
def _account(
    c: OpenAccount | Deposit | Withdraw | CloseAccount | TransferStep,
) -> tuple[FoldStreams, ...]:
    return (fold(accounts, c.account_id),)


@command(
    "banking.open_account", OpenAccount, may_send=anyone, emits=(AccountOpened,), needs=_account
)
def open_account(c: OpenAccount, state: State, work: Work) -> dict[str, Any]:
    """Opens an account."""
    return _emit(work, rules.open_account(c, state.folded(accounts, c.account_id)))


@command("banking.deposit", Deposit, may_send=anyone, emits=(MoneyDeposited,), needs=_account)
def deposit(c: Deposit, state: State, work: Work) -> dict[str, Any]:
    """Puts money on an account."""
    return _emit(work, rules.deposit(c, state.folded(accounts, c.account_id)))


@command(
    "banking.withdraw", Withdraw, may_send=own_account, emits=(MoneyWithdrawn,), needs=_account
)
def withdraw(c: Withdraw, state: State, work: Work) -> dict[str, Any]:
    """Takes money off an account, never more than is on it."""
    return _emit(work, rules.withdraw(c, state.folded(accounts, c.account_id)))


@command(
    "banking.close_account",
    CloseAccount,
    may_send=own_account,
    emits=(AccountClosed,),
    needs=_account,
)
def close_account(c: CloseAccount, state: State, work: Work) -> dict[str, Any]:
    """Closes an account that holds nothing."""
    return _emit(work, rules.close_account(c, state.folded(accounts, c.account_id)))


# ---------------------------------------------------------------------------------- transfers
@command(
    "banking.transfer_money",
    TransferMoney,
    may_send=own_source,
    emits=(TransferRequested,),
    needs=lambda c: (fold(transfers, c.transfer_id), fold(accounts, c.from_account_id)),
)
def transfer_money(c: TransferMoney, state: State, work: Work) -> dict[str, Any]:
    """Begins a transfer: the saga `banking.money_transfer` moves the money."""
    event = rules.request_transfer(c, state.folded(transfers, c.transfer_id))
    work.emit(transfers.stream(c.transfer_id), event)
    return {"transfer_id": c.transfer_id}


@command(
    "banking.take_transfer",
    TakeTransfer,
    may_send=the_saga,
    emits=(MoneyWithdrawn,),
    needs=_account,
)
def take_transfer(c: TakeTransfer, state: State, work: Work) -> dict[str, Any]:
    """Takes a transfer's money off its first account."""
    return _emit(work, rules.withdraw(c, state.folded(accounts, c.account_id)))


@command(
    "banking.bring_transfer",
    BringTransfer,
    may_send=the_saga,
    emits=(MoneyDeposited,),
    needs=_account,
)
def bring_transfer(c: BringTransfer, state: State, work: Work) -> dict[str, Any]:
    """Brings a transfer's money to its second account."""
    return _emit(work, rules.deposit(c, state.folded(accounts, c.account_id)))


@command(
    "banking.refund_transfer",
    RefundTransfer,
    may_send=the_saga,
    emits=(TransferRefunded,),
    needs=_account,
)
def refund_transfer(c: RefundTransfer, state: State, work: Work) -> dict[str, Any]:
    """Puts a transfer's money back where it came from."""
    return _emit(work, rules.refund_transfer(c, state.folded(accounts, c.account_id)))


@command(
    "banking.confirm_transfer",
    ConfirmTransfer,
    may_send=the_saga,
    emits=(TransferConfirmed, TransferCompleted),
    needs=lambda c: (fold(accounts, c.account_id), fold(transfers, c.transfer_id)),
)
def confirm_transfer(c: ConfirmTransfer, state: State, work: Work) -> dict[str, Any]:
    """Ends a transfer whose money has arrived."""
    confirmed, completed = rules.confirm_transfer(
        c,
        state.folded(accounts, c.account_id),
        state.folded(transfers, c.transfer_id),
    )
    work.emit(transfers.stream(c.transfer_id), completed)
    return _emit(work, confirmed)


@command(
    "banking.fail_transfer",
    FailTransfer,
    may_send=the_saga,
    emits=(TransferFailed,),
    needs=lambda c: (fold(transfers, c.transfer_id),),
)
def fail_transfer(c: FailTransfer, state: State, work: Work) -> None:
    """Ends a transfer that came to nothing."""
    event = rules.fail_transfer(c, state.folded(transfers, c.transfer_id))
    work.emit(transfers.stream(c.transfer_id), event)


def _emit(work: Work, event: AccountEvent) -> dict[str, Any]:
    """Append an account's event; the receipt says what the balance is."""
    work.emit(accounts.stream(event.account_id), event)
    return {"account_id": event.account_id, "balance": event.balance}
