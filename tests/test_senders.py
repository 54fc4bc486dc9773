"""What an application's user may do, a member of `cqrs_sender` alone; and what it may not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors as pg

from tests.conftest import Database
from tests.support.things.commands import add_thing, drop_thing
from tests.support.things.history import Things
from tests.support.users import connect_as, logins, process_of, url_of
from tests.support.workers import ROOT
from worker.base import db
from worker.base.actor import acting_as
from worker.base.errors import ServerUnavailable
from worker.commands import queue_consumer, receipt_watcher
from worker.commands.event_task import event_task, event_tasks
from worker.commands.receipts import SAGA
from worker.contracts import Message, Status, uuid7
from worker.testing import until

pytestmark = pytest.mark.usefixtures("redis")
APP, CLERK, OTHER = "shop_app", "clerk_app", "nobody_app"
WRITER, READER = "writing_app", "reading_app"
FORGED_TRAIL = (
    "CREATE TEMP TABLE mine (id int);"
    "CREATE TRIGGER forge AFTER INSERT ON mine REFERENCING NEW TABLE AS new_rows"
    " EXECUTE FUNCTION cqrs.record_audit('id')"
)
NAMED = "SELECT cqrs.enqueue(name => %s, payload => %s, actor => 'boss', roles => '{system}')"
ARRAY = "SELECT command_id FROM cqrs.enqueue(%s::jsonb)"


@pytest.fixture
def users(things: Things) -> Iterator[Things]:
    """An application, one that may more, a worker's user, a reader, and somebody in no group."""
    groups = {APP: "cqrs_sender", CLERK: "cqrs_sender", WRITER: "cqrs_writer"}
    with logins(things, **groups, **{READER: "cqrs_reader", OTHER: ""}):
        things.connection.execute(
            "INSERT INTO cqrs.sender_roles VALUES (%s, 'clerk'), (%s, 'admin')", [CLERK, CLERK]
        )
        yield things


def rows(database: Database, text: str, *values: object) -> list[Any]:
    """Rows as the owner sees them."""
    with database.connect() as owner:
        return owner.execute(text.encode(), values).fetchall()


def waiting(database: Database) -> list[Any]:
    """Who sent the commands that wait, with which roles."""
    return rows(database, "SELECT actor, roles FROM cqrs.enqueued_commands ORDER BY seq")


def command(name: str = "things.add", **more: object) -> dict[str, Any]:
    """A command as the array form takes it."""
    return {"command_id": str(uuid7()), "name": name, "payload": {"price": "1.00"}, **more}


def array(*commands: dict[str, Any]) -> str:
    return json.dumps(commands)


# --- rights ---------------------------------------------------------------------------------------


def test_a_sender_may_enqueue_read_receipts_and_read_the_read_side_and_no_more(
    users: Things,
) -> None:
    relations = rows(
        users,
        "SELECT n.nspname || '.' || c.relname, p FROM pg_class AS c"
        "  JOIN pg_namespace AS n ON n.oid = c.relnamespace,"
        "       unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p"
        " WHERE n.nspname IN ('command', 'query', 'cqrs')"
        "   AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_table_privilege(%s, c.oid, p)",
        APP,
    )
    functions = rows(
        users,
        "SELECT DISTINCT proname::text FROM pg_proc"
        " WHERE pronamespace = 'cqrs'::regnamespace AND has_function_privilege(%s, oid, 'EXECUTE')",
        APP,
    )
    every = rows(users, "SELECT oid::regclass::text FROM pg_class AS c WHERE c.relkind IN"
                 " ('r', 'v', 'm') AND c.relnamespace = 'query'::regnamespace")  # fmt: skip

    assert {right for _, right in relations} == {"SELECT"}
    assert {name for name, _ in relations} == {"cqrs.receipts", *(name for (name,) in every)}
    assert {name for (name,) in functions} == {
        "enqueue",
        "enqueue_as_sender",
        "enqueue_fault",
        "ask_for_refresh",
        "audit_query",
        "last_position",
        "subject_keys_of",
    }
    assert rows(
        users,
        "SELECT n FROM unnest('{command,query,cqrs,public}'::text[]) AS n"
        " WHERE has_schema_privilege(%s, n, 'CREATE')"
        "    OR n = 'command' AND has_schema_privilege(%s, n, 'USAGE')",
        APP,
        APP,
    ) == []  # fmt: skip


