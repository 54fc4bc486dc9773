"""One bad thing takes nothing with it: what stands beside it has the receipt it would have had."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import psycopg
import pytest
from celery.exceptions import Ignore, Retry
from psycopg import errors as pg
from pydantic import ConfigDict, model_validator

from tests.support.messages import sent
from tests.support.things.commands import add_thing, bump_thing
from tests.support.things.history import Things
from tests.support.things.models import BumpThing
from worker.base.app import app
from worker.base.errors import ServerUnavailable
from worker.commands import (
    after_commit,
    batches,
    dead_commands,
    queue_consumer,
    releases,
    set_aside,
)
from worker.commands.command_result import CommandResult
from worker.commands.decoding import commands, find_command, prepare
from worker.commands.enqueue import enqueue
from worker.commands.errors import DatabaseAway
from worker.commands.executor import execute
from worker.commands.receipts import find
from worker.commands.settling import mark_dead
from worker.contracts import Envelope, Receipt, Status, uuid7

pytestmark = pytest.mark.usefixtures("things", "redis")
NEWER = "a newer release's"


def adding(**more: Any) -> Envelope:
    return Envelope(uuid7(), "things.add", {"thing_id": str(uuid7()), "price": "1.00"}, **more)


def odd(**more: Any) -> Envelope:
    payload = {"thing_id": str(uuid7()), "by": 1}
    return Envelope(uuid7(), "things.odd", payload, **more)


def receipt_of(command_id: UUID | str) -> Receipt | None:
    return CommandResult(str(command_id)).stored_receipt()


def statuses(ids: Sequence[UUID | str]) -> list[str | None]:
    return [receipt.status if (receipt := receipt_of(id_)) else None for id_ in ids]


@pytest.fixture
def log(things: Things) -> Iterator[psycopg.Connection[Any]]:
    with things.connect() as connection:
        connection.autocommit = True
        yield connection


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Declares `things.odd`: `things.bump` with something changed."""

    def declare(**changes: Any) -> None:
        spec = replace(find_command("things.bump"), name="things.odd", **changes)
        real = commands.get
        monkeypatch.setattr(commands, "get", lambda name: spec if name == spec.name else real(name))
        monkeypatch.setattr(releases, "known_names", lambda: ["things.add", spec.name])

    return declare


def written(connection: psycopg.Connection[Any], *envelopes: Envelope) -> None:
    with connection.transaction():
        enqueue(connection, envelopes)


def due(connection: psycopg.Connection[Any]) -> None:
    connection.execute("UPDATE cqrs.enqueued_commands SET due_at = clock_timestamp()")


# ---------------------------------------------------------------------------- messages of many


def deliver(
    lines: Sequence[Any], actor: Any = None, header: Any = None, id_: str | None = None
) -> None:
    """Run a message of many, as a worker does."""
    task, root = batches.run_batch, id_ or str(uuid7())
    task.push_request(
        id=root, root_id=root, retries=0, headers={"cqrs": header}, called_directly=False
    )
    try:
        task.run(lines, actor)
    finally:
        task.pop_request()


def lines(count: int) -> list[list[Any]]:
    return [[str(uuid7()), "things.add", {"price": "1.00"}] for _ in range(count)]


FOR_NOBODY: Mapping[str, tuple[str, Any]] = {
    "no name": ("", {}),
    "no payload": ("nobody.knows", None),
    "a list": ("nobody.knows", [1]),
    "a long integer": ("nobody.knows", {"n": 2**70}),
    "half a pair": ("nobody.knows", {"n": "\ud800"}),
    "NUL": ("nobody.knows", {"n": "a\0b"}),
    "NUL in its name": ("a\0b", {}),
    "a long name": ("n" * 300, {}),
    "of a newer sender": ("things.bump", {"by": 2**70}),
}


