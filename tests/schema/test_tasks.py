"""Schema changes as commands: a handle, a receipt, and one effect however often they are sent."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg
import pytest
import redis as redis_py
from celery import chain
from celery.contrib.testing.worker import start_worker

from tests.conftest import Database
from tests.support.domains import import_like_a_worker
from worker.base.actor import acting_as
from worker.base.app import QUEUES, app
from worker.base.settings import get_settings
from worker.commands import after_commit
from worker.commands.command_result import CommandResult
from worker.commands.errors import CommandIdReused, InvalidCommand, ReceiptTimeout
from worker.contracts import Receipt, Status, uuid7
from worker.schema import Operation, history, load
from worker.schema.errors import InvalidChange
from worker.schema.tasks import (
    execute_changeset,
    refresh_query_side,
    rollback_changeset,
    track_change,
)

Connection = psycopg.Connection[Any]
NOTES = Operation("CREATE TABLE command.notes (body text)", "DROP TABLE command.notes")
PAY = ["UPDATE command.balance SET amount = amount - 10"]


@pytest.fixture
def worker(own_database: Database, redis: redis_py.Redis) -> Iterator[None]:
    """A worker thread on every queue."""
    import_like_a_worker()
    with start_worker(app, pool="solo", queues=QUEUES, perform_ping_check=False):
        yield
    logging.getLogger().handlers.clear()


@pytest.fixture
def db(own_database: Database) -> Iterator[Connection]:
    """A connection to look at what happened."""
    with own_database.connect() as connection:
        yield connection


@pytest.fixture
def balance(db: Connection) -> Callable[[], int]:
    """Something of which it matters how often it is changed."""
    db.execute("CREATE TABLE command.balance AS SELECT 100 AS amount")
    return lambda: db.execute("SELECT amount FROM command.balance").fetchall()[0][0]


def forgotten(handle: CommandResult) -> None:
    """As if the worker had died before it could write down the outcome anywhere."""
    app.backend.client.delete(app.backend.get_key_for_task(handle.id))
    with psycopg.connect(get_settings().servers.database, autocommit=True) as connection:
        connection.execute("DELETE FROM cqrs.receipts WHERE command_id = %s", [handle.command_id])


@pytest.mark.usefixtures("worker")
def test_a_changeset_is_tracked_executed_and_taken_back_by_commands(db: Connection) -> None:
    recorded = track_change.delay([NOTES], [], "add notes", "1.0.0", atomic=False).receipt(20)
    assert (recorded.status, recorded.data["status"]) == (Status.SUCCEEDED, "pending")
    assert recorded.position is None
    changeset = recorded.data["id"]
    assert UUID(changeset) == recorded.command_id
    done = execute_changeset.delay(changeset).get(timeout=20)
    assert (done["status"], done["data"]["status"]) == ("succeeded", "completed")
    assert done["data"]["operations"] == {"command": 1, "query": 0}
    with acting_as("user:7", roles=["admin"]):
        back = rollback_changeset.delay(changeset).receipt(20)
    assert (back.data["status"], back.actor) == ("rolled_back", "user:7")
    assert db.execute("SELECT to_regclass('command.notes')").fetchone() == (None,)


@pytest.mark.usefixtures("worker")
def test_views_are_refreshed_by_a_command_and_tracked_once(db: Connection) -> None:
    db.execute("CREATE MATERIALIZED VIEW query.instant AS SELECT clock_timestamp() AS at")
    handle = refresh_query_side.delay(["query.instant"])
    receipt = handle.receipt(20)
    assert receipt.data == {"id": handle.id, "views": ["query.instant"]}
    first = db.execute("SELECT at FROM query.instant").fetchone()
    forgotten(handle)
    again = refresh_query_side.apply_async((["query.instant"],), task_id=handle.id)
    assert again.receipt(20).succeeded
    assert db.execute("SELECT at FROM query.instant").fetchone() == first
    assert len(history(db)) == 1


@pytest.mark.usefixtures("worker")
def test_the_sender_is_written_into_the_history(db: Connection) -> None:
    with acting_as("user:42", roles=["admin"]):
        receipt = track_change.delay([NOTES], [], "add notes", "1.0.0").receipt(20)
    assert receipt.actor == "user:42"
    assert load(db, receipt.command_id).created_by == "user:42"


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(("force", "lost"), [(True, False), (False, True), (True, True)])
def test_a_command_that_is_delivered_twice_has_its_effect_once(
    db: Connection, balance: Callable[[], int], force: bool, lost: bool
) -> None:
    arguments: tuple[Any, ...] = (PAY, [], "pay", "1.0.0")
    first = track_change.apply_async(arguments, {"force": force})
    assert first.receipt(20).data["status"] == "completed"
    if lost:
        forgotten(first)
    second = track_change.apply_async(arguments, {"force": force}, task_id=first.id)
    receipt = second.receipt(20)
    assert (receipt.status, receipt.data["status"]) == (Status.SUCCEEDED, "completed")
    assert balance() == 90
    assert len(history(db)) == 1


@pytest.mark.usefixtures("worker")
def test_executing_and_rolling_back_are_done_once_per_command_too(
    db: Connection, balance: Callable[[], int]
) -> None:
    pay = Operation(PAY[0], "UPDATE command.balance SET amount = amount + 10")
    waiting = track_change.delay([pay], [], "pay", "1.0.0", atomic=False).receipt(20)
    for task, left in ((execute_changeset, 90), (rollback_changeset, 100)):
        first = task.delay(waiting.command_id)
        assert first.receipt(20).succeeded
        forgotten(first)
        again = task.apply_async((waiting.command_id,), task_id=first.id).receipt(20)
        assert again.succeeded
        assert balance() == left
        other = task.delay(waiting.command_id).receipt(20)
        assert other.status is Status.REJECTED
        assert other.error is not None
        assert "(changeset " in other.error


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("lost", [False, True], ids=["receipt there", "receipt lost"])
def test_one_id_for_two_changes_is_an_error(balance: Callable[[], int], lost: bool) -> None:
    first = track_change.apply_async((PAY, [], "pay", "1.0.0"))
    assert first.receipt(20).succeeded
    if lost:
        forgotten(first)
    second = track_change.apply_async((PAY, [], "pay more", "1.0.0"), task_id=first.id)
    with pytest.raises(CommandIdReused):
        second.receipt(20)
    assert balance() == 90


@pytest.mark.usefixtures("worker")
def test_a_change_that_fails_is_a_rejected_receipt_with_what_failed(db: Connection) -> None:
    receipt = track_change.delay([NOTES, "SELECT 1 / 0"], [], "fails", "1.0.0").receipt(20)
    assert receipt.status is Status.REJECTED
    assert receipt.error is not None
    assert receipt.error.startswith("operation 2 failed: division by zero (changeset ")
    failed = receipt.data["failed_operation"]
    assert (receipt.data["status"], failed["number"], failed["sqlstate"]) == ("failed", 2, "22012")
    assert load(db, receipt.command_id).status == "failed"


@pytest.mark.usefixtures("worker")
def test_a_version_that_does_not_follow_is_refused_by_field(db: Connection) -> None:
    assert track_change.delay([NOTES], [], "first", "2.0.0").receipt(20).succeeded
    refused = track_change.delay(["SELECT 1"], [], "second", "1.0.0").receipt(20)
    assert refused.status is Status.REJECTED
    assert "does not follow 2.0.0" in refused.errors["version"]
    assert [line.status for line in history(db)] == ["refused", "completed"]


WRONG_ON_THE_WIRE: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    (
        "schema.track_change",
        {"command_operations": ["SELEC 1"], "query_operations": [], "version": "1.0.0"}
        | {"description": "typo"},
        {"operation 1": 'syntax error at or near "SELEC"'},
    ),
    (
        "schema.track_change",
        {"command_operations": None, "query_operations": [], "version": "1.0.0"},
        {
            "command_operations": "Input should be a valid tuple (is None)",
            "description": "Field required",
        },
    ),
    (
        "schema.execute_changeset",
        {"changeset_id": "nonsense"},
        {"changeset_id": "Input should be a valid UUID"},
    ),
    ("schema.refresh_query_side", {"views": []}, {"views": "Tuple should have at least 1 item"}),
    ("schema.refresh_query_side", {"views": ["query.nope"]}, {}),
]


@pytest.mark.usefixtures("worker")
def test_any_celery_client_gets_a_receipt_for_what_it_sent_wrong(db: Connection) -> None:
    for name, payload, errors in WRONG_ON_THE_WIRE:
        sent = app.send_task(name, kwargs=payload, task_id=str(uuid7()))
        receipt = Receipt.from_json(sent.get(timeout=20))
        assert receipt.status is Status.REJECTED
        assert receipt.errors.keys() == errors.keys()
        for field, message in errors.items():
            assert receipt.errors[field].startswith(message)
    assert all(line.status == "refused" for line in history(db))


WRONG_IN_A_CALL: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: track_change.delay(["SELECT 1"]), InvalidCommand, "description: Field required"),
    (lambda: track_change.delay("SELECT 1", [], "x", "1.0.0"), InvalidCommand, "valid tuple"),
    (lambda: track_change.delay([1], [], "x", "1.0.0"), InvalidCommand, "command_operations.0"),
    (lambda: track_change.delay([{"sq": "x"}], [], "x", "1"), InvalidCommand, "0.sql"),
    (lambda: track_change.delay(["a\0b"], [], "x", "1.0.0"), InvalidCommand, "NUL"),
    (lambda: track_change.delay(["\ud800"], [], "x", "1.0.0"), InvalidCommand, "surrogate"),
    (lambda: track_change.delay([], [], "x", "1.0.0"), InvalidChange, "at least one operation"),
    (lambda: track_change.delay(["SELEC 1"], [], "x", "1.0.0"), InvalidChange, "operation 1"),
    (lambda: track_change.delay(["SELECT 1"], [], "x", "1"), InvalidChange, "semantic version"),
    (lambda: track_change.delay([], [], "x", "1", 1, 0, 0), InvalidCommand, "in this order"),
    (lambda: track_change.delay([], command_operations=[]), InvalidCommand, "each once"),
    (lambda: execute_changeset.delay("nonsense"), InvalidCommand, "changeset_id: .*UUID"),
    (lambda: refresh_query_side.delay([]), InvalidCommand, "views: .*at least 1 item"),
    (lambda: track_change.enqueue(None), InvalidCommand, r"send it with \.delay"),
]


@pytest.mark.usefixtures("own_database", "redis")
def test_what_is_wrong_is_said_before_anything_is_sent() -> None:
    for send, error, message in WRONG_IN_A_CALL:
        with pytest.raises(error, match=message):
            send()


@pytest.mark.usefixtures("worker")
def test_the_commands_of_a_chain_follow_each_other_until_one_is_refused(db: Connection) -> None:
    second = "CREATE TABLE command.second (id int)"
    links = [
        track_change.s([NOTES], [], "first", "1.0.0"),
        track_change.s(["SELECT 1 / 0"], [], "fails", "1.1.0"),
        track_change.s([second], [], "never", "1.2.0"),
    ]
    last = chain(*links).apply_async()
    refused = last.get(timeout=20)
    assert refused["status"] == "rejected"
    assert "an earlier command of its chain was refused" in refused["error"]
    assert [(line.description, line.status) for line in history(db)] == [
        ("fails", "failed"),
        ("first", "completed"),
    ]


@pytest.mark.usefixtures("worker")
def test_a_change_waits_for_the_commands_that_it_comes_after(balance: Callable[[], int]) -> None:
    first = track_change.apply_async((PAY, [], "first", "1.0.0"))
    then = ["CREATE TABLE command.seen AS SELECT amount FROM command.balance"]
    second = track_change.apply_async((then, [], "second", "1.1.0"), after=[first])
    assert second.receipt(20).succeeded


@pytest.mark.usefixtures("own_database")
def test_no_message_carries_limits_and_a_worker_has_its_own(redis: redis_py.Redis) -> None:
    track_change.delay([NOTES], [], "add notes", "1.0.0")
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        (message,) = map(json.loads, broker.lrange("maintenance", 0, -1))
    assert message["headers"]["timelimit"] == [None, None]
    settings = get_settings()
    limits = (track_change.soft_time_limit, track_change.time_limit, settings.visibility_timeout)
    assert settings.task_soft_time_limit < limits[0] < limits[1] < limits[2]


@pytest.mark.usefixtures("worker")
@pytest.mark.settings(visibility_timeout=3, task_time_limit=2, task_soft_time_limit=1)
def test_a_change_that_takes_longer_than_a_worker_has_says_in_which_operation(
    db: Connection,
) -> None:
    receipt = track_change.delay([NOTES, "SELECT pg_sleep(30)"], [], "slow", "1.0.0").receipt(20)
    assert receipt.error is not None
    assert "operation 2 failed: the 2.4 s were over that a changeset has here" in receipt.error
    assert "`cqrs changeset execute ID`" in receipt.error
    assert receipt.data["failed_operation"]["number"] == 2
    assert load(db, receipt.command_id).status == "failed"


FROM_PSQL = """
    SELECT cqrs.begin_deployment('Notes'),
           cqrs.track_change(ROW(ARRAY['CREATE TABLE command.notes (n int)'],
                                 ARRAY['CREATE MATERIALIZED VIEW query.notes
                                        AS TABLE command.notes'],
                                 'Notes', '9.1.0')::cqrs.change),
           cqrs.track_change(ROW(ARRAY['INSERT INTO command.notes VALUES (1)'], NULL,
                                 'A note', '9.2.0')::cqrs.change, atomic => false)
"""


def awaited(command_id: UUID) -> Receipt:
    """The receipt of a command that nobody but the sweep wakes a worker for."""
    for _ in range(40):
        after_commit.wake_queue_consumer()
        with suppress(ReceiptTimeout):
            return CommandResult(str(command_id)).receipt(0.5)
    raise AssertionError(f"no receipt of {command_id}")


@pytest.mark.usefixtures("worker")
def test_schema_commands_are_sent_from_sql_and_run_in_their_order(
    db: Connection,
) -> None:
    begun, tracked, recorded = db.execute(FROM_PSQL).fetchall()[0]
    again, refreshed, ended = db.execute(
        "SELECT cqrs.execute_changeset(%s), cqrs.refresh_query_side('query.notes'),"
        " cqrs.end_deployment('done')",
        [recorded],
    ).fetchall()[0]
    ids = (begun, tracked, recorded, again, refreshed, ended)
    receipts = [awaited(each) for each in ids]
    assert [receipt.error for receipt in receipts] == [None] * len(ids)
    assert db.execute("SELECT id, message FROM cqrs.deployments").fetchall() == [(begun, "done")]
    found = {line.changeset_id: (line.status, line.deployment) for line in history(db)}
    assert found[tracked] == found[recorded] == found[refreshed] == ("completed", "Notes")
    assert db.execute("TABLE query.notes").fetchall() == [(1,)]
    (everything,) = db.execute("SELECT cqrs.refresh_all_materialized_views()").fetchall()[0]
    assert awaited(everything).status == Status.SUCCEEDED


@pytest.mark.parametrize("role", ["cqrs_writer", "cqrs_sender", "cqrs_reader"])
def test_schema_commands_from_sql_are_the_owners_alone(db: Connection, role: str) -> None:
    open_to = db.execute(
        "SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace = 'cqrs'::regnamespace"
        " AND p.proname ~ 'deployment|changeset|track_change|refresh_(query|all)|schema_command'"
        " AND has_function_privilege(%s, p.oid, 'EXECUTE')",
        [role],
    )
    assert open_to.fetchall() == []
