"""Statements that travel together: one way out, one way back, and what happens when one fails."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any
from uuid import UUID

import psycopg
import pytest
from structlog.testing import capture_logs

from tests.conftest import Database
from tests.support.workers import until
from worker.base import db
from worker.base.pipeline import Pipeline, Reply
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, uuid7


class OutOfTime(BaseException):
    """What a time limit raises in the middle of whatever runs."""


def test_answers_are_there_when_the_block_has_ended(database: Database) -> None:
    ids = [uuid7(), uuid7()]
    with db.commands() as connection, Pipeline(connection) as asked:
        named = asked.execute(
            "SELECT %(n)s::int + 1 AS n, %(n)s::int AS same, %(ids)s::uuid[] AS ids",
            {"n": 7, "ids": ids},
        )
        placed = asked.execute("SELECT %s::text, %s::numeric", ["a 'quoted' %s", "1.50"])
        nothing = asked.execute("SELECT 1 WHERE false")
    assert named.dicts() == [{"n": 8, "same": 7, "ids": ids}]
    ((text, number),) = placed.rows()
    assert (text, str(number)) == ("a 'quoted' %s", "1.50")
    assert not nothing.rows()
    assert not nothing.dicts()


def test_a_percent_sign_is_doubled_as_everywhere_in_psycopg(database: Database) -> None:
    with db.commands() as connection, Pipeline(connection) as pipeline:
        named = pipeline.execute("SELECT 17 %% %(n)s::int, format('%%s%%%%', 'x')", {"n": 5})
    assert named.rows() == [(2, "x%")]


def test_if_the_block_raises_nothing_is_sent(database: Database) -> None:
    number = "SELECT nextval('command.order_numbers')"
    with db.commands() as connection:
        (before,) = ask(connection, number)
        with pytest.raises(KeyError):
            ask(connection, number, then=KeyError())
        (after,) = ask(connection, number)
    assert after.rows()[0][0] == before.rows()[0][0] + 1


def test_text_that_postgresql_cannot_hold_is_refused_before_anything_is_sent(
    database: Database,
) -> None:
    with db.commands() as connection:
        with pytest.raises(psycopg.DataError, match="NUL"):
            ask(connection, "BEGIN", ("SELECT %s::text", ["a\0b"]))
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_the_first_failure_is_raised_and_nothing_after_it_has_run(database: Database) -> None:
    number = "SELECT nextval('command.order_numbers')"
    with db.commands() as connection:
        (before,) = ask(connection, number)
        with pytest.raises(psycopg.errors.DivisionByZero):
            ask(
                connection, ("SELECT 1 / %s::int", [0]), number, "SELECT FROM command.no_such_table"
            )
        (after,) = ask(connection, number)  # the connection goes on, whatever was prepared
    assert after.rows()[0][0] == before.rows()[0][0] + 1


def test_a_statement_that_cannot_be_prepared_is_prepared_once_it_can(database: Database) -> None:
    sql = "SELECT n FROM command.later"
    with db.commands() as connection:
        with pytest.raises(psycopg.errors.UndefinedTable):
            ask(connection, sql)
        with database.connect() as owner:
            owner.execute("CREATE TABLE command.later AS SELECT 1 AS n")
            owner.execute("GRANT SELECT ON command.later TO cqrs_writer")
        found, again = ask(connection, sql, sql)
    assert found.rows() == again.rows() == [(1,)]


def test_a_rollback_of_who_else_writes_makes_no_command_run_again(database: Database) -> None:
    """Projections share a worker's process: psycopg forgets all statements at their rollbacks."""
    with capture_logs() as logged:
        for _ in range(3):
            assert register().succeeded
            with db.writer() as connection:
                for _ in range(3):
                    connection.execute("SELECT 1")
                with connection.transaction(force_rollback=True):
                    connection.execute("SELECT 1")
    assert "batch runs again" not in [line["event"] for line in logged]


def test_a_connection_that_was_made_to_forget_its_statements_is_replaced(
    database: Database,
) -> None:
    assert register().succeeded
    with db.commands() as connection:
        ask(connection, "DEALLOCATE ALL")
    assert register().succeeded


def test_a_broken_off_pipeline_cancels_its_statement_and_closes_the_connection(
    database: Database,
) -> None:
    with db.commands() as connection:
        pid = connection.info.backend_pid
        with pytest.raises(OutOfTime), alarm(0.2):
            ask(connection, "SELECT pg_sleep(30)")
        assert connection.closed
    with database.connect() as owner:
        lives = "SELECT FROM pg_stat_activity WHERE pid = %s"
        until(lambda: owner.execute(lives, [pid]).fetchone() is None, 10)
    assert register().succeeded


def register() -> Receipt:
    """Run one command."""
    customer: UUID = uuid7()
    payload = {"customer_id": str(customer), "email": f"{customer}@example.org", "name": "Ada"}
    (outcome,) = execute([Envelope(uuid7(), "orders.register_customer", payload)]).outcomes
    assert isinstance(outcome, Receipt)
    return outcome


def ask(
    connection: db.Connection,
    *statements: str | tuple[str, list[Any]],
    then: Exception | None = None,
) -> list[Reply]:
    """Send these together; `then` is raised before the block has ended."""
    with Pipeline(connection) as asked:
        replies = [asked.execute(*((one,) if isinstance(one, str) else one)) for one in statements]
        if then is not None:
            raise then
    return replies


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in this thread after a while, as Celery's soft time limit does."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