@pytest.mark.parametrize("kind", FOR_NOBODY)
def test_what_nobody_here_knows_and_no_row_can_hold_is_refused_alone(kind: str) -> None:
    good, bad = lines(3), [str(uuid7()), *FOR_NOBODY[kind]]

    deliver([*good[:2], bad, good[2]], header={"schemas": {"things.bump": NEWER}})

    assert statuses([line[0] for line in good]) == [Status.SUCCEEDED] * 3
    receipt = receipt_of(bad[0])
    assert receipt is not None
    assert receipt.status is Status.REJECTED
    assert "cannot be kept for a worker that knows it" in (receipt.error or "")


@pytest.mark.parametrize("header", [5, ["x"], "x", {"tries": "x"}, {"away": -1, "schemas": 5}])
def test_a_malformed_header_costs_the_lines_nothing(header: Any) -> None:
    good = lines(2)
    deliver(good, header=header, id_="an id of the client's own")
    assert statuses([line[0] for line in good]) == [Status.SUCCEEDED] * 2


@pytest.mark.parametrize("actor", [{"name": 5}, {"roles": 5}, {"name": "a\0b"}])
def test_lines_of_a_malformed_sender_are_dead_and_say_so(actor: Any) -> None:
    (bad,) = lines(1)
    deliver([bad], actor)
    receipt = receipt_of(bad[0])
    assert receipt is not None
    assert receipt.status is Status.DEAD
    assert "a name and a list of roles is wanted" in (receipt.error or "")


def test_a_malformed_line_ends_no_command_that_waits_under_its_id(
    log: psycopg.Connection[Any],
) -> None:
    waits = adding()
    written(log, waits)

    deliver([[str(waits.id), 5, {}]])
    deliver([[str(waits.id), 5, {}]])

    assert receipt_of(waits.id) is None
    first, second = dead_commands.commands()
    assert waits.id not in (first.command_id, second.command_id)
    queue_consumer.drain()
    assert statuses([waits.id]) == [Status.SUCCEEDED]


def test_lines_of_a_killed_message_go_apart_before_it_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If they cannot be sent, the message stays: what raises here gives it back."""

    def refuses(*_: Any, **__: Any) -> None:
        raise ServerUnavailable("the broker", "redis://", "full", "wait", "is full")

    monkeypatch.setattr(batches, "send", refuses)

    class Request:
        id = root_id = str(uuid7())
        headers: Mapping[str, Any] = {}
        kwargs: Mapping[str, Any] = {"commands": lines(2), "actor": None}

    with pytest.raises(ServerUnavailable):
        batches.run_batch.on_killed(Request, RuntimeError())


# ---------------------------------------------------------------------------- what is enqueued


class Misread(BumpThing):
    """A model whose own check is broken."""

    @model_validator(mode="after")
    def _broken(self) -> Misread:
        raise KeyError("a bug of the model")


def test_a_model_whose_check_is_broken_stops_no_claim(
    log: psycopg.Connection[Any], declare: Callable[..., None]
) -> None:
    """Its sender's release is another: the payload is looked at before anything is run."""
    declare(model=Misread)
    bad, good = odd(schema=NEWER), adding()
    written(log, bad, good)

    queue_consumer.drain()

    assert statuses([bad.id, good.id]) == [Status.DEAD, Status.SUCCEEDED]
    receipt = receipt_of(bad.id)
    assert receipt is not None
    assert "the model Misread raised KeyError" in (receipt.error or "")


def test_a_model_that_has_no_schema_stops_no_claim(declare: Callable[..., None]) -> None:
    class Unschemed(BumpThing):
        model_config = ConfigDict(json_schema_extra={"example": cast("Any", {Decimal(1)})})

    assert releases.schema_of(Unschemed) == releases.schema_of(Unschemed)


def test_who_waits_for_others_holds_up_nobody_behind_it(log: psycopg.Connection[Any]) -> None:
    """More of them than a drain looks at at once; and their order by key stays."""
    first = uuid7()
    log.execute(
        "INSERT INTO cqrs.receipts (command_id, name, actor, status)"
        " VALUES (%s, 'things.add', 'ada', 'submitted')",
        [first],
    )
    waiting = [adding(after=(first,), key="k") for _ in range(230)]
    good, behind = adding(), adding(key="k")
    written(log, *waiting, good, behind)

    for _ in range(2):
        queue_consumer.drain()
        assert statuses([waiting[0].id, good.id, behind.id]) == [None, Status.SUCCEEDED, None]
        due(log)


