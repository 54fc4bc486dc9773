"""What a changeset owes the read side is done by real workers: that, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tasks.orders.commands import create_order
from tests.conftest import Database
from tests.support import shop
from tests.support.workers import Worker, Workers, environment, until
from worker.base.app import app
from worker.base.settings import get_settings
from worker.schema.tasks import track_change
from worker.subscriptions.runner import catch_up

Connection = psycopg.Connection[Any]
ROLLOUT = Path(__file__).parent / "rollout"
BEFORE, AFTER = ({"CQRS_DOMAINS": f"tests.schema.rollout.{each}"} for each in ("before", "after"))
REBUILDS = "SELECT name, state, differing FROM cqrs.rebuilds ORDER BY rebuild_id"
DONE = [("parcels.list", "done", None)]
PASSED_ON = 120.0
"""Seconds: who gets a task that was passed on is a matter of chance, every two seconds."""
REFRESHES = "SELECT view, outcome FROM cqrs.refreshes ORDER BY view"


@pytest.fixture
def database(own_database: Database) -> Database:
    """A database of this test's own, in use by the whole engine."""
    return own_database


@pytest.fixture
def db(database: Database) -> Iterator[Connection]:
    """A connection to look at what happened."""
    with database.connect() as connection:
        yield connection


def test_exactly_what_is_owed_is_rebuilt_and_refreshed(db: Connection, workers: Workers) -> None:
    shop.send(create_order, **shop.order(shop.customer(), shop.product(5, "10.00")))
    catch_up()
    db.execute(
        "CREATE MATERIALIZED VIEW query.most AS SELECT max(price) FROM command.products;"
        "CREATE MATERIALIZED VIEW query.people AS SELECT count(*) FROM command.customers"
    )
    workers.start(["maintenance"], concurrency=1)
    track_change.delay(
        ["UPDATE command.products SET price = 2 * price"],
        ["ALTER TABLE query.order_summaries_v1 ADD COLUMN remark text"],
        "twice as dear",
        "1.0.0",
    )
    until(lambda: db.execute("SELECT 1 FROM cqrs.rebuilds WHERE state = 'done'").fetchone())
    until(lambda: len(db.execute(REFRESHES).fetchall()) >= 3)
    nothing_else_waits()
    assert db.execute(REBUILDS).fetchall() == [("orders.order_summaries", "done", 0)]
    assert db.execute(REFRESHES).fetchall() == [
        ("query.customer_lifetime_value", "refreshed"),
        ("query.most", "refreshed"),
        ("query.revenue_by_product", "refreshed"),
    ]
    assert db.execute("SELECT max::text FROM query.most").fetchone() == ("20.00",)
    owing = "SELECT count(*) FROM cqrs.changesets WHERE followed_up_at IS NULL"
    assert db.execute(owing).fetchone() == (0,)


def nothing_else_waits() -> None:
    """One process takes its queue in order: when it answers, all that was sent before is done."""
    assert app.send_task("cqrs.maintenance.verify", kwargs={"names": []}).get(timeout=30) == {}


@pytest.fixture
def parcels(db: Connection, workers: Workers) -> Worker:
    """A worker of the first release, with a few parcels in its read model."""
    db.execute((ROLLOUT / "ddl.sql").read_bytes())
    old = workers.start(concurrency=1, environ=BEFORE)
    for number in range(3):
        payload = {"parcel_id": f"{number:032x}", "weight": number}
        app.send_task("parcels.post", kwargs=payload, queue="commands").get(timeout=30)
    until(lambda: db.execute("SELECT 1 FROM query.parcels HAVING count(*) = 3").fetchone())
    return old


def apply(tmp_path: Path, *command: str) -> dict[str, Any]:
    """`cqrs changeset apply`, by the second release; the changeset as it is then."""
    file = tmp_path / "change.toml"
    file.write_text(f'description = "Colours"\nversion = "1.1.0"\ncommand = {json.dumps(command)}')
    done = subprocess.run(
        [sys.executable, "-m", "worker.cli", "changeset", "apply", str(file), "--json"],
        env=environment(get_settings()) | AFTER,
        stdout=subprocess.PIPE,
        timeout=60,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


COLOUR = "ALTER TABLE command.parcels ADD COLUMN colour text NOT NULL DEFAULT 'plain'"
COLOURS = "SELECT colour, count(*) FROM query.parcels GROUP BY colour"


def passed_on(worker: Worker) -> bool:
    """Whether the worker has put off a rebuild."""
    return b"cqrs.maintenance.rebuild" in worker.log.read_bytes() and (
        b"Retry in" in worker.log.read_bytes()
    )


def test_a_new_version_that_the_change_does_not_name_is_built_by_the_code_that_knows_it(
    db: Connection, parcels: Worker, workers: Workers, tmp_path: Path
) -> None:
    changeset = apply(tmp_path, COLOUR)
    assert changeset["follow_up"]["rebuilds"] == ["parcels.list"]
    until(lambda: passed_on(parcels), what="the old worker passes the rebuild on")
    assert db.execute(REBUILDS).fetchall() == []
    workers.start(["maintenance"], concurrency=1, environ=AFTER)
    until(lambda: db.execute(REBUILDS).fetchall() == DONE, PASSED_ON)
    assert db.execute(COLOURS).fetchall() == [("plain", 3)]


TURN = "SELECT pg_advisory_lock(1668379234, hashtext('parcels.list'))"


def test_a_rebuild_that_runs_already_is_waited_for_since_it_may_have_begun_too_early(
    database: Database, db: Connection, parcels: Worker, workers: Workers, tmp_path: Path
) -> None:
    parcels.stop()
    new = workers.start(["maintenance"], concurrency=1, environ=AFTER)
    with database.connect() as running:
        running.execute(TURN)
        apply(tmp_path, COLOUR)
        until(lambda: passed_on(new), what="the rebuild waits for its turn")
        assert db.execute(REBUILDS).fetchall() == []
    until(lambda: db.execute(REBUILDS).fetchall() == DONE, PASSED_ON)
