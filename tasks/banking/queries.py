"""What can be asked of the bank."""

from __future__ import annotations

from uuid import UUID

from models.banking.read import AccountSummary, TransferSummary
from worker import Conditions, Filters, Order, Page, Reader, query
from worker.contracts import Money

ACCOUNTS = ("banking.account_summaries",)


@query("banking.account_summary", reads=ACCOUNTS, tags=lambda p: (f"account:{p.account_id}",))
def account_summary(db: Reader, *, account_id: UUID) -> AccountSummary | None:
    """One account at a glance; None if there is no such account."""
    return db.find(AccountSummary, "account_summaries", account_id=account_id)


@query("banking.accounts_by_balance", reads=ACCOUNTS, tags=lambda p: ("accounts",))
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
)
def transfer(db: Reader, *, transfer_id: UUID) -> TransferSummary | None:
    """One transfer and how it ended; None if it has not been asked for."""
    return db.find(TransferSummary, "transfers", transfer_id=transfer_id)