def test_a_look_beyond_what_waits_keeps_the_order_of_keys(log: psycopg.Connection[Any]) -> None:
    """What was looked at a moment ago may be due again by now."""
    first, behind, free = adding(key="k"), adding(key="k"), adding()
    written(log, first, behind, free)
    row = log.execute(
        "SELECT seq FROM cqrs.enqueued_commands WHERE command_id = %s", [first.id]
    ).fetchone()
    assert row is not None
    assert [one.id for one in queue_consumer.claim(10, row[0]).run] == [free.id]


def test_a_handler_that_asks_a_server_in_vain_is_put_off_alone(
    log: psycopg.Connection[Any], declare: Callable[..., None]
) -> None:
    def asks(*_: Any) -> None:
        raise psycopg.OperationalError("the other database is not there")

    declare(handler=asks, needs=lambda c: ())
    good = [adding(), adding()]

    first, second, third = execute([good[0], odd(), good[1]]).outcomes

    assert isinstance(first, Receipt)
    assert isinstance(third, Receipt)
    assert isinstance(second, DatabaseAway)
    assert not second.whole


def test_what_its_own_server_refuses_a_handler_is_its_own_bug(declare: Callable[..., None]) -> None:
    def asks(*_: Any) -> None:
        raise pg.SyntaxError("SELCT")

    declare(handler=asks, needs=lambda c: ())
    (outcome,) = execute([odd()]).outcomes
    assert isinstance(outcome, Receipt)
    assert outcome.error == "internal error, see the worker's log (SyntaxError)"


def test_who_stands_behind_one_that_is_put_off_is_looked_at_again_shortly(
    log: psycopg.Connection[Any], declare: Callable[..., None]
) -> None:
    def misses(*_: Any) -> None:
        raise psycopg.OperationalError("the other database is not there")

    declare(handler=misses, needs=lambda c: ())
    first = odd()
    written(log, first, behind := adding(after=(first.id,)))

    queue_consumer.carry_out(queue_consumer.claim(10))

    row = log.execute(
        "SELECT attempts, put_off, due_at < clock_timestamp() + interval '1 second'"
        " FROM cqrs.enqueued_commands WHERE command_id = %s",
        [behind.id],
    ).fetchone()
    assert row is not None
    assert row[0] == 0
    assert str(first.id) in row[1]
    assert row[2]


def test_a_wrong_payload_of_sql_is_refused_at_once_whatever_it_waits_for(
    log: psycopg.Connection[Any],
) -> None:
    written(log, waited_for := adding())
    log.execute("UPDATE cqrs.enqueued_commands SET due_at = 'infinity'")
    bad = uuid7()
    log.execute(
        "SELECT cqrs.enqueue('things.add', '{\"price\": \"much\"}', id => %s, after => %s)",
        [bad, [waited_for.id]],
    )

    queue_consumer.drain()

    receipt = receipt_of(bad)
    assert receipt is not None
    assert receipt.status is Status.REJECTED
    assert list(receipt.errors) == ["price"]


@pytest.mark.settings(max_message_bytes=16_384, max_payload_bytes=8_192)
def test_an_enqueued_command_too_large_to_be_read_is_set_aside(
    log: psycopg.Connection[Any],
) -> None:
    bad, good = uuid7(), adding()
    log.execute(
        "SELECT cqrs.enqueue('things.add', jsonb_build_object('price',"
        " (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 600) AS n)), id => %s)",
        [bad],
    )
    written(log, good)

    queue_consumer.drain()

    assert statuses([bad, good.id]) == [Status.DEAD, Status.SUCCEEDED]
    receipt = receipt_of(bad)
    assert receipt is not None
    assert "larger than 16384 bytes (CQRS_MAX_MESSAGE_BYTES)" in (receipt.error or "")


# ---------------------------------------------------------------------------- rolling deploys