def test_nothing_of_the_engine_is_for_everybody(users: Things) -> None:
    functions = (
        "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'cqrs'::regnamespace"
    )
    everybody = " AND (proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0))"
    lent = (
        " AND prosecdef AND NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(proconfig, '{}'))"
    )
    relations = (
        "SELECT c.oid::regclass::text FROM pg_class AS c, aclexplode(c.relacl) AS x"
        " WHERE x.grantee = 0 AND c.relnamespace IN"
        " ('cqrs'::regnamespace, 'query'::regnamespace, 'command'::regnamespace)"
    )

    assert rows(users, functions + everybody) == []
    assert rows(users, functions + lent) == []
    assert rows(users, relations) == []


@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE query.things SET price = 0",
        "UPDATE query.things_v1 SET price = 0",
        "UPDATE command.things SET n = 0",
        "SELECT FROM command.things",
        "SELECT FROM cqrs.enqueued_commands",
        "SELECT FROM cqrs.events",
        "INSERT INTO cqrs.sender_roles VALUES ('shop_app', 'admin')",
        "SELECT FROM cqrs.sender_roles",
        "UPDATE cqrs.receipts SET status = 'succeeded'",
        "SELECT cqrs.enqueue_as_writer('[]')",
        "SELECT cqrs.write_commands('[]', NULL)",
        "SELECT cqrs.append('[]')",
        "SELECT cqrs.settle('[]', '[]')",
        "SELECT cqrs.revive_command(gen_random_uuid(), 'me')",
        "SET ROLE cqrs_writer",
        FORGED_TRAIL,
    ],
)
def test_a_sender_is_refused(users: Things, forbidden: str) -> None:
    with connect_as(users, APP) as application, pytest.raises(pg.InsufficientPrivilege):
        application.execute(forbidden.encode())


@pytest.mark.parametrize("user", [APP, WRITER, READER, OTHER])
def test_nobody_writes_through_a_view(users: Things, user: str) -> None:
    of_views = "FROM pg_class WHERE relkind = 'v' AND relnamespace = 'query'::regnamespace"
    rights = f"SELECT relname {of_views} AND has_table_privilege(%s, oid, 'INSERT, UPDATE, DELETE')"
    passed = f"SELECT oid::regclass::text {of_views} AND pg_relation_is_updatable(oid, false) <> 0"
    simple = [view for (view,) in rows(users, passed)]

    assert rows(users, rights, user) == []
    assert "query.things" in simple
    with connect_as(users, user) as somebody:
        for view in simple:
            with pytest.raises(pg.InsufficientPrivilege):
                somebody.execute(f"DELETE FROM {view}".encode())


def test_the_writer_writes_the_table_behind_a_view_still(users: Things) -> None:
    with connect_as(users, WRITER) as worker:
        worker.execute("DELETE FROM query.things_v1")


def test_what_is_made_later_can_be_read_and_not_written(users: Things) -> None:
    users.connection.execute("CREATE MATERIALIZED VIEW query.later AS SELECT 1 AS one")
    users.connection.execute("CREATE TABLE query.later_table (one int)")
    with connect_as(users, APP) as application:
        assert application.execute("SELECT one FROM query.later").fetchall() == [(1,)]
        assert application.execute("SELECT one FROM query.later_table").fetchall() == []
        with pytest.raises(pg.InsufficientPrivilege):
            application.execute("DELETE FROM query.later_table")


# --- whose name it carries ------------------------------------------------------------------------


def test_a_senders_commands_carry_its_name_and_the_roles_that_it_was_granted(
    users: Things,
) -> None:
    said: dict[str, Any] = {"actor": "boss", "roles": ["system", "admin"]}
    for user in (APP, CLERK):
        with connect_as(users, user) as application:
            application.execute(NAMED, ["things.add", '{"price": "1.00"}'])
            application.execute(ARRAY, [array(command(**said), command())])
            application.execute(
                "SELECT cqrs.enqueue_as_sender(%s::jsonb)", [array(command(**said))]
            )
            with acting_as("boss", roles=["admin"]), application.transaction():
                add_thing.enqueue(application, price=Decimal("1.00"))

    assert waiting(users) == [(APP, [])] * 5 + [(CLERK, ["admin", "clerk"])] * 5
    assert {actor for (actor,) in rows(users, "SELECT actor FROM cqrs.receipts")} == {APP, CLERK}


def test_what_says_where_a_command_comes_from_is_not_taken_from_a_sender(users: Things) -> None:
    saga, other = uuid7(), str(uuid7())
    said = command(
        causation_id=f"{SAGA}{saga}", correlation_id=other, payload_hash="00" * 16, links=[]
    )
    with connect_as(users, APP) as application:
        application.execute(ARRAY, [array(said)])

    assert rows(
        users,
        "SELECT correlation_id, causation_id, links FROM cqrs.enqueued_commands",
    ) == [(UUID(said["command_id"]), None, None)]
    queue_consumer.drain()
    assert rows(users, "SELECT DISTINCT split_part(stream, '-', 1) FROM cqrs.events") == [
        ("thing",)
    ]


