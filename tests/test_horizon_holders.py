"""Who holds the horizon, and who cannot: a lock is no fence, and an appender never is left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.conftest import Database
from worker.event_log import NewEvent, append, horizon
from worker.ops import maintenance, status
from worker.ops.troubles import Kind, troubles

FENCE_AT_ONE = (25457 << 48) | 1
LOCKS = ("pg_advisory_lock_shared", "pg_advisory_xact_lock_shared")


@pytest.fixture
def log(database: Database) -> Iterator[psycopg.Connection]:
    """A session on a log of three events, as the owner."""
    with database.connect() as connection:
        append(connection, [NewEvent("s", "t", {}) for _ in range(3)])
        yield connection


@contextmanager
def login(database: Database, *groups: str) -> Iterator[psycopg.Connection]:
    """A session of a login of its own, a member of these groups."""
    with database.connect() as owner:
        owner.execute("CREATE ROLE stranger LOGIN")
        for group in groups:
            owner.execute(f"GRANT {group} TO stranger".encode())
        try:
            url = database.url.replace("//postgres@", "//stranger@")
            with psycopg.connect(url, application_name="psql") as connection:
                yield connection
        finally:
            owner.execute("DROP OWNED BY stranger")
            owner.execute("DROP ROLE stranger")


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("groups", [(), ("cqrs_reader",), ("cqrs_sender",), ("cqrs_writer",)])
def test_a_lock_of_whoever_has_appended_nothing_holds_nobody_up(
    database: Database, log: psycopg.Connection, groups: tuple[str, ...], lock: str
) -> None:
    with login(database, *groups) as stranger:
        stranger.execute(f"SELECT {lock}(%s)", [FENCE_AT_ONE])
        assert (horizon(log), status_holders(log)) == (3, [])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            stranger.execute("LOCK TABLE cqrs.events IN ROW EXCLUSIVE MODE")


def test_an_owner_holds_it_from_the_first_event_to_the_end(
    database: Database, log: psycopg.Connection
) -> None:
    with database.connect() as owner, owner.transaction():
        append(owner, [NewEvent("own", "t", {})])
        append(log, [NewEvent("other", "t", {})])
        assert horizon(log) == 3
    assert horizon(log) == 5


def test_a_writer_holds_it_also_where_it_is_one_by_set_role_alone(
    database: Database, log: psycopg.Connection
) -> None:
    with login(database, "cqrs_writer") as writer:
        with database.connect() as owner:
            owner.execute("ALTER ROLE stranger NOINHERIT")
        writer.execute("SET ROLE cqrs_writer")
        append(writer, [NewEvent("own", "t", {})])
        writer.execute("RESET ROLE")
        append(log, [NewEvent("other", "t", {})])
        assert horizon(log) == 3
        writer.commit()
    assert horizon(log) == 5


def test_a_login_that_appends_by_somebody_elses_function_holds_it(
    database: Database, log: psycopg.Connection
) -> None:
    """It may not execute cqrs.append itself: its rights do not tell that it appends."""
    log.execute(
        "CREATE FUNCTION public.note() RETURNS void LANGUAGE sql SECURITY DEFINER"
        """ AS $$ SELECT FROM cqrs.append('[{"stream": "n", "type": "t", "data": {},"""
        """ "metadata": {}}]') $$"""
    )
    with login(database) as stranger:
        stranger.execute("SELECT public.note()")
        append(log, [NewEvent("other", "t", {})])
        assert horizon(log) == 3
        stranger.commit()
    assert horizon(log) == 5


def hold(database: Database) -> psycopg.Connection:
    """A session that has appended and idles, while others go on."""
    forgetful = psycopg.connect(database.url, application_name="forgetful")
    append(forgetful, [NewEvent("forgotten", "t", {})])
    return forgetful


@pytest.mark.settings(horizon_patience=1.0)
def test_after_the_patience_its_holder_is_said_in_red(
    database: Database, log: psycopg.Connection
) -> None:
    with hold(database) as forgetful:
        append(log, [NewEvent("other", "t", {})])
        assert Kind.HORIZON not in {one.kind for one in troubles(known())}
        _has_held_for_long(log)
        [trouble] = [one for one in troubles(known()) if one.kind is Kind.HORIZON]
        process = f"process {forgetful.info.backend_pid}, user postgres, forgetful"
        assert "nothing above position 3 is read" in trouble.sentence
        assert process in trouble.sentence
        assert "pg_terminate_backend" in trouble.sentence


@pytest.mark.settings(horizon_patience=1.0, end_horizon_holders=True)
def test_it_is_ended_if_the_settings_allow_it(database: Database, log: psycopg.Connection) -> None:
    with hold(database) as forgetful:
        append(log, [NewEvent("other", "t", {})])
        maintenance.sweep()
        assert forgetful.execute("SELECT 1").fetchall() == [(1,)], "it has held for no second yet"
        _has_held_for_long(log)
        assert maintenance.end_horizon_holders() == 1
        with pytest.raises(psycopg.errors.AdminShutdown):
            forgetful.execute("SELECT 1")
    assert horizon(log) == 5


@pytest.mark.settings(horizon_patience=1.0)
def test_it_is_not_ended_unless_they_do(database: Database, log: psycopg.Connection) -> None:
    with hold(database) as forgetful:
        append(log, [NewEvent("other", "t", {})])
        _has_held_for_long(log)
        maintenance.sweep()
        assert forgetful.execute("SELECT 1").fetchall() == [(1,)]


def test_how_long_it_is_held_is_not_how_old_the_transaction_is(
    database: Database, log: psycopg.Connection
) -> None:
    """One that has worked for long and has just appended is about to end."""
    with psycopg.connect(database.url) as long:
        long.execute("SELECT 1")
        _backdate(log)
        append(long, [NewEvent("late", "t", {})])
        [(seconds, held)] = log.execute(
            "SELECT seconds, held FROM cqrs.horizon_holders()"
        ).fetchall()
    assert seconds >= held
    assert held < 60


def known() -> status.Status:
    """What the database knows; no worker and no broker is asked."""
    found, problem = status._log()
    return status.Status((), (), (), found, problem)


def _has_held_for_long(log: psycopg.Connection) -> None:
    """The events that are held back are two minutes old."""
    log.execute(
        "UPDATE cqrs.events SET recorded_at = recorded_at - interval '2 min' WHERE position > 3"
    )


def _backdate(log: psycopg.Connection) -> None:
    """What was there before the fence is an hour old, and says nothing of it."""
    log.execute("UPDATE cqrs.events SET recorded_at = recorded_at - interval '1 h'")


def status_holders(log: psycopg.Connection) -> list[tuple[object, ...]]:
    return log.execute("SELECT * FROM cqrs.horizon_holders()").fetchall()
