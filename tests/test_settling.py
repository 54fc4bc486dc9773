"""What a batch does for each of its commands: as if it had been alone, whatever the others do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conftest import Database
from tests.support.things import commands as handlers
from tests.support.things.models import BumpThing, ThingBumped, things
from worker.base.errors import NotReady
from worker.commands.aggregate import aggregate
from worker.commands.decoding import commands, find_command
from worker.commands.executor import Run, execute
from worker.commands.load_plan import fold
from worker.commands.state import State, Work
from worker.contracts import Actor, Envelope, Event, Message, Receipt, Status, uuid7

pytestmark = pytest.mark.usefixtures("things")
CLERK = Actor("user:42", frozenset({"admin"}))


@pytest.fixture
def log(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection that gives dictionaries."""
    with database.connect(row_factory=dict_row) as connection:
        yield connection


def added(thing: UUID, **more: Any) -> Envelope:
    payload = {"thing_id": str(thing), "price": "1.00", "note": ""}
    return Envelope(uuid7(), "things.add", payload, CLERK, **more)


def bumped(thing: UUID, by: int = 1, mishap: str = "", **more: Any) -> Envelope:
    payload = {"thing_id": str(thing), "by": by, "mishap": mishap}
    return Envelope(uuid7(), "things.bump", payload, CLERK, **more)


def dropped(thing: UUID) -> Envelope:
    return Envelope(uuid7(), "things.drop", {"thing_id": str(thing)}, CLERK)


def statuses(run: Run) -> list[str]:
    """What became of each: a receipt's status, or why there is none."""
    return [one.status if isinstance(one, Receipt) else type(one).__name__ for one in run.outcomes]


def numbers(log: psycopg.Connection[Any]) -> dict[UUID, int]:
    """Every thing's number."""
    return {row["thing_id"]: row["n"] for row in log.execute("SELECT * FROM command.things")}


def test_a_bug_of_one_handler_is_nothing_to_the_others(log: psycopg.Connection[Any]) -> None:
    thing = uuid7()

    run = execute([added(thing), bumped(thing, 2, "bug"), bumped(thing, 3)])

    assert statuses(run) == ["succeeded", "dead", "succeeded"]
    assert numbers(log) == {thing: 3}


def test_what_the_database_refuses_of_one_is_nothing_to_the_others(
    log: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "MOST", 10_000)  # the rule is gone, the constraint stands
    log.execute("ALTER TABLE command.things ADD CONSTRAINT no_more CHECK (n <= 100)")
    one, other = uuid7(), uuid7()
    execute([added(one), added(other)])

    run = execute([bumped(one, 60), bumped(one, 50), bumped(one, 40), bumped(other, 1)])

    assert statuses(run) == ["succeeded", "rejected", "succeeded", "succeeded"]
    refused = run.outcomes[1]
    assert isinstance(refused, Receipt)
    assert refused.error == "the database refuses this change (constraint no_more)"
    assert numbers(log) == {one: 100, other: 1}


def test_what_is_added_and_removed_in_one_batch_has_been_there(
    log: psycopg.Connection[Any],
) -> None:
    thing = uuid7()

    run = execute([added(thing), bumped(thing), dropped(thing)])

    assert statuses(run) == ["succeeded"] * 3
    assert numbers(log) == {}
    trail = log.execute("SELECT operation FROM cqrs.audit_log ORDER BY audit_id").fetchall()
    assert [row["operation"] for row in trail] == ["INSERT", "UPDATE", "DELETE"]


def test_rows_of_a_batch_are_changed_by_whoever_changed_them(
    log: psycopg.Connection[Any],
) -> None:
    """Rows that were there before, each touched by one command of the batch."""
    first, second = uuid7(), uuid7()
    made = [added(first), added(second)]
    bumps = [replace(bumped(one), actor=Actor(f"bump:{one}")) for one in (first, second)]
    drops = [replace(dropped(one), actor=Actor(f"drop:{one}")) for one in (first, second)]

    for batch in (made, bumps, drops):
        assert statuses(execute(batch)) == ["succeeded"] * 2

    trail = log.execute("SELECT * FROM cqrs.audit_log").fetchall()
    found = {(row["operation"], row["entity_id"]): row for row in trail}
    for operation, batch in (("INSERT", made), ("UPDATE", bumps), ("DELETE", drops)):
        for thing, command in zip((first, second), batch, strict=True):
            row = found[operation, str(thing)]
            assert (row["command_id"], row["actor"]) == (command.id, command.actor.name)
    assert len(trail) == 6


