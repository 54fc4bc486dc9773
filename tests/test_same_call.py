"""The same id has effect once, by whatever door it comes, and only for the same call."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import orjson
import pytest
from pydantic import Field, create_model

from models.banking.commands import Deposit
from models.orders.commands import RegisterCustomer
from tasks.banking.commands import deposit, open_account, withdraw
from tasks.orders.commands import register_customer
from tests.conftest import Database
from tests.support.things.commands import add_thing
from tests.support.things.models import AddThing
from tests.support.workers import Workers
from worker.base.encoding import canonical, fingerprint, first_fingerprint
from worker.base.registry import load_domains
from worker.cli.submit import Submission
from worker.commands import after_commit
from worker.commands.batches import send_batch
from worker.commands.command import command
from worker.commands.decoding import CommandSpec, fingerprint_of, prepare
from worker.commands.enqueue import write_commands
from worker.commands.errors import CommandIdReused
from worker.commands.executor import execute
from worker.commands.left_out import may_hold_floats
from worker.contracts import Actor, Command, Envelope, Message, Receipt, Status, uuid7
from worker.contracts.values import derived_uuid

WHO: dict[str, Any] = {"email": "ada@example.org", "name": "Ada"}


@pytest.fixture(autouse=True)
def _domains(database: Database) -> None:
    load_domains()


def number(database: Database, sql: str, *parameters: object) -> Any:
    """The one value that a query gives."""
    with database.connect() as connection:
        row = connection.execute(sql, parameters).fetchone()
    assert row is not None
    return row[0]


# --- another name, another payload ----------------------------------------------------------------


def test_a_withdrawal_does_not_get_the_receipt_of_a_deposit(
    database: Database, workers: Workers
) -> None:
    """It was answered that it had succeeded."""
    workers.start(["commands"], concurrency=1)
    account = open_account.delay(owner="Ada", opening_balance=Decimal("10.00")).receipt(20).data
    id_, payload = uuid7(), {"account_id": account["account_id"], "amount": "5.00"}
    assert deposit.apply_async(kwargs=payload, task_id=id_).receipt(20).succeeded

    taken = withdraw.apply_async(kwargs=payload, task_id=id_)

    with pytest.raises(CommandIdReused, match="already used"):
        taken.receipt(20)
    with pytest.raises(CommandIdReused, match="already used"):
        taken.get(timeout=20)
    assert number(database, "SELECT count(*) FROM cqrs.events WHERE type LIKE '%%Withdrawn'") == 0


# --- the same call --------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["fields", "a model", "the handle's payload"])
def test_a_call_that_leaves_an_id_out_can_be_repeated(
    database: Database, workers: Workers, form: str
) -> None:
    """Its id was drawn anew, so that it was another payload."""
    workers.start(["commands"], concurrency=1)
    id_ = uuid7()
    first = register_customer.apply_async(kwargs=WHO, task_id=id_)
    receipt = first.receipt(20)
    assert receipt.succeeded
    assert first.payload is not None

    again = {
        "fields": lambda: register_customer.apply_async(kwargs=dict(WHO), task_id=id_),
        "a model": lambda: register_customer.apply_async((RegisterCustomer(**WHO),), task_id=id_),
        "the handle's payload": lambda: register_customer.apply_async(
            kwargs=first.payload, task_id=id_
        ),
    }[form]()

    assert again.receipt(20) == receipt
    assert receipt.data["customer_id"] == first.payload["customer_id"]
    assert number(database, "SELECT count(*) FROM command.customers") == 1


def test_an_id_left_out_is_derived_from_the_commands_and_begins_like_it() -> None:
    command_id = uuid7()

    one, two = (prepare(register_customer.spec, WHO, command_id).wire for _ in range(2))
    other = prepare(register_customer.spec, WHO, uuid7()).wire

    assert one == two != other
    given = prepare(register_customer.spec, WHO, command_id).fingerprint
    assert prepare(register_customer.spec, one, command_id).fingerprint == given
    id_ = UUID(one["customer_id"])
    assert id_ == derived_uuid(command_id, "customer_id")
    assert id_.bytes[:6] == command_id.bytes[:6]
    assert (id_.version, id_.variant) == (7, command_id.variant)
    assert derived_uuid(command_id, "order_id") != id_


def test_an_id_derived_from_no_uuid7_does_not_say_that_it_is_one() -> None:
    assert derived_uuid(uuid4(), "x").version == 8


def test_a_model_keeps_the_id_that_it_shows(database: Database) -> None:
    """Whoever has read it off the model has perhaps written it down."""
    model = RegisterCustomer(**WHO)

    ready = prepare(register_customer.spec, model, id_ := uuid7())
    (receipt,) = execute([Envelope(id_, "orders.register_customer", ready.wire)]).outcomes

    assert isinstance(receipt, Receipt)
    assert receipt.data["customer_id"] == str(model.customer_id)
    assert ready.fingerprint == prepare(register_customer.spec, WHO, id_).fingerprint
    assert model.model_fields_set == {"email", "name"}, "the caller's model was touched"


def test_a_worker_derives_the_same_ids_for_who_does_not(database: Database) -> None:
    """A client in another language sends what it was given."""
    command_id = uuid7()

    (receipt,) = execute([Envelope(command_id, "orders.register_customer", WHO)]).outcomes

    assert isinstance(receipt, Receipt)
    assert receipt.data["customer_id"] == str(derived_uuid(command_id, "customer_id"))


class Part(Message):
    """Something inside a command."""

    part_id: UUID = Field(default_factory=uuid7)
    name: str


class Build(Command):
    """A command with ids inside, and with what is drawn but is no id."""

    build_id: UUID | None = Field(default_factory=uuid7)
    parts: list[Part] = Field(default_factory=list)
    spare: Part | None = None
    seed: float = Field(default_factory=lambda: uuid4().int / 2**128)
    keys: list[UUID] = Field(default_factory=list)


BUILD = CommandSpec("x.build", Build, lambda *_: None, lambda _: (), lambda _: True, "")


def test_ids_inside_are_derived_by_their_place_and_other_things_drawn_once() -> None:
    command_id = uuid7()
    given = {"parts": [{"name": "a"}, {"name": "b"}], "spare": {"name": "c"}}

    one, two = (prepare(BUILD, given, command_id) for _ in range(2))

    assert one.fingerprint == two.fingerprint
    assert one.wire["parts"] == two.wire["parts"]
    assert one.wire["parts"][1]["part_id"] == str(derived_uuid(command_id, "parts.1.part_id"))
    assert one.wire["spare"]["part_id"] == str(derived_uuid(command_id, "spare.part_id"))
    assert one.wire["build_id"] == str(derived_uuid(command_id, "build_id"))
    assert one.wire["seed"] != two.wire["seed"]
    assert one.wire["keys"] == []
    assert prepare(BUILD, one.wire | {"seed": 1}, command_id).fingerprint != one.fingerprint


def test_a_field_that_a_new_release_adds_changes_no_fingerprint() -> None:
    newer: Any = create_model(
        "Newer", __base__=RegisterCustomer, tier=(str, "plain"), ref=(UUID, Field(uuid7()))
    )
    spec = CommandSpec(
        register_customer.name, newer, lambda *_: None, lambda _: (), lambda _: True, ""
    )

    before = prepare(register_customer.spec, WHO, id_ := uuid7()).fingerprint

    assert prepare(spec, WHO, id_).fingerprint == before
    assert prepare(spec, WHO | {"tier": "plain"}, id_).fingerprint != before


def test_what_is_secret_stays_out() -> None:
    id_ = uuid7()
    given = {"thing_id": str(uuid7()), "price": "1.00"}

    one, two, other = (
        prepare(add_thing.spec, given | more, id_).fingerprint
        for more in ({"note": "hash 1"}, {"note": "hash 2"}, {"price": "2.00"})
    )

    assert one == two != other


# --- one fingerprint for every door ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"n": 1}, {"n": 1.0}),
        ({"n": Decimal("1.50")}, {"n": 1.5}),
        ({"n": 1e22}, {"n": 10**22}),
        ({"n": 1e2}, {"n": 100}),
        ({"n": -0.0}, {"n": 0}),
        ({"a": 1, "b": [1.0, {"y": 1, "x": 2}]}, {"b": [1, {"x": 2, "y": 1.0}], "a": 1}),
        ({"id": UUID(int=5)}, {"id": str(UUID(int=5))}),
        ({"s": {"b", "a"}}, {"s": ["a", "b"]}),
    ],
)
def test_one_value_has_one_fingerprint_however_it_is_spelled(one: Any, other: Any) -> None:
    assert fingerprint("x", one) == fingerprint("x", other)
    assert fingerprint("x", one) != fingerprint("y", one)


class Exact(Command):
    """Nothing in it can be a float."""

    at: datetime
    part: Part
    kind: Literal["a", "b"] | None = None
    amounts: dict[str, tuple[Decimal, ...]] = Field(default_factory=dict)
    big: int = 0


class Loose(Exact):
    """Anything can be in it."""

    more: Any = None


def test_who_looks_at_every_number_finds_the_same() -> None:
    assert [may_hold_floats(one) for one in (Exact, Part, RegisterCustomer)] == [False] * 3
    assert [may_hold_floats(one) for one in (Loose, Build)] == [True] * 2
    one = Exact(
        at=datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
        part=Part(part_id=UUID(int=5), name="x"),
        kind="a",
        amounts={"x": (Decimal("1.50"), Decimal("2"))},
        big=2**70,
    )
    given = one.model_dump(exclude_unset=True)

    assert fingerprint("x", given, floats=False) == fingerprint("x", given)
    given["big"] = 1
    assert fingerprint("x", given, floats=False) == fingerprint("x", given)
    given["part"]["name"] = "y"
    assert fingerprint("x", given, floats=False) != fingerprint("x", one.model_dump())


@pytest.mark.parametrize("other", [{"n": "1"}, {"n": True}, {"n": None}, {}, {"m": 1}, {"n": [1]}])
def test_other_values_have_others(other: Any) -> None:
    assert fingerprint("x", {"n": 1}) != fingerprint("x", other)


@pytest.mark.parametrize("text", ["\ud800", "x"])
def test_there_is_one_for_whatever_comes(text: str) -> None:
    deep: Any = text
    for _ in range(5_000):
        deep = [deep]
    assert len(fingerprint("x", {"deep": deep, "wide": 10**400, "nan": float("nan")})) == 17


def test_it_is_the_same_after_jsonb(database: Database) -> None:
    text = '{"b": 1.50, "aa": {"z": 1e2, "y": [1.0, 10000000000000000000000, "1.0"]}, "b": 1.5}'
    stored = number(database, "SELECT %s::jsonb::text", text)

    assert fingerprint("x", json.loads(text)) == fingerprint("x", orjson.loads(stored))


def doors(database: Database, command_id: UUID) -> dict[str, Any]:
    """The ways in which a command can be sent, each with its own spelling of one call."""
    account = str(UUID(int=7))
    spec = deposit.spec
    python: dict[str, Any] = {"account_id": UUID(int=7), "amount": Decimal("5.00")}

    def enqueue() -> None:
        with database.transaction() as connection:
            deposit.enqueue(connection, command_id=command_id, **python)

    def sql() -> None:
        row: dict[str, Any] = {"ord": 0, "command_id": str(command_id), "name": spec.name}
        row |= {"actor": "me", "payload": {"amount": 5, "account_id": account.upper()}}
        hash_ = fingerprint_of(Envelope(command_id, spec.name, row["payload"]))
        with database.connect() as connection:
            call = "SELECT reused FROM cqrs.enqueue(jsonb_build_array(%s::jsonb))"
            rows = json.dumps(row | {"payload_hash": hash_.hex()})
            answer = connection.execute(call, [rows]).fetchone()
        after_commit.wake_queue_consumer()  # in place of the sweep
        if answer is None or answer[0]:
            raise CommandIdReused(command_id, spec.name)

    def file() -> None:
        line = {"command": spec.name, "payload": {"amount": "5.0", "account_id": account}}
        submission = Submission(window=1, tell=lambda *_: None)
        text = json.dumps(line | {"id": str(command_id)})
        submission._write(list(submission._commands([text])))
        if submission.report.refusals:
            raise CommandIdReused(command_id, spec.name)

    return {
        "delay": lambda: deposit.apply_async(kwargs=python, task_id=command_id).receipt(20),
        "model": lambda: deposit.apply_async((Deposit(**python),), task_id=command_id).receipt(20),
        "many": lambda: send_batch(
            [(command_id, spec.name, prepare(spec, python, command_id).wire)], Actor()
        )[0].get(timeout=20),
        "enqueue": enqueue,
        "sql": sql,
        "file": file,
    }


@pytest.mark.parametrize("first", ["delay", "many", "enqueue", "sql", "file"])
def test_a_call_is_the_same_through_every_door(
    database: Database, workers: Workers, first: str
) -> None:
    workers.start(["commands"], concurrency=1)
    command_id = uuid7()
    ways = doors(database, command_id)
    ways[first]()
    receipt = deposit.AsyncResult(str(command_id)).receipt(20)
    assert receipt.status is Status.REJECTED  # there is no such account

    for name, send in ways.items():
        send()
        assert deposit.AsyncResult(str(command_id)).receipt(20) == receipt, name
    with pytest.raises(CommandIdReused), database.transaction() as connection:
        deposit.enqueue(
            connection, command_id=command_id, account_id=UUID(int=7), amount=Decimal("6.00")
        )


def test_the_file_of_a_submission_may_leave_ids_out_and_be_run_again(
    database: Database, workers: Workers
) -> None:
    """A second run was refused line by line, as another payload."""
    workers.start(["commands"], concurrency=1)
    line = {"id": str(uuid7()), "command": "orders.register_customer", "payload": WHO}

    for _ in range(2):
        report = Submission(window=10, tell=lambda *_: None).run([json.dumps(line)])
        assert dict(report.outcomes) == {"succeeded": 1}

    assert number(database, "SELECT count(*) FROM command.customers") == 1


def test_ids_are_known_where_commands_are_enqueued_or_sent_as_many(
    database: Database, workers: Workers
) -> None:
    workers.start(["commands"], concurrency=1)
    with database.transaction() as connection:
        one = register_customer.enqueue(connection, **WHO)
    (two,) = register_customer.delay_many([WHO | {"email": "b@example.org"}])

    for handle in (one, two):
        assert handle.payload is not None
        assert handle.receipt(20).data["customer_id"] == handle.payload["customer_id"]


# --- receipts of an earlier release ---------------------------------------------------------------


def stored_by_the_first_release(database: Database, payload: dict[str, Any]) -> UUID:
    """A receipt as release 0.1 left it: with all defaults in its fingerprint, without a name."""
    command_id = uuid7()
    full = AddThing.model_validate(payload).model_dump(mode="json")
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO cqrs.receipts"
            " (command_id, name, payload_hash, actor, status, completed_at)"
            " VALUES (%s, 'things.add', %s, 'system', 'succeeded', now())",
            [command_id, first_fingerprint(canonical(full))],
        )
    return command_id


def test_a_receipt_of_an_earlier_release_is_found_again(things: Database) -> None:
    given = {"thing_id": str(uuid7()), "price": "1.00"}
    id_ = stored_by_the_first_release(things, given)
    again = Envelope(id_, "things.add", given)
    other = Envelope(id_, "things.add", given | {"price": "2.00"})

    assert isinstance(execute([again]).outcomes[0], Receipt)
    assert isinstance(execute([other]).outcomes[0], CommandIdReused)
    with things.connect() as connection:
        assert write_commands(connection, [again, other]) == [False, True]


# --- fields that a verb would take for its own ----------------------------------------------------


@pytest.mark.parametrize("field", ["key", "after", "command_id", "connection", "timeout", "self"])
def test_a_payload_cannot_be_named_like_an_option(field: str) -> None:
    """`enqueue` took it for its own, and the payload never had it."""
    named: dict[str, Any] = {field: (str, "")}
    model = create_model("Odd", __base__=Command, **named)

    with pytest.raises(ValueError, match=rf"`{field}` is an option .* Odd\.{field}"):
        command("x.odd", model, needs=lambda _: ())


def test_other_names_can_be_declared() -> None:
    named: dict[str, Any] = {"keys": (str, ""), "timeouts": (Annotated[int, Field(ge=1)], 1)}
    model = create_model("Even", __base__=Command, **named)
    assert callable(command("x.even", model, needs=lambda _: ()))