def test_lists_in_lists_do_not_reach_the_workers(users: Things) -> None:
    first = uuid7()
    with connect_as(users, APP) as application:
        application.execute(ARRAY, [array(command(after=[[str(first)], [None]]))])

    assert rows(users, "SELECT after FROM cqrs.enqueued_commands") == [([first],)]


def test_a_writer_says_any_actor(users: Things) -> None:
    with connect_as(users, WRITER) as worker:
        worker.execute(NAMED, ["things.add", "{}"])
        worker.execute(ARRAY, [array(command(actor="boss", roles=["admin"]), command())])

    assert waiting(users) == [("boss", ["system"]), ("boss", ["admin"]), (WRITER, [])]


def test_a_session_that_puts_on_a_senders_role_is_one(users: Things) -> None:
    with users.connect() as owner:
        owner.execute("SET ROLE cqrs_sender")
        owner.execute(NAMED, ["things.add", "{}"])
        owner.execute("RESET ROLE")
        owner.execute(f"SET SESSION AUTHORIZATION {APP}".encode())
        owner.execute(NAMED, ["things.add", "{}"])

    assert waiting(users) == [("postgres", []), (APP, [])]


def test_nobody_lends_a_sender_a_name(users: Things) -> None:
    """By a function with its owner's rights, the owner's or its own, it says no other name."""
    functions = (
        "CREATE FUNCTION lent.{}() RETURNS uuid LANGUAGE sql SECURITY DEFINER"
        " AS $$ SELECT cqrs.enqueue('things.add', '{{}}', actor => 'boss') $$"
    )
    users.connection.execute(f"CREATE SCHEMA lent; GRANT ALL ON SCHEMA lent TO {APP}".encode())
    users.connection.execute(functions.format("of_the_owner").encode())
    with connect_as(users, APP) as application:
        application.execute("SELECT lent.of_the_owner()")
        application.execute(functions.format("of_a_sender").encode())
    users.connection.execute("SELECT lent.of_a_sender()")

    assert waiting(users) == [(APP, []), ("postgres", [])]


def test_a_membership_that_only_grants_makes_no_writer(users: Things) -> None:
    users.connection.execute(
        f"GRANT cqrs_writer TO {APP} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE".encode()
    )
    users.connection.execute(
        "CREATE SCHEMA lent; GRANT USAGE ON SCHEMA lent TO PUBLIC;"
        " CREATE FUNCTION lent.by_the_owner() RETURNS uuid LANGUAGE sql SECURITY DEFINER"
        " AS $$ SELECT cqrs.enqueue('things.add', '{}', actor => 'boss') $$"
    )
    with connect_as(users, APP) as application:
        application.execute(NAMED, ["things.add", "{}"])
        application.execute("SELECT lent.by_the_owner()")
    assert waiting(users) == [(APP, []), (APP, [])]


@pytest.mark.parametrize(
    "name", ["schema.execute_changeset", "SCHEMA.x", " schema.x", "cqrs.drain"]
)
def test_schema_changes_are_not_for_senders(users: Things, name: str) -> None:
    with connect_as(users, APP) as application:
        for text, values in ((NAMED, [name, "{}"]), (ARRAY, [array(command(), command(name))])):
            with pytest.raises(pg.InsufficientPrivilege, match="shop_app may not enqueue"):
                application.execute(text.encode(), values)
    assert waiting(users) == []


def test_the_engines_own_role_is_granted_to_no_sender(users: Things) -> None:
    with pytest.raises(pg.CheckViolation):
        users.connection.execute("INSERT INTO cqrs.sender_roles VALUES ('shop_app', 'system')")


class Ring(Message):
    """What the bell takes."""


def test_an_event_task_is_not_started_by_a_sender(users: Things) -> None:
    rung: list[UUID] = []
    event_task("things.ring", Ring)(lambda ring, task_id: rung.append(task_id))
    try:
        with connect_as(users, APP) as application:
            application.execute(NAMED, ["things.ring", "{}"])
        choice = queue_consumer.claim(10)
        queue_consumer.carry_out(choice)
    finally:
        event_tasks._items.pop("things.ring")

    assert choice.start == []
    assert rows(users, "SELECT status, error FROM cqrs.receipts") == [
        ("rejected", "shop_app may not start an event task: reactions do")
    ]
    assert waiting(users) == []


