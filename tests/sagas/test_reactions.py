"""Reactions: commands exactly once, event tasks at least once with one receipt."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
import redis as redis_py

from models.messages import Status
from tests.sagas.conftest import Parcels
from tests.support.workers import Workers, until
from worker import db, receipts
from worker.app import app
from worker.event_log import StoredEvent
from worker.reaction import Reaction, Then, derived_id


def test_a_reaction_runs_further_commands_once_however_often_it_reads_an_event(
    parcels: Parcels,
) -> None:
    for _ in range(5):
        parcels.post(letters=0)
    parcels.let_everything_happen()
    assert parcels.count("parcels.ParcelHandedOver") == 5
    parcels.back_to_the_beginning()
    parcels.let_everything_happen()
    assert parcels.count("parcels.ParcelHandedOver") == 5


def test_an_event_task_runs_in_a_worker_and_has_a_receipt(
    parcels: Parcels, workers: Workers
) -> None:
    parcel = parcels.post(letters=2)
    workers.start()
    workers.start_beat()
    until(lambda: len(parcels.letters()) == 2, 20)
    ((position,),) = parcels.rows("SELECT position FROM cqrs.events WHERE data ? 'letters'")
    ids = [derived_id("parcels.news", position, place) for place in range(2)]
    expected = [f"{id_} {parcel} {number}" for number, id_ in enumerate(ids)]
    assert parcels.letters() == sorted(expected)
    until(lambda: _status(ids[0]) is Status.SUCCEEDED, 10)


def test_a_message_that_comes_twice_has_no_second_effect(
    parcels: Parcels, workers: Workers
) -> None:
    parcels.post()
    workers.start()
    workers.start_beat()
    until(lambda: _all_done(parcels), 20)
    (task_id, parcel, number) = parcels.letters()[0].split()
    again = app.send_task(
        "parcels.write_letter",
        kwargs={"parcel_id": parcel, "number": int(number), "mishap": ""},
        task_id=task_id,
        queue="reactions",
    )
    assert again.get(timeout=20)["status"] == "succeeded"
    parcels.back_to_the_beginning()
    parcels.let_everything_happen()
    assert len(parcels.letters()) == 1


def test_an_event_task_that_fails_is_tried_again(parcels: Parcels, workers: Workers) -> None:
    parcels.post(mishap="fail")
    workers.start()
    workers.start_beat()
    until(lambda: _all_done(parcels), 30)
    assert len(parcels.letters()) == 1
    assert (parcels.outside / "failed-0").exists()


def test_an_event_task_that_always_fails_is_a_dead_letter(
    parcels: Parcels, workers: Workers
) -> None:
    parcels.post()
    (parcels.outside / "letters").mkdir()  # nothing can be written there, however often it tries
    workers.start()
    workers.start_beat()

    def dead() -> bool:
        with parcels.database.connect() as connection:
            connection.execute("UPDATE cqrs.enqueued_commands SET due_at = now() WHERE attempts > 0")
        return parcels.rows("SELECT FROM cqrs.receipts WHERE status = 'dead'") != []

    until(dead, 60)


def test_a_process_that_dies_between_effect_and_receipt_leaves_one_receipt(
    parcels: Parcels, workers: Workers
) -> None:
    """Here at least once is all that can be promised: the letter is written twice, under one id."""
    parcels.post(mishap="kill")
    workers.start()
    workers.start_beat()
    until(lambda: _all_done(parcels), 40)
    ids = {line.split()[0] for line in parcels.letters()}
    assert len(parcels.letters()) == 2
    assert len(ids) == 1


def test_an_emptied_broker_loses_no_event_task(
    parcels: Parcels, workers: Workers, redis: redis_py.Redis
) -> None:
    for _ in range(20):
        parcels.post()
    parcels.let_everything_happen()  # sent to the broker, and nobody is there to take them
    redis.flushall()
    with parcels.database.connect() as connection:
        connection.execute("UPDATE cqrs.enqueued_commands SET due_at = now()")  # the lease is over
    workers.start()
    workers.start_beat()
    until(lambda: _all_done(parcels), 30)
    assert len(parcels.letters()) == 20


def test_a_reaction_that_is_killed_over_an_event_does_everything_once(
    parcels: Parcels, workers: Workers
) -> None:
    workers.start()
    workers.start_beat()
    parcels.post(letters=3, mishap="kill reaction")
    until(lambda: len(parcels.letters()) == 3 and _all_done(parcels), 40)
    assert parcels.count("parcels.ParcelHandedOver") == 1
    assert (parcels.outside / "killed-reaction").exists()


def test_a_new_reaction_leaves_events_from_before_its_time_alone() -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    reaction = Reaction("test.since", since=since)
    seen: list[int] = []

    @reaction.on()
    def _(event: StoredEvent, then: Then) -> None:
        raise AssertionError("it asks for no event")

    reaction._functions["x"] = [lambda event, then: seen.append(event.position)]
    for position, year in ((1, 2025), (2, 2026)):
        at = datetime(year, 6, 1, tzinfo=UTC)
        reaction.answer(StoredEvent(position, "s", 1, "x", 1, {}, "{}", at))
    assert seen == [2]


def test_a_payload_that_is_wrong_keeps_nothing_of_its_event(parcels: Parcels) -> None:
    """A reaction with a bug: its event is parked as a dead letter, the others are answered."""
    with parcels.database.connect() as connection:
        connection.execute(
            "SELECT cqrs.append(%s::jsonb)",
            ('[{"stream": "parcel-x", "type": "parcels.ParcelLabelled",'
             ' "data": {"parcel_id": "no uuid"}, "metadata": {}}]',),
        )  # fmt: skip
    parcels.post(letters=0)
    parcels.let_everything_happen()
    assert parcels.count("parcels.ParcelHandedOver") == 1


def _status(command_id: UUID) -> Status | None:
    with db.writer() as connection:
        found = receipts.find(connection, [command_id]).get(command_id)
    return found.status if found else None


def _all_done(parcels: Parcels) -> bool:
    """Whether every event was read, and everything that was enqueued has its receipt."""
    if parcels.rows("SELECT FROM cqrs.enqueued_commands"):
        return False
    current = parcels.rows(
        "SELECT FROM cqrs.subscriptions"
        " WHERE name LIKE 'parcels.%%' AND position >= (SELECT max(position) FROM cqrs.events)"
    )
    return len(current) == 3


pytestmark = pytest.mark.timeout(120)
