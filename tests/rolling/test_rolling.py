"""A deploy while commands come in: what the older worker does not know waits for the newer one.

The sender is of the newer release, as when an application is deployed before its workers.
"""

from __future__ import annotations

from typing import Any

import pytest
import redis as redis_py

from tests.conftest import Database
from tests.rolling.after.commands import post_letter, seal_letter
from tests.support.workers import Worker, Workers, until
from worker.base import db
from worker.base.app import app
from worker.commands import dead_commands
from worker.commands.command_result import CommandResult
from worker.contracts import Receipt, Status, uuid7


def start(workers: Workers, release: str) -> Worker:
    """A worker of one release."""
    return workers.start(environ={"CQRS_DOMAINS": f"tests.rolling.{release}"})


def sent(to: str) -> list[CommandResult]:
    """What only the newer release knows: by each door a new command, and a new field."""
    with db.owner() as connection, connection.transaction():
        enqueued = [
            seal_letter.enqueue(connection, wax=to),
            post_letter.enqueue(connection, to=to, registered=True),
        ]
    return [
        *enqueued,
        seal_letter.delay(wax=to),
        post_letter.delay(to=to, registered=True),
        *seal_letter.delay_many([{"wax": to}]),
        *post_letter.delay_many([{"to": to, "registered": True}]),
    ]


def waiting(database: Database) -> int:
    """How many commands wait among the enqueued ones."""
    return rows(database, "SELECT command_id FROM cqrs.enqueued_commands")


def rows(database: Database, sql: str) -> int:
    """How many rows a query gives."""
    with database.connect() as connection:
        return len(connection.execute(sql).fetchall())


def receipts(handles: list[CommandResult]) -> list[Receipt]:
    """What became of commands."""
    return [handle.receipt(30) for handle in handles]


def test_what_the_older_release_does_not_know_waits_for_the_newer_one(
    database: Database, workers: Workers
) -> None:
    start(workers, "before")
    handles = sent("Ann")

    until(lambda: waiting(database) == len(handles), 20, "they do not wait for the newer worker")
    before = [handle.stored_receipt() for handle in handles]
    start(workers, "after")
    until(lambda: _woken(database), 30)

    after = receipts(handles)
    assert before == [None] * len(handles)
    assert {(one.status, one.data["release"]) for one in after} == {(Status.SUCCEEDED, "after")}
    assert waiting(database) == 0


def _woken(database: Database) -> bool:
    """Wake the workers, as beat's sweep does; whether nothing waits any more."""
    app.send_task("cqrs.drain")
    return waiting(database) == 0


def test_a_wrong_field_of_a_sender_that_is_not_newer_is_refused_at_once(
    database: Database, workers: Workers
) -> None:
    start(workers, "before")
    ids = [str(uuid7()) for _ in range(2)]
    app.send_task("letters.post", kwargs={"to": "Ann", "tu": "Bob"}, task_id=ids[0])
    with database.connect() as connection:
        row = {"command_id": ids[1], "name": "letters.post", "payload": {"tu": 1}, "actor": "x"}
        connection.execute("SELECT cqrs.enqueue(%s::jsonb)", [_json([row])])
    app.send_task("cqrs.drain")

    refused = receipts([CommandResult(id_, app=app) for id_ in ids])

    assert [one.status for one in refused] == [Status.REJECTED] * 2
    assert all("tu" in one.errors for one in refused)


@pytest.mark.settings(unknown_patience=1.5)
def test_what_nobody_knows_is_a_dead_letter_once_patience_is_over_and_can_be_retried(
    database: Database, workers: Workers
) -> None:
    old = start(workers, "before")
    handles = sent("Ann")
    until(lambda: rows(database, "SELECT command_id FROM cqrs.enqueued_commands") == 6, 20)

    until(lambda: _looked_for(database) == 6, 40, "they are not buried")
    dead = receipts(handles)
    old.stop()
    start(workers, "after")
    for handle in handles:
        dead_commands.retry(handle.command_id, by="ann")
    until(lambda: _woken(database), 30)

    assert {one.status for one in dead} == {Status.DEAD}
    assert all("no worker" in (one.error or "") for one in dead)
    stored = [handle.stored_receipt() for handle in handles]
    assert [one and one.status for one in stored] == [Status.SUCCEEDED] * 6


def _looked_for(database: Database) -> int:
    app.send_task("cqrs.drain")
    return rows(database, "SELECT command_id FROM cqrs.dead_commands")


def test_a_key_waits_for_its_first_command_whoever_knows_it(
    database: Database, workers: Workers, redis: redis_py.Redis
) -> None:
    with db.owner() as connection, connection.transaction():
        first = seal_letter.enqueue(connection, key="k", wax="red")
        second = post_letter.enqueue(connection, key="k", to="Ann")
        other = post_letter.enqueue(connection, key="l", to="Ann")
    with database.connect() as connection:  # as a sender of the older release has written them
        connection.execute(
            "UPDATE cqrs.enqueued_commands SET schema = NULL, payload = payload - 'registered'"
            " WHERE name = 'letters.post'"
        )
    start(workers, "before")
    app.send_task("cqrs.drain")

    assert other.receipt(20).succeeded  # the worker has been at it
    assert (first.stored_receipt(), second.stored_receipt()) == (None, None)

    start(workers, "after")
    until(lambda: _woken(database), 30)
    one, two = receipts([first, second])
    assert (one.status, two.status) == (Status.SUCCEEDED, Status.SUCCEEDED)
    assert (one.completed_at or 0) <= (two.completed_at or 0)  # type: ignore[operator]


def _json(value: Any) -> str:
    from worker.base.encoding import to_json

    return to_json(value)
