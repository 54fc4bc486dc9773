"""A command's message that is put off: it comes back as it was, counted, and not for ever."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import psycopg
import pytest
import redis as redis_py
from celery.exceptions import Retry
from psycopg import errors as pg

from tests.support.things.commands import bump_thing
from worker.base.actor import acting_as
from worker.base.settings import get_settings
from worker.commands import task
from worker.commands.command_result import CommandResult
from worker.commands.errors import CommandDead
from worker.contracts import Receipt, Status, uuid7

pytestmark = pytest.mark.usefixtures("things", "redis")


def take() -> dict[str, Any]:
    """The one message that waits, as a worker takes it from the queue."""
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        (message,) = broker.lrange("commands", 0, -1)
        broker.delete("commands")
    taken: dict[str, Any] = json.loads(message)["headers"]
    return taken


def deliver(payload: dict[str, Any], headers: dict[str, Any]) -> Any:
    """Run a command's task with a message's headers, as a worker does."""
    known = ("id", "retries", "root_id", "parent_id", "eta", "expires", "cqrs")
    bump_thing.push_request(
        **{name: headers[name] for name in known if name in headers},
        headers={"cqrs": headers["cqrs"]},
        kwargs=payload,
        args=(),
        called_directly=False,
        delivery_info={"routing_key": "commands"},
    )
    try:
        return bump_thing.run(**payload)
    finally:
        bump_thing.pop_request()


def sent(**options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Send a command as a clerk; its payload on the wire and its headers."""
    payload = {"thing_id": str(uuid7()), "by": 1, "mishap": ""}
    with acting_as("user:7", roles=["clerk"]):
        bump_thing.apply_async(kwargs=payload, **options)
    return payload, take()


def stored(headers: dict[str, Any]) -> Receipt | None:
    return CommandResult(headers["id"]).stored_receipt()


def away(monkeypatch: pytest.MonkeyPatch, error: psycopg.Error) -> None:
    """The database cannot run a command now."""

    def execute(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(task, "execute", execute)


def test_a_command_that_waits_comes_back_as_it_was() -> None:
    nobody = uuid7()
    payload, first = sent(after=[nobody])

    with pytest.raises(Retry):
        deliver(payload, first)

    again = take()
    assert (again["id"], again["task"]) == (first["id"], first["task"])
    assert again["cqrs"] == {**first["cqrs"], "waits": 1}
    assert again["cqrs"]["actor"] == {"name": "user:7", "roles": ["clerk"]}
    assert again["cqrs"]["after"] == [str(nobody)]
    assert again["eta"] is not None
    assert again["retries"] == first["retries"] == 0
    assert stored(first) is None


def test_it_is_counted_every_time() -> None:
    payload, headers = sent(after=[uuid7()])
    for n in range(1, 4):
        with pytest.raises(Retry):
            deliver(payload, headers)
        headers = take()
        assert headers["cqrs"]["waits"] == n


@pytest.mark.settings(after_timeout=1.0)
def test_in_the_end_it_is_refused_and_says_whom_it_waited_for() -> None:
    nobody = uuid7()
    payload, headers = sent(after=[nobody])
    headers["cqrs"]["waits"] = 5  # 0.01 + 0.02 + … + 0.16 s: not yet

    with pytest.raises(Retry):
        deliver(payload, headers)
    headers = take()
    headers["cqrs"]["waits"] = 8  # and three times half a second
    answer = deliver(payload, headers)

    assert answer["status"] == Status.REJECTED
    assert str(nobody) in answer["error"]
    assert answer["actor"] == "user:7"


def test_a_database_in_conflict_is_tried_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    payload, headers = sent()
    most = get_settings().command_attempts
    with monkeypatch.context() as patched:
        away(patched, pg.DeadlockDetected("again and again"))
        for n in range(1, most):
            with pytest.raises(Retry):
                deliver(payload, headers)
            headers = take()
            assert headers["cqrs"]["tries"] == n
        with pytest.raises(CommandDead) as dead:
            deliver(payload, headers)

    why = f"the database could not run it in {most} tries (again and again)"
    assert dead.value.receipt.error == why
    receipt = stored(headers)
    assert receipt is not None
    assert (receipt.status, receipt.actor) == (Status.DEAD, "user:7")


def test_whoever_waited_before_still_says_whom_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two counts and the rest of the header stand beside one another."""
    other = UUID(int=7)
    payload, headers = sent(after=[other])
    headers["cqrs"]["waits"] = 3
    away(monkeypatch, pg.DeadlockDetected("once"))

    with pytest.raises(Retry):
        deliver(payload, headers)

    header = take()["cqrs"]
    assert (header["waits"], header["tries"], header["after"]) == (3, 1, [str(other)])
