"""One bad command costs its neighbours nothing: it is dead alone, and says what was wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import psycopg
import pytest
from pydantic import model_validator
from structlog.testing import capture_logs

from tests.support.things.commands import add_thing, bump_thing
from tests.support.things.history import Things
from tests.support.things.models import BumpThing, things
from tests.support.waiting import held
from worker.commands import dead_commands
from worker.commands.aggregate import aggregate
from worker.commands.command_result import CommandResult
from worker.commands.decoding import CommandSpec, commands, find_command
from worker.commands.errors import DatabaseAway, DatabaseInConflict
from worker.commands.executor import BatchRun, execute
from worker.commands.load_plan import fold, lock
from worker.commands.queue_consumer import drain
from worker.commands.state import State, Work
from worker.contracts import (
    Envelope,
    Event,
    Message,
    Receipt,
    Status,
    event_versions,
    upcaster,
    uuid7,
)

pytestmark = pytest.mark.usefixtures("things")
BIG, HALF = 2**64, "half \ud800 a pair"


def added(thing: UUID, **more: Any) -> Envelope:
    return Envelope(uuid7(), "things.add", {"thing_id": str(thing), "price": "1.00"}, **more)


def bumped(thing: UUID, by: int = 1, name: str = "things.bump", **more: Any) -> Envelope:
    return Envelope(uuid7(), name, {"thing_id": str(thing), "by": by}, **more)


def statuses(run: BatchRun) -> list[str]:
    return [one.status if isinstance(one, Receipt) else type(one).__name__ for one in run.outcomes]


def error_of(outcome: Any) -> str:
    assert isinstance(outcome, Receipt)
    return outcome.error or ""


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Declares `things.odd`: `things.bump` with something changed."""

    def declare(**changes: Any) -> None:
        spec = find_command("things.bump")
        odd = replace(spec, name="things.odd", **changes)
        known: dict[str, CommandSpec] = {odd.name: odd}
        real = commands.get
        monkeypatch.setattr(commands, "get", lambda name: known.get(name) or real(name))

    return declare


class Misread(BumpThing):
    """A model whose own check is broken."""

    @model_validator(mode="after")
    def _broken(self) -> Misread:
        raise KeyError("a bug of the model")


class Noted(Event):
    """Something was noted."""

    type: ClassVar[str] = "things.Noted"
    what: Any


def returning(value: Any) -> Any:
    def handler(c: BumpThing, state: State, work: Work) -> Any:
        work.update(things, c.thing_id, n=70)  # nothing of it may be seen
        return {"of": {"it": value}}

    return handler


def noting(value: Any) -> Any:
    def handler(c: BumpThing, state: State, work: Work) -> None:
        work.emit(f"thing-{c.thing_id}", Noted(what=[value]))

    return handler


def writing(value: Any) -> Any:
    def handler(c: BumpThing, state: State, work: Work) -> None:
        work.update(things, c.thing_id, n=value)

    return handler


def raising(*_: Any) -> Any:
    raise KeyError("a bug of a declaration")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "needs": ({"needs": raising}, "`needs` raised KeyError, see the worker's log"),
    "may_send": ({"may_send": raising}, "`may_send` raised KeyError"),
    "model": ({"model": Misread}, "the model Misread raised KeyError"),
    "needs what cannot be asked for": (
        {"needs": lambda c: (lock(things, thing_id=HALF),)},
        "internal error, see the worker's log (UnicodeEncodeError)",
    ),
    "returns a long integer": ({"handler": returning(BIG)}, "data.of.it is an integer of more"),
    "returns half a pair": ({"handler": returning(HALF)}, "data.of.it contains half of a surr"),
    "returns NUL": ({"handler": returning("a\0b")}, "data.of.it contains a NUL"),
    "returns NaN": ({"handler": returning(float("nan"))}, "data.of.it is nan"),
    "returns an object": ({"handler": returning(object())}, "data.of.it is a object, which has no"),
    "emits a long integer": ({"handler": noting(BIG)}, "things.Noted.what.0 is an integer of more"),
    "emits half a pair": ({"handler": noting(HALF)}, "things.Noted.what.0 contains half"),
    "emits NUL": ({"handler": noting("a\0b")}, "things.Noted.what.0 contains a NUL"),
    "writes a long integer": ({"handler": writing(BIG)}, "command.things.n is an integer of more"),
    "writes infinity": ({"handler": writing(float("inf"))}, "command.things.n is inf"),
}


