"""Commands sent by `.delay()` that share a transaction: nobody can tell by what comes of them.

Each test lets commands gather behind a worker's one busy process, so that they go together.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis as redis_py
from celery import chain, chord, group, states
from celery.exceptions import TaskRevokedError

from tests.conftest import Database
from tests.support.things.commands import BEGUN, add_thing, bump_thing, drop_thing
from tests.support.waiting import held
from tests.support.workers import ROOT, Worker, Workers, until
from worker.base import settings
from worker.base.actor import acting_as
from worker.base.app import app
from worker.base.settings import get_settings
from worker.commands import SQL
from worker.commands.command_result import CommandResult
from worker.contracts import Receipt, Status, uuid7

pytestmark = [pytest.mark.usefixtures("things", "redis"), pytest.mark.timeout(120)]
LONG = pytest.mark.settings(task_soft_time_limit=30, task_time_limit=40, visibility_timeout=50)
PATIENT = pytest.mark.settings(task_soft_time_limit=3, task_time_limit=4, visibility_timeout=50)


@pytest.fixture
def workers(
    things: Database, redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workers]:
    """Workers that are told to."""
    chosen = settings.changed(get_settings(), delay_in_batches=True)
    monkeypatch.setattr(settings, "_current", chosen)
    started = Workers(chosen, ROOT)
    yield started
    started.stop()


def a_thing() -> UUID:
    return UUID(add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"])


def some_things(count: int) -> list[UUID]:
    """New things, bumped once each; by then the worker knows how long its commands take, too."""
    made = [a_thing() for _ in range(count)]
    for _ in range(8):
        bump(uuid7()).receipt(20)
    for thing in made:
        bump_thing.delay(thing_id=thing).receipt(20)
    return made


def bump(thing: UUID, mishap: str = "", **options: Any) -> CommandResult:
    return bump_thing.apply_async(kwargs={"thing_id": thing, "mishap": mishap}, **options)


@contextmanager
def busy(things: Database, worker: Worker) -> Iterator[None]:
    """The worker's one process has something else to do until this block ends."""
    with held(things, SQL["lock_claims"]):
        drain = app.send_task("cqrs.drain")
        until(lambda: drain.id in ids(worker, "active"), 10, "nobody is busy")
        yield


def ids(worker: Worker, kind: str) -> list[str]:
    """Of the tasks that wait in a worker (`reserved`), or run there (`active`)."""
    inspect = app.control.inspect(destination=[worker.name], timeout=1)
    return [one["id"] for one in (getattr(inspect, kind)() or {}).get(worker.name, ())]


def gathered(worker: Worker, count: int) -> None:
    """Wait until so many commands wait in the worker."""
    until(lambda: len(ids(worker, "reserved")) == count, 15, f"no {count} commands wait")


def together(things: Database, worker: Worker, sent: Any) -> list[CommandResult]:
    """Have the worker take as one batch what this sends."""
    with busy(things, worker):
        handles: list[CommandResult] = sent()
        gathered(worker, len(handles))
    return handles


def transactions(things: Database, handles: Sequence[CommandResult]) -> list[int]:
    """How many of these receipts each transaction has written, most first."""
    with things.connect() as connection:
        rows = connection.execute(
            "SELECT count(*) FROM cqrs.receipts WHERE command_id = ANY(%s)"
            " GROUP BY xmin::text ORDER BY 1 DESC",
            ([handle.command_id for handle in handles],),
        ).fetchall()
    return [count for (count,) in rows]


def number(things: Database, thing: UUID) -> int:
    with things.connect() as connection:
        row = connection.execute("SELECT n FROM command.things WHERE thing_id = %s", (thing,))
        return int(row.fetchone()[0])  # type: ignore[index]


def succeeded(handles: Sequence[CommandResult]) -> list[Receipt]:
    receipts = [handle.receipt(30) for handle in handles]
    assert [one.status for one in receipts] == [Status.SUCCEEDED] * len(handles)
    return receipts


@contextmanager
def listening() -> Iterator[dict[str, list[dict[str, Any]]]]:
    """The events of each task, as Flower hears them; from the beginning of the block."""
    seen: dict[str, list[dict[str, Any]]] = {}
    ended = threading.Event()

    def listen() -> None:
        with app.connection_for_read() as connection:
            note = {"*": lambda event: seen.setdefault(event.get("uuid", ""), []).append(event)}
            receiver = app.events.Receiver(connection, handlers=note)
            for _ in receiver.itercapture(limit=None, timeout=30, wakeup=True):
                if ended.is_set():
                    break

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        until(lambda: seen.get(""), 20, "no worker is heard of")
        yield seen
    finally:
        ended.set()
        app.control.heartbeat()
        listener.join()


