"""Transfers: money moves in steps, and whatever goes wrong leaves everything as it was."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.banking.support import Bank, let_everything_happen, run
from worker import event_log
from worker.base import db
from worker.base.actor import acting_as
from worker.base.encoding import to_json
from worker.base.pipeline import Pipeline
from worker.commands import SQL, dead_commands
from worker.commands.queue_consumer import drain
from worker.commands.receipts import Settled
from worker.contracts import Envelope, Status, uuid7
from worker.event_log import NewEvent
from worker.reactions import deadlines, retry
from worker.subscriptions.runner import catch_up


def overdue(bank: Bank) -> None:
    """Let the deadline of every step pass, as time would."""
    with bank.database.connect() as connection:
        connection.execute("UPDATE cqrs.sagas SET due_at = now() WHERE due_at IS NOT NULL")


def test_a_transfer_moves_money_and_tells_how_it_ended(bank: Bank) -> None:
    source, target = bank.open("10.00"), bank.open("1.00")
    transfer_id = bank.transfer(source, target, "4.00")
    let_everything_happen()
    assert bank.balances() == {source: Decimal(6), target: Decimal(5)}
    assert bank.saga(transfer_id)["status"] == "completed"
    from tasks.banking.queries import transfer

    summary = transfer.ask(transfer_id=transfer_id, consistency="strong").data
    assert summary is not None
    assert summary.status == "completed"
    assert summary.ended_at is not None
    assert _active(bank) == []


def test_a_transfer_without_cover_changes_nothing(bank: Bank) -> None:
    source, target = bank.open("3.99"), bank.open()
    transfer_id = bank.transfer(source, target, "4.00")
    let_everything_happen()
    assert bank.balances() == {source: Decimal("3.99"), target: Decimal(0)}
    state = bank.saga(transfer_id)
    assert state["status"] == "failed"
    assert "insufficient funds" in state["error"]
    from tasks.banking.queries import transfer

    summary = transfer.ask(transfer_id=transfer_id, consistency="strong").data
    assert summary is not None
    assert "insufficient funds" in (summary.reason or "")


def test_a_transfer_to_a_closed_account_is_refunded(bank: Bank) -> None:
    source, target = bank.open("10.00"), bank.open()
    run("close_account", account_id=target)
    transfer_id = bank.transfer(source, target, "4.00")
    let_everything_happen()
    assert bank.balances() == {source: Decimal(10), target: Decimal(0)}
    assert bank.saga(transfer_id)["status"] == "failed"
    assert _history(bank, transfer_id) == [
        *("started", "sent", "succeeded"),  # taken
        *("sent", "rejected"),  # not brought
        *("sent", "succeeded"),  # refunded
        *("sent", "succeeded", "failed"),
    ]


def test_a_step_past_its_deadline_is_taken_back_and_the_money_refunded(bank: Bank) -> None:
    source, target = bank.open("10.00"), bank.open()
    transfer_id = bank.transfer(source, target, "4.00")
    _until_step(bank, transfer_id, "bring")
    assert sum(bank.balances().values()) == Decimal(6)  # four are in transit
    overdue(bank)
    assert deadlines.notice() == 1
    let_everything_happen()
    assert bank.balances() == {source: Decimal(10), target: Decimal(0)}
    assert bank.saga(transfer_id)["status"] == "failed"
    assert "deadline" in bank.saga(transfer_id)["error"]


def test_a_command_that_was_faster_than_its_deadline_holds(bank: Bank) -> None:
    """The step was done, the saga does not know it yet, the deadline passes: the step counts."""
    source, target = bank.open("10.00"), bank.open()
    transfer_id = bank.transfer(source, target, "4.00")
    _until_step(bank, transfer_id, "bring")
    drain()
    overdue(bank)
    assert deadlines.notice() == 1
    let_everything_happen()
    assert bank.balances() == {source: Decimal(6), target: Decimal(4)}
    assert bank.saga(transfer_id)["status"] == "completed"


def test_a_deadline_is_noticed_by_the_sweep_and_not_before(bank: Bank) -> None:
    bank.transfer(bank.open("10.00"), bank.open(), "4.00")
    catch_up()
    assert deadlines.notice() == 0
    overdue(bank)
    assert deadlines.notice() == 1
    assert deadlines.notice() == 0  # taken back once; the log tells the saga


def test_an_account_stays_open_while_its_money_is_on_its_way(bank: Bank) -> None:
    source, target = bank.open("4.00"), bank.open()
    transfer_id = bank.transfer(source, target, "4.00")
    _until_step(bank, transfer_id, "bring")
    refused = run("close_account", account_id=source)
    assert refused.error is not None
    assert refused.error.startswith("money of this account is on its way")
    let_everything_happen()
    assert run("close_account", account_id=source).succeeded


def test_asking_again_with_the_same_transfer_id_moves_nothing_more(bank: Bank) -> None:
    source, target, transfer_id = bank.open("10.00"), bank.open(), uuid7()
    payload = {"from_account_id": source, "to_account_id": target, "amount": "4.00"}
    assert run("transfer_money", transfer_id=transfer_id, **payload).succeeded
    assert run("transfer_money", transfer_id=transfer_id, **payload).status is Status.REJECTED
    let_everything_happen()
    assert bank.balances() == {source: Decimal(6), target: Decimal(4)}


def test_only_the_saga_may_send_the_steps(bank: Bank) -> None:
    from tasks.banking.commands import bring_transfer
    from worker.commands.executor import execute

    with acting_as("user:eve", roles=["customer"]) as eve:
        payload = {"transfer_id": str(uuid4()), "account_id": str(bank.open()), "amount": "1.00"}
        (outcome,) = execute([Envelope(uuid7(), bring_transfer.name, payload, eve)]).outcomes
    assert getattr(outcome, "status", None) is Status.REJECTED


def test_a_transfer_to_itself_is_no_command(bank: Bank) -> None:
    account = bank.open("1.00")
    payload = {"from_account_id": account, "to_account_id": account, "amount": "1.00"}
    assert "two accounts" in (run("transfer_money", **payload).error or "")


def test_sagas_read_back_from_the_log_do_nothing_twice(bank: Bank) -> None:
    source, target, closed = bank.open("10.00"), bank.open(), bank.open()
    run("close_account", account_id=closed)
    transfers = [bank.transfer(source, target, "4.00"), bank.transfer(source, closed, "1.00")]
    let_everything_happen()
    before = [bank.saga(one) for one in transfers]
    last = bank.rows("SELECT max(position) FROM cqrs.events")
    with bank.database.connect() as connection:
        connection.execute("DELETE FROM cqrs.sagas")
        connection.execute("UPDATE cqrs.subscriptions SET position = 0")
    let_everything_happen()
    assert [bank.saga(one) for one in transfers] == before
    assert bank.rows("SELECT max(position) FROM cqrs.events") == last
    assert bank.balances()[source] == Decimal(6)


def test_a_checkpoint_set_back_moves_no_saga(bank: Bank) -> None:
    transfer_id = bank.transfer(bank.open("10.00"), bank.open(), "4.00")
    let_everything_happen()
    before = bank.rows("SELECT * FROM cqrs.sagas")
    with bank.database.connect() as connection:
        connection.execute("UPDATE cqrs.subscriptions SET position = 0")
    let_everything_happen()
    assert bank.rows("SELECT * FROM cqrs.sagas") == before
    assert bank.saga(transfer_id)["status"] == "completed"


def test_a_refused_refund_is_stuck_until_somebody_retries_it(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No rule refuses a refund; should one ever, the saga waits for a person."""
    from tasks.banking.commands import refund_transfer

    source, closed = bank.open("10.00"), bank.open()
    run("close_account", account_id=closed)

    def broken(*_: Any) -> None:
        raise RuntimeError("a bug of the handler")

    with monkeypatch.context() as patch:
        patch.setattr(
            "worker.commands.decoding.commands", _with_handler(refund_transfer.name, broken)
        )
        transfer_id = bank.transfer(source, closed, "4.00")
        let_everything_happen()
    assert bank.saga(transfer_id)["status"] == "stuck"
    assert bank.balances()[source] == Decimal(6)
    assert [row[0] for row in _active(bank)] == ["stuck"]
    retry(_saga_id(bank, transfer_id))
    let_everything_happen()
    assert bank.saga(transfer_id)["status"] == "failed"
    assert bank.balances()[source] == Decimal(10)


