"""What travels with a command, and what comes back: ids, actors, batches, wake-ups, results."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson
import pytest
import redis as redis_py
from celery._state import _task_stack
from celery.contrib.testing.worker import start_worker
from kombu.exceptions import OperationalError as BrokerError

from tests.conftest import Database
from tests.support.domains import import_like_a_worker
from tests.support.things.commands import add_thing, bump_thing, drop_thing
from worker.base import wake_ups
from worker.base.actor import acting_as, current_actor, from_header, only, to_header
from worker.base.app import app
from worker.base.errors import CqrsError
from worker.base.settings import get_settings
from worker.commands import after_commit, batches
from worker.commands.command_result import CommandResult, unsettled
from worker.commands.errors import InvalidCommand, ReceiptTimeout
from worker.commands.executor import execute
from worker.commands.receipts import saga_behind
from worker.contracts import Actor, Envelope, Receipt, Status, uuid7
from worker.ops import schedule

pytestmark = pytest.mark.usefixtures("things", "redis")


@pytest.fixture
def worker(things: Database, redis: redis_py.Redis) -> Iterator[None]:
    """A worker thread that runs commands."""
    import_like_a_worker()
    with start_worker(
        app, pool="solo", queues=["commands"], perform_ping_check=False, shutdown_timeout=30
    ):
        yield
    logging.getLogger().handlers.clear()


def sent() -> list[dict[str, Any]]:
    """The headers of the messages that wait in the workers' queue, in order."""
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        messages = broker.lrange("commands", 0, -1)
    return [json.loads(message)["headers"] for message in reversed(messages)]


# --- many in a message ----------------------------------------------------------------------------


def test_many_travel_in_few_messages_and_keep_their_order(
    worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST_IN_A_MESSAGE", 7)
    numbers = range(1, 21)

    handles = add_thing.delay_many([{"price": f"{n}.00"} for n in numbers])

    receipts = [handle.receipt(20) for handle in handles]
    assert [one.data["price"] for one in receipts] == [f"{n}.00" for n in numbers]
    assert [one.command_id for one in receipts] == [handle.command_id for handle in handles]
    positions = [one.position or 0 for one in receipts]
    assert positions == sorted(positions)


def test_a_message_holds_a_thousand_commands() -> None:
    add_thing.delay_many([{"price": "1.00"}] * 1_001)

    assert [one["kwargsrepr"] for one in sent()] == ["<1000 commands>", "<1 commands>"]


def test_many_are_run_as_whoever_sent_them(worker: None) -> None:
    (thing,) = [one.receipt(20).data["thing_id"] for one in add_thing.delay_many([{"price": "1"}])]
    with acting_as("user:7", roles=["clerk"]):
        (refused,) = drop_thing.delay_many([{"thing_id": thing}])
    with acting_as("user:8", roles=["admin"]):
        (dropped,) = drop_thing.delay_many([{"thing_id": thing}])

    assert refused.receipt(20).status is Status.REJECTED
    assert dropped.receipt(20).succeeded
    assert dropped.receipt(20).actor == "user:8"


def test_nothing_of_many_is_sent_if_one_is_wrong() -> None:
    with pytest.raises(InvalidCommand, match="price"):
        add_thing.delay_many([{"price": "1.00"}, {"price": "-1.00"}])

    assert sent() == []


# --- who sends ------------------------------------------------------------------------------------


def test_an_actor_acts_in_its_block_alone() -> None:
    with acting_as("user:1", roles=["clerk"]) as outer:
        with acting_as("user:2"):
            assert current_actor() == Actor("user:2", frozenset())
        assert current_actor() == outer == Actor("user:1", frozenset({"clerk"}))
    assert current_actor() == Actor()


def test_an_actor_travels_whole() -> None:
    actor = Actor("user:1", frozenset({"clerk", "night"}))

    assert from_header(to_header(actor)) == actor
    assert from_header(None) == from_header({}) == Actor("guest", frozenset())
    assert from_header({"roles": ["clerk"]}) == Actor("guest", frozenset({"clerk"}))
    assert from_header({"name": "user:1"}) == Actor("user:1", frozenset())


@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (Actor("user:1", frozenset({"clerk", "night"})), True),
        (Actor("user:1", frozenset({"customer"})), False),
        (Actor("user:1", frozenset()), False),
        (Actor("clerk", frozenset()), False),
        (Actor(), True),
    ],
)
def test_roles_say_who_may_not_names(actor: Actor, may: bool) -> None:
    assert only("clerk", "admin")(actor) is may


