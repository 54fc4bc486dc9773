"""Sagas that wait for events, on the real log: early, late and overdue ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.sagas.conftest import Parcels
from tests.sagas.postal.commands import ParcelHandedOver, ParcelPosted, label_parcel
from tests.sagas.postal.reactions import sending
from tests.support.workers import until
from worker import event_log
from worker.contracts import uuid7
from worker.contracts.engine_events import SagaCommandSettled
from worker.event_log import NewEvent, StoredEvent
from worker.event_log.subscribers import subscriptions
from worker.ops.retention import prune
from worker.reactions import SagaBatch, deadlines, saga, send, step, wait
from worker.reactions.saga_declaration import sagas
from worker.reactions.state_machine import SagaMachine, SagaState
from worker.subscriptions import dead_letters, runner
from worker.subscriptions.runner import catch_up

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def state(parcels: Parcels, parcel: UUID) -> dict[str, Any]:
    """The state of a parcel's saga."""
    ((found,),) = parcels.rows("SELECT state FROM cqrs.sagas WHERE key = %s", str(parcel))
    return dict(found)


def test_a_saga_waits_for_its_event_and_ends(parcels: Parcels) -> None:
    parcel = parcels.post(letters=0)
    parcels.let_everything_happen()  # once labelled, a reaction hands it over
    assert state(parcels, parcel)["status"] == "completed"
    assert state(parcels, parcel)["results"]["handed over"] == {"parcel_id": str(parcel)}
    assert dead_letters.find() == [], "another kind of saga takes no notice"


def test_an_event_that_comes_before_its_step_counts(parcels: Parcels) -> None:
    parcel = parcels.post(letters=0, mishap="left lying")  # nobody hands it over once more
    assert parcels.run("hand_over", parcel_id=str(parcel)).succeeded
    catch_up(["postal.sending"])
    assert state(parcels, parcel)["step"] == "label"
    parcels.let_everything_happen()
    assert state(parcels, parcel)["status"] == "completed"


def test_events_that_are_read_again_leave_no_trace(parcels: Parcels) -> None:
    parcels.post(letters=0)
    parcels.let_everything_happen()
    history = parcels.rows("SELECT * FROM cqrs.saga_events ORDER BY id")
    parcels.back_to_the_beginning()
    parcels.let_everything_happen()
    assert parcels.rows("SELECT * FROM cqrs.saga_events ORDER BY id") == history


def test_an_event_of_another_saga_does_not_count(parcels: Parcels) -> None:
    parcel = parcels.post(letters=0)
    assert parcels.run("hand_over", parcel_id=str(uuid7())).succeeded
    catch_up(["postal.sending"])
    assert state(parcels, parcel)["results"] == {}


def test_an_event_that_does_not_come_in_time_undoes_what_was_done(parcels: Parcels) -> None:
    parcel = _waiting(parcels)
    _overdue(parcels)
    assert deadlines.notice() == 1
    assert deadlines.notice() == 0
    parcels.let_everything_happen()
    assert state(parcels, parcel)["status"] == "failed"
    assert state(parcels, parcel)["error"] == "handed over: nothing came in time"
    assert parcels.count("postal.LabelVoided") == 1


def test_an_event_that_comes_before_its_deadline_is_noticed_wins(parcels: Parcels) -> None:
    parcel = _waiting(parcels)
    assert parcels.run("hand_over", parcel_id=str(parcel)).succeeded
    _overdue(parcels)
    assert deadlines.notice() == 1  # the saga has not read yet that it came
    parcels.let_everything_happen()
    assert state(parcels, parcel)["status"] == "completed"
    assert parcels.count("postal.LabelVoided") == 0


def test_a_refused_first_step_leaves_nothing_to_undo(parcels: Parcels) -> None:
    parcel = parcels.post(letters=0, mishap="refuse label")
    parcels.let_everything_happen()
    assert state(parcels, parcel)["status"] == "failed"
    assert "out of paper" in state(parcels, parcel)["error"]
    assert parcels.count("postal.LabelVoided") == 0


