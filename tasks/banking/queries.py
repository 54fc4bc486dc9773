"""What can be asked of the bank."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from models.banking.read import AccountSummary, TransferSummary
from tasks.banking import conditions as conditions
from worker import Actor, Conditions, Filters, Order, Page, Reader, only, query
from worker.contracts import Money

ACCOUNTS = ("banking.account_summaries",)


tellers = only("teller")


def own(actor: Actor, p: Any) -> bool:
    """Tellers; and an owner who names himself."""
    return tellers(actor) or p.owner == actor.name


@query(
    "banking.account_summary",
    reads=ACCOUNTS,
    tags=lambda p: (f"account:{p.account_id}",),
    may_ask=own,
)
def account_summary(
    db: Reader, *, account_id: UUID, owner: str | None = None
) -> AccountSummary | None:
    """One account at a glance; with an owner, only if it is his. None if there is none."""
    his = {} if owner is None else {"owner": owner}
    return db.find(AccountSummary, "account_summaries", account_id=account_id, **his)


@query("banking.accounts_by_balance", reads=ACCOUNTS, tags=lambda p: ("accounts",), may_ask=tellers)
def accounts_by_balance(
    db: Reader,
    *,
    minimum: Money | None = None,
    maximum: Money | None = None,
    where: Conditions = (),
    order: Order = ("balance", "account_id"),
    limit: int = 100,
    offset: int = 0,
    cursor: str | None = None,
    total: bool = False,
) -> Page[AccountSummary]:
    """Accounts whose balance lies between two amounts, both included, the lowest first."""
    between = Filters(AccountSummary).where(*where)
    if minimum is not None:
        between = between.ge("balance", minimum)
    if maximum is not None:
        between = between.le("balance", maximum)
    page = between.order_by(*order).limit(limit).offset(offset)
    return db.page(AccountSummary, "account_summaries", page, cursor=cursor, total=total)


@query(
    "banking.transfer",
    reads=("banking.transfers",),
    tags=lambda p: (f"transfer:{p.transfer_id}",),
    may_ask=tellers,
)
def transfer(db: Reader, *, transfer_id: UUID) -> TransferSummary | None:
    """One transfer and how it ended; None if it has not been asked for."""
    return db.find(TransferSummary, "transfers", transfer_id=transfer_id)