@pytest.mark.parametrize("bad", BAD)
def test_it_is_dead_alone_and_says_why(
    bad: str, things: Things, declare: Callable[..., None]
) -> None:
    changes, why = BAD[bad]
    declare(**changes)
    thing = uuid7()
    odd = bumped(thing, name="things.odd")

    run = execute([added(thing), odd, bumped(thing, 2)])

    assert statuses(run) == ["succeeded", "dead", "succeeded"]
    assert why in error_of(run.outcomes[1])
    assert things.connection.execute("SELECT n FROM command.things").fetchall() == [(2,)]
    assert [one.command_id for one in dead_commands.commands()] == [odd.id]


def test_a_row_that_is_added_and_removed_by_one_command_alone_ends_it(
    declare: Callable[..., None],
) -> None:
    def there_and_gone(c: BumpThing, state: State, work: Work) -> None:
        work.insert(things, {"thing_id": c.thing_id, "price": "1.00"})
        work.delete(things, c.thing_id)

    declare(handler=there_and_gone)
    assert statuses(execute([bumped(uuid7(), name="things.odd")])) == ["dead"]


def test_a_refusal_stays_one_whatever_it_says(declare: Callable[..., None]) -> None:
    from worker.contracts import Refusal

    def refusing(*_: Any) -> None:
        raise Refusal("no", why=HALF, much=BIG, what=object())

    declare(handler=refusing)
    run = execute([bumped(uuid7(), name="things.odd"), added(uuid7())])
    assert statuses(run) == ["rejected", "succeeded"]


@pytest.mark.parametrize("payload", [None, [], "text", 7, {"f": HALF}, {"f": BIG}, {1: {2: 3}}])
def test_a_payload_of_any_shape_is_refused(payload: Any) -> None:
    run = execute([added(uuid7()), Envelope(uuid7(), "things.bump", payload)])
    assert statuses(run) == ["succeeded", "rejected"]


def test_a_payload_that_is_nested_too_deep_is_refused() -> None:
    deep: Any = {}
    for _ in range(900):
        deep = {"f": deep}
    run = execute([added(uuid7()), Envelope(uuid7(), "things.bump", deep)])
    assert statuses(run) == ["succeeded", "rejected"]


# ------------------------------------------------------------------------------- stored streams
class Counted(Event):
    """Something was counted."""

    type: ClassVar[str] = "things.Counted"
    by: int


class Count(Message):
    """How much was counted."""

    total: int


def count_on(state: Count | None, event: Counted) -> Count:
    if event.by == 99:
        raise ZeroDivisionError
    return Count(total=(state.total if state else 0) + event.by)


counts = aggregate("things.count", Count, count_on, [Counted], category="count", snapshot_every=3)


@pytest.fixture
def counting(declare: Callable[..., None]) -> None:
    """`things.odd` counts by events alone, and says how much there was before."""

    def count(c: BumpThing, state: State, work: Work) -> dict[str, Any]:
        before = state.folded(counts, c.thing_id)
        work.emit(counts.stream(c.thing_id), Counted(by=c.by))
        return {"before": before.total if before else 0}

    declare(handler=count, needs=lambda c: (fold(counts, c.thing_id),))


def counted(thing: UUID, by: int = 1) -> Envelope:
    return bumped(thing, by, "things.odd")


