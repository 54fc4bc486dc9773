"""What tests of the bank do: run commands on the spot, let sagas take their course, count money."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.conftest import Database
from worker.commands.executor import execute
from worker.commands.queue_consumer import drain
from worker.contracts import Envelope, Receipt, uuid7
from worker.ops.maintenance import find_work
from worker.subscriptions.runner import catch_up


def envelope(name: str, command_id: UUID | None = None, **payload: Any) -> Envelope:
    """A command of the bank as it is on the wire."""
    wire = {field: str(value) for field, value in payload.items()}
    return Envelope(command_id or uuid7(), f"banking.{name}", wire)


def run(name: str, **payload: Any) -> Receipt:
    """Run a command of the bank in this process, on the real database."""
    (outcome,) = execute([envelope(name, **payload)]).outcomes
    assert isinstance(outcome, Receipt), outcome
    return outcome


def let_everything_happen() -> None:
    """Run subscriptions and enqueued commands in this process until nothing is left to do."""
    for _ in range(200):
        catch_up()
        drain()
        work = find_work()
        if not work.groups and not work.commands:
            return
    raise AssertionError("there is always something left to do")


@dataclass(frozen=True)
class Bank:
    """The bank of one test."""

    database: Database

    def open(self, balance: str = "0.00") -> UUID:
        """A new account."""
        account_id = uuid7()
        receipt = run("open_account", account_id=account_id, owner="Ada", opening_balance=balance)
        assert receipt.succeeded, receipt.error
        return account_id

    def transfer(self, source: UUID, target: UUID, amount: str) -> UUID:
        """Ask for a transfer; it is carried out by whoever runs the sagas."""
        receipt = run("transfer_money", from_account_id=source, to_account_id=target, amount=amount)
        assert receipt.succeeded, receipt.error
        return UUID(receipt.data["transfer_id"])

    def balances(self) -> dict[UUID, Decimal]:
        """Every account's balance, out of the log itself."""
        return dict(
            self.rows(
                "SELECT DISTINCT ON (stream) (data ->> 'account_id')::uuid,"
                "       (data ->> 'balance')::numeric"
                "  FROM cqrs.events WHERE stream LIKE 'account-%%' ORDER BY stream, version DESC"
            )
        )

    def money(self) -> Decimal:
        """All the money there is at this moment: on accounts, and on its way between two."""
        ((money,),) = self.rows(
            "WITH accounts AS ("
            "   SELECT DISTINCT ON (stream) (data ->> 'balance')::numeric AS balance"
            "     FROM cqrs.events WHERE stream LIKE 'account-%%' ORDER BY stream, version DESC"
            "), moves AS ("
            "   SELECT (data ->> 'amount')::numeric"
            "          * CASE type WHEN 'banking.MoneyWithdrawn' THEN 1 ELSE -1 END AS amount"
            "     FROM cqrs.events WHERE data ->> 'transfer_id' IS NOT NULL"
            "      AND type IN ('banking.MoneyWithdrawn', 'banking.MoneyDeposited',"
            "                   'banking.TransferRefunded')"
            ") SELECT (SELECT sum(balance) FROM accounts)"
            "        + (SELECT coalesce(sum(amount), 0) FROM moves)"
        )
        return Decimal(money)

    def saga(self, transfer_id: UUID) -> dict[str, Any]:
        """The state of a transfer's saga."""
        ((state,),) = self.rows("SELECT state FROM cqrs.sagas WHERE key = %s", str(transfer_id))
        return dict(state)

    def rows(self, sql: str, *parameters: object) -> list[Any]:
        """What a query gives, as the owner."""
        with self.database.connect() as connection:
            return connection.execute(sql, parameters).fetchall()
