"""Chains, groups and chords of commands, through real workers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import pytest
from celery import chain, chord, group
from celery._state import _task_stack

from tests.conftest import Database
from tests.support.messages import sent
from tests.support.things.commands import add_thing, bump_thing, drop_thing
from tests.support.workers import Workers, until
from worker.base.actor import acting_as
from worker.base.app import app
from worker.base.chain_parts import LINKS, is_part
from worker.commands import dead_commands
from worker.commands.chain_continuation import signatures
from worker.commands.command_result import CommandResult
from worker.commands.errors import CommandDead, InvalidCommand
from worker.contracts import Receipt, Status, uuid7

pytestmark = pytest.mark.usefixtures("things", "redis")

NOBODY = UUID(int=1)
"""The id of a thing that is not there: who bumps it is refused."""


def a_thing() -> UUID:
    return UUID(add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"])


def bumped(things: Database, thing: UUID) -> int:
    """What all the bumps of a thing have come to."""
    with things.connect() as connection:
        found = connection.execute("SELECT n FROM command.things WHERE thing_id = %s", [thing])
        (n,) = found.fetchone() or (0,)
    return int(n)


def not_run(handle: Any) -> Receipt:
    """The receipt of a command that was told that it is not run."""
    receipt: Receipt = handle.receipt(20)
    assert receipt.status is Status.REJECTED
    assert (receipt.error or "").startswith("not run: ")
    return receipt


# --- what works -----------------------------------------------------------------------------------


def test_a_chords_body_runs_once_all_its_members_have(things: Database, workers: Workers) -> None:
    """It was refused without a receipt: the list of their receipts stood where its payload does."""
    workers.start(["commands"])
    thing = a_thing()
    members = [bump_thing.s(thing_id=thing, by=n) for n in (1, 2, 3)]

    body = chord(members, bump_thing.s(thing_id=thing, by=10)).apply_async()

    assert body.receipt(20).data == {"n": 16}
    assert body.get(timeout=5)["data"] == {"n": 16}


@pytest.mark.parametrize("form", ["chain", "pipes", "immutable"])
def test_a_group_stands_in_the_middle_of_a_chain(
    things: Database, workers: Workers, form: str
) -> None:
    workers.start(["commands"])
    thing = uuid7()
    made = bump_thing.si if form == "immutable" else bump_thing.s
    a, b, c, d, e = (
        add_thing.s(thing_id=thing, price=Decimal("1.00")),
        *(made(thing_id=thing, by=n) for n in (1, 2, 4, 8)),
    )

    links = a | group(b, c) | d | e if form == "pipes" else chain(a, group(b, c), d, e)
    last = links.apply_async()

    assert last.receipt(20).data == {"n": 15}


def test_groups_follow_each_other(things: Database, workers: Workers) -> None:
    workers.start(["commands"])
    thing = a_thing()

    def two(by: int) -> Any:
        return group(bump_thing.s(thing_id=thing, by=by), bump_thing.s(thing_id=thing, by=by))

    last = chain(two(1), two(4), two(16)).apply_async()

    assert max(handle.receipt(20).data["n"] for handle in last.results) == 42


def test_a_plain_task_gets_what_the_commands_before_it_came_to(workers: Workers) -> None:
    workers.start(["commands"])
    members = [add_thing.s(price=Decimal(f"{n}.00")) for n in (1, 2)]

    given = chord(members, app.signature("celery.accumulate", kwargs={"index": 0}))()

    assert [one["data"]["price"] for one in given.get(timeout=20)] == ["1.00", "2.00"]


@pytest.mark.parametrize("result", [5, "text", {"x": 1}, [1, 2]])
def test_what_a_plain_task_returns_is_no_part_of_a_whole_payload(
    workers: Workers, result: Any
) -> None:
    """The plain task was said to have failed, and the command behind it had no receipt."""
    workers.start(["commands"], concurrency=1)
    plain = app.signature("celery.accumulate", args=(result,), kwargs={"index": 0})

    last = chain(plain, add_thing.s(price=Decimal("1.00"))).apply_async()
    body = chord([plain, plain.clone()], add_thing.s(price=Decimal("2.00"))).apply_async()

    assert last.receipt(20).succeeded
    assert body.receipt(20).succeeded


def test_it_is_the_payload_where_there_is_no_other(workers: Workers) -> None:
    workers.start(["commands"], concurrency=1)
    right, wrong = (
        app.signature("celery.accumulate", args=(price,), kwargs={"index": 0})
        for price in ({"price": "1.00"}, {"price": "none"})
    )

    rest: dict[str, Any] = {}  # the payload comes from the task before
    assert chain(right, add_thing.s(**rest)).apply_async().receipt(20).succeeded
    assert set(chain(wrong, add_thing.s(**rest)).apply_async().receipt(20).errors) == {"price"}


def test_a_worker_that_sends_a_wrong_payload_is_told_at_once(things: Database) -> None:
    """Only what follows in a chain is not refused before it is published."""
    task = app.tasks["celery.accumulate"]
    task.push_request(id="x", called_directly=False)
    _task_stack.push(task)
    try:
        with pytest.raises(InvalidCommand, match="price"):
            add_thing.delay(**cast("dict[str, Any]", {"price": "none"}))
    finally:
        _task_stack.pop()
        task.pop_request()
    assert sent("commands") == []


# --- a refusal stops what depends on it -----------------------------------------------------------


@pytest.mark.parametrize("immutable", [False, True])
@pytest.mark.parametrize("bad", [{"thing_id": NOBODY}, {"mishap": "bug"}], ids=["refused", "dead"])
def test_a_member_that_did_not_succeed_stops_the_chord(
    things: Database, workers: Workers, bad: dict[str, Any], immutable: bool
) -> None:
    """Its body ran all the same, or got no receipt."""
    workers.start(["commands"])
    thing = a_thing()
    made = bump_thing.si if immutable else bump_thing.s
    members = [bump_thing.s(thing_id=thing, by=1), bump_thing.s(**{"thing_id": thing} | bad)]
    first = made(thing_id=thing, by=10).set(task_id=str(uuid7()))

    last = chord(members, chain(first, made(thing_id=thing, by=20))).apply_async()

    receipts = [not_run(last), not_run(CommandResult(first.id))]
    assert all("a member of its chord did not succeed" in (one.error or "") for one in receipts)
    assert bumped(things, thing) == 1  # the other member depends on nobody


def test_a_refusal_in_front_of_a_group_is_told_to_all_behind_it(
    things: Database, workers: Workers
) -> None:
    workers.start(["commands"])
    thing = a_thing()
    b, c, d, e = (bump_thing.s(thing_id=thing, by=n) for n in (1, 2, 4, 8))

    last = chain(bump_thing.s(thing_id=NOBODY), group(b, c), d, e).apply_async()

    handles = [last, last.parent, *last.parent.parent.results]
    assert len(handles) == 4
    for handle in handles:
        assert "earlier command of its chain was refused" in (not_run(handle).error or "")
    assert bumped(things, thing) == 0


def test_a_chain_that_is_a_member_of_a_chord_stops_it_too(
    things: Database, workers: Workers
) -> None:
    """Nobody counted the links that were not run: the body waited for ever."""
    workers.start(["commands"])
    thing = a_thing()
    member = chain(bump_thing.s(thing_id=NOBODY), bump_thing.s(thing_id=thing, by=1))
    other = bump_thing.s(thing_id=thing, by=2)

    body = chord([member, other], bump_thing.s(thing_id=thing, by=10)).apply_async()

    not_run(body)
    until(lambda: bumped(things, thing) == 2, 10)


def test_a_chord_inside_a_chord_is_told_as_well(things: Database, workers: Workers) -> None:
    workers.start(["commands"])
    thing = a_thing()
    inner = chord(
        [bump_thing.s(thing_id=NOBODY), bump_thing.s(thing_id=thing, by=1)],
        bump_thing.s(thing_id=thing, by=2),
    )

    body = chord(
        [inner, bump_thing.s(thing_id=thing, by=4)], bump_thing.s(thing_id=thing, by=8)
    ).apply_async()

    not_run(body)


def test_who_waits_behind_a_dead_command_is_told_which(workers: Workers) -> None:
    """It got the receipt of the dead command as its own, or waited out its time."""
    workers.start(["commands"], concurrency=1)
    thing = a_thing()
    last = chain(
        bump_thing.s(thing_id=thing, mishap="bug"), bump_thing.s(thing_id=thing)
    ).apply_async()
    dead = last.parent.receipt(20)
    assert dead.status is Status.DEAD

    with pytest.raises(CommandDead, match=str(dead.command_id)):
        last.receipt(20)


def test_a_command_can_be_linked_to_anothers_failure(things: Database, workers: Workers) -> None:
    """It was called in the failing worker with what it does not take, and a line in the log."""
    workers.start(["commands"], concurrency=1)
    thing = a_thing()
    with acting_as("user:7", roles=["clerk"]):
        bump_thing.apply_async(
            kwargs={"thing_id": thing, "mishap": "bug"},
            link_error=bump_thing.s(thing_id=thing, by=5),
        )

    until(lambda: bumped(things, thing) == 5, 20)
    with things.connect() as connection:
        sql = "SELECT DISTINCT actor FROM cqrs.receipts WHERE name = 'things.bump'"
        assert connection.execute(sql).fetchall() == [("user:7",)]


# --- who sends, and when --------------------------------------------------------------------------


def test_a_signature_is_sent_by_who_sends_it(things: Database, workers: Workers) -> None:
    """It ran with the rights of the place where it was made."""
    workers.start(["commands"])
    thing = a_thing()
    drop = drop_thing.s(thing_id=thing)  # made with all rights

    with acting_as("user:7", roles=["clerk"]):
        alone = drop.delay()
        (member,) = group([drop]).apply_async().results
        last = chain(bump_thing.s(thing_id=thing, by=1), drop).apply_async()
        body = chord([bump_thing.s(thing_id=thing, by=1)] * 2, drop).apply_async()
        linked = bump_thing.apply_async(
            kwargs={"thing_id": thing}, link=drop.clone().set(task_id=str(uuid7()))
        )

    for handle in (alone, member, last, body):
        receipt = handle.receipt(20)
        assert receipt.error == "user:7 may not send things.drop (roles clerk)"
        assert receipt.actor == "user:7"
    assert linked.receipt(20).succeeded
    assert drop.options == {}, "the signature was changed by sending it"
    with acting_as("user:8", roles=["admin"]):
        assert drop.delay().receipt(20).succeeded


def test_what_plain_tasks_send_on_names_who_sent_the_first() -> None:
    plain = app.signature("cqrs.drain", immutable=True)
    with acting_as("user:7", roles=["clerk"]):
        chain(plain, drop_thing.s(thing_id=NOBODY)).apply_async()
        plain.clone().apply_async(link=drop_thing.s(thing_id=NOBODY))

    first, second = sent("commands")

    (link,), (callback,) = first.embed["chain"], second.embed["callbacks"]
    for one in (link, callback):
        actor = one["options"]["headers"]["cqrs"]["actor"]
        assert actor == {"name": "user:7", "roles": ["clerk"]}


def test_a_signature_that_is_sent_twice_has_two_ids(things: Database, workers: Workers) -> None:
    """The id that was left out was drawn when the signature was made."""
    workers.start(["commands"])
    add = add_thing.s(price=Decimal("1.00"))

    first, second = (add.delay() for _ in range(2))

    assert first.receipt(20).data["thing_id"] == first.payload["thing_id"]
    assert second.receipt(20).data["thing_id"] == second.payload["thing_id"]
    assert first.payload["thing_id"] != second.payload["thing_id"]


def test_a_link_that_its_worker_finds_wrong_gets_a_receipt(
    things: Database, workers: Workers
) -> None:
    """What was right where it was made may be wrong for the worker's release."""
    workers.start(["commands"], concurrency=1)
    wrong = bump_thing.s(thing_id=uuid7())
    wrong.kwargs["by"] = "many"

    last = chain(add_thing.s(price=Decimal("1.00")), wrong).apply_async()

    assert last.parent.receipt(20).succeeded
    assert set(last.receipt(20).errors) == {"by"}


