"""Accounts: what is decided on a folded stream, alone, in batches and against one another."""

from __future__ import annotations

import threading
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from models.banking.rules import MOST
from tests.banking.support import Bank, envelope, let_everything_happen, run
from worker.base.encoding import to_json
from worker.base.sql import blocks
from worker.commands.executor import execute
from worker.contracts import Actor, Receipt, Status, uuid7

CENT = Decimal("0.01")


def test_money_is_counted_from_the_stream(bank: Bank) -> None:
    account = bank.open("10.00")
    assert run("deposit", account_id=account, amount="5.05").data["balance"] == "15.05"
    assert run("withdraw", account_id=account, amount="15.00").data["balance"] == "0.05"
    assert bank.balances() == {account: 5 * CENT}


def test_more_than_there_is_cannot_be_withdrawn(bank: Bank) -> None:
    account = bank.open("10.00")
    refused = run("withdraw", account_id=account, amount="10.01")
    assert refused.status is Status.REJECTED
    assert refused.error is not None
    assert refused.error.startswith("insufficient funds")
    assert refused.data["balance"] == "10.00"
    assert bank.balances() == {account: 1000 * CENT}


def test_what_is_on_an_account_its_owner_alone_may_take(bank: Bank) -> None:
    source, target = bank.open("10.00"), bank.open()
    ada, eve = Actor("Ada", frozenset()), Actor("Eve", frozenset())
    transfer = {"from_account_id": source, "to_account_id": target, "amount": "1.00"}

    def by(actor: Actor, name: str, **payload: Any) -> Receipt:
        (receipt,) = execute([replace(envelope(name, **payload), actor=actor)]).outcomes
        assert isinstance(receipt, Receipt)
        return receipt

    assert by(eve, "deposit", account_id=source, amount="1.00").succeeded
    for name, payload in (
        ("withdraw", {"account_id": source, "amount": "1.00"}),
        ("transfer_money", transfer),
        ("close_account", {"account_id": source}),
    ):
        told = f"Eve may not send banking.{name} (roles none)"
        assert by(eve, name, **payload).error == told
        assert told not in (by(ada, name, **payload).error or "")


@pytest.mark.parametrize(
    ("name", "payload", "sentence"),
    [
        ("deposit", {"amount": "1.00"}, "no such account"),
        ("withdraw", {"amount": "1.00"}, "no such account"),
        ("close_account", {}, "no such account"),
    ],
)
def test_what_was_never_opened_does_nothing(
    bank: Bank, name: str, payload: dict[str, str], sentence: str
) -> None:
    refused = run(name, account_id=uuid7(), **payload)
    assert refused.status is Status.REJECTED
    assert refused.error is not None
    assert refused.error.startswith(sentence)


@pytest.mark.parametrize("amount", ["0", "-1.00", "0.001", "NaN", "1e30"])
def test_an_amount_is_positive_and_has_two_decimals(bank: Bank, amount: str) -> None:
    refused = run("deposit", account_id=bank.open(), amount=amount)
    assert refused.status is Status.REJECTED
    assert "amount" in refused.errors


def test_an_account_keeps_room_for_money_that_may_come_back(bank: Bank) -> None:
    account, other = bank.open(str(MOST)), bank.open()
    transfer = bank.transfer(account, other, "10.00")
    taken = run("take_transfer", account_id=account, transfer_id=transfer, amount="10.00")
    assert taken.succeeded, taken.error
    refused = run("deposit", account_id=account, amount="0.01")
    assert refused.status is Status.REJECTED
    assert "the account can hold no more" in (refused.error or "")
    let_everything_happen()
    assert run("deposit", account_id=account, amount="10.00").succeeded


def test_an_account_is_opened_once(bank: Bank) -> None:
    account = bank.open("1.00")
    assert run("open_account", account_id=account, owner="Eve").status is Status.REJECTED


def test_an_account_that_holds_the_most_takes_no_more(bank: Bank) -> None:
    account = bank.open("999999999999.99")
    refused = run("deposit", account_id=account, amount="0.01")
    assert refused.status is Status.REJECTED
    assert refused.error is not None
    assert refused.error.startswith("the account can hold no more")


def test_only_an_empty_account_is_closed_and_a_closed_one_takes_nothing(bank: Bank) -> None:
    account = bank.open("1.00")
    assert run("close_account", account_id=account).status is Status.REJECTED
    assert run("withdraw", account_id=account, amount="1.00").succeeded
    assert run("close_account", account_id=account).succeeded
    refused = run("deposit", account_id=account, amount="1.00")
    assert refused.error is not None
    assert refused.error.startswith("the account is closed")


def test_commands_of_a_batch_see_those_before_them(bank: Bank) -> None:
    account = uuid7()
    batch = [
        envelope("open_account", account_id=account, owner="Ada"),
        envelope("deposit", account_id=account, amount="2.00"),
        envelope("withdraw", account_id=account, amount="1.50"),
        envelope("withdraw", account_id=account, amount="1.00"),
        envelope("deposit", account_id=account, amount="0.50"),
        envelope("withdraw", account_id=account, amount="1.00"),
    ]
    outcomes = execute(batch).outcomes
    assert [one.succeeded for one in outcomes if isinstance(one, Receipt)] == [
        True, True, True, False, True, True,
    ]  # fmt: skip
    assert bank.balances() == {account: Decimal(0)}


