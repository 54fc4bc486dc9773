"""Commands from SQL, by hand: one at a time, with plain errors; one fingerprint at every door."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, TypeAlias
from uuid import UUID

import orjson
import psycopg
import pytest
from psycopg import errors as pg

from tests.conftest import Database
from tests.support.things.commands import add_thing, bump_thing
from tests.support.things.history import Things
from tests.support.users import connect_as, logins
from worker.base import settings
from worker.base.encoding import fingerprint
from worker.commands import queue_consumer
from worker.commands.command_result import CommandResult
from worker.commands.decoding import fingerprint_of
from worker.commands.errors import CommandIdReused
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, uuid7
from worker.embedded.folders import Folders
from worker.embedded.programs import postgres_bin

pytestmark = pytest.mark.usefixtures("redis")
Payload: TypeAlias = dict[str, Any]
ID = UUID("01a22dad-f560-71c6-81f8-c07ad88eb807")


def called(database: Database, arguments: str, *values: object) -> Any:
    """What `cqrs.enqueue` returns in a transaction of its own."""
    with database.connect() as connection:
        row = connection.execute(f"SELECT cqrs.enqueue({arguments})".encode(), values).fetchone()
    assert row is not None
    return row[0]


def waiting(database: Database) -> list[Any]:
    with database.connect() as connection:
        return connection.execute(
            'SELECT command_id, name, payload, actor, key, "after", roles'
            "  FROM cqrs.enqueued_commands ORDER BY seq"
        ).fetchall()


def test_one_command_is_enqueued_with_named_arguments(things: Things) -> None:
    first, second = uuid7(), uuid7()
    arguments = (
        "name => 'things.add', payload => '{\"price\": \"1.00\"}', id => %s, actor => 'ada',"
        " key => 'k', after => ARRAY[%s]::uuid[], roles => '{clerk}'"
    )

    returned = called(things, arguments, second, first)
    short = called(things, "'things.add', '{}'")

    assert returned == second
    assert waiting(things) == [
        (second, "things.add", {"price": "1.00"}, "ada", "k", [first], ["clerk"]),
        (short, "things.add", {}, "postgres", None, [], []),
    ]


def test_ids_that_nobody_gave_ascend(things: Things) -> None:
    before = uuid7()
    ids = [called(things, "'things.add', '{}'") for _ in range(3)]
    after = uuid7()

    assert {(one.version, one.variant) for one in ids} == {(7, before.variant)}
    assert len(set(ids)) == 3
    times = [one.int >> 80 for one in (before, *ids, after)]
    assert times == sorted(times)


FAULTS = [
    ("'things.add', NULL", "payload is null: give an object with the command's fields"),
    ("'things.add', 'null'", "payload is null: give an object with the command's fields"),
    ("'things.add', '[1]'", "payload is of type array: give an object"),
    ("'things.add', '\"x\"'", "payload is of type string: give an object"),
    ("NULL, '{}'", "name is null: give the command's name, as `cqrs map` has it"),
    ("'', '{}'", 'name is "": give the command\'s name'),
    ("'  ', '{}'", 'name is "  ": give the command\'s name'),
    ("repeat('n', 256), '{}'", "name is 256 bytes long: give at most 255 (name nnn"),
    ("'things.add', '{}', key => repeat('k', 1025)", "key is 1025 bytes long: give at most"),
    (
        "'things.add', '{}', after => array_fill(gen_random_uuid(), ARRAY[1001])",
        "after names 1001 commands: give at most 1000 (name things.add)",
    ),
    (
        f"'things.add', '{{}}', id => '{ID}', after => '{{{ID}}}'",
        "after names the command itself: it would wait for ever (name things.add)",
    ),
    ("'things.add', '{}', actor => ''", 'actor is "": give who sends, or leave it out'),
]
"""What the arguments are, and how what is said of them begins."""

FAULTS_OF_MANY: list[tuple[object, str]] = [
    ({}, "commands is of type object: give a JSON array of objects"),
    ([1], "a command is of type number: give an object with command_id, name, payload"),
    ([{"name": "a", "payload": {}}], "command_id is null: give a UUID, a new one for each"),
    (
        [{"command_id": str(ID), "name": "a", "payload": {}}, {"name": "b"}],
        "command_id is null: give a UUID, a new one for each command (name b) (command 2 of 2)",
    ),
    (
        [{"command_id": str(ID), "name": "a"}],
        "payload is null: give an object with the command's fields (name a)",
    ),
]


def test_what_is_wrong_is_said_in_one_line(things: Things) -> None:
    for arguments, fault in FAULTS:
        with pytest.raises(pg.InvalidParameterValue) as wrong:
            called(things, arguments)
        assert (wrong.value.diag.message_primary or "").startswith(fault)
        assert wrong.value.diag.message_detail is None
        assert (wrong.value.diag.context or "").count("\n") == 0  # where it was called, no more
    assert waiting(things) == []


def test_so_it_is_for_many(things: Things) -> None:
    for commands, fault in FAULTS_OF_MANY:
        with pytest.raises(pg.InvalidParameterValue) as wrong:
            called(things, "%s::jsonb", json.dumps(commands))
        assert (wrong.value.diag.message_primary or "").startswith(fault)


def test_commands_is_null_is_said_too(things: Things) -> None:
    with pytest.raises(pg.InvalidParameterValue, match="commands is null: give a JSON array"):
        called(things, "NULL::jsonb")


def test_an_id_is_given_again_for_the_same_command_and_for_no_other(things: Things) -> None:
    same = '\'things.add\', \'{"price": "1.00", "note": ""}\', id => %s'
    assert called(things, same, ID) == called(things, same, ID) == ID
    for other in ("'things.bump', '{\"price\": \"1.00\"}'", "'things.add', '{\"price\": \"2\"}'"):
        with pytest.raises(pg.UniqueViolation, match=f"id {ID} stands for another command"):
            called(things, f"{other}, id => %s", ID)

    assert len(waiting(things)) == 1


# --- one fingerprint for every door ---------------------------------------------------------------


APP = "door_app"
Door: TypeAlias = Callable[[Things, UUID, Payload], CommandResult]


@pytest.fixture
def doors(things: Things) -> Iterator[Things]:
    """With an application's user."""
    with logins(things, **{APP: "cqrs_sender"}):
        yield things