def handing_over(**kwargs: Any) -> None:
    """Run `cqrs.hand_over`, as a worker does."""
    task = set_aside.hand_over
    task.push_request(id=str(uuid7()), retries=0, args=(), kwargs=kwargs, called_directly=False)
    try:
        task.run(**kwargs)
    finally:
        task.pop_request()


def test_a_command_that_cannot_be_handed_over_while_nothing_is_written_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read_only(*_: Any) -> None:
        raise pg.ReadOnlySqlTransaction("cannot execute INSERT in a read-only transaction")

    monkeypatch.setattr(releases, "_hand_over", read_only)
    with pytest.raises(Retry):
        handing_over(queue="commands", name="no.body", command_id=str(uuid7()), payload={})
    assert [one.task for one in sent("commands")] == ["cqrs.hand_over"]


def test_a_handed_over_command_is_the_call_that_its_sender_made(
    log: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever hands it over does not know it, and cannot take its fingerprint."""
    by_message, by_batch = uuid7(), uuid7()
    calls = {id_: prepare(add_thing.spec, {"price": "1.00"}, id_) for id_ in (by_message, by_batch)}
    real = commands.get
    with monkeypatch.context() as patch:
        patch.setattr(commands, "get", lambda name: None if name == "things.add" else real(name))
        handing_over(
            queue="commands",
            name="things.add",
            command_id=str(by_message),
            payload=calls[by_message].wire,
            header={"fingerprint": calls[by_message].fingerprint.hex()},
        )
        deliver([[str(by_batch), "things.add", calls[by_batch].wire]])
    due(log)
    queue_consumer.drain()

    receipts = find(log, list(calls))
    assert {id_: receipts[id_].fingerprint for id_ in calls} == {
        id_: call.fingerprint.hex() for id_, call in calls.items()
    }


def test_a_retried_dead_command_is_still_its_senders_releases(
    log: psycopg.Connection[Any],
) -> None:
    """An older worker leaves it alone; and it waits for what it waited for."""
    waited_for = uuid7()
    dead = Envelope(uuid7(), "things.add", {"new": 1}, after=(waited_for,), schema=NEWER, key="k")
    written(log, dead)
    for end in ("by SQL", "by a worker"):
        if end == "by SQL":
            log.execute(
                "SELECT cqrs.end_enqueued(%s::jsonb)",
                [f'[{{"command_id": "{dead.id}", "status": "dead", "error": "in vain"}}]'],
            )
        else:
            mark_dead(dead, "in vain")
        dead_commands.retry(dead.id, by="ada")
        row = log.execute("SELECT schema, after FROM cqrs.enqueued_commands").fetchone()
        assert row == (NEWER, [waited_for])


# ---------------------------------------------------------------------------- what follows


def link(**options: Any) -> dict[str, Any]:
    return {
        "task": "things.add",
        "args": [],
        "kwargs": {"price": "1.00"},
        "options": {"task_id": str(uuid7()), **options},
        "subtask_type": None,
        "immutable": False,
    }


@pytest.mark.parametrize("header", [[1], {"actor": [1]}, {"actor": {"roles": 5}}])
def test_a_malformed_link_is_told_that_it_is_not_run(header: Any) -> None:
    bad, good = link(headers={"cqrs": header}), link()
    set_aside.skip.run({"chain": [good, bad], "link": []}, "why")
    assert statuses([bad["options"]["task_id"], good["options"]["task_id"]]) == [
        Status.REJECTED,
        Status.REJECTED,
    ]


def test_a_link_that_nobody_can_send_is_refused_and_what_was_before_it_stands() -> None:
    last, bad, linked = link(), link(countdown="soon"), link()
    thing, request = uuid7(), uuid7()
    add_thing.push_request(
        id=str(request),
        root_id=str(request),
        retries=0,
        headers={},
        called_directly=False,
        chain=[last, bad],
        callbacks=[linked],
    )
    try:
        done = add_thing.run(thing_id=str(thing), price="1.00")
        assert not add_thing.request.chain  # or Celery would send it after all
    finally:
        add_thing.pop_request()

    assert done["status"] == "succeeded"
    ids = [one["options"]["task_id"] for one in (bad, last, linked)]
    assert statuses(ids) == [Status.REJECTED, Status.REJECTED, None]


def test_what_follows_an_enqueued_command_that_is_refused_is_told(
    log: psycopg.Connection[Any],
) -> None:
    following = link()
    first = adding(after=(uuid7(),), links={"chain": [following], "link": []})
    releases.hand_over([first])
    log.execute("UPDATE cqrs.enqueued_commands SET enqueued_at = now() - interval '1 day'")
    due(log)

    queue_consumer.drain()

    ids = [first.id, following["options"]["task_id"]]
    assert statuses(ids) == [Status.REJECTED, Status.REJECTED]


def test_who_gives_a_command_up_and_dies_can_do_it_again(
    log: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What follows it has its receipts before the dead letter is closed."""
    following = link()
    dead = adding(links={"chain": [following], "link": []})
    mark_dead(dead, "a bug")

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(after_commit, "skip", killed)
        with pytest.raises(KeyboardInterrupt):
            dead_commands.discard(dead.id, by="ada")
    assert dead_commands.show(dead.id).state == "open"

    dead_commands.discard(dead.id, by="ada")
    assert statuses([following["options"]["task_id"]]) == [Status.REJECTED]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int | None]]:
    """What the chords are told: of whom, what became of it, and its place."""
    told: list[tuple[str, str, int | None]] = []
    monkeypatch.setattr(
        app.backend,
        "on_chord_part_return",
        lambda request, state, _: told.append((request.id, state, request.group_index)),
    )
    return told