@pytest.mark.usefixtures("counting")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ('data || \'{"branch": "x"}\'', "branch: Extra inputs are not permitted"),
        ("data || '{\"far\": 1e400}'", "far: Extra inputs are not permitted"),
        ("'{\"by\": 99}'", "`evolve` of things.count raised ZeroDivisionError"),
        ("'{}'", "by: Field required"),
    ],
)
def test_a_stored_event_that_cannot_be_read_costs_its_own_stream(
    things: Things, change: str, why: str
) -> None:
    spoilt, sound = uuid7(), uuid7()
    execute([counted(spoilt), counted(spoilt), counted(sound)])
    where = f"WHERE stream = 'count-{spoilt}' AND version = 2"
    things.connection.execute(f"UPDATE cqrs.events SET data = {change} {where}".encode())

    run = execute([counted(sound), counted(spoilt), counted(sound)])

    things.connection.execute(f"UPDATE cqrs.events SET data = '{{}}' {where}".encode())
    assert statuses(run) == ["succeeded", "dead", "succeeded"]
    error = error_of(run.outcomes[1])
    assert why in error
    assert f"(stream count-{spoilt}, version 2, things.Counted)" in error


@pytest.mark.usefixtures("counting")
def test_a_stored_event_of_a_newer_release_makes_the_commands_of_its_stream_wait(
    things: Things,
) -> None:
    newer, sound = uuid7(), uuid7()
    execute([counted(newer), counted(sound)])
    change = "UPDATE cqrs.events SET schema_version = 2 WHERE stream = %s"
    things.connection.execute(change, [f"count-{newer}"])

    first, waits, last = execute([counted(sound), counted(newer), counted(sound)]).outcomes

    assert isinstance(first, Receipt)
    assert isinstance(last, Receipt)
    assert isinstance(waits, DatabaseAway)
    assert not waits.whole
    assert "a newer release wrote it" in str(waits)


