"""Reactions: commands exactly once, event tasks at least once with one receipt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
import redis as redis_py

from tests.sagas.conftest import Parcels
from tests.sagas.postal.commands import hand_over
from tests.sagas.postal.reactions import sending
from tests.support.messages import sent
from tests.support.workers import Workers, until
from worker.base import db
from worker.base.app import app
from worker.base.settings import get_settings
from worker.commands import event_task, receipts
from worker.contracts import Status, uuid7
from worker.event_log import StoredEvent
from worker.reactions.reaction import Reaction, Then, derived_id
from worker.reactions.state_machine import SagaMachine, SagaState
from worker.subscriptions.runner import catch_up


def test_a_reaction_runs_further_commands_once_however_often_it_reads_an_event(
    parcels: Parcels,
) -> None:
    for _ in range(5):
        parcels.post(letters=0)
    parcels.let_everything_happen()
    assert parcels.count("postal.ParcelHandedOver") == 5
    parcels.back_to_the_beginning()
    parcels.let_everything_happen()
    assert parcels.count("postal.ParcelHandedOver") == 5


@pytest.mark.usefixtures("worker")
def test_an_event_task_runs_in_a_worker_and_has_a_receipt(parcels: Parcels) -> None:
    parcel = parcels.post(letters=2)
    parcels.until_all_done()
    ((position,),) = parcels.rows("SELECT position FROM cqrs.events WHERE data ? 'letters'")
    ids = [derived_id("postal.news", position, place) for place in range(2)]
    expected = [f"{id_} {parcel} {number}" for number, id_ in enumerate(ids)]
    assert parcels.letters() == sorted(expected)
    assert {_status(id_) for id_ in ids} == {Status.SUCCEEDED}


@pytest.mark.usefixtures("worker")
def test_a_message_that_comes_twice_has_no_second_effect(parcels: Parcels) -> None:
    parcels.post()
    parcels.until_all_done()
    (task_id, parcel, number) = parcels.letters()[0].split()
    again = app.send_task(
        "postal.write_letter",
        kwargs={"parcel_id": parcel, "number": int(number), "mishap": ""},
        task_id=task_id,
        queue="reactions",
    )
    assert again.get(timeout=20)["status"] == "succeeded"
    parcels.back_to_the_beginning()
    parcels.until_all_done()
    assert len(parcels.letters()) == 1


@pytest.mark.usefixtures("worker")
def test_an_event_task_that_fails_is_tried_again(parcels: Parcels) -> None:
    parcels.post(mishap="fail")
    parcels.until_all_done(impatient=True)
    assert len(parcels.letters()) == 1
    assert (parcels.outside / "failed-0").exists()


@pytest.mark.settings(event_task_attempts=3)
@pytest.mark.usefixtures("worker")
def test_an_event_task_that_always_fails_is_a_dead_letter_that_says_what_it_raised(
    parcels: Parcels,
) -> None:
    parcels.post()
    (parcels.outside / "letters").mkdir()  # nothing can be written there, however often it tries
    parcels.until_all_done(impatient=True)
    dead = parcels.rows("SELECT name, error FROM cqrs.receipts WHERE status = 'dead'")
    ((name, error),) = dead
    assert name == "postal.write_letter"
    assert error.startswith("not done in 3 tries; the last one raised IsADirectoryError: [Errno")


@pytest.mark.usefixtures("worker")
def test_while_an_event_task_waits_for_its_next_try_its_row_says_why(parcels: Parcels) -> None:
    parcels.post(mishap="fail")
    parcels.let_everything_happen()
    waits = "SELECT attempts, put_off FROM cqrs.enqueued_commands WHERE put_off IS NOT NULL"
    ((attempts, why),) = until(lambda: parcels.rows(waits))
    assert (attempts, why) == (1, "RuntimeError: the post office is closed")


def test_an_outage_of_a_night_is_no_dead_letter() -> None:
    """Ten hours pass between the first and the last try, whatever the jitter."""
    pauses = [event_task.pause(n) for n in range(1, get_settings().event_task_attempts)]
    assert sum(pauses) > 10 * 3_600
    assert pauses[0] <= 2
    assert max(pauses) <= get_settings().event_task_longest_pause


def test_an_event_task_that_waits_long_in_its_queue_is_not_tried_by_that(
    parcels: Parcels, workers: Workers, redis: redis_py.Redis
) -> None:
    """Sent again and again, since nobody took it: that is no attempt, and it has effect once."""
    parcels.post()
    for _ in range(7):
        parcels.let_everything_happen()
        parcels.no_task_waits()
    assert parcels.rows("SELECT attempts FROM cqrs.enqueued_commands") == [(0,)]
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        waiting = [one for one in broker.lrange("reactions", 0, -1) if b"write_letter" in one]
    assert len(waiting) == 7
    workers.start(["reactions", "commands", "projections", "maintenance"], concurrency=3)
    parcels.until_all_done()
    assert len(parcels.letters()) == 1


@pytest.mark.usefixtures("worker")
def test_a_message_from_before_the_last_try_runs_nothing(parcels: Parcels) -> None:
    parcels.post(mishap="fail")
    parcels.let_everything_happen()
    tried = "SELECT command_id FROM cqrs.enqueued_commands WHERE attempts = 1 AND put_off <> ''"
    ((task_id,),) = until(lambda: parcels.rows(tried))
    late = {"parcel_id": str(task_id), "number": 7, "mishap": ""}
    headers = {"cqrs": {"attempts": 0}}
    message: dict[str, Any] = {"kwargs": late, "queue": "reactions"}
    app.send_task("postal.write_letter", **message, headers=headers, task_id=str(task_id))
    last = app.send_task("postal.write_letter", **message)
    assert last.get(timeout=20)["status"] == "succeeded"
    assert [line.split()[0] for line in parcels.letters()] == [last.id]


def test_an_emptied_broker_loses_no_event_task(
    parcels: Parcels, redis: redis_py.Redis, workers: Workers
) -> None:
    for _ in range(20):
        parcels.post()
    parcels.let_everything_happen()  # sent to the broker, where nobody takes them
    redis.flushall()
    parcels.no_task_waits()
    workers.start()
    parcels.until_all_done()
    assert len(parcels.letters()) == 20


def test_a_process_that_dies_between_effect_and_receipt_leaves_one_receipt(
    parcels: Parcels, workers: Workers
) -> None:
    """Here at least once is all that can be promised: the letter is written twice, under one id."""
    parcels.post(mishap="kill")
    workers.start()
    parcels.until_all_done()
    ids = {line.split()[0] for line in parcels.letters()}
    assert len(parcels.letters()) == 2
    assert len(ids) == 1


def test_a_reaction_that_is_killed_over_an_event_does_everything_once(
    parcels: Parcels, workers: Workers
) -> None:
    workers.start()
    parcels.post(letters=3, mishap="kill reaction")
    parcels.until_all_done()
    assert len(parcels.letters()) == 3
    assert parcels.count("postal.ParcelHandedOver") == 1
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


def test_what_a_reaction_sends_tells_from_where_it_comes_and_in_which_order() -> None:
    reaction, correlation = Reaction("test.telling"), UUID(int=7)

    def twice(event: StoredEvent, then: Then) -> None:
        before = then.run(hand_over, {"parcel_id": UUID(int=1)}, key="parcel-1")
        then.run(hand_over, {"parcel_id": UUID(int=2)}, after=[before])

    reaction._functions["x"] = [twice]
    metadata = orjson.dumps({"correlation_id": str(correlation)}).decode()
    event = StoredEvent(17, "s", 1, "x", 1, {}, metadata, datetime(2026, 1, 1, tzinfo=UTC))
    first, second = reaction.answer(event)
    assert (first.key, second.key) == ("parcel-1", None)
    assert (first.after, second.after) == ((), (first.id,))
    for place, one in enumerate((first, second)):
        assert one.id == derived_id("test.telling", 17, place)
        assert one.actor.name == "reaction:test.telling"
        assert (one.causation_id, one.correlation_id) == ("event:17", correlation)
    assert first.id != second.id


def test_whoever_enqueues_wakes_the_workers(parcels: Parcels, redis: redis_py.Redis) -> None:
    parcels.post(letters=1)
    sent("commands")
    redis.flushdb()
    catch_up(["postal.news"])
    assert [one.task for one in sent("commands")] == ["cqrs.drain"]


NO_UUID = {
    "stream": "parcel-x",
    "type": "postal.ParcelLabelled",
    "data": {"parcel_id": "no uuid"},
    "metadata": {},
}


def test_a_payload_that_is_wrong_keeps_nothing_of_its_event(parcels: Parcels) -> None:
    """A reaction with a bug: its event is parked as a dead letter, the others are answered."""
    with parcels.database.connect() as connection:
        connection.execute(
            "SELECT cqrs.append(%s::jsonb)",
            (orjson.dumps([NO_UUID]).decode(),),
        )
    parcels.post(letters=0)
    parcels.let_everything_happen()
    assert parcels.count("postal.ParcelHandedOver") == 1


def _status(command_id: UUID) -> Status | None:
    with db.writer() as connection:
        found = receipts.find(connection, [command_id]).get(command_id)
    return found.status if found else None


def test_who_sends_under_the_id_of_what_follows_stops_it_and_people_are_told(
    parcels: Parcels,
) -> None:
    """Such an id is no secret: once the reaction's own command was silently never sent."""
    parcel_id = uuid7()
    posted = parcels.run("post", parcel_id=str(parcel_id), letters=1)
    assert posted.position is not None
    ours = SagaMachine(
        sending.plan,
        sending.id_of(parcel_id),
        SagaState(start={"parcel_id": str(parcel_id), "mishap": ""}),
        datetime.now(UTC),
    )
    ours.start()
    taken = [derived_id("postal.news", posted.position, 0), ours.sent[0].command_id]
    with parcels.database.connect() as connection:
        connection.execute("SET ROLE cqrs_sender")
        for id_ in taken:
            connection.execute("SELECT cqrs.enqueue('postal.hand_over', '{}', id => %s)", [id_])

    catch_up()

    parked = parcels.rows("SELECT subscription, error FROM cqrs.dead_letters ORDER BY 1")
    assert [name for name, _ in parked] == ["postal.news", "postal.sending"]
    for (_, error), id_ in zip(parked, taken, strict=True):
        assert "postgres has sent a command of its own" in error
        assert str(id_) in error
