"""A changeset is recorded first, happens whole or not at all, and stays in the history."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.schema.registry import SmallReadSide
from tests.schema.waiting import until_row
from worker.schema import (
    Context,
    Limits,
    RegistryDependentKind,
    dispatch_follow_ups,
    execute_changeset,
    history,
    load,
    track_change,
)
from worker.schema.errors import (
    ChangeFailed,
    ChangesetBusy,
    UnknownChangeset,
    VersionRefused,
    WrongStatus,
)
from worker.schema.execute.changeset_run import ChangesetRun
from worker.schema.execute.transaction import in_a_transaction

Connection = psycopg.Connection[Any]
TABLE = "CREATE TABLE command.orders (id int PRIMARY KEY, total int)"


def exists(db: Connection, name: str) -> bool:
    row = db.execute("SELECT to_regclass(%s) IS NOT NULL", [name]).fetchone()
    return bool(row and row[0])


@contextmanager
def holding(connect: Callable[[], Connection], lock: str) -> Iterator[None]:
    """Somebody else's transaction, holding a lock."""
    with connect() as connection, connection.transaction():
        connection.execute(lock.encode())
        yield


def test_command_operations_run_before_query_operations_in_one_transaction(
    context: Context, db: Connection
) -> None:
    db.execute("CREATE TABLE public.seen (n serial, side text, xid xid8)")
    note = "INSERT INTO public.seen (side, xid) SELECT '{}', pg_current_xact_id()"
    done = track_change(
        context,
        [note.format("c1"), note.format("c2")],
        [note.format("q1"), note.format("q2")],
        "Order of sides",
        "1.0.0",
    )
    rows = db.execute("SELECT side, xid FROM public.seen ORDER BY n").fetchall()
    assert [side for side, _ in rows] == ["c1", "c2", "q1", "q2"]
    assert len({xid for _, xid in rows}) == 1
    assert [(each.number, each.side.value) for each in done.operations] == [
        (1, "command"),
        (2, "command"),
        (3, "query"),
        (4, "query"),
    ]


def test_nobody_writes_through_a_view_that_a_changeset_makes(
    context: Context, db: Connection
) -> None:
    db.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA query GRANT ALL ON TABLES TO cqrs_writer")
    made = "CREATE VIEW query.listed AS SELECT id FROM query.listed_v1"
    track_change(context, [], ["CREATE TABLE query.listed_v1 (id int)", made], "A list", "1.0.0")
    row = db.execute(
        "SELECT has_table_privilege('cqrs_writer', 'query.listed_v1', 'UPDATE'),"
        " has_table_privilege('cqrs_writer', 'query.listed', 'UPDATE')"
    ).fetchone()
    assert row == (True, False)


def test_a_completed_changeset_says_who_when_and_how_long(context: Context, db: Connection) -> None:
    done = track_change(context, [TABLE], [], "Add orders", "1.0.0")
    assert (done.status, done.created_by, done.error) == ("completed", "tester", None)
    assert done.started_at is not None
    assert done.completed_at is not None
    assert done.created_at <= done.started_at <= done.completed_at
    (operation,) = done.operations
    assert (operation.kind, operation.object) == ("CREATE TABLE", "command.orders")
    assert operation.success is True
    assert operation.duration is not None
    assert 0 < operation.duration.total_seconds() < 5
    (line,) = history(db)
    assert (line.command_ops_count, line.query_ops_count, line.status) == (1, 0, "completed")


def test_a_failed_changeset_stays_visible_and_the_database_is_as_it_was(
    context: Context, db: Connection
) -> None:
    with pytest.raises(ChangeFailed, match="operation 2 failed: division by zero") as failure:
        track_change(
            context,
            [TABLE, "CREATE TABLE command.bad AS SELECT 1 / 0 AS n"],
            ["CREATE VIEW query.v AS SELECT 1"],
            "Breaks",
            "1.0.0",
        )
    assert not exists(db, "command.orders")
    failed = load(db, failure.value.changeset_id)
    assert failed.status == "failed"
    assert failed.error == "operation 2 failed: division by zero"
    assert [each.success for each in failed.operations] == [None, False, None]
    assert [each.started_at is not None for each in failed.operations] == [True, True, False]
    assert failed.failed_operation is not None
    assert failed.failed_operation.sqlstate == "22012" == failure.value.sqlstate
    (line,) = history(db, status="failed")
    assert (line.failed_operation, line.error) == (2, failed.error)