def test_the_sweep_wakes_a_worker_for_a_deadline(parcels: Parcels, worker: None) -> None:
    parcel = _waiting(parcels)
    _overdue(parcels)
    parcels.until_all_done(also=lambda: state(parcels, parcel)["status"] == "failed")


def test_every_command_of_a_saga_tells_who_sent_it_and_why(parcels: Parcels) -> None:
    parcel = parcels.post(letters=0)
    parcels.let_everything_happen()
    ((saga_id,),) = parcels.rows("SELECT saga_id FROM cqrs.sagas WHERE key = %s", str(parcel))
    rows = parcels.rows(
        "SELECT metadata ->> 'actor', metadata ->> 'causation_id', metadata ->> 'correlation_id'"
        "  FROM cqrs.events WHERE type IN ('postal.ParcelPosted', 'postal.ParcelLabelled')"
        " ORDER BY position"
    )
    (_, _, began), (actor, causation, correlation) = rows
    assert actor == "saga:postal.sending"
    assert causation == f"saga:{saga_id}"
    assert correlation == began


def test_a_saga_that_was_parked_over_a_bug_goes_on_where_it_was(parcels: Parcels) -> None:
    parcel, other = parcels.post(letters=0, mishap="bug"), parcels.post(letters=0)
    assert parcels.run("hand_over", parcel_id=str(parcel)).succeeded  # parked behind it
    parcels.let_everything_happen()
    assert state(parcels, other)["status"] == "completed"
    (letter,) = dead_letters.find("postal.sending")
    (parcels.outside / "fixed").touch()
    dead_letters.retry(letter.id, by="ops")
    parcels.let_everything_happen()
    assert state(parcels, parcel)["status"] == "completed"
    assert parcels.count("postal.ParcelLabelled") == 2


def test_an_event_of_another_stream_that_comes_late_still_counts() -> None:
    """Dead letters keep order within a stream, not between two: neither does a saga ask for it."""
    parcel = str(uuid7())
    course = SagaMachine(sending.plan, sending.id_of(parcel), SagaState(start={}), NOW)
    posted = {"parcel_id": parcel, "letters": 0, "mishap": ""}
    take(course, StoredEvent(7, "parcel", 1, ParcelPosted.type, 1, posted, "{}", NOW))
    outcome = {
        "saga_id": str(course.saga_id),
        "command_id": str(course.state.waits_for),
        "status": "succeeded",
    }
    take(course, StoredEvent(20, "saga", 1, SagaCommandSettled.type, 1, outcome, "{}", NOW))
    late = StoredEvent(10, "parcel", 2, ParcelHandedOver.type, 1, {"parcel_id": parcel}, "{}", NOW)
    take(course, late)
    assert course.state.status == "completed"