def unacknowledged(redis: redis_py.Redis) -> int:
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        return int(broker.hlen("cqrs.unacked"))


def test_what_waits_in_a_busy_worker_shares_transactions(
    things: Database, workers: Workers, redis: redis_py.Redis
) -> None:
    worker = workers.start(["commands"], concurrency=1)
    first, second, third = some_things(3)
    with acting_as("user:1", roles=["admin"]):
        for _ in range(4):
            drop_thing.delay(thing_id=uuid7()).receipt(20)

    def sent() -> list[CommandResult]:
        bumps = [bump(first), bump(second), bump(first)]
        return [*bumps, drop_thing.delay(thing_id=third), bump(uuid7())]

    with acting_as("user:1", roles=["admin"]):
        handles = together(things, worker, sent)
    *good, dropped, refused = handles
    assert [one.data["n"] for one in succeeded(good)] == [2, 2, 3]
    succeeded([dropped])
    assert "no such thing" in (refused.receipt(20).error or "")
    assert refused.get(timeout=5)["status"] == "rejected"  # the result backend has them all
    assert [handle.state for handle in handles] == [states.SUCCESS] * 5
    # On a slow machine commands seem slow, and fewer go together.
    assert transactions(things, handles)[0] > 1
    until(lambda: unacknowledged(redis) == 0, 10, "messages are left")


def test_a_worker_that_is_told_not_to_runs_each_alone(things: Database, workers: Workers) -> None:
    off = {"CQRS_DELAY_IN_BATCHES": "0", "CQRS_COMMAND_PREFETCH": "9"}
    worker = workers.start(["commands"], concurrency=1, environ=off)
    (thing,) = some_things(1)
    with busy(things, worker):
        handles = [bump(thing) for _ in range(3)]
    succeeded(handles)
    assert transactions(things, handles) == [1, 1, 1]


@LONG
def test_a_bug_costs_its_neighbours_nothing(things: Database, workers: Workers) -> None:
    worker = workers.start(["commands"], concurrency=1)
    (thing,) = some_things(1)
    mishaps = ["", "bug", "needs raises", "returns a long integer", ""]
    handles = together(things, worker, lambda: [bump(thing, one) for one in mishaps])
    statuses = [handle.receipt(20).status for handle in handles]
    dead = Status.DEAD
    assert statuses == [Status.SUCCEEDED, dead, dead, dead, Status.SUCCEEDED]
    assert number(things, thing) == 3


@LONG
def test_a_killer_costs_each_neighbour_one_rerun(things: Database, workers: Workers) -> None:
    """Four deaths are its own: it is retried three times, alone, as it always was."""
    worker = workers.start(["commands"], concurrency=1)
    first, second = some_things(2)
    begun = get_settings().home / BEGUN
    (get_settings().home / "mended").touch()

    def sent() -> list[CommandResult]:
        before = bump(first, "waits until mended")  # each of its runs leaves a line in `begun`
        return [before, bump(first, "kill"), bump(second)]

    before, killer, after = together(things, worker, sent)
    succeeded([before, after])
    receipt = killer.receipt(40)
    assert receipt.status is Status.DEAD
    assert "its worker process ended every time" in (receipt.error or "")
    assert len(begun.read_text().splitlines()) == 2
    assert (number(things, first), number(things, second)) == (2, 2)
    assert worker.log.read_text().count("a batch was lost") == 1


@PATIENT
@pytest.mark.parametrize("mishap", ["stands still", "deaf"])
def test_a_time_limit_is_its_own_who_passes_it(
    things: Database, workers: Workers, mishap: str
) -> None:
    """The soft limit is heard by the one, the hard one ends the other."""
    worker = workers.start(["commands"], concurrency=1)
    first, second = some_things(2)
    handles = together(
        things, worker, lambda: [bump(first), bump(first, mishap), bump(second), bump(second)]
    )
    before, slow, *after = handles
    succeeded([before, *after])
    receipt = slow.receipt(30)
    assert receipt.status is Status.DEAD
    why = "it took longer than 3 s" if mishap == "stands still" else "TimeLimitExceeded"
    assert why in (receipt.error or "")
    assert (number(things, first), number(things, second)) == (2, 3)
    passed = "its commands go alone"
    assert passed in worker.log.read_text()