def by_sql(things: Things, id_: UUID, payload: Payload) -> CommandResult:
    """One by one, by hand."""
    called(things, "'things.add', %s::jsonb, id => %s", json.dumps(payload), id_)
    return add_thing.AsyncResult(str(id_))


def by_array(things: Things, id_: UUID, payload: Payload) -> CommandResult:
    """In the array form, without a fingerprint."""
    row = {"command_id": str(id_), "name": "things.add", "payload": payload}
    called(things, "%s::jsonb", json.dumps([row]))
    return add_thing.AsyncResult(str(id_))


def by_a_sender(things: Things, id_: UUID, payload: Payload) -> CommandResult:
    """By Python, as an application's user."""
    with connect_as(things, APP) as application, application.transaction():
        return add_thing.enqueue(application, command_id=id_, **payload)


def by_python(things: Things, id_: UUID, payload: Payload) -> CommandResult:
    """By Python, as a writer."""
    with things.transaction() as connection:
        return add_thing.enqueue(connection, command_id=id_, **payload)


def by_a_message(things: Things, id_: UUID, payload: Payload) -> CommandResult:
    """By the broker, in the worker: at once."""
    (outcome,) = execute([Envelope(id_, "things.add", payload)]).outcomes
    if isinstance(outcome, Exception):
        raise outcome
    assert isinstance(outcome, Receipt)
    return add_thing.AsyncResult(str(id_))


def thing(price: str = "1.00") -> Payload:
    return {"thing_id": str(uuid7()), "price": price, "note": ""}


