"""One id has effect once: however many run it at once, and whatever else is sent under it."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from tests.conftest import Database
from tests.support import shop
from tests.support.waiting import waiting
from worker.base.encoding import to_json
from worker.base.errors import CommandIdReused
from worker.commands.command_result import CommandResult
from worker.commands.enqueue import write_commands
from worker.commands.executor import bury, execute, refuse
from worker.contracts import Envelope, Receipt, Status, uuid7

EIGHT = 8


def adjusted(product: str) -> Envelope:
    """A command that changes what is there, so that twice is not the same as once."""
    payload = {"product_id": product, "quantity_change": 1, "reason": "found one"}
    return Envelope(uuid7(), "orders.adjust_inventory", payload)


def enqueue(database: Database, *envelopes: Envelope) -> list[bool]:
    """Enqueue by SQL alone; whether each id was found to stand for something else."""
    rows = [
        {
            "ord": place,
            "command_id": one.id,
            "name": one.name,
            "payload": one.payload,
            "actor": one.actor.name,
        }
        for place, one in enumerate(envelopes)
    ]
    with database.connect() as connection:
        found = connection.execute("SELECT * FROM cqrs.enqueue(%s::jsonb)", [to_json(rows)])
        return [reused for _, reused in found]


def one(database: Database, sql: str, *parameters: object) -> Any:
    """The one value that a query gives."""
    with database.connect() as connection:
        row = connection.execute(sql, parameters).fetchone()
    assert row is not None
    return row[0]


def pieces(database: Database, product: str) -> int:
    """What lies on the shelf."""
    sql = "SELECT quantity_available FROM command.products WHERE product_id = %s"
    return int(one(database, sql, product))


@pytest.mark.parametrize("enqueued", [False, True], ids=["sent", "enqueued"])
def test_eight_who_run_one_command_at_once_change_the_stock_once(
    database: Database, enqueued: bool
) -> None:
    product = shop.product(100)
    command = adjusted(product)
    if enqueued:
        with database.connect() as connection:
            write_commands(connection, [command])

    run = partial(execute, [command], dequeue=enqueued)
    lock = "SELECT FROM command.products WHERE product_id = %s FOR UPDATE"
    with capture_logs() as said, waiting(database, [run] * EIGHT, lock, product) as runs:
        pass  # each of them has seen that nobody has settled it yet
    assert "command is dead" not in [one["event"] for one in said]  # no false alarm
    outcomes = [outcome for one in runs for outcome in one.result().outcomes]

    receipts = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    assert len(receipts) == EIGHT
    last = one(database, "SELECT max(position) FROM cqrs.events")
    assert {(r.status, r.position, r.data["quantity_available"]) for r in receipts} == {
        (Status.SUCCEEDED, last, 101)
    }
    assert pieces(database, product) == 101
    assert one(database, "SELECT count(*) FROM cqrs.events WHERE type LIKE '%%Adjusted'") == 1
    assert one(database, "SELECT count(*) FROM cqrs.enqueued_commands") == 0


def test_twice_in_one_batch_is_once(database: Database) -> None:
    product = shop.product(100)
    command = adjusted(product)

    first, second = execute([command, command]).outcomes

    assert isinstance(first, Receipt)
    assert first.succeeded
    assert first == second
    assert pieces(database, product) == 101


@pytest.mark.parametrize("end", [bury, refuse])
def test_a_command_that_has_its_receipt_is_neither_buried_nor_refused(
    database: Database, end: Any
) -> None:
    command = adjusted(shop.product(100))
    (settled,) = execute([command]).outcomes

    assert end(command, "too late") == settled
    assert CommandResult(str(command.id)).stored_receipt() == settled


def test_a_command_that_was_run_already_is_taken_off_those_that_wait(database: Database) -> None:
    product = shop.product(100)
    command = adjusted(product)
    with database.connect() as connection:
        write_commands(connection, [command])
    (first,) = execute([command]).outcomes  # sent too, and that message was faster

    (again,) = execute([command], dequeue=True).outcomes

    assert first == again
    assert pieces(database, product) == 101
    assert one(database, "SELECT count(*) FROM cqrs.enqueued_commands") == 0


# --- another command under the same id ------------------------------------------------------------


def banked(name: str, command_id: UUID) -> Envelope:
    """Two commands of one shape: to put money on an account, to take it off."""
    payload = {"account_id": str(UUID(int=7)), "amount": "5.00", "reference": ""}
    return Envelope(command_id, f"banking.{name}", payload)


def test_an_id_is_not_used_for_another_command_with_the_same_payload(database: Database) -> None:
    id_ = uuid7()
    (put,) = execute([banked("deposit", id_)]).outcomes

    (taken,) = execute([banked("withdraw", id_)]).outcomes

    assert isinstance(put, Receipt)
    assert isinstance(taken, CommandIdReused)


def test_nor_is_it_in_one_batch(database: Database) -> None:
    id_ = uuid7()

    put, taken = execute([banked("deposit", id_), banked("withdraw", id_)]).outcomes

    assert isinstance(put, Receipt)
    assert isinstance(taken, CommandIdReused)


def test_nor_is_it_where_commands_are_enqueued_by_sql(database: Database) -> None:
    id_ = uuid7()
    put, taken = banked("deposit", id_), banked("withdraw", id_)

    assert enqueue(database, put, taken) == [False, True]  # side by side
    assert enqueue(database, put, taken) == [False, True]  # while the first one waits
    assert enqueue(database, taken) == [True]
    assert one(database, "SELECT name FROM cqrs.enqueued_commands") == put.name
    execute([put], dequeue=True)
    assert enqueue(database, taken) == [True]  # after it was settled
    assert enqueue(database, put) == [False]
    assert one(database, "SELECT count(*) FROM cqrs.enqueued_commands") == 0


def test_an_id_is_not_enqueued_by_sql_for_another_payload(database: Database) -> None:
    product = shop.product(100)
    command = adjusted(product)
    other = Envelope(command.id, command.name, {**command.payload, "quantity_change": 9})

    assert enqueue(database, command, other) == [False, True]
    assert enqueue(database, other) == [True]
    execute([command], dequeue=True)
    assert pieces(database, product) == 101


# --- a receipt's position -------------------------------------------------------------------------


def test_a_receipt_stands_at_the_last_of_its_commands_events(database: Database) -> None:
    """Whoever reads with `after=` that position sees all that the command did."""
    ids = [uuid7() for _ in range(3)]
    receipts = [
        {"command_id": id_, "name": "t", "payload_hash": "00", "actor": "a", "status": "succeeded"}
        for id_ in ids
    ]
    events = [
        {"stream": f"s-{n}", "type": "t", "data": {}, "metadata": {"command_id": str(id_)}}
        for n, id_ in enumerate([*ids[:2], *ids[:2], ids[0]])
    ]

    with database.connect() as connection:
        settled = connection.execute(
            "SELECT command_id, position FROM cqrs.settle(%s::jsonb, %s::jsonb)",
            [to_json(receipts), to_json(events)],
        ).fetchall()
        stored = connection.execute("SELECT command_id, position FROM cqrs.receipts").fetchall()

    assert dict(settled) == dict(stored) == {ids[0]: 5, ids[1]: 4, ids[2]: None}