def test_a_permission_follows_the_granted_roles(users: Things) -> None:
    handles = []
    for user in (APP, CLERK):
        with (
            connect_as(users, user) as application,
            acting_as("boss", roles=["admin"]),
            application.transaction(),
        ):
            handles.append(drop_thing.enqueue(application, thing_id=uuid7()))
    queue_consumer.drain()

    errors = [handle.receipt(5).error for handle in handles]
    assert "shop_app may not send things.drop" in (errors[0] or "")
    assert "no such thing" in (errors[1] or "")


# --- the process of an application ----------------------------------------------------------------


def test_a_receipt_is_read_in_a_senders_process(users: Things) -> None:
    with connect_as(users, APP) as application, application.transaction():
        handle = add_thing.enqueue(application, price=Decimal("1.00"))
    queue_consumer.drain()

    with process_of(users, APP):
        stored = handle.stored_receipt()
        assert stored is not None
        assert (stored.status, stored.actor) == (Status.SUCCEEDED, APP)
        assert handle.receipt(5).succeeded


def test_a_sender_finds_a_receipt_whose_result_was_lost_while_it_waits(
    users: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, roles = db.read, set[str]()

    def noted(role: str, work: Any) -> Any:
        roles.add(role)
        return read(role, work)

    monkeypatch.setattr(db, "read", noted)
    handle = add_thing.AsyncResult(str(uuid7()))
    with process_of(users, APP), ThreadPoolExecutor(1) as pool:
        waits = pool.submit(handle.receipt, 20)
        until(lambda: len(receipt_watcher.watcher) == 1, 10)
        with users.connect() as owner:  # settled, and nothing is published
            owner.execute(
                "INSERT INTO cqrs.receipts (command_id, name, actor, status, completed_at)"
                " VALUES (%s, 'things.add', %s, 'rejected', clock_timestamp())",
                [handle.command_id, APP],
            )
        assert waits.result(10).status == Status.REJECTED
    assert roles == {"sender"}  # what every application's user may


def test_a_writers_process_reads_receipts_as_before(users: Things) -> None:
    with connect_as(users, WRITER) as worker, worker.transaction():
        handle = add_thing.enqueue(worker, price=Decimal("1.00"))
    queue_consumer.drain()
    with process_of(users, WRITER):
        assert handle.receipt(5).succeeded


@pytest.mark.parametrize("user", [OTHER, READER])
def test_who_may_not_send_is_told_which_grant_is_missing(users: Things, user: str) -> None:

    with process_of(users, user), pytest.raises(ServerUnavailable) as away:
        add_thing.AsyncResult(str(uuid7())).stored_receipt()
    assert f'GRANT cqrs_sender TO "{user}"' in str(away.value)
    assert "secret" not in str(away.value)


def test_a_worker_of_a_senders_user_is_told_that_it_is_none(users: Things) -> None:
    from worker.base import db

    with process_of(users, APP), pytest.raises(ServerUnavailable) as away, db.writer():
        pass
    assert "Only the workers write" in str(away.value)
    assert f'GRANT cqrs_writer TO "{APP}"' in str(away.value)


@pytest.mark.parametrize(("user", "wanted"), [(APP, "postgres"), (OTHER, "cqrs_sender")])
def test_status_says_that_a_user_may_do_too_little(users: Things, user: str, wanted: str) -> None:
    from worker.ops import status

    with process_of(users, user):
        log, problem = status._log()
    assert log is None
    assert f"{user} may do too little here" in (problem or "")
    assert f"GRANT {wanted}" in (problem or "").replace('"', "")


def test_a_password_of_a_user_is_asked_for(users: Things) -> None:
    """The URL of a test's user is a real one: with its name, and its password."""
    with psycopg.connect(url_of(users, APP)) as application:
        assert application.execute("SELECT session_user::text").fetchone() == (APP,)


def test_the_readmes_grant_is_what_an_application_needs(users: Things) -> None:
    """The lines of the README, as they stand there: then it enqueues, with that role, and asks."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"```sql\n(GRANT .*?)```", page, re.DOTALL)
    with logins(users, readme_app=""), connect_as(users, "readme_app") as application:
        with pytest.raises(pg.InsufficientPrivilege):
            application.execute(NAMED, ["things.add", "{}"])
        with users.connect() as owner:
            owner.execute(lines.replace("shop_app", "readme_app").encode())
        application.execute(NAMED, ["things.add", '{"price": "1.00"}'])
        application.execute("SELECT FROM query.things")
        application.execute("SELECT FROM cqrs.receipts")
        assert waiting(users) == [("readme_app", ["clerk"])]