def both(first: Door, second: Door) -> Callable[[Things, Payload, Payload, bool], Receipt]:
    """The receipt that the second one gets for a command of the first one's id."""

    def sent(things: Things, one: Payload, other: Payload, settled: bool) -> Receipt:
        id_ = uuid7()
        first(things, id_, one)
        if settled:
            queue_consumer.drain()
        try:
            handle = second(things, id_, other)
        finally:
            queue_consumer.drain()
        return handle.receipt(5)

    return sent


DOORS: tuple[Door, ...] = (by_sql, by_array, by_a_sender, by_python, by_a_message)
TELLING = (by_a_sender, by_python, by_a_message)
"""Those whose handle, or answer, knows which payload it stands for."""


@pytest.mark.parametrize("first", DOORS)
def test_an_id_stands_for_one_payload_at_every_door(doors: Things, first: Door) -> None:
    for second, settled in product(DOORS, (False, True)):
        payload = thing()
        receipt = both(first, second)(doors, payload, payload, settled)
        assert receipt.succeeded
        envelope = Envelope(receipt.command_id, "things.add", payload)
        assert receipt.fingerprint == fingerprint_of(envelope).hex()
    kept = doors.connection.execute("SELECT count(*) FROM cqrs.receipts WHERE payload_hash IS NULL")
    assert kept.fetchone() == (0,)


@pytest.mark.parametrize("first", DOORS)
def test_and_for_no_other_one(doors: Things, first: Door) -> None:
    """The other is told at once, or when it asks for the receipt."""
    for second, settled in product(TELLING, (False, True)):
        with pytest.raises(CommandIdReused):
            both(first, second)(doors, thing("1.00"), thing("2.00"), settled)

    stored = doors.connection.execute("SELECT price::text FROM command.things").fetchall()
    assert stored == [("1.00",)] * 6


def test_numbers_are_equal_however_they_are_written(things: Things) -> None:
    """`jsonb` keeps a number, and not how it was written."""
    ways = ["100.0", "1e2", "100", "1.0e+2"]
    for value in (*ways, "-0.0", "1e16", "1e22", "0.1", "1e-7", "1.5", "18000000000000000000.0"):
        kept = "SELECT jsonb_build_object('n', %s::jsonb)::text"
        (text,) = things.connection.execute(kept, [value]).fetchone() or ("",)
        assert fingerprint("n", orjson.loads(text)) == fingerprint("n", {"n": float(value)}), value
    assert len({fingerprint("n", {"n": [{"m": json.loads(value)}]}) for value in ways}) == 1
    assert fingerprint("n", {"n": 100}) != fingerprint("n", {"n": 101})
    assert fingerprint("n", {"n": True}) != fingerprint("n", {"n": 1})


def test_psql_enqueues(things: Things) -> None:
    """As the README has it."""
    psql = postgres_bin(Folders.make(settings.get_settings().home)) / "psql"
    text = "SELECT cqrs.enqueue(name => 'things.add', payload => '{\"price\": \"1.00\"}');"
    told = subprocess.run(
        [psql, "--no-psqlrc", "--tuples-only", "--no-align", "--command", text, things.url],
        check=True,
        capture_output=True,
        text=True,
    )
    queue_consumer.drain()
    assert add_thing.AsyncResult(told.stdout.strip()).receipt(5).succeeded


def test_what_a_worker_cannot_read_is_rejected_with_every_field(things: Things) -> None:
    id_ = called(things, '\'things.bump\', \'{"thing_id": 7, "colour": "red"}\'')
    queue_consumer.drain()
    assert bump_thing.AsyncResult(str(id_)).receipt(5).errors.keys() == {"thing_id", "colour"}


def test_rolled_back_it_never_was(things: Things) -> None:
    with psycopg.connect(things.url) as connection:
        connection.execute("SELECT cqrs.enqueue('things.add', '{}')")
        connection.rollback()
    assert waiting(things) == []
