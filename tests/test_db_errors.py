"""An error of PostgreSQL is one sentence at a shell, whichever command it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from tests.conftest import Database
from worker.base import db, settings
from worker.base.db_errors import sentence
from worker.cli import app

Connection = psycopg.Connection[Any]
FILE = "--! description: T\n--! version: 1.0.0\n--! command\nCREATE TABLE command.t (id int);"


def provoked(connection: Connection, *statements: str) -> str:
    """What is said about the error of the last of these statements."""
    *before, last = statements
    for each in before:
        connection.execute(each.encode())
    with pytest.raises(psycopg.Error) as error:
        connection.execute(last.encode())
    return sentence(error.value)


def test_every_error_of_the_database_says_what_to_do(own_database: Database) -> None:
    sentences = {
        ("SET default_transaction_read_only = on", "CREATE TABLE t ()"): "Name the primary in",
        ("SET ROLE cqrs_reader", "SELECT FROM cqrs.changesets"): "a user in CQRS_DATABASE_URL",
        ("SET statement_timeout = '1ms'", "SELECT pg_sleep(1)"): "others hold what it needs",
        ("SELECT pg_terminate_backend(pg_backend_pid())",): "look whether it runs",
        ("SELECT FROM cqrs.nothing",): "Run `cqrs migrate`.",
        ("SELECT 1 / 0",): "PostgreSQL refuses this (division by zero).",
    }
    for statements, advice in sentences.items():
        with own_database.connect() as connection:
            told = provoked(connection, *statements)
        assert advice in told
        assert "\n" not in told


@pytest.fixture
def only_reads(own_database: Database) -> Iterator[str]:
    """A login of somebody who may ask queries and no more."""
    with own_database.connect() as connection:
        connection.execute("CREATE ROLE only_reads LOGIN IN ROLE cqrs_reader")
        yield own_database.url.replace("postgres@", "only_reads@")
        connection.execute("DROP ROLE only_reads")


@contextmanager
def connecting_to(url: str) -> Iterator[None]:
    """Another address in the settings, for a while."""
    with settings.using(settings.get_settings().model_copy(update={"database_url": url})):
        db.close()
        yield
        db.close()


def told(*arguments: str) -> str:
    """What a command of the CLI says when it fails."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("cqrs: ")
    assert "Traceback" not in result.output
    return result.stderr


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "t.sql"
    path.write_text(FILE)
    return str(path)


@pytest.mark.parametrize(
    "arguments",
    [
        lambda file: ("changeset", "list"),
        lambda file: ("changeset", "apply", file),
        lambda file: ("deployment", "begin", "Live"),
        lambda file: ("refresh", "--all"),
    ],
    ids=["list", "apply", "begin", "refresh"],
)
def test_a_user_without_rights_is_told_whom_to_be(
    only_reads: str, file: str, arguments: Callable[[str], tuple[str, ...]]
) -> None:
    with connecting_to(only_reads):
        assert "name a user in CQRS_DATABASE_URL that owns the schemas" in told(*arguments(file))


def test_a_server_that_takes_no_writes_is_named_as_such_and_can_be_looked_at(
    own_database: Database, file: str
) -> None:
    read_only = f"{own_database.url}&options=-c%20default_transaction_read_only%3Don"
    with connecting_to(read_only):
        assert "this server takes no writes" in told("changeset", "apply", file)
        assert "this server takes no writes" in told("deployment", "begin", "Live")
        assert CliRunner().invoke(app, ["changeset", "list"]).exit_code == 0
