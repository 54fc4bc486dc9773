"""What can be asked of the banking domain: the payload of each command, as it goes on the wire.

All money is euro, as a decimal string with at most two decimals. Ids are UUIDv7, made by the caller
or, where left out, when the command is sent.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from worker.contracts import Command, Money, Name, Price, Text, uuid7

CURRENCY = "EUR"
"""The one currency of the bank."""

Amount = Annotated[Money, Field(gt=0)]
"""A money amount above zero."""


class OpenAccount(Command):
    """Open an account, empty or with a first deposit."""

    account_id: UUID = Field(default_factory=uuid7)
    owner: Name
    opening_balance: Price = Decimal("0.00")


class Deposit(Command):
    """Put money on an account."""

    account_id: UUID
    amount: Amount
    reference: Text = ""


class Withdraw(Command):
    """Take money off an account; never more than is on it."""

    account_id: UUID
    amount: Amount
    reference: Text = ""


class CloseAccount(Command):
    """Close an account that holds nothing and from which nothing is on its way."""

    account_id: UUID


class TransferMoney(Command):
    """Move money from one account to another, in steps; the receipt says that it has begun.

    `transfer(transfer_id)` says how it ended.
    """

    transfer_id: UUID = Field(default_factory=uuid7)
    from_account_id: UUID
    to_account_id: UUID
    amount: Amount

    @model_validator(mode="after")
    def _two_accounts(self) -> TransferMoney:
        if self.from_account_id == self.to_account_id:
            raise ValueError("a transfer needs two accounts")
        return self


class TransferStep(Command):
    """Base of the steps of a transfer. Its saga sends them; nobody else may."""

    transfer_id: UUID
    account_id: UUID


class TakeTransfer(TransferStep):
    """Take a transfer's money off its first account; it is in transit from then on."""

    amount: Amount


class BringTransfer(TransferStep):
    """Bring a transfer's money to its second account."""

    amount: Amount


class RefundTransfer(TransferStep):
    """Put money that is in transit back on the account that it came from."""


class ConfirmTransfer(TransferStep):
    """Let the first account know that its money has arrived."""


class FailTransfer(Command):
    """Note that a transfer came to nothing, and why."""

    transfer_id: UUID
    reason: Text
