"""`plan --try`: the change is run on a copy of the schema, which is gone afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from tests.conftest import Database
from tests.schema.registry import SmallReadSide
from worker.cli.root import app
from worker.schema import Context, RegistryDependentKind, SchemaChange, history, try_change
from worker.schema.errors import CannotTry
from worker.schema.trial import copying
from worker.schema.trial.scratch import clean_up, scratch_database

Connection = psycopg.Connection[Any]


def change(command: list[str], query: list[str]) -> SchemaChange:
    return SchemaChange.of(command, query, "Tried", "1.0.0")


@pytest.fixture
def shop(db: Connection, read_side: SmallReadSide) -> None:
    """A table with a row, a trigger that writes another one, and a view over that."""
    db.execute(
        """CREATE TABLE command.orders (id int PRIMARY KEY, total int);
        CREATE TABLE command.notes (of int);
        CREATE MATERIALIZED VIEW query.noted AS SELECT count(*) AS n FROM command.notes;
        CREATE FUNCTION command.note() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN EXECUTE 'INSERT INTO command.notes VALUES (1)'; RETURN NEW; END $$;
        CREATE TRIGGER note AFTER INSERT ON command.orders
            FOR EACH ROW EXECUTE FUNCTION command.note();
        INSERT INTO command.orders VALUES (1, 10)"""
    )
    read_side.hang(RegistryDependentKind.CACHE_TAG, "noted", "query.noted")


def own_scratch(db: Connection) -> str:
    row: Any = db.execute(
        "SELECT concat('cqrs_try_', oid) FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    return str(row[0])


def scratch_databases(db: Connection) -> list[str]:
    rows = db.execute("SELECT datname FROM pg_database WHERE datname = %s", (own_scratch(db),))
    return [name for (name,) in rows]


@pytest.fixture
def run(context: Context, tmp_path: Path) -> Callable[..., Result]:
    """Runs `cqrs changeset plan --try` over a `.sql` text."""
    wide = CliRunner(env={"COLUMNS": "400"})

    def run(text: str, *more: str) -> Result:
        file = tmp_path / "change.sql"
        file.write_text(f"--! description: Tried\n--! version: 1.0.0\n{text}")
        return wide.invoke(app, ["changeset", "plan", str(file), "--try", *more], obj=context)

    return run


def test_what_it_does_is_seen_on_the_copy_and_nothing_is_done_here(
    context: Context, shop: None, db: Connection, read_side: SmallReadSide
) -> None:
    before = db.execute("SELECT * FROM command.orders").fetchall()
    trial = try_change(context, change(["INSERT INTO command.orders VALUES (2, 5)"], []))
    assert trial.succeeded
    assert trial.changeset is not None
    assert [str(view) for view in trial.changeset.follow_up.refreshes] == ["query.noted"]
    assert trial.changeset.follow_up.purges == ("noted",)
    assert db.execute("SELECT * FROM command.orders").fetchall() == before
    assert (history(db), read_side.refreshed, read_side.purged) == ([], [], [])
    assert scratch_databases(db) == []


def test_what_no_plan_can_tell_is_told_and_ends_with_code_one(
    run: Callable[..., Result], shop: None, db: Connection
) -> None:
    result = run("--! command\nDO $$ BEGIN EXECUTE 'SELECT 1 / 0'; END $$;", "--json")
    said = json.loads(result.stdout)
    assert (result.exit_code, said["possible"]) == (1, True)
    assert said["trial"]["succeeded"] is False
    assert said["trial"]["changeset"]["failed_operation"]["sqlstate"] == "22012"
    assert (
        "division by zero" in run("--! command\nDO $$ BEGIN EXECUTE 'SELECT 1 / 0'; END $$;").stdout
    )
    assert scratch_databases(db) == []


def test_beside_the_estimate_the_trial_says_what_was_seen(
    run: Callable[..., Result], shop: None
) -> None:
    result = run("--! command\nINSERT INTO command.orders VALUES (2, 5);")
    assert result.exit_code == 0, result.output
    assert "without rows: it succeeds" in result.stdout
    assert "Refreshed, as seen there\n  query.noted" in result.stdout


def test_what_fails_for_want_of_rows_says_so(context: Context, shop: None, db: Connection) -> None:
    db.execute("ALTER TABLE command.notes ADD FOREIGN KEY (of) REFERENCES command.orders")
    trial = try_change(context, change(["INSERT INTO command.notes VALUES (1)"], []))
    assert not trial.succeeded
    assert trial.hint is not None
    assert "the copy has no rows" in trial.hint


def test_a_step_outside_a_transaction_is_tried_too(context: Context, shop: None) -> None:
    index = "CREATE INDEX CONCURRENTLY totals ON command.orders (total)"
    assert try_change(context, change([index], [])).succeeded


def test_a_user_who_may_not_create_databases_is_told_what_is_missing(
    context: Context, database: Database, db: Connection
) -> None:
    db.execute("DROP ROLE IF EXISTS cqrs_no_databases; CREATE ROLE cqrs_no_databases LOGIN")

    def connect() -> Connection:
        return psycopg.connect(database.url, user="cqrs_no_databases", autocommit=True)

    try:
        with pytest.raises(CannotTry, match="ALTER ROLE cqrs_no_databases CREATEDB"):
            try_change(replace(context, connect=connect), change(["SELECT 1"], []))
    finally:
        db.execute("DROP ROLE cqrs_no_databases")


def test_without_a_program_that_reads_the_schema_it_is_said_and_is_no_success(
    run: Callable[..., Result], shop: None, db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(copying, "client_programs", lambda: None)
    result = run("--! command\nCREATE TABLE command.fine (id int);")
    assert result.exit_code == 1
    assert "not tried: no pg_dump is installed" in result.stdout
    assert scratch_databases(db) == []


def test_what_a_killed_trial_left_goes_with_the_next_one_or_with_the_sweep(
    context: Context, database: Database, db: Connection
) -> None:
    name = own_scratch(db)
    db.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    with psycopg.connect(database.url, dbname=name):  # somebody looks into it still
        assert clean_up(context)
    assert scratch_databases(db) == []
    assert not clean_up(context)


def test_one_that_is_under_way_is_left_alone(context: Context, db: Connection) -> None:
    with scratch_database(context) as scratch:
        assert not clean_up(context)
        with (
            pytest.raises(CannotTry, match="another trial is under way"),
            scratch_database(context),
        ):
            pass
        assert scratch_databases(db) == [scratch.name]
    assert scratch_databases(db) == []
