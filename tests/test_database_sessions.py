"""Sessions that set what they rest on, whatever a database has for everybody by default."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import psycopg
import pytest

from tests.conftest import Database
from tests.support import shop
from tests.support.workers import until
from worker.base import db, sessions
from worker.base.errors import BadSettings, ServerUnavailable
from worker.base.settings import Settings
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, uuid7
from worker.embedded import Servers
from worker.ops import servers

HOSTILE = {
    "default_transaction_isolation": "serializable",
    "datestyle": "SQL, DMY",
    "intervalstyle": "sql_standard",
    "timezone": "Pacific/Chatham",
    "search_path": "nowhere",
    "standard_conforming_strings": "off",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "array_nulls": "off",
    "statement_timeout": "250ms",
    "lock_timeout": "250ms",
    "default_transaction_read_only": "on",
    "synchronous_commit": "off",
}
"""What somebody may have said for every session of a database."""

USES: dict[str, Callable[[], AbstractContextManager[psycopg.Connection[Any]]]] = {
    "commands": db.commands,
    "writer": db.writer,
    "sender": db.sender,
    "reader": db.reader,
    "owner": db.owner,
}


@pytest.fixture
def hostile(database: Database, servers: Servers) -> Iterator[Database]:
    """A database whose defaults are all other than ours."""
    with database.connect() as connection:
        for name, value in HOSTILE.items():
            said = value if name == "search_path" else f"'{value}'"
            connection.execute(f"ALTER DATABASE {database.name} SET {name} = {said}".encode())
    db.close()
    yield database
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {database.name} RESET ALL".encode())


@pytest.mark.parametrize("use", USES)
def test_a_session_rests_on_nothing_that_the_database_has_by_default(
    hostile: Database, use: str
) -> None:
    wanted = dict(sessions.Session.of(use, Settings()).settings)
    reads = "on" if use == "reader" else "off"
    with USES[use]() as connection:
        found = {
            name: connection.execute("SELECT setting FROM pg_settings WHERE name = %s", [key])
            .fetchall()[0][0]
            for name in (*wanted, "synchronous_commit", "default_transaction_read_only")
            if (key := {"timezone": "TimeZone", "datestyle": "DateStyle",
                        "intervalstyle": "IntervalStyle"}.get(name, name))
        }  # fmt: skip
    assert found == wanted | {
        "synchronous_commit": "on",
        "default_transaction_read_only": reads,
    }


def test_a_command_runs_and_is_asked_for_whatever_the_defaults_are(hostile: Database) -> None:
    customer, product = shop.customer(), shop.product(10)
    ordered = Envelope(uuid7(), "orders.create_order", shop.order(customer, product))
    [receipt] = execute([ordered]).outcomes
    assert isinstance(receipt, Receipt)
    assert receipt.succeeded, receipt


def test_what_a_rebuild_sets_goes_and_what_the_session_rests_on_stays(hostile: Database) -> None:
    from worker.rebuild.sessions import unlimited

    with db.owner() as connection:
        before = _settings(connection)
        with unlimited(connection):
            connection.execute("SET enable_seqscan = off")
            assert _settings(connection) != before
        assert _settings(connection) == before


def _settings(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    names = [*HOSTILE, "enable_seqscan"]
    asked = "SELECT lower(name), setting FROM pg_settings WHERE lower(name) = ANY (%s) ORDER BY 1"
    return connection.execute(asked, [names]).fetchall()


def test_a_session_that_loses_what_it_is_told_is_refused_by_name(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler that drops a setting: the look finds another value than was said."""
    said = sessions._set
    monkeypatch.setattr(sessions, "_set", lambda c, s: said(c, s) | {"statement_timeout": "1min1"})
    lost = "statement_timeout is 1min, not 1min1"
    with pytest.raises(ServerUnavailable, match=lost) as refused, db.reader():
        raise AssertionError("a connection was given")
    assert refused.value.what == "does not keep what a session is told"


def test_a_user_who_may_not_take_its_role_on_is_told_which_grant_is_missing(
    database: Database, own_settings: Callable[..., None]
) -> None:
    with database.connect() as superuser:
        superuser.execute("CREATE ROLE outsider LOGIN")
        try:
            own_settings(user="outsider")
            with (
                pytest.raises(ServerUnavailable, match="PostgreSQL refuses connections") as refused,
                db.writer(),
            ):
                raise AssertionError("a connection was given")
            assert "GRANT cqrs_writer TO" in refused.value.advice
            assert "permission denied to set role" in refused.value.reason
        finally:
            db.close()
            superuser.execute("DROP ROLE outsider")


@pytest.fixture
def own_settings(database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Settings that lead to the test's database as another user."""
    from worker.base import settings

    def choose(user: str) -> None:
        now = settings.get_settings()
        url = database.url.replace("//postgres@", f"//{user}@")
        monkeypatch.setattr(settings, "_current", now.model_copy(update={"database_url": url}))
        db.close()

    return choose


@pytest.mark.settings(pool_size=1, pool_overflow=2)
def test_pool_sizes_are_settings(database: Database) -> None:
    with ExitStack() as taken:
        pids = {taken.enter_context(db.writer()).info.backend_pid for _ in range(3)}
    assert len(pids) == 3
    with database.connect() as connection:
        until_row = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (%s)"
        until(lambda: connection.execute(until_row, [list(pids)]).fetchall() == [(1,)], 10)


@pytest.mark.settings(pool_size=900, pool_overflow=200)
def test_pools_that_the_server_has_no_room_for_are_refused_at_the_start(
    database: Database,
) -> None:
    with database.connect() as connection:
        most = connection.execute("SHOW max_connections").fetchall()[0][0]
    with pytest.raises(BadSettings, match=rf"are 900 \+ 200.*max_connections = {most}, 3 of"):
        servers.require_room()
