"""Secrets: in the message, and nowhere else; what is kept of a command has none of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import redis as redis_py
from psycopg import errors as pg

from tests.support.things.history import Things
from worker import State, Work, command
from worker.base.app import app
from worker.base.chain_parts import sealed
from worker.base.errors import BadDeclarations
from worker.commands import dead_commands, queue_consumer, releases
from worker.commands.batch_message import BatchMessage
from worker.commands.decoding import commands
from worker.commands.errors import InvalidCommand
from worker.commands.executor import execute
from worker.commands.receipts import find
from worker.commands.settling import mark_dead
from worker.contracts import Command, Envelope, Receipt, Status, uuid7

PIN = "s3same"
pytestmark = pytest.mark.usefixtures("redis")


class Unlock(Command):
    """Unlock something, by a secret."""

    pin: str | None = None
    code: str = ""
    door: int = 1


@pytest.fixture
def unlock(things: Things) -> Iterator[Any]:
    """A command with two secret fields; of one its rows may hold what it is."""

    @command("things.unlock", Unlock, needs=lambda c: (), secret=["pin", "code"], storable=["code"])
    def unlock(c: Unlock, state: State, work: Work) -> None:
        """Does nothing, or dies of the thirteenth door."""
        if c.door == 13:
            raise KeyError("a bug")

    releases._told = float("-inf")
    releases.tell_what_we_know()
    yield unlock
    del commands._items["things.unlock"]
    app.tasks.pop("things.unlock", None)


def everything(things: Things) -> str:
    """All that the engine's tables and the result store hold."""
    with things.connect() as connection:
        tables = connection.execute(
            "SELECT oid::regclass::text FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'cqrs'::regnamespace"
        ).fetchall()
        rows = [
            connection.execute(
                f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} AS t".encode()
            ).fetchone()
            for (table,) in tables
        ]
    with redis_py.Redis.from_url(app.backend.url) as results:
        stored = [results.get(key) for key in results.scan_iter("celery-task-meta-*")]
    return " ".join(str(one) for one in [*rows, *stored])


def ended(receipt: Any) -> Receipt:
    assert isinstance(receipt, Receipt)
    return receipt


def test_a_command_with_a_secret_is_not_enqueued_by_any_door(things: Things, unlock: Any) -> None:
    by_hand = "SELECT cqrs.enqueue('things.unlock', %s)"
    many = "SELECT cqrs.enqueue(%s::jsonb)"
    line = {"command_id": str(uuid7()), "name": "things.unlock", "payload": {"pin": PIN}}
    with things.connect() as connection, connection.transaction():
        with pytest.raises(InvalidCommand, match="pin: is secret, and may not be stored") as told:
            unlock.enqueue(connection, pin=PIN)
        with pytest.raises(InvalidCommand):
            unlock.enqueue_many(connection, [{}, {"pin": PIN}])
        for sql, given in ((by_hand, {"pin": PIN}), (many, [line])):
            refused = pytest.raises(pg.InvalidParameterValue, match="pin is secret")
            with refused as by_sql, connection.transaction():
                connection.execute(sql, [json.dumps(given)])
            assert PIN not in str(by_sql.value)
        unlock.enqueue(connection, code="c0de", pin="")  # what may be stored, and nothing
    queue_consumer.drain()

    assert PIN not in str(told.value)
    assert PIN not in everything(things)
    with things.connect() as connection:
        kept = connection.execute("SELECT name, status FROM cqrs.receipts").fetchall()
    assert kept == [("things.unlock", "succeeded")]


def test_what_is_kept_of_a_dead_command_and_of_its_chain_has_no_secret(
    things: Things, unlock: Any
) -> None:
    links = [unlock.s(pin=PIN, door=n).set(task_id=str(uuid7())) for n in range(60)]
    rest = {"chain": sealed(json.loads(json.dumps(links))), "link": []}
    dead = Envelope(uuid7(), "things.unlock", {"pin": PIN, "door": 13}, links=rest)
    (outcome,) = execute([dead]).outcomes

    assert ended(outcome).status is Status.DEAD
    assert PIN not in everything(things)
    with things.connect() as connection:
        ((kept,),) = connection.execute("SELECT links::text FROM cqrs.dead_commands").fetchall()
    assert len(orjson.loads(kept)["chain"]) == 60
    with pytest.raises(dead_commands.SecretsNotKept, match=r"send it anew.*fields pin"):
        dead_commands.retry(dead.id, by="me")


def test_what_is_wrong_with_a_secret_is_told_without_it(things: Things, unlock: Any) -> None:
    with pytest.raises(InvalidCommand, match="pin: Input should be a valid string") as told:
        unlock.delay(pin=1234567)
    wrong = Envelope(uuid7(), "things.unlock", {"pin": 1234567, "door": "x"})
    (outcome,) = execute([wrong]).outcomes

    assert "1234567" not in str(told.value)
    assert set(ended(outcome).errors) == {"pin", "door"}
    assert "(is 'x')" in ended(outcome).errors["door"]
    assert "1234567" not in everything(things)


def test_a_line_of_a_batch_that_is_no_command_is_kept_without_its_secret(
    things: Things, unlock: Any
) -> None:
    request = type("Request", (), {"root_id": str(uuid7()), "headers": {}})
    line = BatchMessage(request, None).read(["no id", "things.unlock", {"pin": PIN}])
    assert line.malformed is not None
    mark_dead(line.envelope, line.malformed)
    assert PIN not in everything(things)


def test_a_command_that_has_to_wait_for_a_newer_worker_is_refused_if_it_has_a_secret(
    things: Things, unlock: Any
) -> None:
    newer = Envelope(uuid7(), "things.unlock", {"pin": PIN, "new": 1})
    releases.hand_over([newer])
    with things.connect() as connection:
        kept = find(connection, [newer.id])[newer.id]
    assert (kept.status, "(pin)" in str(kept.error)) == (Status.REJECTED, True)
    assert PIN not in everything(things)


def test_a_secret_that_is_no_field_is_refused_when_it_is_declared() -> None:
    with pytest.raises(BadDeclarations, match=r"no such field.*Unlock.pinn"):
        command("things.typo", Unlock, needs=lambda c: (), secret=["pinn"])(lambda c, s, w: None)