def test_a_command_changes_only_what_it_declared(
    log: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, yours = uuid7(), uuid7()
    execute([added(mine), added(yours)])

    def bump_another(c: BumpThing, state: State, work: Work) -> None:
        work.update(things, c.thing_id, n=50)
        work.update(things, yours, n=50)
        work.emit(f"thing-{c.thing_id}", ThingBumped(thing_id=c.thing_id, by=50))

    spec = find_command("things.bump")
    other = replace(spec, name="things.bump_another", handler=bump_another)
    monkeypatch.setattr(commands, "get", {spec.name: spec, other.name: other}.get)
    wrong = Envelope(uuid7(), other.name, bumped(mine).payload, CLERK)

    run = execute([wrong, bumped(mine)])

    assert statuses(run) == ["dead", "succeeded"]
    assert numbers(log) == {mine: 1, yours: 0}


class Counted(Event):
    """Something was counted."""

    type: ClassVar[str] = "things.Counted"
    by: int


class Count(Message):
    """How much was counted."""

    total: int


counts = aggregate(
    "things.count",
    Count,
    lambda state, event: Count(total=(state.total if state else 0) + event.by),
    [Counted],
    category="count",
    snapshot_every=1,
)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """`things.bump` counts by events alone, and says how much there was before."""

    def count(c: BumpThing, state: State, work: Work) -> dict[str, Any]:
        before = state.folded(counts, c.thing_id)
        work.emit(counts.stream(c.thing_id), Counted(by=c.by))
        if c.mishap:
            work.update(things, uuid7(), n=1)  # a row that it did not declare
        return {"before": before.total if before else 0}

    spec = replace(
        find_command("things.bump"), handler=count, needs=lambda c: (fold(counts, c.thing_id),)
    )
    monkeypatch.setattr(commands, "get", {spec.name: spec}.get)


@pytest.mark.usefixtures("counting")
def test_events_under_a_snapshot_are_not_counted_again(log: psycopg.Connection[Any]) -> None:
    thing = uuid7()

    runs = [execute([bumped(thing, 1), bumped(thing, 1)]) for _ in range(3)]

    receipts = [one for run in runs for one in run.outcomes if isinstance(one, Receipt)]
    assert [one.data for one in receipts] == [{"before": n} for n in range(6)]
    snapshots = log.execute("SELECT version, state FROM cqrs.snapshots").fetchall()
    assert snapshots == [{"version": 6, "state": {"total": 6}}]


@pytest.mark.usefixtures("counting")
def test_what_a_dead_command_emitted_is_seen_by_none(log: psycopg.Connection[Any]) -> None:
    thing = uuid7()

    run = execute([bumped(thing, 5, "a bug"), bumped(thing, 1)])

    assert statuses(run) == ["dead", "succeeded"]
    second = run.outcomes[1]
    assert isinstance(second, Receipt)
    assert second.data == {"before": 0}
    snapshots = log.execute("SELECT version, state FROM cqrs.snapshots").fetchall()
    assert snapshots == [{"version": 1, "state": {"total": 1}}]


def test_a_command_waits_for_those_that_have_no_receipt(log: psycopg.Connection[Any]) -> None:
    thing, nobody = uuid7(), uuid7()
    first = added(thing)
    second = bumped(thing, after=(first.id,))
    third = bumped(thing, after=(first.id, nobody))

    assert statuses(execute([second])) == ["NotReady"]
    run = execute([first, second, third])

    assert statuses(run) == ["succeeded", "succeeded", "NotReady"]
    waiting = run.outcomes[2]
    assert isinstance(waiting, NotReady)
    assert waiting.missing == (nobody,)
    assert numbers(log) == {thing: 1}
    assert len(log.execute("SELECT FROM cqrs.receipts").fetchall()) == 2


def test_whoever_is_interested_is_told_what_happened() -> None:
    thing = uuid7()

    assert execute([added(thing)]).event_types == {"things.ThingAdded"}
    run = execute([bumped(thing), bumped(thing, 101), dropped(thing)])
    assert run.event_types == {"things.ThingBumped", "things.ThingDropped"}
    assert execute([bumped(thing)]).event_types == frozenset()


def test_an_event_says_who_sent_its_command_and_what_led_to_it(
    log: psycopg.Connection[Any],
) -> None:
    thing, chain = uuid7(), uuid7()
    alone = added(thing)
    linked = bumped(thing, correlation_id=chain, causation_id="another task")

    execute([alone, linked])

    events = log.execute("SELECT metadata FROM cqrs.events ORDER BY position").fetchall()
    assert [row["metadata"] for row in events] == [
        {
            "command_id": str(one.id),
            "correlation_id": str(correlation),
            "causation_id": cause,
            "actor": "user:42",
        }
        for one, correlation, cause in [(alone, alone.id, None), (linked, chain, "another task")]
    ]


def test_a_receipt_says_who_sent_what_and_what_came_of_it(log: psycopg.Connection[Any]) -> None:
    thing = uuid7()
    good, bad = added(thing), bumped(thing, 101)

    run = execute([good, bad])

    for envelope, outcome in zip((good, bad), run.outcomes, strict=True):
        assert isinstance(outcome, Receipt)
        (again,) = execute([envelope]).outcomes
        assert again == outcome
        assert (outcome.command_id, outcome.name) == (envelope.id, envelope.name)
        assert outcome.actor == "user:42"
    first, second = run.outcomes
    assert isinstance(first, Receipt)
    assert isinstance(second, Receipt)
    assert (first.status, first.position) == (Status.SUCCEEDED, 1)
    assert (second.status, second.position) == (Status.REJECTED, None)
    assert second.errors.keys() == {"by"}