@pytest.mark.usefixtures("counting")
def test_a_snapshot_of_another_version_is_not_read_and_replaced(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    thing = uuid7()
    execute([counted(thing, 2) for _ in range(4)])
    assert things.one("SELECT shape FROM cqrs.snapshots") == 1
    monkeypatch.setattr(event_versions, "_steps", {})
    monkeypatch.setattr(Counted, "schema_version", 2)
    upcaster(Counted, 1)(lambda data: {"by": data["by"] * 10})

    (done,) = execute([counted(thing, 2)]).outcomes

    event_versions.as_stored.clear()
    assert isinstance(done, Receipt)
    assert done.data == {"before": 80}
    assert things.one("SELECT shape FROM cqrs.snapshots") == 2
    assert things.one("SELECT state FROM cqrs.snapshots") == {"total": 82}


@pytest.mark.usefixtures("counting")
def test_a_snapshot_that_cannot_be_read_is_dropped_and_the_stream_replayed(
    things: Things,
) -> None:
    thing, other = uuid7(), uuid7()
    for one in (thing, other):
        execute([counted(one, 2) for _ in range(4)])
    things.connection.execute(
        "UPDATE cqrs.snapshots SET state = '{\"sum\": 8}' WHERE stream = %s", [f"count-{thing}"]
    )

    run = execute([counted(thing), counted(other), counted(thing)])

    data = [one.data for one in run.outcomes if isinstance(one, Receipt)]
    assert data == [{"before": 8}, {"before": 8}, {"before": 9}]
    kept = things.connection.execute("SELECT stream, version, state FROM cqrs.snapshots ORDER BY 2")
    assert kept.fetchall() == [
        (f"count-{other}", 4, {"total": 8}),
        (f"count-{thing}", 6, {"total": 10}),
    ]


@pytest.mark.usefixtures("counting")
def test_a_snapshot_that_cannot_be_written_undoes_nothing(things: Things) -> None:
    things.connection.execute("REVOKE INSERT ON cqrs.snapshots FROM cqrs_writer")
    thing = uuid7()
    with capture_logs() as said:
        run = execute([counted(thing) for _ in range(3)])

    assert statuses(run) == ["succeeded"] * 3
    assert [one["event"] for one in said] == ["snapshots not kept"]
    assert run.event_types == {"things.Counted"}


# -------------------------------------------------------------------------- what is not there yet
def test_what_misses_a_table_is_put_off_and_the_table_is_named(things: Things) -> None:
    thing = uuid7()
    execute([added(thing)])
    things.connection.execute("CREATE TABLE query.t AS SELECT 1")
    one, other = bumped(thing), bumped(thing)
    things.connection.execute("ALTER TABLE command.things RENAME TO not_yet")

    run = execute([one, other, Envelope(uuid7(), "things.no_such", {})])

    assert statuses(run) == ["DatabaseAway", "DatabaseAway", "rejected"]
    away = run.outcomes[0]
    assert isinstance(away, DatabaseAway)
    assert 'relation "command.things" does not exist' in str(away)
    assert not things.connection.execute("SELECT FROM cqrs.dead_commands").fetchall()
    things.connection.execute("ALTER TABLE command.not_yet RENAME TO things")
    assert statuses(execute([one, other])) == ["succeeded", "succeeded"]


@pytest.mark.settings(lock_timeout=0.2)
def test_who_waits_for_a_lock_in_vain_holds_up_nobody_but_its_key(things: Things) -> None:
    taken, free = uuid7(), uuid7()
    execute([added(taken), added(free)])
    batch = [
        bumped(free),
        bumped(taken, key="k"),
        bumped(free, key="k"),
        bumped(free, key="another"),
    ]
    lock = "SELECT FROM command.things WHERE thing_id = %s FOR UPDATE"
    with held(things, lock, taken):
        run = execute(batch)

    assert statuses(run) == ["succeeded", "DatabaseInConflict", "DatabaseInConflict", "succeeded"]
    assert isinstance(run.outcomes[1], DatabaseInConflict)
    assert "lock timeout" in str(run.outcomes[1])


# ------------------------------------------------------------------------------ enqueued commands
@pytest.fixture
def enqueued(things: Things, redis: Any) -> Iterator[psycopg.Connection[Any]]:
    """A connection on which commands are enqueued."""
    with things.connect() as connection:
        yield connection


def put(connection: psycopg.Connection[Any], command: Any, **fields: Any) -> CommandResult:
    """Enqueue a command in a transaction of its own."""
    with connection.transaction():
        handle: CommandResult = command.enqueue(connection, **fields)
        return handle


def by_sql(connection: psycopg.Connection[Any], payload: str, **more: Any) -> UUID:
    """Enqueue a bump as any client may, with a payload that is checked by PostgreSQL alone."""
    id_ = uuid7()
    handle = put(connection, bump_thing, thing_id=uuid7(), command_id=id_, **more)
    connection.execute(
        "UPDATE cqrs.enqueued_commands SET payload = %s WHERE command_id = %s", [payload, id_]
    )
    return handle.command_id


def receipt_of(command_id: UUID) -> Receipt:
    receipt = CommandResult(str(command_id)).stored_receipt()
    assert receipt is not None
    return receipt


def waiting(connection: psycopg.Connection[Any]) -> int:
    return len(connection.execute("SELECT FROM cqrs.enqueued_commands").fetchall())


@pytest.mark.parametrize("payload", ['{"f": 1e400}', "null", "[1, 2]", '"text"'])
def test_an_enqueued_command_that_cannot_be_read_is_set_aside(
    enqueued: psycopg.Connection[Any], payload: str
) -> None:
    bad = by_sql(enqueued, payload, key="k")
    good = [put(enqueued, add_thing, price=Decimal("1.00"), key="k") for _ in range(3)]

    drain()

    assert [receipt_of(one.command_id).status for one in good] == [Status.SUCCEEDED] * 3
    receipt = receipt_of(bad)
    assert receipt.status is Status.DEAD
    assert "what was enqueued cannot be read" in (receipt.error or "")
    assert waiting(enqueued) == 0
    (letter,) = dead_commands.commands()
    assert letter.command_id == bad

    dead_commands.retry(bad, by="ada")
    drain()
    assert dead_commands.show(bad).attempts == 2
    enqueued.execute("UPDATE cqrs.dead_commands SET payload = '{\"thing_id\": null}'")
    dead_commands.retry(bad, by="ada")
    drain()
    assert receipt_of(bad).status is Status.REJECTED
    assert waiting(enqueued) == 0


def test_a_saga_hears_of_its_command_that_cannot_be_read(
    enqueued: psycopg.Connection[Any],
) -> None:
    bad, saga = by_sql(enqueued, "null"), uuid7()
    enqueued.execute("UPDATE cqrs.enqueued_commands SET causation_id = %s", [f"saga:{saga}"])

    drain()

    row = enqueued.execute("SELECT stream, data FROM cqrs.events").fetchone()
    assert row is not None
    stream, data = row
    assert stream == f"saga-{saga}"
    assert (data["command_id"], data["status"]) == (str(bad), "dead")
    assert receipt_of(bad).position == 1


def test_a_command_with_a_receipt_leaves_the_list_of_those_that_wait(
    enqueued: psycopg.Connection[Any],
) -> None:
    """Enqueued behind nobody, and sent with the same id as a message."""
    thing, nobody = uuid7(), uuid7()
    waits = put(
        enqueued, add_thing, thing_id=thing, price=Decimal("1.00"), note="", after=[nobody], key="k"
    )
    wire = {"thing_id": str(thing), "price": "1.00", "note": ""}
    behind = put(enqueued, bump_thing, thing_id=thing, key="k")
    drain()
    assert waiting(enqueued) == 2

    assert statuses(execute([Envelope(waits.command_id, "things.add", wire)])) == ["succeeded"]
    assert waiting(enqueued) == 1
    assert receipt_of(waits.command_id).succeeded
    enqueued.execute("UPDATE cqrs.enqueued_commands SET due_at = clock_timestamp()")
    drain()
    assert receipt_of(behind.command_id).succeeded
    assert waiting(enqueued) == 0


def test_and_also_if_it_got_its_receipt_from_an_older_release(
    enqueued: psycopg.Connection[Any],
) -> None:
    waits = put(enqueued, add_thing, price=Decimal("1.00"), after=[uuid7()])
    enqueued.execute(
        "UPDATE cqrs.receipts SET status = 'succeeded', completed_at = clock_timestamp()"
    )
    enqueued.execute("UPDATE cqrs.enqueued_commands SET enqueued_at = '2020-01-01'")

    drain()

    assert waiting(enqueued) == 0
    assert receipt_of(waits.command_id).status is Status.SUCCEEDED


def test_an_enqueued_command_that_misses_a_table_keeps_its_attempts(
    enqueued: psycopg.Connection[Any],
) -> None:
    waits = put(enqueued, add_thing, price=Decimal("1.00"))
    enqueued.execute("ALTER TABLE command.things RENAME TO not_yet")
    for _ in range(7):
        enqueued.execute("UPDATE cqrs.enqueued_commands SET due_at = clock_timestamp()")
        drain()

    row = enqueued.execute("SELECT attempts, put_off FROM cqrs.enqueued_commands").fetchone()
    assert row == (0, 'relation "command.things" does not exist')
    enqueued.execute("ALTER TABLE command.not_yet RENAME TO things")
    enqueued.execute("UPDATE cqrs.enqueued_commands SET due_at = clock_timestamp()")
    drain()
    assert receipt_of(waits.command_id).succeeded


@pytest.mark.settings(lock_timeout=0.1, command_attempts=2)
def test_an_enqueued_command_that_was_tried_in_vain_says_why(
    enqueued: psycopg.Connection[Any], things: Things
) -> None:
    thing = uuid7()
    execute([added(thing)])
    waits = put(enqueued, bump_thing, thing_id=thing)
    with held(things, "SELECT FROM command.things FOR UPDATE"):
        for _ in range(3):
            enqueued.execute("UPDATE cqrs.enqueued_commands SET due_at = clock_timestamp()")
            drain()

    receipt = receipt_of(waits.command_id)
    why = "the database could not run it in 2 tries (canceling statement due to lock timeout)"
    assert (receipt.status, receipt.error) == (Status.DEAD, why)
