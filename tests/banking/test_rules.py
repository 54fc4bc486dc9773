"""The rules of banking alone, at their edges: no database, no broker, no saga."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from models.banking import rules
from models.banking.commands import (
    BringTransfer,
    CloseAccount,
    ConfirmTransfer,
    Deposit,
    FailTransfer,
    RefundTransfer,
    TakeTransfer,
    TransferMoney,
    Withdraw,
)
from models.banking.write import (
    Account,
    AccountStatus,
    Transfer,
    TransferStatus,
    evolve_account,
    evolve_transfer,
)
from worker.contracts import Refusal, uuid7

ADA, FIRST, SECOND = uuid7(), uuid7(), uuid7()
MOST = Decimal("999999999999.99")
CENT = Decimal("0.01")


def account(balance: str | Decimal = "10.00", **more: Any) -> Account:
    """Ada's account."""
    euro = {"owner": "Ada", "currency": "EUR", "balance": Decimal(balance)}
    return Account(account_id=ADA, **euro, **more)  # type: ignore[arg-type]


def refused(sentence: str, act: Callable[..., Any], *given: Any) -> None:
    """What is asked is refused, with this sentence."""
    with pytest.raises(Refusal) as refusal:
        act(*given)
    assert refusal.value.sentence == sentence


def deposit(amount: Decimal) -> Deposit:
    return Deposit(account_id=ADA, amount=amount)


def withdraw(amount: Decimal) -> Withdraw:
    return Withdraw(account_id=ADA, amount=amount)


def take(transfer: UUID, amount: str) -> TakeTransfer:
    return TakeTransfer(account_id=ADA, transfer_id=transfer, amount=Decimal(amount))


def refund(transfer: UUID) -> RefundTransfer:
    return RefundTransfer(account_id=ADA, transfer_id=transfer)


def confirm(transfer: UUID) -> ConfirmTransfer:
    return ConfirmTransfer(account_id=ADA, transfer_id=transfer)


def test_the_last_cent_is_given_and_none_more() -> None:
    assert rules.withdraw(withdraw(Decimal("10.00")), account("10.00")).balance == 0
    refused(
        "insufficient funds", rules.withdraw, withdraw(Decimal("10.00") + CENT), account("10.00")
    )


def test_money_on_its_way_is_not_there_to_be_given() -> None:
    poor = account("1.00", in_transit={FIRST: Decimal("9.00")})

    refused("insufficient funds", rules.withdraw, withdraw(Decimal("1.01")), poor)


def test_the_fullest_account_holds_the_most_that_there_is() -> None:
    assert rules.deposit(deposit(CENT), account(MOST - CENT)).balance == MOST
    refused("the account can hold no more", rules.deposit, deposit(CENT), account(MOST))


def test_an_account_keeps_room_for_what_may_come_back() -> None:
    full = account(MOST - 9, in_transit={FIRST: Decimal("9.00")})

    refused("the account can hold no more", rules.deposit, deposit(CENT), full)
    assert rules.refund_transfer(refund(FIRST), full).balance == MOST


def test_only_what_is_empty_and_owed_nothing_is_closed() -> None:
    close = CloseAccount(account_id=ADA)

    assert rules.close_account(close, account("0.00")).balance == 0
    refused("the account is not empty", rules.close_account, close, account("0.01"))
    owed = account("0.00", in_transit={FIRST: Decimal("9.00")})
    refused("money of this account is on its way", rules.close_account, close, owed)


def test_a_closed_account_takes_no_part_in_business() -> None:
    closed = account("0.00", status=AccountStatus.CLOSED)
    brought = BringTransfer(account_id=ADA, transfer_id=FIRST, amount=CENT)

    refused("the account is closed", rules.deposit, deposit(CENT), closed)
    refused("the account is closed", rules.deposit, brought, closed)
    refused("the account is closed", rules.withdraw, withdraw(CENT), closed)
    refused("the account is closed", rules.close_account, CloseAccount(account_id=ADA), closed)


def test_two_transfers_are_on_their_way_side_by_side() -> None:
    now = account("10.00")
    for transfer, amount in ((FIRST, "3.00"), (SECOND, "4.00")):
        now = evolve_account(now, rules.withdraw(take(transfer, amount), now))
    assert now.balance == Decimal("3.00")
    assert now.in_transit == {FIRST: Decimal("3.00"), SECOND: Decimal("4.00")}
    assert now.total == Decimal("10.00")

    now = evolve_account(now, rules.refund_transfer(refund(FIRST), now))

    assert now.balance == Decimal("6.00")
    assert now.in_transit == {SECOND: Decimal("4.00")}
    nothing = "no money of this transfer is on its way"
    refused(nothing, rules.refund_transfer, refund(FIRST), now)


def test_what_has_arrived_does_not_come_back() -> None:
    now = evolve_account(account("10.00"), rules.withdraw(take(FIRST, "3.00"), account("10.00")))
    under_way = Transfer(transfer_id=FIRST, status=TransferStatus.REQUESTED)

    confirmed, completed = rules.confirm_transfer(confirm(FIRST), now, under_way)

    now, ended = evolve_account(now, confirmed), evolve_transfer(under_way, completed)
    assert (now.balance, now.in_transit) == (Decimal("7.00"), {})
    assert ended.status is TransferStatus.COMPLETED
    nothing = "no money of this transfer is on its way"
    refused(nothing, rules.refund_transfer, refund(FIRST), now)
    refused(nothing, rules.confirm_transfer, confirm(FIRST), now, under_way)


@pytest.mark.parametrize("status", [TransferStatus.COMPLETED, TransferStatus.FAILED])
def test_an_ended_transfer_neither_fails_nor_begins_again(status: TransferStatus) -> None:
    ended = Transfer(transfer_id=FIRST, status=status)
    fail = FailTransfer(transfer_id=FIRST, reason="late")
    again = TransferMoney(
        transfer_id=FIRST, from_account_id=ADA, to_account_id=uuid7(), amount=CENT
    )

    refused("the transfer is not under way", rules.fail_transfer, fail, ended)
    refused("the transfer is not under way", rules.fail_transfer, fail, None)
    refused("this transfer was asked for before", rules.request_transfer, again, ended)


def test_only_a_transfers_own_money_goes_into_transit() -> None:
    now = evolve_account(account("10.00"), rules.withdraw(withdraw(CENT), account("10.00")))

    assert now.in_transit == {}
