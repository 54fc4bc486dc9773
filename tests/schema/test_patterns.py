"""The patterns are applied, used, and taken back, as they are in the package."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import in_database
from tests.schema.registry import SmallReadSide
from worker import schema
from worker.embedded import Servers
from worker.schema import Context, read_file, refresh_query_side, rollback_changeset, track

Connection = psycopg.Connection[Any]
PATTERNS = Path(schema.__file__).parent / "patterns"
ONE = "00000000-0000-7000-8000-000000000001"


@pytest.mark.parametrize("name", ["outbox", "saga", "event_store", "reference_data"])
def test_each_pattern_is_taken_back_without_a_trace(
    context: Context, db: Connection, name: str
) -> None:
    def everything() -> list[tuple[Any, ...]]:
        return db.execute(
            "SELECT name FROM cqrs.catalogue_objects WHERE schema IN"
            " ('command', 'query', 'reference') ORDER BY name"
        ).fetchall()

    before = everything()
    done = track(context, read_file(PATTERNS / f"{name}.sql"))
    assert everything() != before
    assert rollback_changeset(context, done.id).status == "rolled_back"
    assert everything() == before


def test_each_pattern_applies_beside_all_that_the_engine_has_of_its_own(
    servers: Servers, template: str
) -> None:
    """The other tests drop the schemas first, and the engine's own views with them."""
    name = "cqrs_patterns"
    with psycopg.connect(servers.database_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            url = in_database(servers.database_url, name)
            whole = Context(
                connect := partial(psycopg.connect, url, autocommit=True), SmallReadSide(connect)
            )
            for path in sorted(PATTERNS.glob("*.sql")):
                assert track(whole, read_file(path), force=True).status == "completed"
        finally:
            server.execute(f"DROP DATABASE {name} (FORCE)")


def test_every_file_of_the_folder_is_tested() -> None:
    assert {path.stem for path in PATTERNS.glob("*.sql")} == {
        "outbox",
        "saga",
        "event_store",
        "reference_data",
    }


def test_the_outbox_folds_each_event_once_although_two_run_at_a_time(
    context: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    track(context, read_file(PATTERNS / "outbox.sql"))
    db.execute(
        "SELECT command.publish_event(gen_random_uuid(), 'Seen', '{}') FROM generate_series(1, 500)"
    )
    folded: list[int] = []

    def run() -> None:
        with connect() as connection:
            while (row := connection.execute("SELECT query.process_events(40)").fetchone()) and row[
                0
            ]:
                folded.append(row[0])

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sum(folded) == 500
    assert db.execute("SELECT events FROM query.events_by_type").fetchall() == [(500,)]


def test_an_event_of_a_transaction_that_rolls_back_was_never_in_the_outbox(
    context: Context, db: Connection
) -> None:
    track(context, read_file(PATTERNS / "outbox.sql"))
    with db.transaction(force_rollback=True):
        db.execute("SELECT command.publish_event(gen_random_uuid(), 'Seen', '{}')")
    assert db.execute("SELECT query.process_events()").fetchone() == (0,)


def test_only_one_of_two_steps_from_the_same_version_moves_a_workflow(
    context: Context, db: Connection
) -> None:
    track(context, read_file(PATTERNS / "saga.sql"))
    db.execute(
        "INSERT INTO command.workflows (workflow_id, workflow_type) VALUES (%s, 'checkout')", [ONE]
    )
    step = "SELECT command.workflow_step(%s, 1, 'Paid', '{\"paid\": true}', 'completed')"
    assert db.execute(step, [ONE]).fetchone() == (2,)
    with pytest.raises(psycopg.errors.UniqueViolation):
        db.execute(step, [ONE])
    refresh_query_side(context, "query.workflow_status")
    assert db.execute(
        "SELECT workflow_type, status, workflows FROM query.workflow_status"
    ).fetchall() == [("checkout", "completed", 1)]
    assert db.execute("SELECT count(*) FROM query.active_workflows").fetchone() == (0,)


def test_the_event_store_keeps_the_newest_of_each_field_and_refuses_changes(
    context: Context, db: Connection
) -> None:
    track(context, read_file(PATTERNS / "event_store.sql"))
    db.execute(
        """INSERT INTO command.events (aggregate_id, version, event_type, event_data) VALUES
           (%(one)s, 1, 'UserUpdated', '{"name": "Ada", "email": "old@example.org"}'),
           (%(one)s, 2, 'UserUpdated', '{"email": "new@example.org"}')""",
        {"one": ONE},
    )
    refresh_query_side(context, "query.user_profile")
    assert db.execute("SELECT name, email, version FROM query.user_profile").fetchall() == [
        ("Ada", "new@example.org", 2)
    ]
    with pytest.raises(psycopg.errors.RestrictViolation, match="never changed"):
        db.execute("DELETE FROM command.events")
    with pytest.raises(psycopg.errors.UniqueViolation):
        db.execute(
            "INSERT INTO command.events (aggregate_id, version, event_type, event_data)"
            " VALUES (%s, 2, 'UserUpdated', '{}')",
            [ONE],
        )


def test_reference_data_is_read_by_both_sides(context: Context, db: Connection) -> None:
    track(context, read_file(PATTERNS / "reference_data.sql"))
    db.execute("INSERT INTO command.addresses (line, country_code) VALUES ('1 High St', 'GB')")
    assert db.execute("SELECT country_name FROM query.addresses_with_country").fetchall() == [
        ("United Kingdom",)
    ]
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        db.execute("INSERT INTO command.addresses (line, country_code) VALUES ('2', 'XX')")