def test_a_handed_over_member_is_counted_by_its_chord(
    log: psycopg.Connection[Any], counted: list[tuple[str, str, int | None]]
) -> None:
    """By whoever runs it; and if nobody ever does, the chord hears of that."""
    id_, body = uuid7(), link()
    member = {"chord": body, "group": str(uuid7()), "group_index": 3}
    handing_over(queue="commands", name="things.add", command_id=str(id_), payload={}, **member)
    due(log)
    queue_consumer.drain()
    (message,) = (one for one in sent("commands") if one.task == "things.add")
    assert message.embed["chord"]["options"]["task_id"] == body["options"]["task_id"]
    assert counted == []

    unknown = uuid7()
    handing_over(queue="commands", name="no.body", command_id=str(unknown), payload={}, **member)
    log.execute("UPDATE cqrs.enqueued_commands SET enqueued_at = now() - interval '9 days'")
    log.execute("DELETE FROM cqrs.command_schemas")
    log.execute("UPDATE cqrs.enqueued_commands SET due_at = now() WHERE name = 'no.body'")
    queue_consumer.drain()
    assert statuses([unknown]) == [Status.DEAD]
    assert counted == [(str(unknown), "FAILURE", 3)]


def test_a_member_that_is_handed_over_by_its_own_task_keeps_its_chord(
    log: psycopg.Connection[Any],
) -> None:
    body = link()
    bump_thing.push_request(
        id=str(uuid7()),
        retries=0,
        headers={"cqrs": {"schema": NEWER}},
        called_directly=False,
        chord=body,
        group="g",
        group_index=1,
    )
    try:
        with pytest.raises(Ignore):
            bump_thing.run(thing_id=str(uuid7()), by=1, new="field")
    finally:
        bump_thing.pop_request()
    row = log.execute("SELECT links FROM cqrs.enqueued_commands").fetchone()
    assert row == ({"chain": [], "link": [], "chord": body, "group_id": "g", "group_index": 1},)


def test_one_that_is_handed_over_by_a_message_is_left_to_others() -> None:
    """What it would hold is right, and another release's: no receipt, and no error."""
    bump_thing.push_request(
        id=str(uuid7()), retries=0, headers={"cqrs": {"schema": NEWER}}, called_directly=False
    )
    try:
        with pytest.raises(Ignore):
            bump_thing.run(thing_id=str(uuid7()), by=1, new="field")
    finally:
        bump_thing.pop_request()
