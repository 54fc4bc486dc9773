"""`cqrs status`: what it knows, and what it says when somebody does not answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from threading import Thread
from typing import Any

import psycopg
import pytest
from rich.console import Console

from tests.conftest import Database
from tests.support.programs import cqrs as run_cqrs
from tests.support.things.commands import add_thing
from tests.support.things.projections import thing_list
from tests.support.workers import Workers, until
from worker import event_log
from worker.base import settings
from worker.base.app import app
from worker.cli.status import render, seconds
from worker.commands.executor import execute
from worker.contracts import Envelope, uuid7
from worker.event_log import NewEvent
from worker.ops import status, subscription_admin
from worker.ops.status import LogStatus, ReadModelStatus, SubscriptionStatus
from worker.ops.troubles import Kind, troubles
from worker.rebuild import rebuild, verify
from worker.subscriptions import dead_letters, runner

LIST = "things.list"
pytestmark = pytest.mark.usefixtures("things", "redis")


def log() -> LogStatus:
    """What the database knows."""
    found = status.gather(timeout=0.01)
    assert found.log is not None, found.problem
    return found.log


def of(name: str = LIST) -> SubscriptionStatus:
    """One subscription."""
    (found,) = (one for one in status.subscription_statuses() if one.name == name)
    return found


def add_things(count: int) -> None:
    payloads = ({"thing_id": str(uuid7()), "price": "1.00"} for _ in range(count))
    execute([Envelope(uuid7(), "things.add", payload) for payload in payloads])


def shown() -> str:
    """The status as people see it."""
    console = Console(width=160, file=StringIO())
    with console.capture() as captured:
        found = status.gather(timeout=0.01)
        console.print(render(found, troubles(found)))
    return captured.get()


def kinds() -> set[Kind]:
    """What is wrong, but for the workers: here none runs."""
    found = [one for one in troubles(status.gather(timeout=0.01)) if one.kind != Kind.WORKERS]
    print(*found, sep="\n")  # shown with a failure
    return {one.kind for one in found}


@contextmanager
def changed(monkeypatch: pytest.MonkeyPatch, **urls: str) -> Iterator[None]:
    """Other addresses for a while."""
    with monkeypatch.context() as patch:
        patch.setattr(settings, "_current", settings.get_settings().model_copy(update=urls))
        yield


def test_every_server_is_named_with_its_version_and_without_its_password(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_password = database.url.replace("postgres@", "postgres:hush@")
    assert "hush" in with_password
    with changed(monkeypatch, database_url=with_password):
        found = status.gather(timeout=0.01)
    assert [one.name for one in found.servers] == ["database", "broker", "results", "cache"]
    assert found.servers[0].version is not None
    assert found.servers[0].version.startswith("PostgreSQL 1")
    assert all(one.version and one.version.startswith("Valkey ") for one in found.servers[1:])
    assert "hush" not in json.dumps(found.to_json(), default=str)


def test_a_server_that_does_not_answer_is_a_line_and_the_rest_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with changed(monkeypatch, cache_url="redis://127.0.0.1:1/0"):
        found = status.gather(timeout=0.01)
    cache = found.servers[-1]
    assert cache.version is None
    assert cache.problem is not None
    assert "refused" in cache.problem
    assert found.log is not None


def test_a_database_that_was_never_migrated_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.connect() as connection:
        connection.execute("DROP SCHEMA cqrs CASCADE")
    found = status.gather(timeout=0.01)
    assert found.log is None
    assert found.problem is not None
    assert "Run `cqrs migrate`" in found.problem
    assert "cqrs migrate" in " ".join(shown().split())  # wherever a line ends


def test_a_subscription_that_lags_says_by_how_many_events_and_how_long() -> None:
    runner.catch_up()
    assert (of().lag_events, of().lag_seconds) == (0, 0.0)
    add_things(3)
    lagging = of()
    assert (lagging.position, lagging.lag_events, lagging.lag_is_exact) == (0, 3, True)
    assert lagging.lag_seconds is not None
    assert 0 < lagging.lag_seconds < 60
    runner.catch_up()
    assert (of().position, of().lag_events) == (3, 0)


def test_a_lag_beyond_counting_is_said_to_be_at_least_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(status, "LAG_RANGE", 2)
    add_things(5)
    assert (of().lag_events, of().lag_is_exact) == (2, False)
    assert "over 2" in shown()


def test_only_events_that_a_subscription_wants_make_it_lag(database: Database) -> None:
    runner.catch_up()
    with database.connect() as connection:
        event_log.append(connection, [NewEvent("other-1", "other.Thing", {})])
    assert of().lag_events == 0


def test_pauses_letters_deaths_and_errors_are_told(database: Database) -> None:
    runner.catch_up()
    subscription_admin.pause(LIST)
    subscription_admin.set_batch_size(LIST, 9)
    subscription_admin.set_partitions(LIST, 2)
    assert kinds() == set(), "whoever pauses it means to"
    with database.connect() as connection:
        connection.execute("UPDATE cqrs.subscriptions SET error = 'TypeError: oh', deaths = 2")
    found = of()
    assert kinds() == {Kind.SUBSCRIPTIONS}
    assert (found.kind, found.declared, found.paused) == ("projection", True, True)
    assert (found.error, found.deaths, found.batch_size) == ("TypeError: oh", 2, 9)
    assert found.partitions == 2
    assert "paused" in shown()
    assert "2 processes died over it" in shown()


def test_partitions_are_told_as_one_that_is_as_far_as_the_slowest(database: Database) -> None:
    runner.catch_up()
    subscription_admin.set_partitions(LIST, 2)
    with database.connect() as connection:
        connection.execute(
            "UPDATE cqrs.subscriptions SET position = 5 + partition,"
            " error = 'Error: ' || partition WHERE subscription = %s",
            [LIST],
        )
    assert (of().position, of().error) == (5, "Error: 0; Error: 1")


def test_dead_letters_are_counted_per_subscription(database: Database) -> None:
    with database.connect() as connection:
        bump = {"thing_id": str(uuid7()), "by": 1}  # of a thing that was never added
        event_log.append(connection, [NewEvent("thing-x", "things.ThingBumped", bump)])
    runner.catch_up()
    (letter,) = dead_letters.find()
    assert of().dead_letters == 1
    assert kinds() == {Kind.DEAD_LETTERS}
    dead_letters.discard(letter.id, by="ada")
    assert of().dead_letters == 0
    assert kinds() == set()


def test_a_subscription_that_no_domain_declares_is_shown_as_such(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("INSERT INTO cqrs.subscriptions (name) VALUES ('gone.by')")
    found = of("gone.by")
    assert (found.declared, found.kind, found.lag_events) == (False, "unknown", None)
    assert "no domain declares it" in shown()


def test_who_holds_the_horizon_is_named(database: Database) -> None:
    add_things(1)
    with database.connect(application_name="slow appender") as slow, slow.transaction():
        event_log.append(slow, [NewEvent("other-1", "other.Thing", {})])
        found = log()
        assert (found.horizon, found.last_position) == (1, 2)
        (holder,) = found.holders
        assert (holder.pid, holder.application_name) == (slow.info.backend_pid, "slow appender")
        assert "slow appender" in shown()
    assert log().holders == []


def test_enqueued_commands_that_wait_are_told_with_their_age(database: Database) -> None:
    assert (log().enqueued, log().enqueued_seconds) == (0, None)
    with database.transaction() as connection:
        for _ in range(3):
            add_thing.enqueue(connection, thing_id=uuid7(), price=Decimal("1.00"))
    found = log()
    assert (found.enqueued, found.enqueued_due) == (3, 3)
    with database.connect() as connection:
        later = "UPDATE cqrs.enqueued_commands SET due_at = now() + interval '1 h' WHERE seq = %s"
        connection.execute(later, [1])
    assert (log().enqueued, log().enqueued_due) == (3, 2)
    assert found.enqueued_seconds is not None
    assert 0 < found.enqueued_seconds < 60


def test_queues_tell_how_many_messages_wait() -> None:
    lengths = {one.name: one.length for one in status.gather(timeout=0.01).queues}
    assert lengths == {"commands": 0, "projections": 0, "reactions": 0, "maintenance": 0}
    add_thing.delay(thing_id=uuid7(), price=Decimal("1.00"))
    app.send_task("cqrs.sweep", ignore_result=True)
    lengths = {one.name: one.length for one in status.gather(timeout=0.01).queues}
    assert lengths == {"commands": 1, "projections": 0, "reactions": 0, "maintenance": 1}


def test_workers_that_answer_are_listed_with_their_queues(workers: Workers) -> None:
    worker = workers.start(["commands", "reactions"], concurrency=1)
    (found,) = status.gather(timeout=2).workers
    assert (found.name, found.queues) == (worker.name, ["commands", "reactions"])


def test_rebuilds_under_way_are_told(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO cqrs.rebuilds"
            " (name, shape, shadow, goes_live, from_position, upto, position, events, left_out)"
            " VALUES ('things.list', 1, 'things_v1b', true, 0, 400, 100, 90, '[]')"
        )
    (rebuild,) = log().rebuilds
    assert (rebuild.name, rebuild.state, rebuild.events) == (LIST, "building", 90)
    assert "rebuild of things.list: building, 25%" in shown()


def test_open_deployments_are_told(database: Database) -> None:
    with database.connect() as connection:
        assert log().deployments == []
        connection.execute("INSERT INTO cqrs.deployments (name, begun_by) VALUES ('autumn', 'ada')")
    (deployment,) = log().deployments
    assert (deployment.name, deployment.begun_by) == ("autumn", "ada")
    assert "deployment autumn: begun by ada" in shown()


def test_a_changeset_that_is_being_executed_is_told(database: Database) -> None:
    with database.connect() as connection:
        for status in ("pending", "in_progress"):
            connection.execute(
                "INSERT INTO cqrs.changesets (description, version, status, created_by, started_at)"
                " VALUES ('add a colour', '1.2.0', %s, 'ada', now() - interval '3 minutes')",
                [status],
            )
    (change,) = log().changesets
    assert (change.description, change.version, change.by) == ("add a colour", "1.2.0", "ada")
    assert change.seconds is not None
    assert 180 <= change.seconds < 240
    assert "changeset add a colour, version 1.2.0: being executed by ada since 3 min" in shown()


def test_stuck_sagas_are_told(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO cqrs.sagas (saga_id, saga_type, key, state) VALUES"
            " (gen_random_uuid(), 'things.journey', 'a', '{\"status\": \"stuck\"}')"
        )
        connection.execute("REFRESH MATERIALIZED VIEW query.saga_status")
    (stuck,) = log().stuck_sagas
    assert (stuck.saga_type, stuck.count) == ("things.journey", 1)
    assert kinds() == {Kind.SAGAS}
    assert "stuck sagas of things.journey: 1 (cqrs sagas list)" in shown()


def read_model(name: str = LIST) -> ReadModelStatus:
    """What is known of one read model."""
    (found,) = (one for one in log().read_models if one.name == name)
    return found


def test_a_read_model_that_was_never_compared_says_so() -> None:
    assert read_model().table is None
    runner.catch_up()
    assert read_model() == ReadModelStatus(LIST, "things_v1", None, False, None, None)


def test_the_last_verification_is_told_and_whether_it_found_drift(database: Database) -> None:
    add_things(3)
    runner.catch_up()
    verify.verify(LIST)
    sound = read_model()
    assert sound.verified is not None
    assert (sound.verified.checked, sound.verified.differing, sound.drifted) == (3, 0, False)
    assert timedelta(0) < datetime.now(UTC) - sound.verified.at < timedelta(minutes=1)
    with database.connect() as connection:
        connection.execute("UPDATE query.things_v1 SET n = n + 1")
    verify.verify(LIST)
    assert read_model().drifted
    assert kinds() == {Kind.READ_MODELS}
    assert "3 rows, 3 differed" in shown()
    assert "rows drifted (cqrs rebuild)" in shown()


def test_a_rebuild_after_the_drift_was_found_ends_it(database: Database) -> None:
    add_things(3)
    runner.catch_up()
    with database.connect() as connection:
        connection.execute("UPDATE query.things_v1 SET n = n + 1")
    verify.verify(LIST)
    rebuild(LIST, jobs=1)
    found = read_model()
    assert not found.drifted
    assert kinds() == set()
    assert found.rebuilt is not None
    assert found.rebuilt.differing == 3
    assert "ago: 3 differed" in shown()


def test_a_comparison_ends_no_drift(database: Database) -> None:
    add_things(1)
    runner.catch_up()
    with database.connect() as connection:
        connection.execute("UPDATE query.things_v1 SET n = n + 1")
    verify.verify(LIST)
    rebuild(LIST, jobs=1, goes_live=False)
    assert read_model().drifted


def test_a_read_model_of_another_version_needs_a_rebuild(monkeypatch: pytest.MonkeyPatch) -> None:
    runner.catch_up()
    monkeypatch.setattr(thing_list, "version", 2)
    assert read_model().needs_rebuild
    assert "the code declares version 2, the live table is of version 1" in shown()


def test_the_whole_status_is_plain_json() -> None:
    add_things(1)
    told = json.loads(json.dumps(status.gather(timeout=0.01).to_json()))
    assert told["log"]["last_position"] == 1
    assert {"servers", "workers", "queues", "log", "problem", "put_off"} == set(told)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.44, "0.4 s"), (12.3, "12 s"), (180, "3 min"), (9_000, "2.5 h")],
)
def test_times_are_told_as_people_read_them(value: float, text: str) -> None:
    assert seconds(value) == text


def test_a_database_of_another_version_is_a_problem(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("UPDATE cqrs.alembic_version SET version_num = '0000_before'")

    found = status.gather(timeout=0.01)

    assert found.problem is not None
    assert "it is at 0000_before" in found.problem
    assert "Run `cqrs migrate`" in found.problem
    assert kinds() == {Kind.DATABASE}


def test_nothing_is_wrong_with_a_fresh_database_but_that_no_worker_runs(database: Database) -> None:
    (trouble,) = troubles(status.gather(timeout=0.01))
    assert trouble.kind is Kind.WORKERS
    assert "queues commands, projections, reactions, maintenance: start one" in trouble.sentence


def test_all_is_well_while_somebody_takes_every_queue(workers: Workers) -> None:
    workers.start(["commands", "projections"])
    workers.start(["reactions", "maintenance"])
    # Asked by a program that has the workers' domains, and not all those of the tests.
    told = run_cqrs("status", "--json")
    assert json.loads(told.stdout)["troubles"] == []
    assert told.returncode == 0


def test_who_waits_for_whose_lock_is_told(database: Database) -> None:
    add_things(1)
    with psycopg.connect(database.url, application_name="a report") as holder:
        holder.execute("SELECT FROM command.things FOR UPDATE")
        with waiting_for_it(database.url) as waiter:
            (wait,) = until(lambda: log().lock_waits, 10)
            assert (wait.pid, wait.application_name) == (waiter, "cqrs writer")
            assert wait.relation == "command.things"
            assert (wait.blocker_pid, wait.blocker) == (holder.info.backend_pid, "a report")
            assert wait.state == "idle in transaction"
            assert kinds() == {Kind.LOCKS}
            told = " ".join(shown().split())
            assert "for a lock on command.things; it is held by process" in told
            assert "a report, idle in transaction, open for" in told
        holder.rollback()


@contextmanager
def waiting_for_it(url: str) -> Iterator[int]:
    """Somebody like a worker who wants the same row, in another thread; its process id."""
    with psycopg.connect(url, application_name="cqrs writer", autocommit=True) as waiter:
        wants = Thread(target=_wait_for_the_row, args=[waiter])
        wants.start()
        try:
            yield waiter.info.backend_pid
        finally:
            waiter.cancel_safe()
            wants.join()


def _wait_for_the_row(waiter: psycopg.Connection[Any]) -> None:
    with suppress(psycopg.errors.QueryCanceled):
        waiter.execute("SELECT FROM command.things FOR UPDATE")
