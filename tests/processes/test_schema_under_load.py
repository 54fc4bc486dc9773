"""A column more on both sides while commands run, as a release is rolled out.

    old workers ─────────────────────────────────────┐ warm shutdown
          new workers: projections, maintenance ─────┼──────────────────▶
                  changeset ─▶ rebuild ─▶ swap ─▶ new workers: commands ─▶
    old application asks ───────────────────────────────────────────────▶
                                       new application asks ────────────▶

The changeset comes before the code that needs the column, the rebuild is done by the code that
knows the new shape, and applications come last.
"""

from __future__ import annotations

import json
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bench.rebuild_load import in_thread
from tests.conftest import Database
from tests.schema.rollout.load import SMALL, Load, LockWaits, Size
from tests.support.workers import Workers, environment, until
from worker.base.settings import get_settings

Connection = psycopg.Connection[Any]

HERE = Path(__file__).parents[1] / "schema" / "rollout"
BEFORE, AFTER = ({"CQRS_DOMAINS": f"tests.schema.rollout.{each}"} for each in ("before", "after"))
LOCK_TIMEOUT = 0.4
"""Seconds that the changeset may wait for a lock, and everybody behind it."""
SLACK = 0.6
"""Seconds more until a busy machine has observable that a lock's time is up."""


@contextmanager
def asking(release: dict[str, str], into: list[Any], log: Path) -> Iterator[None]:
    """An application of this release, asking all the time; its answers go into a list."""
    with log.open("w+") as output:
        reader = subprocess.Popen(
            [sys.executable, "-m", "tests.schema.rollout.reader"],
            env=environment(get_settings()) | release,
            stdin=subprocess.PIPE,
            stdout=output,
        )
        try:
            until(lambda: log.stat().st_size, 30, "the reader asks")
            yield
        finally:
            assert reader.stdin is not None
            reader.stdin.close()
            assert reader.wait(30) == 0
        output.seek(0)
        into += [json.loads(line) for line in output]


def apply(file: Path) -> subprocess.Popen[bytes]:
    """`cqrs changeset apply`, by the new release."""
    limits = {"CQRS_SCHEMA_LOCK_TIMEOUT": str(LOCK_TIMEOUT), "CQRS_SCHEMA_LOCK_PAUSE": "0.1"}
    return subprocess.Popen(
        [sys.executable, "-m", "worker.cli", "changeset", "apply", str(file), "--json"],
        env=environment(get_settings()) | AFTER | limits,
        stdout=subprocess.PIPE,
    )


@pytest.fixture
def db(database: Database) -> Iterator[Connection]:
    """A connection to look at what happened, with the parcels' tables."""
    with database.connect() as connection:
        connection.execute((HERE / "ddl.sql").read_bytes())
        yield connection


def value(db: Connection, query: str) -> Any:
    """The one value of a query."""
    row = db.execute(query.encode()).fetchone()
    return row[0] if row else None


@pytest.fixture
def database(own_database: Database) -> Database:
    """A database of this test's own, in use by the whole engine."""
    return own_database


@pytest.fixture
def size() -> Size:
    """How many commands run meanwhile; in `tests/long` as many as the workers take."""
    return SMALL


CAUGHT_UP = """
    SELECT position >= (SELECT max(position) FROM cqrs.events)
      FROM cqrs.subscriptions WHERE name = 'parcels.list'
"""
DIFFERENT = """
    (TABLE command.parcels EXCEPT SELECT parcel_id, weight, delivered, colour FROM query.parcels)
    UNION ALL
    (SELECT parcel_id, weight, delivered, colour FROM query.parcels EXCEPT TABLE command.parcels)
"""
EVENTS = """
    SELECT position, type, coalesce((data ->> 'weight')::int, 0) FROM cqrs.events ORDER BY position
"""
LIVE = "SELECT shape = 2 FROM cqrs.subscriptions WHERE name = 'parcels.list'"


def roll_out(database: Database, db: Connection) -> None:
    """Apply the changeset while a report holds the table, then wait until version 2 is live."""
    with database.connect() as reporting, reporting.transaction():
        reporting.execute("SELECT count(*) FROM command.parcels")
        applying = apply(HERE / "colour.toml")
        until(lambda: value(db, "SELECT max(attempts) >= 3 FROM cqrs.changesets"), 60, "it waits")
    output, _ = applying.communicate(timeout=60)
    assert applying.returncode == 0, output
    done = json.loads(output)
    assert (done["status"], done["follow_up"]["rebuilds"]) == ("completed", ["parcels.list"])
    until(lambda: value(db, LIVE), 60, "version 2 goes live")


