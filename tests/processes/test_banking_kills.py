"""Workers die and deadlines pass while hundreds of transfers run: not a cent is made or lost."""

from __future__ import annotations

import os
import random
import signal
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from tests.banking.conftest import bank as bank  # a fixture
from tests.banking.support import Bank, let_everything_happen, run
from tests.support.workers import Worker, Workers, until

WAVE = 60
KILLS = 5


def children(worker: Worker) -> list[int]:
    """The pool processes of a worker."""
    listed = Path(f"/proc/{worker.process.pid}/task/{worker.process.pid}/children").read_text()
    return [int(pid) for pid in listed.split()]


def kill_something(
    chance: random.Random, running: list[Worker], workers: Workers, bank: Bank
) -> bool:
    """SIGKILL one pool process, or a whole worker, which is then replaced.

    Says whether commands were under way at that moment.
    """
    place = chance.randrange(len(running))
    pool = children(running[place])
    if pool and chance.random() < 0.5:
        os.kill(chance.choice(pool), signal.SIGKILL)
        replaced = False
    else:
        running[place].kill()
        replaced = True
    ((under_way,),) = bank.rows("SELECT count(*) FROM cqrs.enqueued_commands")
    if replaced:
        running[place] = workers.start()
    return bool(under_way)


def let_some_deadlines_pass(bank: Bank) -> None:
    """Every tenth step under way is out of time, wherever its command is just then."""
    with bank.database.connect() as connection:
        connection.execute(
            "UPDATE cqrs.sagas SET due_at = now() WHERE due_at IS NOT NULL AND random() < 0.1"
        )


def send_transfers(chance: random.Random, accounts: list[UUID], count: int) -> None:
    """Ask for transfers between random accounts, some of them without cover or to closed ones."""
    from tasks.banking.commands import transfer_money

    transfer_money.delay_many(
        {"from_account_id": source, "to_account_id": target, "amount": amount}
        for source, target, amount in (_some_transfer(chance, accounts) for _ in range(count))
    )


@pytest.mark.timeout(300)
@pytest.mark.settings(sweep_interval=0.5)
def test_no_cent_is_made_or_lost_while_workers_are_killed(bank: Bank, workers: Workers) -> None:
    chance = random.Random(20240229)
    accounts = [bank.open("100.00") for _ in range(16)] + [bank.open() for _ in range(4)]
    for account in accounts[-2:]:
        assert run("close_account", account_id=account).succeeded
    before = bank.balances()
    running = [workers.start(), workers.start()]
    workers.start_beat()

    hits = 0
    for _ in range(KILLS):
        goal = _progress(bank) + chance.randrange(1, 4 * WAVE)
        send_transfers(chance, accounts, WAVE)
        until(lambda n=goal: _progress(bank) >= n, 60)  # type: ignore[misc]
        let_some_deadlines_pass(bank)
        hits += kill_something(chance, running, workers, bank)
        assert bank.money() == sum(before.values())
    assert hits >= KILLS // 2, "the kills came when nothing was under way: they prove nothing"
    until(lambda: _ended(bank) == KILLS * WAVE, 150, "a transfer does not end")
    workers.stop()
    let_everything_happen()

    assert bank.rows("SELECT * FROM query.active_sagas") == []
    _every_transfer_happened_once_or_not_at_all(bank, before)


def _some_transfer(chance: random.Random, accounts: list[UUID]) -> tuple[UUID, UUID, Decimal]:
    source, target = chance.sample(accounts, 2)
    return source, target, Decimal(chance.randrange(1, 6000)) / 100


def _ended(bank: Bank) -> int:
    ((ended,),) = bank.rows(
        "SELECT count(*) FROM cqrs.sagas WHERE state ->> 'status' IN ('completed', 'failed')"
    )
    return int(ended)


def _progress(bank: Bank) -> int:
    ((steps,),) = bank.rows("SELECT count(*) FROM cqrs.saga_events")
    return int(steps)


def _every_transfer_happened_once_or_not_at_all(bank: Bank, before: dict[UUID, Decimal]) -> None:
    rows = bank.rows("SELECT from_account_id, to_account_id, amount, status FROM query.transfers")
    assert len(rows) == KILLS * WAVE
    expected = dict(before)
    for source, target, amount, status in rows:
        assert status in {"completed", "failed"}
        if status == "completed":
            expected[source] -= amount
            expected[target] += amount
    assert bank.balances() == expected
    assert sum(expected.values()) == sum(before.values())
    assert dict(bank.rows("SELECT account_id, balance FROM query.account_summaries")) == expected
    repeated = bank.rows(
        "SELECT type, data ->> 'transfer_id', count(*) FROM cqrs.events"
        " WHERE data ->> 'transfer_id' IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1"
    )
    assert repeated == []