@PATIENT
def test_a_batch_ends_before_its_next_command_could_pass_the_limit(
    things: Database, workers: Workers
) -> None:
    """Each has the whole of its time, though all of them together have not."""
    worker = workers.start(["commands"], concurrency=1)
    (thing,) = some_things(1)
    home = get_settings().home
    begun = home / BEGUN

    def two_slow() -> list[CommandResult]:
        return [bump(thing, "waits until mended"), bump(thing), bump(thing)]

    handles = together(things, worker, two_slow)
    until(begun.exists, 10, "it has not begun")
    threading.Timer(0.5, (home / "mended").touch).start()  # longer than a batch begins others
    succeeded(handles)
    assert transactions(things, handles)[0] < 3
    assert len(begun.read_text().splitlines()) == 1  # it was not run again
    # From here on it is known to be slow, and goes alone.
    handles = together(things, worker, lambda: [bump(thing), bump(thing)])
    succeeded(handles)
    assert transactions(things, handles) == [1, 1]


@LONG
@pytest.mark.parametrize("by", ["control", "handle"])
def test_revoked_while_it_waits(things: Database, workers: Workers, by: str) -> None:
    worker = workers.start(["commands"], concurrency=1)
    (thing,) = some_things(1)
    with busy(things, worker):
        handles = [bump(thing) for _ in range(3)]
        gathered(worker, 3)
        if by == "control":
            app.control.revoke(handles[1].id, destination=[worker.name], reply=True, timeout=10)
        else:
            handles[1].revoke()
    succeeded([handles[0], handles[2]])
    receipt = handles[1].receipt(20)
    assert (receipt.status, receipt.error) == (Status.REJECTED, "it was revoked")
    with pytest.raises(TaskRevokedError):
        handles[1].get(timeout=10)
    assert number(things, thing) == 3


@LONG
def test_expired_while_it_waits(things: Database, workers: Workers) -> None:
    worker = workers.start(["commands"], concurrency=1)
    (thing,) = some_things(1)
    with busy(things, worker):
        soon = datetime.now(UTC) + timedelta(seconds=1.5)
        handles = [bump(thing), bump(thing, expires=soon), bump(thing)]
        gathered(worker, 3)
        until(lambda: datetime.now(UTC) > soon)
    succeeded([handles[0], handles[2]])
    assert handles[1].receipt(20).error == "it expired before it was run"
    assert number(things, thing) == 3


@LONG
def test_terminated_while_it_runs_costs_its_neighbours_one_rerun(
    things: Database, workers: Workers
) -> None:
    worker = workers.start(["commands"], concurrency=1)
    (thing,) = some_things(1)
    handles = together(
        things, worker, lambda: [bump(thing), bump(thing, "stands still"), bump(thing)]
    )
    until(lambda: handles[1].id in ids(worker, "active"), 10)
    app.control.revoke(handles[1].id, terminate=True, destination=[worker.name])
    assert handles[1].receipt(20).error == "it was terminated"
    succeeded([handles[0], handles[2]])
    assert number(things, thing) == 3


@LONG
def test_chains_chords_and_links_go_on_from_each_member(things: Database, workers: Workers) -> None:
    worker = workers.start(["commands"], concurrency=1)
    first, second, third = some_things(3)
    with busy(things, worker):
        last = chain(bump_thing.s(thing_id=first), bump_thing.s(thing_id=first)).apply_async()
        body = chord(
            [bump_thing.s(thing_id=second), bump_thing.s(thing_id=second)],
            bump_thing.s(thing_id=second),
        ).apply_async()
        link = bump_thing.s(thing_id=third).set(task_id=str(uuid4()))
        linked = bump(third, link=link)
        members = group([bump_thing.s(thing_id=first), bump_thing.s(thing_id=uuid7())])
        refused = chord(members, bump_thing.s(thing_id=third)).apply_async()
        stopped = chain(bump_thing.s(thing_id=uuid7()), bump_thing.s(thing_id=first)).apply_async()
        gathered(worker, 7)
    succeeded([last, last.parent, body, linked, CommandResult(link.id)])
    assert "a member of its chord did not succeed" in (refused.receipt(20).error or "")
    assert "an earlier command of its chain was refused" in (stopped.receipt(20).error or "")
    assert number(things, first) == 4
    assert (number(things, second), number(things, third)) == (4, 3)