def every_command_succeeded(db: Connection, load: Load) -> None:
    """Every command that was sent has a receipt that says so."""
    rows = db.execute("SELECT command_id::text, status FROM cqrs.receipts").fetchall()
    assert {status for _, status in rows} == {"succeeded"}
    assert {command for command, _ in rows} == set(load.sent)


def every_answer_was_whole(db: Connection, answers: list[Any]) -> None:
    """Each answer is what the log says up to some event, and not short of its `as_of`."""
    positions, weights, delivered = [], [0], [0]
    for position, kind, weight in db.execute(EVENTS):
        positions.append(position)
        weights.append(weights[-1] + weight)
        delivered.append(delivered[-1] + (kind == "parcels.ParcelDelivered"))
    failed = [each for each in answers if not isinstance(each, list)]
    assert not failed
    for as_of, *seen in answers:
        events = seen[0] + seen[2]
        assert events >= bisect_right(positions, as_of)
        assert seen == [events - delivered[events], weights[events], delivered[events]]


def the_audit_trail_holds(db: Connection) -> None:
    """One line for each command, and from the change on the new column is in it."""
    lines = "SELECT count(*), count(DISTINCT command_id) FROM cqrs.audit_log"
    receipts = value(db, "SELECT count(*) FROM cqrs.receipts")
    assert db.execute(lines.encode()).fetchone() == (receipts, receipts)
    told = """
        SELECT count(*) FROM command.parcels AS p
          CROSS JOIN LATERAL (SELECT CASE p.colour WHEN 'plain' THEN 'colour' ELSE '' END)
               AS k (unsaid)
         WHERE cqrs.state_at('command.parcels', p.parcel_id::text, clock_timestamp()) - unsaid
               <> to_jsonb(p) - unsaid
    """
    assert value(db, told) == 0
    assert value(db, "SELECT count(*) FROM cqrs.audit_log WHERE new_values ? 'colour'") > 0


def report(db: Connection, load: Load, locks: LockWaits, old: list[Any], new: list[Any]) -> None:
    """What was measured, for `pytest -s`."""
    took = sorted(
        completed.timestamp() - load.sent[command]
        for command, completed in db.execute(
            "SELECT command_id::text, completed_at FROM cqrs.receipts"
        )
    )
    print(
        f"{len(took)} commands, p50 {took[len(took) // 2] * 1000:.0f} ms, longest"
        f" {took[-1] * 1000:.0f} ms; {len(old)} + {len(new)} reads; longest wait for a lock"
        f" {locks.longest * 1000:.0f} ms"
    )


def test_a_column_on_both_sides_while_commands_run(
    database: Database, db: Connection, workers: Workers, tmp_path: Path, size: Size
) -> None:
    load, locks = Load(database, size), LockWaits(database)
    old_answers: list[Any] = []
    new_answers: list[Any] = []
    old = workers.start(environ=BEFORE)
    workers.start_beat()
    with (
        in_thread(locks.watch, locks.over),
        in_thread(load.run, load.over),
        asking(BEFORE, old_answers, tmp_path / "old answers"),
    ):
        few = f"SELECT count(*) > {size.enough // 2} FROM query.parcels"
        until(lambda: value(db, few), what="it runs")
        workers.start(["projections", "maintenance"], concurrency=1, environ=AFTER)
        roll_out(database, db)
        workers.start(environ=AFTER)
        old.stop()
        load.coloured.set()
        with asking(AFTER, new_answers, tmp_path / "new answers"):
            sent = len(load.sent)
            enough = min(sent + size.enough, size.most)
            until(lambda: len(load.sent) >= enough, 60, "it runs on")
    until(lambda: value(db, CAUGHT_UP), what="the read model has everything")
    report(db, load, locks, old_answers, new_answers)
    every_command_succeeded(db, load)
    every_answer_was_whole(db, [*old_answers, *new_answers])
    assert db.execute(DIFFERENT).fetchall() == []
    assert value(db, "SELECT count(*) FROM query.parcels WHERE colour IN ('red', 'green')") > 0
    assert value(db, "SELECT shape FROM cqrs.subscriptions WHERE name = 'parcels.list'") == 2
    the_audit_trail_holds(db)
    assert locks.longest < LOCK_TIMEOUT + SLACK
