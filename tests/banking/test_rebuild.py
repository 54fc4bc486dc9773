"""Rebuilding what the bank shows: the same figures again, and no money moves a second time."""

from __future__ import annotations

from itertools import pairwise

from tests.banking.support import Bank, let_everything_happen, run
from worker.rebuild.run import rebuild


def test_a_rebuild_shows_the_same_and_fires_nothing_again(bank: Bank) -> None:
    accounts = [bank.open("100.00") for _ in range(5)]
    run("close_account", account_id=bank.open())
    for source, target in pairwise(accounts):
        bank.transfer(source, target, "30.00")
    bank.transfer(accounts[0], bank.open(), "99.00")
    let_everything_happen()
    shown = "SELECT * FROM query.account_summaries ORDER BY account_id"
    done = "SELECT count(*), max(position) FROM cqrs.events, (SELECT count(*) FROM cqrs.receipts) r"
    before, happened = bank.rows(shown), bank.rows(done)
    transfers = bank.rows("SELECT * FROM query.transfers ORDER BY transfer_id")
    for name in ("banking.account_summaries", "banking.transfers"):
        assert rebuild(name).differing == 0
    let_everything_happen()
    assert bank.rows(shown) == before
    assert bank.rows("SELECT * FROM query.transfers ORDER BY transfer_id") == transfers
    assert bank.rows(done) == happened