@LONG
def test_after_waits_for_one_of_its_batch_and_for_one_that_is_not_there(
    things: Database, workers: Workers
) -> None:
    worker = workers.start(["commands"], concurrency=1)
    (thing,) = some_things(1)
    late = uuid7()

    def sent() -> list[CommandResult]:
        one = bump(thing)
        return [one, bump(thing, after=[one]), bump(thing, after=[late])]

    one, behind, waits = together(things, worker, sent)
    succeeded([one, behind])
    bump(thing, task_id=late)
    succeeded([waits])
    assert number(things, thing) == 5


@LONG
def test_one_id_twice_in_a_batch_has_effect_once(things: Database, workers: Workers) -> None:
    worker = workers.start(["commands"], concurrency=1)
    (thing,) = some_things(1)
    with busy(things, worker):
        twice = uuid7()
        handles = [bump(thing), bump(thing, task_id=twice), bump(thing, task_id=twice)]
        gathered(worker, 3)
    succeeded(handles)
    assert number(things, thing) == 3


@LONG
def test_whoever_listens_to_events_sees_each_as_if_it_were_alone(
    things: Database, workers: Workers
) -> None:
    worker = workers.start(["commands"], concurrency=1)
    (thing,) = some_things(1)
    with listening() as seen:
        handles = together(things, worker, lambda: [bump(thing), bump(thing, "bug"), bump(thing)])
        until(lambda: all(len(seen.get(handle.id, ())) == 4 for handle in handles), 20)
    for handle, end in zip(handles, ("succeeded", "failed", "succeeded"), strict=True):
        kinds = [event["type"] for event in seen[handle.id]]
        assert sorted(kinds) == sorted(
            ["task-sent", "task-received", "task-started", f"task-{end}"]
        )
    done = next(e for e in seen[handles[0].id] if e["type"] == "task-succeeded")
    assert "'status': 'succeeded'" in done["result"]
    assert 0 < done["runtime"] < 10


@LONG
def test_a_worker_that_stops_gives_back_what_waits(things: Database, workers: Workers) -> None:
    worker = workers.start(["commands"], concurrency=1)
    (thing,) = some_things(1)
    with busy(things, worker):
        handles = [bump(thing) for _ in range(5)]
        gathered(worker, 5)
        worker.process.send_signal(signal.SIGTERM)
        until(lambda: "Warm shutdown" in worker.log.read_text(), 10)
    until(worker.ended, 20)
    assert _queued() == 5
    workers.start(["commands"], concurrency=1)
    succeeded(handles)
    assert number(things, thing) == 6


@LONG
def test_a_cold_shutdown_loses_none(
    things: Database, workers: Workers, redis: redis_py.Redis
) -> None:
    """Some wait, and a batch is under way: all of them come again, and take effect once."""
    worker = workers.start(["commands"], concurrency=1)
    (thing,) = some_things(1)
    riding = together(
        things, worker, lambda: [bump(thing), bump(thing, "waits until mended"), bump(thing)]
    )
    until((get_settings().home / BEGUN).exists, 10)
    waiting = [bump(thing) for _ in range(3)]
    gathered(worker, 3)
    worker.process.send_signal(signal.SIGQUIT)
    time.sleep(0.5)  # Celery takes a second signal for a wish to end at once, if it is not the same
    worker.process.send_signal(signal.SIGQUIT)
    until(worker.ended, 30)
    (get_settings().home / "mended").touch()
    workers.start(["commands"], concurrency=1)
    succeeded([*riding, *waiting])
    assert number(things, thing) == 7


def test_who_has_waited_half_the_visibility_timeout_is_given_back(
    things: Database, workers: Workers
) -> None:
    worker = workers.start(["commands"], concurrency=1)
    (thing,) = some_things(1)
    with busy(things, worker):
        handles = [bump(thing) for _ in range(2)]
        until(lambda: "have waited long" in worker.log.read_text(), 15)
        assert not any(handle.stored_receipt() for handle in handles)
    succeeded(handles)
    assert number(things, thing) == 3


def _queued() -> int:
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        return int(broker.llen("commands"))