def test_a_client_that_does_not_ask_us_is_asked_for_its_roles(things: Database) -> None:
    payload = {"thing_id": str(uuid7())}
    envelope = Envelope(uuid7(), "things.drop", payload, Actor("user:7", frozenset()))

    (receipt,) = execute([envelope]).outcomes

    assert isinstance(receipt, Receipt)
    assert receipt.error is not None
    assert receipt.error.startswith("user:7 may not send things.drop")


# --- what is sent ---------------------------------------------------------------------------------


def test_the_id_of_a_command_is_that_of_its_task() -> None:
    id_ = uuid7()

    handle = bump_thing.apply_async(kwargs={"thing_id": uuid7()}, task_id=id_)

    assert (handle.command_id, [one["id"] for one in sent()]) == (id_, [str(id_)])


def test_a_command_sent_by_a_task_with_any_id_has_a_root_that_is_a_command() -> None:
    task = app.tasks["cqrs.sweep"]
    task.push_request(id="nightly-7", called_directly=False)
    _task_stack.push(task)
    try:
        handle = bump_thing.delay(thing_id=uuid7())
    finally:
        _task_stack.pop()
        task.pop_request()

    assert [one["root_id"] for one in sent()] == [str(handle.command_id)]


def test_a_command_says_whom_it_waits_for() -> None:
    first = bump_thing.delay(thing_id=uuid7())
    bump_thing.apply_async(kwargs={"thing_id": uuid7()}, after=[first, uuid7()])

    _, header = [one["cqrs"] for one in sent()]
    assert header["after"][0] == str(first.command_id)
    assert len(header["after"]) == 2


