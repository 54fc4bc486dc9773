"""The `cqrs` program as a person meets it when something is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.conftest import Database, in_database
from tests.support.programs import cqrs
from tests.support.workers import ROOT, environment
from worker.base.errors import BadSettings
from worker.base.migrate import head
from worker.base.settings import get_settings, read_settings
from worker.embedded import Servers


def bare(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `cqrs` with nothing set but what is given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CQRS_")}
    return subprocess.run(
        [sys.executable, "-m", "worker.cli", *arguments],
        env=clean | {"PYTHONPATH": str(ROOT)} | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_servers_it_says_what_was_tried_and_what_to_do(tmp_path: Path) -> None:
    result = bare("map", CQRS_HOME=str(tmp_path))
    assert result.returncode == 0  # the map needs no server
    result = bare("status", CQRS_HOME=str(tmp_path))
    assert result.returncode == 1
    assert "cqrs up" in result.stderr
    assert "Traceback" not in result.stderr


def test_migrating_needs_no_address_but_the_databases(database: Database, tmp_path: Path) -> None:
    only = {"CQRS_DATABASE_URL": database.url, "CQRS_HOME": str(tmp_path)}

    migrated = bare("migrate", **only)

    assert migrated.returncode == 0, migrated.stderr
    missing = bare("status", **only)
    assert missing.returncode == 1
    assert "set CQRS_BROKER_URL, CQRS_RESULT_URL and CQRS_CACHE_URL" in missing.stderr


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://someone:secret@127.0.0.1:1/nowhere"
    redis = "redis://127.0.0.1:1/0"
    result = bare(
        "migrate",
        CQRS_DATABASE_URL=url,
        CQRS_BROKER_URL=redis,
        CQRS_RESULT_URL=redis,
        CQRS_CACHE_URL=redis,
    )
    assert result.returncode == 1
    assert "127.0.0.1:1" in " ".join(result.stderr.split())
    assert "secret" not in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_a_broker_that_is_away_is_named_before_anything_is_stored(database: Database) -> None:
    program = (
        "from tasks.orders.commands import adjust_inventory\n"
        "adjust_inventory.delay(product_id='0190a0a0-0000-7000-8000-000000000000',"
        " quantity_change=1)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(get_settings()) | {"CQRS_BROKER_URL": "redis://:secret@127.0.0.1:1/0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = result.stderr.splitlines()[-1]
    assert said.startswith("worker.base.errors.ServerUnavailable: the broker is not reachable")
    assert "CQRS_BROKER_URL" in said
    assert "secret" not in result.stderr


def test_a_database_that_was_not_migrated_is_named(servers: Servers, tmp_path: Path) -> None:
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bare_one")
    file = tmp_path / "none.jsonl"
    file.write_text("")
    result = bare(
        "submit",
        str(file),
        CQRS_DATABASE_URL=in_database(servers.database_url, "bare_one"),
        CQRS_BROKER_URL=servers.broker_url,
        CQRS_RESULT_URL=servers.result_url,
        CQRS_CACHE_URL=servers.cache_url,
    )
    assert result.returncode == 1
    assert "cqrs migrate" in " ".join(result.stderr.split())


def test_an_unknown_setting_is_answered_with_the_one_that_was_meant() -> None:
    with pytest.raises(BadSettings, match="did you mean CQRS_BATCH_SIZE"):
        read_settings({"CQRS_BATCHSIZE": "5"})


def test_every_unknown_setting_is_named_one_in_small_letters_too() -> None:
    with pytest.raises(BadSettings) as unknown:
        read_settings({"cqrs_batch_size": "5", "CQRS_COLOUR": "red"})
    assert str(unknown.value) == (
        "unknown setting CQRS_COLOUR;"
        " unknown setting cqrs_batch_size; did you mean CQRS_BATCH_SIZE?"
    )


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CQRS_BATCH_SIZE", "0", "Input should be greater than or equal to 1 (is '0')"),
        ("CQRS_BATCH_SIZE", "many", "Input should be a valid integer"),
        ("CQRS_AFTER_TIMEOUT", "nan", "Input should be a finite number (is 'nan')"),
        ("CQRS_LOCK_TIMEOUT", "5s", "Input should be a valid number"),
        ("CQRS_HISTORY_RETENTION", "1e9", "less than or equal to 36500 (is '1e9')"),
        ("CQRS_LOG_JSON", "maybe", "Input should be a valid boolean"),
        ("CQRS_DATABASE_URL", "mysql://u:secret@db/x", "postgres:// (is 'mysql://u@db/x')"),
        ("CQRS_BROKER_URL", "u:secret@host:6379", "begins with redis://"),
        (
            "CQRS_RESULT_URL",
            "db+postgresql://u:secret@h/x",
            "a URL is wanted that begins with redis",
        ),
        ("CQRS_RESULT_URL", "rediss://:secret@h/1", "must end with ?ssl_cert_reqs=required"),
        ("CQRS_RESULT_URL", "rediss://h/1?xssl_cert_reqs=none", "must end with ?ssl_cert_reqs"),
        ("CQRS_RESULT_URL", "rediss://h/1?ssl_cert_reqs=yes", "(ssl_cert_reqs is yes)"),
        ("CQRS_BROKER_URL", "rediss://:secret@h/1?ssl_cert_reqs=", "must end with ?ssl_cert_reqs"),
        ("CQRS_CACHE_URL", "rediss://h/1?ssl_cert_reqs=CERT_NONE", "ssl_cert_reqs is CERT_NONE"),
        ("CQRS_TASK_TIME_LIMIT", "500", "CQRS_VISIBILITY_TIMEOUT must hold (are 100, 500, 150)"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(variable: str, value: str, said: str) -> None:
    with pytest.raises(BadSettings) as wrong:
        read_settings({variable: value})
    shown = str(wrong.value)
    assert variable in shown
    assert said in shown
    assert "secret" not in shown


@pytest.mark.parametrize("command", ["map", "status", "migrate", "up"])
def test_a_wrong_setting_is_one_sentence_whatever_is_called(command: str, tmp_path: Path) -> None:
    result = bare(command, CQRS_HOME=str(tmp_path), CQRS_BATCH_SIZE="many")
    assert result.returncode == 1
    assert result.stderr.startswith("cqrs: CQRS_BATCH_SIZE: ")
    assert "Traceback" not in result.stderr


def test_the_status_fails_while_no_worker_runs_unless_that_is_tolerated(database: Database) -> None:
    alone = cqrs("status")
    assert alone.returncode == 1
    assert "workers: no worker answers that takes queues commands" in alone.stdout
    assert cqrs("status", "--tolerate", "workers").returncode == 0
    wrong = json.loads(cqrs("status", "--json").stdout)["troubles"]
    assert [one["kind"] for one in wrong] == ["workers"]


def test_the_status_fails_while_a_server_does_not_answer(database: Database) -> None:
    away = cqrs("status", "--json", CQRS_CACHE_URL="redis://:secret@127.0.0.1:1/0")
    assert away.returncode == 1
    (cache,) = (one for one in json.loads(away.stdout)["servers"] if one["name"] == "cache")
    assert "refused" in cache["problem"]
    assert "secret" not in away.stdout + away.stderr


def test_the_version_of_the_database_is_told_as_json_too(database: Database) -> None:
    assert json.loads(cqrs("migrate", "--json").stdout) == {"version": head()}


def test_an_address_that_is_empty_is_unset() -> None:
    assert read_settings({"CQRS_DATABASE_URL": ""}).database_url is None


def test_a_wrong_setting_of_a_domain_is_named_at_start(database: Database) -> None:
    wrong = cqrs("map", CQRS_ORDERS_TAX_RATE="lots")
    assert "CQRS_ORDERS_TAX_RATE" in wrong.stderr
    unknown = cqrs("map", CQRS_ORDERS_TAXRATE="0.2")
    assert "did you mean CQRS_ORDERS_TAX_RATE?" in " ".join(unknown.stderr.split())