def test_a_failed_changeset_can_be_executed_again_once_its_cause_is_gone(
    context: Context, db: Connection
) -> None:
    with pytest.raises(ChangeFailed) as failure:
        track_change(context, ["INSERT INTO command.later VALUES (1)"], [], "Early", "1.0.0")
    db.execute("CREATE TABLE command.later (id int)")
    done = execute_changeset(context, failure.value.changeset_id)
    assert (done.status, done.error, done.operations[0].error) == ("completed", None, None)
    assert db.execute("SELECT id FROM command.later").fetchall() == [(1,)]


def test_a_changeset_that_is_not_atomic_is_recorded_and_waits(
    context: Context, db: Connection
) -> None:
    waiting = track_change(context, [TABLE], [], "Later", "1.0.0", atomic=False)
    assert waiting.status == "pending"
    assert not exists(db, "command.orders")
    assert execute_changeset(context, str(waiting.id)).status == "completed"
    assert exists(db, "command.orders")


def test_executing_twice_is_refused(context: Context) -> None:
    done = track_change(context, [TABLE], [], "Once", "1.0.0")
    with pytest.raises(WrongStatus, match="executed already"):
        execute_changeset(context, done.id)


def test_two_that_execute_one_changeset_at_a_time_have_it_run_once(
    context: Context, db: Connection
) -> None:
    db.execute("CREATE TABLE command.runs (at timestamptz)")
    waiting = track_change(
        context, ["INSERT INTO command.runs VALUES (now())"], [], "Once", "1.0.0", atomic=False
    )
    patient = replace(context, limits=context.limits.model_copy(update={"turn_timeout": 10}))
    refusals: list[WrongStatus] = []

    def run() -> None:
        try:
            execute_changeset(patient, waiting.id)
        except WrongStatus as refusal:
            refusals.append(refusal)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert db.execute("SELECT count(*) FROM command.runs").fetchone() == (1,)
    assert len(refusals) == 3