# --- long chains ----------------------------------------------------------------------------------


def test_the_message_of_a_long_chain_stays_short() -> None:
    chain(*(add_thing.s(price=Decimal("1.00")) for _ in range(1_000))).apply_async()
    (message,) = sent("commands")
    clear = [link for link in message.embed["chain"] if not is_part(link)]

    assert len(clear) == LINKS
    assert len(list(signatures({"chain": message.embed["chain"], "link": []}))) == 999


def test_a_long_chain_that_breaks_tells_all_its_links(things: Database, workers: Workers) -> None:
    workers.start(["commands"], concurrency=1)
    many = [bump_thing.s(thing_id=NOBODY) for _ in range(3 * LINKS)]

    last = chain(add_thing.s(price=Decimal("1.00")), *many).apply_async()

    handle: Any = last
    while handle.parent.parent is not None:
        not_run(handle)
        handle = handle.parent
    assert handle.receipt(5).error == f"no such thing (thing_id {NOBODY})"


def test_a_long_chain_is_taken_up_again_by_a_retry(things: Database, workers: Workers) -> None:
    workers.start(["commands"], concurrency=1)
    thing = a_thing()
    count = 2 * LINKS + 10
    many = [bump_thing.s(thing_id=thing) for _ in range(count)]
    last = chain(bump_thing.s(thing_id=thing, mishap="bug until mended"), *many).apply_async()
    until(dead_commands.commands, 20)
    (dead,) = dead_commands.commands()
    assert len(dead.follows) == count

    from tests.subscriptions.test_dead_chains import mend

    mend()
    dead_commands.retry(dead.command_id, by="ada")
    assert last.receipt(60).data == {"n": count + 1}
    assert CommandResult(str(dead.command_id)).receipt(5).succeeded