def test_a_payload_that_is_too_large_is_refused_in_the_worker_too(
    things: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = get_settings().max_payload_bytes
    payload = {"thing_id": str(uuid7()), "price": "1.00", "note": "x" * limit}

    (receipt,) = execute([Envelope(uuid7(), "things.add", payload)]).outcomes

    assert isinstance(receipt, Receipt)
    assert receipt.errors["payload"].startswith("is ")
    assert f"at most {limit} are allowed" in receipt.errors["payload"]


def test_values_without_names_are_no_payload(worker: None) -> None:
    id_ = str(uuid7())
    app.send_task("things.bump", args=(3,), kwargs={}, task_id=id_)

    receipt = CommandResult(id_, app=app).receipt(20)

    assert receipt.status is Status.REJECTED
    assert receipt.errors == {"payload": "send the fields as keyword arguments"}


# --- wake-ups -------------------------------------------------------------------------------------


def test_one_wake_up_waits_however_much_there_is_to_do() -> None:
    for _ in range(5):
        after_commit.wake("cqrs.drain")
    assert [one["task"] for one in sent()] == ["cqrs.drain"]


def test_no_message_of_ours_expires_by_the_clock_of_whoever_takes_it() -> None:
    after_commit.wake("cqrs.drain")
    after_commit.wake("cqrs.project", "one", force=True)
    after_commit.wake_later("cqrs.drain", 0.25)
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        bodies = [*broker.lrange("commands", 0, -1), *broker.lrange("projections", 0, -1)]
    assert [orjson.loads(one)["headers"]["expires"] for one in bodies] == [None] * 3
    assert not [one for one in schedule.entries().values() if "expires" in str(one.to_celery())]


def test_wake_ups_that_nobody_takes_are_few_however_often_the_sweep_asks() -> None:
    for _ in range(50):
        after_commit.wake("cqrs.project", "one", force=True)
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        assert broker.llen("projections") == wake_ups.MOST + 1
        wake_ups.lower_signal("cqrs.project:one")  # somebody looks again
        after_commit.wake("cqrs.project", "one", force=True)
        assert broker.llen("projections") == wake_ups.MOST + 2


def test_groups_are_woken_apart() -> None:
    after_commit.wake("cqrs.project", "one")
    after_commit.wake("cqrs.project", "another")
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        assert broker.llen("projections") == 2


def test_a_wake_up_that_was_not_sent_holds_the_next_one_back_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise BrokerError("away")

    with monkeypatch.context() as broken:
        broken.setattr(app, "send_task", away)
        after_commit.wake("cqrs.drain")
    after_commit.wake("cqrs.drain")

    assert [one["task"] for one in sent()] == ["cqrs.drain"]


# --- what comes back ------------------------------------------------------------------------------


def test_a_result_that_was_lost_is_found_in_the_database(things: Database) -> None:
    payload = {"thing_id": str(uuid7()), "price": "1.00", "note": ""}
    (stored,) = execute([Envelope(uuid7(), "things.add", payload)]).outcomes
    assert isinstance(stored, Receipt)

    assert CommandResult(str(stored.command_id), app=app).receipt(5) == stored


def test_a_client_knows_which_of_its_commands_are_not_settled(things: Database) -> None:
    """And repeats them under the same id: that has effect once, however often it comes."""
    handles = [add_thing.delay(price=Decimal(1)) for _ in range(3)]
    payload = handles[0].payload or {}
    (first,) = execute([Envelope(handles[0].command_id, "things.add", payload)]).outcomes
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        broker.flushdb()  # the others are lost, and nobody says so
    with things.connect() as connection, connection.transaction():
        waits = add_thing.enqueue(connection, price=Decimal(1))

    lost = unsettled([*handles, waits])

    assert isinstance(first, Receipt)
    assert lost == [*handles[1:], waits]
    for handle in lost[:2]:
        add_thing.apply_async(kwargs=handle.payload, task_id=handle.id)
    again = [one["id"] for one in sent() if one["task"] == "things.add"]
    assert again == [one.id for one in lost[:2]]
    assert unsettled([]) == []


def test_what_follows_a_refused_command_is_not_run_whatever_it_is(things: Database) -> None:
    """Its commands get receipts; a plain task has none to be found by, so nothing is sent."""
    linked = bump_thing.s(thing_id=uuid7()).set(task_id=str(uuid7()))
    plain = app.signature("cqrs.drain").set(task_id=str(uuid7()))
    links = {"chain": [dict(plain), dict(linked)], "link": [dict(plain)]}
    refused = Receipt(uuid7(), "things.bump", Status.REJECTED)

    after_commit.skip(links, after_commit.REFUSED_BEFORE.format(refused.command_id))

    receipt = CommandResult(linked.options["task_id"], app=app).stored_receipt()
    assert receipt is not None
    assert receipt.status is Status.REJECTED
    assert str(refused.command_id) in (receipt.error or "")
    with pytest.raises(CqrsError, match="not run"):
        app.AsyncResult(plain.options["task_id"]).get(timeout=5)


@pytest.mark.timeout(20)
def test_whoever_waits_in_vain_is_told_so() -> None:
    nobody = uuid7()

    with pytest.raises(ReceiptTimeout, match=str(nobody)):
        CommandResult(str(nobody), app=app).receipt(0.05)


def test_a_sagas_command_names_its_saga_and_no_other_does() -> None:
    id_ = uuid7()

    assert saga_behind(f"saga:{id_}") == id_
    assert [saga_behind(one) for one in (None, "", str(id_), "saga:", "saga:x")] == [None] * 5