def test_many_at_once_never_withdraw_more_than_there_is(bank: Bank) -> None:
    """Sixteen threads draw from one account; each decision rests on the balance before it."""
    account = bank.open("10.00")
    gate, receipts = threading.Barrier(16), list[Receipt]()

    def draw() -> None:
        gate.wait(10)
        receipts.extend(run("withdraw", account_id=account, amount="1.00") for _ in range(2))

    threads = [threading.Thread(target=draw) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(receipt.status for receipt in receipts) == ["rejected"] * 22 + ["succeeded"] * 10
    left = [receipt.data["balance"] for receipt in receipts if receipt.succeeded]
    assert sorted(map(Decimal, left)) == list(range(10))
    assert bank.balances() == {account: Decimal(0)}


def test_two_who_open_one_account_meet_in_the_log(bank: Bank) -> None:
    account = uuid7()
    gate, receipts = threading.Barrier(4), list[Receipt]()

    def open_it() -> None:
        gate.wait(10)
        receipts.append(run("open_account", account_id=account, owner="Ada"))

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(r.status for r in receipts) == ["rejected"] * 3 + ["succeeded"]


def test_a_long_stream_is_folded_from_its_snapshot(bank: Bank) -> None:
    account = bank.open("1.00")
    for _ in range(5):
        execute([envelope("deposit", account_id=account, amount="0.01") for _ in range(50)])
    ((version, state),) = bank.rows("SELECT version, state FROM cqrs.snapshots")
    assert version > 100
    assert Decimal(state["balance"]) == 1 + (version - 1) * CENT
    _forget_events_up_to(bank, account, version)
    assert run("withdraw", account_id=account, amount="3.50").data["balance"] == "0.00"


def test_a_snapshot_of_another_shape_is_not_read(bank: Bank) -> None:
    account = bank.open("1.00")
    execute([envelope("deposit", account_id=account, amount="0.01") for _ in range(120)])
    with bank.database.connect() as connection:
        connection.execute(
            "UPDATE cqrs.snapshots SET shape = 7, state = jsonb_set(state, '{balance}', '\"9999\"')"
        )
    assert run("withdraw", account_id=account, amount="2.20").data["balance"] == "0.00"


def test_an_older_snapshot_never_replaces_a_newer_one(bank: Bank) -> None:
    """Snapshots are written after the commit: who committed first may be the last to write."""
    keep = blocks("worker.commands")["keep_snapshots"]

    def kept(shape: int, version: int) -> tuple[int, int]:
        row = {"stream": "s", "aggregate": "a", "shape": shape, "version": version, "state": {}}
        with bank.database.connect() as connection:
            connection.execute(keep, {"snapshots": to_json([row])})
        ((shape, version),) = bank.rows("SELECT shape, version FROM cqrs.snapshots")
        return shape, version

    assert kept(1, 200) == (1, 200)
    assert kept(1, 100) == (1, 200)
    assert kept(2, 150) == (2, 150)
    assert kept(1, 300) == (2, 150)
    assert kept(2, 151) == (2, 151)


def test_the_summary_shows_balance_transactions_and_the_last_activity(bank: Bank) -> None:
    rich, poor = bank.open("100.00"), bank.open("1.00")
    run("deposit", account_id=rich, amount="1.00")
    last = run("withdraw", account_id=rich, amount="0.50")
    let_everything_happen()
    from tasks.banking.queries import account_summary

    summary = account_summary.ask(account_id=rich, after=last.position).data
    assert summary is not None
    assert (summary.balance, summary.transaction_count) == (Decimal("100.50"), 2)
    assert summary.status == "open"
    newest = "SELECT max(recorded_at) FROM cqrs.events WHERE stream = %s"
    ((recorded,),) = bank.rows(newest, f"account-{rich}")
    assert summary.last_activity == recorded
    assert account_summary.ask(account_id=uuid7()).data is None
    assert accounts_between(None, None) == [poor, rich]
    assert accounts_between("1.01", None) == [rich]
    assert accounts_between(None, "100.49") == [poor]
    assert accounts_between("2.00", "3.00") == []


def accounts_between(minimum: str | None, maximum: str | None) -> list[UUID]:
    """The accounts whose balance lies between these."""
    from tasks.banking.queries import accounts_by_balance

    low, high = (None if amount is None else Decimal(amount) for amount in (minimum, maximum))
    answer = accounts_by_balance.ask(minimum=low, maximum=high)
    return [row.account_id for row in answer.data]


def _forget_events_up_to(bank: Bank, account: UUID, version: int) -> None:
    """Make the old events unreadable: whoever folds them all the same gets another balance."""
    with bank.database.connect() as connection:
        connection.execute(
            'UPDATE cqrs.events SET data = data || \'{"balance": "-1.00"}\''
            " WHERE stream = %s AND version < %s",
            (f"account-{account}", version),
        )
