"""The commands as an operator uses them: what they print, and the code they end with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from worker.cli.console import out
from worker.cli.root import app
from worker.schema import Context, load, track_change
from worker.schema.history.journal import ChangesetJournal

Connection = psycopg.Connection[Any]
Run = Callable[..., Result]
FINE = """--! description: Orders
--! version: 1.0.0
--! command
CREATE TABLE command.orders (id int PRIMARY KEY, total int);
--! undo
DROP TABLE command.orders;
--! query
CREATE VIEW query.totals AS SELECT total FROM command.orders;
--! undo
DROP VIEW query.totals;
"""


@pytest.fixture
def run(context: Context) -> Run:
    """Runs `cqrs` with some arguments, wide enough that no table is cut."""
    wide = CliRunner(env={"COLUMNS": "400"})
    return lambda *arguments: wide.invoke(app, arguments, obj=context)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "orders.sql"
    path.write_text(FINE)
    return path


def data(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_plan_apply_show_list_and_rollback(run: Run, file: Path, db: Connection) -> None:
    plan = data(run("changeset", "plan", str(file), "--json"))
    assert plan["possible"] is True
    assert [each["statement"] for each in plan["operations"]] == ["CREATE TABLE", "CREATE VIEW"]
    done = data(run("changeset", "apply", str(file), "--json"))
    assert done["status"] == "completed"
    shown = data(run("changeset", "show", done["id"], "--json"))
    assert [each["success"] for each in shown["operations"]] == [True, True]
    (line,) = data(run("changeset", "list", "--json"))
    assert (line["version"], line["command_ops_count"], line["query_ops_count"]) == ("1.0.0", 1, 1)
    back = data(run("changeset", "rollback", done["id"], "--json"))
    assert back["status"] == "rolled_back"
    assert db.execute("SELECT to_regclass('command.orders')").fetchone() == (None,)


def test_recorded_only_and_executed_later(run: Run, file: Path, db: Connection) -> None:
    waiting = data(run("changeset", "apply", str(file), "--record-only", "--json"))
    assert waiting["status"] == "pending"
    assert data(run("changeset", "execute", waiting["id"], "--json"))["status"] == "completed"
    assert load(db, waiting["id"]).status == "completed"


def test_the_tables_say_what_the_data_says(run: Run, file: Path, db: Connection) -> None:
    plan = run("changeset", "plan", str(file))
    assert "creates table command.orders" in plan.stdout
    assert "Runs in one transaction" in plan.stdout
    assert "completed" in run("changeset", "apply", str(file)).stdout
    assert "Orders" in run("changeset", "list").stdout
    assert "query.totals" in run("deps").stdout


def test_another_version_than_the_files_can_be_given(run: Run, file: Path) -> None:
    done = data(run("changeset", "apply", str(file), "--set-version", "4.5.6", "--json"))
    assert done["version"] == "4.5.6"


def test_a_file_that_cannot_be_read_is_in_the_history_as_refused(
    run: Run, tmp_path: Path, db: Connection
) -> None:
    empty, toml = tmp_path / "empty.sql", tmp_path / "broken.toml"
    empty.write_text("")
    toml.write_text("version = ")
    for file in (empty, toml, tmp_path / "missing.sql"):
        assert run("changeset", "apply", str(file)).exit_code == 1
        assert run("changeset", "plan", str(file)).exit_code == 1
    lines = data(run("changeset", "list", "--status", "refused", "--json"))
    formless = "the description is empty; '' is no semantic version: write it like 1.4.0;"
    formless += " a changeset needs at least one operation"
    assert [(line["description"], line["error"]) for line in lines] == [
        ("File missing.sql", f"cannot read {tmp_path}/missing.sql: No such file or directory"),
        ("File broken.toml", "this is no TOML: Invalid value (at end of document)"),
        ("File empty.sql", formless),
    ]


def test_a_plan_that_cannot_be_applied_ends_with_code_one(
    run: Run, file: Path, db: Connection
) -> None:
    run("changeset", "apply", str(file))
    drop = file.with_name("drop.sql")
    drop.write_text(
        "--! description: Drop\n--! version: 2.0.0\n--! command\nDROP TABLE command.orders;"
    )
    result = run("changeset", "plan", str(drop))
    assert result.exit_code == 1
    assert "cannot drop table command.orders: used by view query.totals" in result.stdout
    assert "cannot be applied as it is" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("changeset", "show", "nonsense"), "there is no such changeset"),
        (("changeset", "execute", "nonsense"), "there is no such changeset"),
        (("changeset", "rollback", "nonsense"), "there is no such changeset"),
        (("changeset", "plan", "missing.sql"), "cannot read missing.sql"),
        (("deployment", "end", "x"), "no deployment is open"),
        (("deps", "--object", "query.x"), "there is no such object"),
        (("deps", "--query-schema", "nope"), 'schema "nope" does not exist'),
    ],
)
def test_mistakes_are_one_sentence_and_code_one(
    run: Run, arguments: tuple[str, ...], message: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("cqrs: ")
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_failure_says_which_operation_and_the_list_has_it(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text('description = "Bad"\nversion = "1.0.0"\ncommand = ["SELECT 1 / 0"]')
    result = run("changeset", "apply", str(bad))
    assert result.exit_code == 1
    assert "operation 1 failed: division by zero" in result.stderr
    (line,) = data(run("changeset", "list", "--status", "failed", "--json"))
    assert line["failed_operation"] == 1


def test_deployments_begin_end_and_are_listed(run: Run) -> None:
    assert data(run("deployment", "begin", "Live", "--json"))["ended_at"] is None
    assert data(run("deployment", "end", "Done", "--json"))["outcome"] == "succeeded"
    (line,) = data(run("deployment", "list", "--json"))
    assert (line["name"], line["message"]) == ("Live", "Done")
    assert "Live" in run("deployment", "list").stdout


def test_dependencies_in_every_format(run: Run, file: Path) -> None:
    run("changeset", "apply", str(file))
    found = data(run("deps", "--json"))["dependencies"]
    assert [(each["command_object"], each["query_object"], each["type"]) for each in found] == [
        ("command.orders", "query.totals", "direct")
    ]
    assert run("deps", "--format", "mermaid").stdout.startswith("flowchart LR")
    assert run("deps", "--format", "dot").stdout.startswith("digraph")
    picture = run("deps", "--object", "command.orders", "--format", "svg").stdout
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    around = data(run("deps", "--object", "query.totals", "--json"))
    assert around["dependencies"] == found
    assert [way["name"] for way in around["needs"]] == ["command.orders"]
    told = run("deps", "--object", "command.orders").stdout
    assert "What it needs: nothing" in told
    assert "query.totals" in told


@pytest.mark.parametrize("format_", ["table", "mermaid", "dot", "svg"])
def test_a_schema_that_is_not_there_is_a_mistake_in_every_format(run: Run, format_: str) -> None:
    result = run("deps", "--command-schema", "nope", "--format", format_)
    assert result.exit_code == 1
    assert 'schema "nope" does not exist' in result.stderr


def test_an_id_is_never_cut(context: Context, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out, "width", 80)
    terminal = CliRunner(env={"TTY_COMPATIBLE": "1"})
    done = data(terminal.invoke(app, ["changeset", "apply", str(file), "--json"], obj=context))
    listed = terminal.invoke(app, ["changeset", "list"], obj=context).stdout
    assert done["id"] in listed
    assert "Orders (1 command, 1" in listed
    assert max(map(len, listed.splitlines())) <= 80


def test_what_is_shown_does_not_wait_for_what_has_to_be_cleaned_up(
    run: Run, context: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    """A dead process left an index half built, and an older transaction is open."""
    db.execute(
        "CREATE TABLE command.orders (id int); CREATE INDEX orders_id ON command.orders (id)"
    )
    build = "CREATE INDEX CONCURRENTLY orders_id ON command.orders (id)"
    dead = track_change(context, [build], [], "Index", "1.0.0", atomic=False)
    journal = ChangesetJournal(db)
    assert journal.claim(dead.id, "elsewhere:1")
    journal.operation_starts(dead.id, 1)
    db.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'command.orders_id'::regclass"
    )
    with connect() as old, old.transaction(), capture_logs() as logged:
        old.execute("INSERT INTO command.orders VALUES (0)")
        (line,) = data(run("changeset", "list", "--json"))
        assert line["status"] == "in_progress"
        assert data(run("changeset", "show", str(dead.id), "--json"))["status"] == "in_progress"
    assert {each["event"] for each in logged} == {"changeset_not_settled"}
    with capture_logs() as logged:
        assert data(run("changeset", "show", str(dead.id), "--json"))["status"] == "failed"
    assert [each["event"] for each in logged] == ["changeset_settled"]