def test_only_one_changeset_executes_at_a_time_and_the_other_says_which(
    context: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    waiting = track_change(context, [TABLE], [], "The other", "1.0.0", atomic=False)
    running = track_change(
        context, ["SELECT pg_sleep(20)"], [], "The long one", "1.1.0", atomic=False
    )
    thread = threading.Thread(target=_quietly, args=(execute_changeset, context, running.id))
    thread.start()
    pid = until_row(db, "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")
    with pytest.raises(ChangesetBusy, match="The long one"):
        execute_changeset(context, waiting.id)
    db.execute("SELECT pg_terminate_backend(%s)", [pid])
    thread.join(timeout=20)
    assert load(db, running.id).status == "failed"
    assert execute_changeset(context, waiting.id).status == "completed"


def _quietly(call: Callable[..., object], *arguments: object) -> None:
    with suppress(ChangeFailed):
        call(*arguments)


def test_a_lock_that_cannot_be_had_is_given_up_after_bounded_tries_and_its_holder_named(
    context: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    db.execute(TABLE)
    with (
        holding(connect, "LOCK TABLE command.orders IN ACCESS SHARE MODE"),
        pytest.raises(ChangeFailed, match=r"no lock within 0\.2 s, 2 times over; held by process"),
    ):
        track_change(
            context, ["ALTER TABLE command.orders ADD COLUMN note text"], [], "Add", "1.0.0"
        )
    (line,) = history(db)
    failed = load(db, line.changeset_id)
    assert (failed.status, failed.attempts) == ("failed", 2)
    assert failed.operations[0].sqlstate == "55P03"
    assert execute_changeset(context, failed.id).status == "completed"


def test_a_lock_queue_never_blocks_the_application_longer_than_the_setting(
    context: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    """A reader holds a table for long; a changeset wants it; other readers hardly notice."""
    db.execute(TABLE)
    waits: list[float] = []
    ended = threading.Event()

    def read() -> None:
        with connect() as connection:
            while not ended.is_set():
                start = time.perf_counter()
                connection.execute("SELECT count(*) FROM command.orders")
                waits.append(time.perf_counter() - start)

    reader = threading.Thread(target=read)
    with holding(connect, "LOCK TABLE command.orders IN ACCESS SHARE MODE"):
        reader.start()
        with pytest.raises(ChangeFailed):
            track_change(
                context, ["ALTER TABLE command.orders ADD COLUMN note text"], [], "Add", "1.0.0"
            )
    ended.set()
    reader.join(timeout=10)
    assert 0.1 < max(waits) < 0.2 + 0.3  # queued behind the changeset, but no longer than it waits
    assert len(waits) > 20


def test_locks_are_given_back_between_tries_and_all_taken_within_one_limit(
    context: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    """Of two tables one is held by somebody: the other must not stay locked meanwhile."""
    db.execute("CREATE TABLE command.a (id int); CREATE TABLE command.b (id int)")
    done: list[str] = []
    patient = replace(context, limits=Limits(lock_timeout=0.2, lock_attempts=50, lock_pause=0.05))

    def change() -> None:
        operations = [f"ALTER TABLE command.{name} ADD COLUMN note text" for name in "ab"]
        done.append(track_change(patient, operations, [], "Add", "1.0.0").status)

    thread = threading.Thread(target=change)
    with holding(connect, "LOCK TABLE command.b IN ACCESS SHARE MODE"):
        thread.start()
        until_row(db, "SELECT 1 FROM cqrs.changesets WHERE attempts >= 3")
        with connect() as other:  # at some moment between two tries the first table is free
            other.execute("SET lock_timeout = '5s'")
            other.execute("SELECT count(*) FROM command.a")
        assert not done
    thread.join(timeout=20)
    assert done == ["completed"]


def test_a_statement_that_runs_too_long_is_stopped(context: Context, db: Connection) -> None:
    hasty = replace(context, limits=Limits(statement_timeout=0.1))
    with pytest.raises(ChangeFailed, match="statement timeout"):
        track_change(hasty, [TABLE, "SELECT pg_sleep(30)"], [], "Slow", "1.0.0")
    assert not exists(db, "command.orders")


def test_an_operation_cannot_lift_the_time_limits_for_the_next(
    context: Context, db: Connection
) -> None:
    """Calls of set_config are refused where the text shows them: here it does not."""
    lift = "set_config('statement_timeout', '0', false)"
    db.execute(f"CREATE FUNCTION command.sly() RETURNS text RETURN {lift}".encode())
    hasty = replace(context, limits=Limits(statement_timeout=0.2))
    with pytest.raises(ChangeFailed, match="statement timeout"):
        track_change(hasty, ["SELECT command.sly()", "SELECT pg_sleep(30)"], [], "Sly", "1.0.0")


def test_a_program_that_commits_on_its_own_is_stopped(context: Context, db: Connection) -> None:
    with pytest.raises(ChangeFailed, match="invalid transaction termination"):
        track_change(context, [TABLE, "DO 'BEGIN COMMIT; END'"], [], "Commits", "1.0.0")
    assert not exists(db, "command.orders")


@pytest.mark.parametrize("version", ["1.2.0", "1.1.9", "1.2.0-rc.1", "0.9.0"])
def test_a_version_that_is_not_higher_is_refused_unless_forced(
    context: Context, db: Connection, version: str
) -> None:
    track_change(context, [TABLE], [], "First", "1.2.0")
    second = ["CREATE TABLE command.second (id int)"]
    with pytest.raises(VersionRefused, match=r"does not follow 1\.2\.0"):
        track_change(context, second, [], "Second", version)
    assert [line.status for line in history(db)] == ["refused", "completed"]
    assert track_change(context, second, [], "Second", version, force=True).status == "completed"


def test_of_two_that_wait_with_one_version_only_the_first_is_executed(context: Context) -> None:
    first, second = (
        track_change(
            context, [f"CREATE TABLE command.{name} (id int)"], [], name, "1.0.0", atomic=False
        )
        for name in "ab"
    )
    assert execute_changeset(context, first.id).status == "completed"
    with pytest.raises(ChangeFailed, match=r"does not follow 1\.0\.0"):
        execute_changeset(context, second.id)


def test_versions_of_failed_changesets_do_not_count(context: Context) -> None:
    with pytest.raises(ChangeFailed):
        track_change(context, ["SELECT 1 / 0"], [], "Fails", "9.0.0")
    assert track_change(context, [TABLE], [], "Works", "1.0.0").status == "completed"


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ("DROP TABLE command.orders CASCADE", "drops table command.orders, used by query.totals"),
        (
            "ALTER TABLE command.orders DROP COLUMN total CASCADE",
            "drops column total of command.orders, used by query.totals",
        ),
        (
            "ALTER TABLE command.users DROP COLUMN name",
            "drops column name of command.users, used by projection users",
        ),
        (
            "ALTER TABLE command.users ALTER COLUMN name TYPE varchar",
            "retypes column name of command.users, used by projection users",
        ),
    ],
)
def test_a_major_version_is_needed_to_take_away_what_the_query_side_uses(
    context: Context, db: Connection, read_side: SmallReadSide, operation: str, why: str
) -> None:
    track_change(
        context,
        [TABLE, "CREATE TABLE command.users (id int, name text)"],
        ["CREATE VIEW query.totals AS SELECT total FROM command.orders"],
        "First",
        "1.0.0",
    )
    read_side.hang(RegistryDependentKind.PROJECTION, "users", "command.users")
    with pytest.raises(VersionRefused, match=r"a new major version is needed, 2\.0\.0") as refusal:
        track_change(context, [operation], [], "Breaks", "1.1.0")
    assert why in str(refusal.value)
    assert track_change(context, [operation], [], "Breaks", "2.0.0").status == "completed"


def test_a_column_that_nobody_on_the_query_side_uses_goes_without_a_major_version(
    context: Context,
) -> None:
    track_change(
        context,
        ["CREATE TABLE command.orders (id int, note text)"],
        ["CREATE VIEW query.ids AS SELECT id FROM command.orders"],
        "First",
        "1.0.0",
    )
    done = track_change(
        context, ["ALTER TABLE command.orders DROP COLUMN note"], [], "Tidy", "1.0.1"
    )
    assert done.status == "completed"


def test_exactly_what_the_change_owes_is_rebuilt_refreshed_and_purged_afterwards(
    context: Context, db: Connection, read_side: SmallReadSide
) -> None:
    db.execute(
        """CREATE TABLE command.orders (id int, total int);
        INSERT INTO command.orders VALUES (1, 1);
        CREATE TABLE command.other (id int);
        CREATE TABLE query.order_list (id int);
        CREATE MATERIALIZED VIEW query.sums AS SELECT sum(total) AS s FROM command.orders;
        CREATE MATERIALIZED VIEW query.twice AS SELECT 2 * s AS s FROM query.sums;
        CREATE MATERIALIZED VIEW query.others AS SELECT count(*) FROM command.other;
        CREATE MATERIALIZED VIEW query.listed AS SELECT count(*) FROM query.order_list"""
    )
    read_side.hang(RegistryDependentKind.PROJECTION, "order_list", "query.order_list")
    read_side.hang(RegistryDependentKind.CACHE_TAG, "sums", "query.sums")
    read_side.hang(RegistryDependentKind.CACHE_TAG, "lists", "query.order_list")
    read_side.hang(RegistryDependentKind.CACHE_TAG, "others", "query.others")
    done = track_change(
        context,
        ["UPDATE command.orders SET total = 0"],
        [
            "ALTER TABLE query.order_list ADD COLUMN total int",
            "CREATE MATERIALIZED VIEW query.empty AS SELECT id FROM command.orders WITH NO DATA",
        ],
        "All of it",
        "1.0.0",
    )
    assert read_side.rebuilt == ["order_list"]
    assert read_side.refreshed == ["query.empty", "query.listed", "query.sums", "query.twice"]
    assert sorted(read_side.purged) == ["lists", "sums"]
    assert done.followed_up_at is not None


def test_a_change_that_the_read_side_does_not_see_is_followed_by_nothing(
    context: Context, db: Connection, read_side: SmallReadSide
) -> None:
    db.execute(TABLE)
    db.execute("CREATE MATERIALIZED VIEW query.sums AS SELECT sum(total) FROM command.orders")
    read_side.hang(RegistryDependentKind.CACHE_TAG, "sums", "query.sums")
    track_change(
        context,
        [
            "CREATE INDEX orders_total ON command.orders (total)",
            "COMMENT ON TABLE command.orders IS 'orders'",
        ],
        [],
        "Faster",
        "1.0.0",
    )
    assert (read_side.rebuilt, read_side.refreshed, read_side.purged) == ([], [], [])


def test_a_follow_up_that_cannot_be_handed_over_stays_owed_until_it_is(
    context: Context, db: Connection, read_side: SmallReadSide
) -> None:
    db.execute("CREATE TABLE query.list (id int)")
    read_side.hang(RegistryDependentKind.PROJECTION, "list", "query.list")

    class Away(SmallReadSide):
        def rebuild(self, projections: Any) -> None:
            raise ConnectionError("the broker is away")

    away = replace(context, read_side=Away(context.connect, known=read_side.known))
    done = track_change(away, [], ["ALTER TABLE query.list ADD COLUMN n int"], "Wider", "1.0.0")
    assert (done.status, done.followed_up_at) == ("completed", None)
    assert dispatch_follow_ups(away) == 0
    assert dispatch_follow_ups(context) == 1
    assert read_side.rebuilt == ["list"]
    assert dispatch_follow_ups(context) == 0


def test_a_commit_whose_answer_was_lost_is_found_out_from_the_row_that_it_wrote(
    context: Context, db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit_and_lose_the_answer(run: ChangesetRun) -> None:
        in_a_transaction(run)
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(
        "worker.schema.execute.execution.in_a_transaction", commit_and_lose_the_answer
    )
    assert track_change(context, [TABLE], [], "Lost", "1.0.0").status == "completed"
    assert exists(db, "command.orders")


def test_a_connection_that_is_lost_in_the_middle_fails_the_changeset(
    context: Context, db: Connection
) -> None:
    db.execute(
        "CREATE FUNCTION command.end() RETURNS bool RETURN pg_terminate_backend(pg_backend_pid())"
    )
    with pytest.raises(ChangeFailed, match="operation 2 failed: terminating connection"):
        track_change(context, [TABLE, "SELECT command.end()"], [], "Lost", "1.0.0")
    assert not exists(db, "command.orders")
    assert history(db)[0].status == "failed"


def test_a_thousand_operations_are_one_changeset(context: Context, db: Connection) -> None:
    operations = [f"CREATE TABLE command.t_{number} (id int)" for number in range(1_000)]
    done = track_change(context, operations, [], "Many", "1.0.0")
    assert (done.status, len(done.operations)) == ("completed", 1_000)
    assert all(each.success for each in done.operations)


def test_of_hundreds_of_operations_none_stays_when_the_last_one_fails(
    context: Context, db: Connection
) -> None:
    operations = [f"CREATE TABLE command.t_{number} (id int)" for number in range(299)]
    with pytest.raises(ChangeFailed, match="operation 300 failed"):
        track_change(context, [*operations, "SELECT 1 / 0"], [], "Many", "1.0.0")
    assert not exists(db, "command.t_0")
    assert history(db)[0].failed_operation == 300


def test_changesets_of_a_name_that_is_no_uuid_are_unknown(context: Context) -> None:
    for name in ("nonsense", str(UUID(int=7)), "'; DROP TABLE cqrs.changesets; --"):
        with pytest.raises(UnknownChangeset, match="cqrs changeset list"):
            execute_changeset(context, name)


def test_the_type_of_a_column_that_a_view_shows_is_changed_as_the_plan_says(
    context: Context, db: Connection
) -> None:
    view = "CREATE VIEW query.totals AS SELECT id, total FROM command.orders"
    track_change(context, [TABLE], [view], "Orders", "1.0.0")
    db.execute("INSERT INTO command.orders VALUES (1, 42)")
    retype = "ALTER TABLE command.orders ALTER COLUMN total TYPE numeric"
    with pytest.raises(ChangeFailed, match="rename the column, add one of the new type"):
        track_change(context, [retype], ["DROP VIEW query.totals", view], "Retype", "2.0.0")
    done = track_change(
        context,
        [
            "ALTER TABLE command.orders RENAME COLUMN total TO total_was",
            "ALTER TABLE command.orders ADD COLUMN total numeric",
            "UPDATE command.orders SET total = total_was",
        ],
        ["DROP VIEW query.totals", view],
        "Retype",
        "2.0.0",
    )
    assert done.status == "completed"
    row = db.execute("SELECT total, pg_typeof(total)::text FROM query.totals").fetchone()
    assert row == (42, "numeric")
    drop = "ALTER TABLE command.orders DROP COLUMN total_was"
    assert track_change(context, [drop], [], "Tidy", "2.0.1").status == "completed"


def test_somebody_whose_time_is_limited_stops_trying_for_locks_in_time(
    context: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    db.execute(TABLE)
    limits = Limits(lock_timeout=0.1, lock_attempts=1_000, lock_pause=0.1).within(3.0)
    hasty = replace(context, limits=limits)
    start = time.monotonic()
    with (
        holding(connect, "LOCK TABLE command.orders IN ACCESS SHARE MODE"),
        pytest.raises(ChangeFailed, match=r"no lock within 0\.1 s, \d+ times over"),
    ):
        track_change(hasty, ["ALTER TABLE command.orders ADD COLUMN n int"], [], "Add", "1.0.0")
    assert time.monotonic() - start < 3.0 + 3.0
    assert 1 < load(db, history(db)[0].changeset_id).attempts < 30


def test_all_operations_together_have_no_more_time_than_the_changeset(
    context: Context, db: Connection
) -> None:
    hasty = replace(context, limits=Limits().within(1.5))
    with pytest.raises(ChangeFailed, match=r"operation 3 failed: the 1\.5 s were over"):
        track_change(hasty, ["SELECT pg_sleep(0.2)"] * 2 + ["SELECT pg_sleep(9)"], [], "S", "1.0.0")
