"""What a drain takes of those that wait: in order, key by key, and alone what may have killed.

Each test chooses as several workers would, one after the other, and looks at what each of them got.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Database
from tests.support.things.commands import bump_thing
from tests.support.waiting import waiting
from worker.base.actor import acting_as
from worker.commands.executor import execute
from worker.commands.queue_consumer import claim, drain
from worker.contracts import Actor, Envelope, Receipt, Status, uuid7

pytestmark = pytest.mark.usefixtures("things", "redis")
CLERK = Actor("user:42", frozenset({"clerk", "night"}))


def waits(database: Database, key: str | None = None, **options: Any) -> UUID:
    """Enqueue a command; its id."""
    with database.transaction() as connection:
        handle = bump_thing.enqueue(connection, thing_id=uuid7(), key=key, **options)
    return handle.command_id


def taken(size: int = 10) -> list[UUID]:
    """What the next worker takes to run it."""
    return [one.id for one in claim(size).run]


def set_back(database: Database, column: str, *ids: UUID) -> None:
    """Let the time of `due_at` or `enqueued_at` pass for these commands."""
    with database.connect() as connection:
        connection.execute(
            f"UPDATE cqrs.enqueued_commands SET {column} = {column} - interval '1 hour'"
            " WHERE command_id = ANY (%s)",
            [list(ids)],
        )


def attempts(database: Database, command_id: UUID) -> int:
    with database.connect() as connection:
        (number,) = connection.execute(
            "SELECT attempts FROM cqrs.enqueued_commands WHERE command_id = %s", [command_id]
        ).fetchone() or (None,)
    assert isinstance(number, int)
    return number


def receipt_of(command_id: UUID) -> Receipt | None:
    return bump_thing.AsyncResult(str(command_id)).stored_receipt()


def test_commands_are_taken_in_the_order_in_which_they_were_enqueued(database: Database) -> None:
    ids = [waits(database) for _ in range(5)]

    assert taken(3) == ids[:3]
    assert taken(3) == ids[3:]
    assert taken(3) == []


def test_while_a_key_is_at_work_its_next_commands_wait(database: Database) -> None:
    ids = [waits(database, "k") for _ in range(5)]
    other = waits(database, "another")

    assert taken(3) == ids[:3]
    assert taken(3) == [other]


def test_while_the_first_of_a_key_is_put_off_the_others_wait(database: Database) -> None:
    waits_for = waits(database)
    (running,) = taken()
    first = waits(database, "k", after=[running])
    second, other = waits(database, "k"), waits(database, "another")

    choice = claim(10)

    assert waits_for == running
    assert choice.later == [first]
    assert [one.id for one in choice.run] == [other]
    assert taken() == []  # the second one's time has not come, though it is not put off itself
    set_back(database, "due_at", first)
    execute([Envelope(running, bump_thing.name, {})], dequeue=True)
    assert taken() == [first, second]


def test_a_command_may_stand_behind_one_of_its_own_batch(database: Database) -> None:
    first = waits(database)
    second = waits(database, after=[first])

    assert taken() == [first, second]


def test_what_may_have_killed_its_worker_runs_alone(database: Database) -> None:
    ids = [waits(database) for _ in range(4)]
    assert taken(2) == ids[:2]
    set_back(database, "due_at", *ids[:2])  # the worker is gone, its lease has ended

    assert [taken() for _ in range(3)] == [[ids[0]], [ids[1]], ids[2:]]


def test_and_what_stands_behind_it_by_its_key_waits(database: Database) -> None:
    blocker = waits(database)
    assert taken() == [blocker]
    untried = waits(database, after=[blocker])
    first, second = waits(database, "k"), waits(database, "k")
    assert taken(1) == [first]
    execute([Envelope(blocker, bump_thing.name, {})], dequeue=True)
    set_back(database, "due_at", untried, first)

    assert [taken() for _ in range(3)] == [[untried], [first], []]
    execute([Envelope(first, bump_thing.name, {})], dequeue=True)
    assert taken() == [second]


def test_an_attempt_is_counted_before_it_is_made_and_the_last_one_is_dead(
    database: Database,
) -> None:
    command = waits(database)
    most = 5
    for n in range(1, most + 1):
        assert taken() == [command]
        assert attempts(database, command) == n
        assert taken() == []  # leased
        set_back(database, "due_at", command)
    drain()

    receipt = receipt_of(command)
    assert receipt is not None
    assert receipt.status is Status.DEAD
    assert receipt.error == "its worker process ended every time"


def test_a_lease_lasts_as_long_as_it_is_said_to(database: Database) -> None:
    waits(database)
    taken()
    with database.connect() as connection:
        (seconds,) = connection.execute(
            "SELECT extract(epoch FROM due_at - clock_timestamp())::float"
            "  FROM cqrs.enqueued_commands"
        ).fetchone() or (0,)
    assert 10 < seconds <= 15


def test_a_command_that_waits_for_nobody_is_refused_in_the_end(database: Database) -> None:
    nobody = uuid7()
    command = waits(database, after=[nobody])
    assert claim(10).later == [command]
    set_back(database, "due_at", command)
    set_back(database, "enqueued_at", command)

    drain()

    receipt = receipt_of(command)
    assert receipt is not None
    assert receipt.status is Status.REJECTED
    assert str(nobody) in (receipt.error or "")


def test_a_command_waits_for_one_that_is_on_its_way_however_long_it_takes(
    database: Database,
) -> None:
    first = waits(database)
    second = waits(database, after=[first])
    assert taken(1) == [first]
    set_back(database, "enqueued_at", first, second)

    choice = claim(10)

    assert (choice.later, choice.ended) == ([second], [])


def test_what_waits_is_run_as_whoever_enqueued_it(database: Database) -> None:
    with acting_as(CLERK.name, roles=CLERK.roles):
        command = waits(database, "k")

    (envelope,) = claim(10).run

    assert (envelope.id, envelope.actor, envelope.key) == (command, CLERK, "k")
    assert envelope.correlation_id == command


def test_two_never_choose_at_the_same_time(database: Database) -> None:
    """Else each would take what the other has not leased yet: one key in two batches."""
    ids = [waits(database, "k") for _ in range(3)]
    lock = "SELECT pg_advisory_xact_lock(hashtextextended('cqrs.drain', 0))"

    with waiting(database, [taken, taken], lock) as choices:
        pass
    assert sorted(choice.result() for choice in choices) == [[], ids]