def test_a_dead_command_of_a_saga_is_not_revived_behind_its_back(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The money has been refunded: brought all the same, it would be there twice."""
    from tasks.banking.commands import bring_transfer

    def broken(*_: Any) -> None:
        raise RuntimeError("a bug of the handler, told at length: " + 3_000 * "x")

    source, target = bank.open("10.00"), bank.open()
    with monkeypatch.context() as patch:
        patch.setattr(
            "worker.commands.decoding.commands", _with_handler(bring_transfer.name, broken)
        )
        transfer_id = bank.transfer(source, target, "4.00")
        let_everything_happen()
    assert bank.saga(transfer_id)["status"] == "failed"
    ((dead,),) = bank.rows("SELECT command_id FROM cqrs.receipts WHERE status = 'dead'")
    cause = f"saga:{_saga_id(bank, transfer_id)}"
    died = Envelope(dead, bring_transfer.name, {}, causation_id=cause)
    with db.commands() as connection, Pipeline(connection) as asked:
        dead_row = Settled(died, b"", Status.DEAD, error="a bug").to_dead_row()
        asked.execute(SQL["keep_dead_commands"], {"commands": to_json([dead_row])})
    with pytest.raises(dead_commands.BelongsToSaga, match="retry the saga"):
        dead_commands.retry(dead, by="ops")
    let_everything_happen()
    assert bank.balances() == {source: Decimal(10), target: Decimal(0)}


def test_saga_status_counts_by_type_and_status(bank: Bank) -> None:
    source, target = bank.open("5.00"), bank.open()
    for _ in range(3):
        bank.transfer(source, target, "2.00")
    let_everything_happen()
    with bank.database.connect() as connection:
        connection.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY query.saga_status")
    counted = bank.rows("SELECT saga_type, status, count FROM query.saga_status ORDER BY 2")
    assert counted == [
        ("banking.money_transfer", "completed", 2),
        ("banking.money_transfer", "failed", 1),
    ]


def test_a_forged_outcome_does_not_drive_a_saga(bank: Bank) -> None:
    """Only the command that a saga waits for counts, whatever else the log says about it."""
    source, target = bank.open("10.00"), bank.open()
    transfer_id = bank.transfer(source, target, "4.00")
    _until_step(bank, transfer_id, "take")
    saga_id = _saga_id(bank, transfer_id)
    forged = {
        "saga_id": str(saga_id), "command_id": str(uuid4()), "name": "x", "status": "succeeded",
    }  # fmt: skip
    with bank.database.connect() as connection:
        event_log.append(connection, [NewEvent("x", "cqrs.SagaCommandSettled", forged)])
    catch_up()
    assert bank.saga(transfer_id)["step"] == "take"
    let_everything_happen()
    assert bank.balances() == {source: Decimal(6), target: Decimal(4)}


def _until_step(bank: Bank, transfer_id: UUID, step: str) -> None:
    catch_up()
    while bank.saga(transfer_id)["step"] != step:
        drain()
        catch_up()


def _saga_id(bank: Bank, transfer_id: UUID) -> UUID:
    ((saga_id,),) = bank.rows("SELECT saga_id FROM cqrs.sagas WHERE key = %s", str(transfer_id))
    return UUID(str(saga_id))


def _active(bank: Bank) -> list[Any]:
    return bank.rows("SELECT status, step FROM query.active_sagas")


def _history(bank: Bank, transfer_id: UUID) -> list[str]:
    rows = bank.rows(
        "SELECT e.event_type FROM cqrs.saga_events AS e JOIN cqrs.sagas USING (saga_id)"
        " WHERE key = %s ORDER BY e.id",
        str(transfer_id),
    )
    return [row[0] for row in rows]


def _with_handler(name: str, handler: Any) -> Any:
    """The registered commands, one of them with another handler."""
    from dataclasses import replace

    from worker.base.registry import Registry
    from worker.commands.decoding import commands

    changed: Registry[Any] = Registry("command")
    for spec in commands:
        changed.add(spec.name, replace(spec, handler=handler) if spec.name == name else spec)
    return changed