def take(course: SagaMachine, event: StoredEvent) -> None:
    """Let one event happen to a saga, as its batch does."""
    batch = SagaBatch(sending, [event])
    batch._machines[course.saga_id] = course
    batch._keys[course.saga_id] = "key"
    batch._cursor = ()
    course.state.start = course.state.start or event.data
    batch.fold()


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (step("a", send(label_parcel, dict)), step("a", send(label_parcel, dict))),
        (step("a", wait(ParcelPosted, key="parcel_id")),),
        tuple(step(name, wait(ParcelHandedOver, key="parcel_id")) for name in "ab"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_where_it_is_declared(steps: Any) -> None:
    with pytest.raises(ValueError, match=r"a saga needs steps.*\(test\.senseless\)"):
        saga("test.senseless", ParcelPosted, key="parcel_id", steps=steps)


def _waiting(parcels: Parcels) -> UUID:
    """A parcel that is labelled and waits to be handed over, which nobody does."""
    parcel = parcels.post(letters=0, mishap="left lying")
    parcels.let_everything_happen()
    # Where a worker runs beside us, the last command may still be in its hands.
    until(lambda: state(parcels, parcel)["step"] == "handed over", 20)
    return parcel


def _overdue(parcels: Parcels) -> None:
    """Let every deadline pass, as time would."""
    with parcels.database.connect() as connection:
        connection.execute("UPDATE cqrs.sagas SET due_at = now() WHERE due_at IS NOT NULL")


def _forget_receipts(parcels: Parcels) -> None:
    """Prune every receipt, as their retention does in the end."""
    with parcels.database.connect() as connection:
        connection.execute("DELETE FROM cqrs.receipts")


def _ended_long_ago(parcels: Parcels) -> None:
    """Let the sagas' retention be over, as time would."""
    with parcels.database.connect() as connection:
        connection.execute("UPDATE cqrs.sagas SET updated_at = now() - interval '91 days'")


def test_a_saga_is_read_back_though_its_receipts_are_gone(parcels: Parcels) -> None:
    good, bad = parcels.post(letters=0), _waiting(parcels)
    _overdue(parcels)
    assert deadlines.notice() == 1
    parcels.let_everything_happen()
    before = parcels.rows("SELECT key, state FROM cqrs.sagas ORDER BY key")
    ((events,),) = parcels.rows("SELECT count(*) FROM cqrs.events")
    assert {state(parcels, one)["status"] for one in (good, bad)} == {"completed", "failed"}
    _forget_receipts(parcels)
    with parcels.database.connect() as connection:
        connection.execute("DELETE FROM cqrs.sagas")
        connection.execute(
            "UPDATE cqrs.subscriptions SET position = 0 WHERE name = 'postal.sending'"
        )
    parcels.let_everything_happen()
    assert parcels.rows("SELECT key, state FROM cqrs.sagas ORDER BY key") == before
    assert parcels.rows("SELECT count(*) FROM cqrs.events") == [(events,)], "nothing happened again"


def test_of_a_saga_that_ended_long_ago_stays_how_it_ended(parcels: Parcels) -> None:
    ended, waiting = parcels.post(letters=0), _waiting(parcels)
    assert prune()["cqrs.sagas"] == 0, "it has only just ended"
    _ended_long_ago(parcels)
    assert prune()["cqrs.sagas"] == 1
    assert prune()["cqrs.sagas"] == 0
    left = state(parcels, ended)
    assert (left["status"], left["start"], set(left)) == (
        "completed",
        {},
        {"start", "status", "seen"},
    )
    histories = "SELECT s.key FROM cqrs.sagas AS s JOIN cqrs.saga_events USING (saga_id) GROUP BY 1"
    assert parcels.rows(histories) == [(str(waiting),)]
    assert state(parcels, waiting)["step"] == "handed over"


def test_a_pruned_saga_never_begins_again(parcels: Parcels) -> None:
    parcel = parcels.post(letters=0)
    parcels.let_everything_happen()
    _ended_long_ago(parcels)
    prune()
    _forget_receipts(parcels)
    again = ParcelPosted(parcel_id=parcel, letters=0, mishap="")
    with parcels.database.connect() as connection:
        event_log.append(connection, [NewEvent("elsewhere", again.type, again.payload())])
    parcels.let_everything_happen()
    assert state(parcels, parcel)["status"] == "completed"
    assert parcels.count("postal.ParcelLabelled") == 1
    assert dead_letters.find() == [], "it has not even tried"


def test_a_renamed_saga_goes_on_with_what_is_under_way(
    parcels: Parcels, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcel = _waiting(parcels)
    idle = _waiting(parcels)
    before = parcels.rows("SELECT saga_id FROM cqrs.sagas ORDER BY saga_id")
    renamed = replace(sending, name="postal.shipping", renamed_from=("postal.sending",))
    for registry in (sagas, subscriptions):
        monkeypatch.delitem(registry._items, "postal.sending")
        monkeypatch.setitem(registry._items, "postal.shipping", renamed)
    runner._added.clear()
    assert parcels.run("hand_over", parcel_id=str(parcel)).succeeded
    parcels.let_everything_happen()
    assert state(parcels, parcel)["status"] == "completed"
    assert parcels.rows("SELECT saga_id FROM cqrs.sagas ORDER BY saga_id") == before
    assert parcels.rows("SELECT DISTINCT saga_type FROM cqrs.sagas") == [("postal.shipping",)]
    _overdue(parcels)
    assert deadlines.notice() == 1
    parcels.let_everything_happen()
    assert state(parcels, idle)["status"] == "failed"
    runner._added.clear()
