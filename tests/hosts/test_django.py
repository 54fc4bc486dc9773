"""A Django site with the engine: its transactions, its tests, gunicorn; nothing of it changed."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import in_database, test_settings
from tests.processes.test_docs import DOCS, blocks
from tests.support.host_project import HostProject, deliveries, host_project
from tests.support.workers import until
from worker.embedded import Servers

SOURCE = Path(__file__).parent / "django_site"
REQUIREMENTS = ("django==5.2.*", "gunicorn>=23")
OWNER, NAME = "site_owner", "site"
QUEUES = "commands,projections,reactions,maintenance"


@pytest.fixture(scope="module")
def database(servers: Servers, template: str) -> Iterator[str]:
    """An empty database of somebody who may make databases, and no roles."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB NOCREATEROLE")
        connection.execute(f"GRANT cqrs_writer, cqrs_reader TO {OWNER}")
        connection.execute(f"CREATE DATABASE {NAME} OWNER {OWNER}")
        yield in_database(servers.database_url, NAME)
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
        connection.execute(f"DROP ROLE {OWNER}")


@pytest.fixture(scope="module")
def site(servers: Servers, database: str, tmp_path_factory: pytest.TempPathFactory) -> HostProject:
    """The site, installed, with the engine's wheel; both lines of migrations are run."""
    scratch = tmp_path_factory.mktemp("django")
    chosen = test_settings(servers, database, scratch / "home", domains=("notes",))
    made = host_project(SOURCE, scratch, *REQUIREMENTS, settings=chosen)
    (made.folder / "pyproject.toml").unlink(missing_ok=True)
    for block in blocks(DOCS / "adding-a-domain.md"):
        if block.file and block.file.startswith("notes/"):
            file = made.folder / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
            (file.parent / "__init__.py").touch()
    where = conninfo_to_dict(database)
    own = {"SITE_DATABASE": NAME, "SITE_HOST": where["host"], "SITE_PORT": where["port"]}
    own |= {"SITE_BROKER": servers.broker_url}
    given = {name: value for name, value in made.settings.items() if name != "CQRS_DATABASE_URL"}
    made = replace(made, settings={**given, **{name: str(value) for name, value in own.items()}})
    made.run("manage.py", "migrate")
    made.run("-m", "worker.cli", "migrate", CQRS_DATABASE_URL=url(servers))
    return made


def url(servers: Servers) -> str:
    """The owner's own way to the site's database."""
    where = conninfo_to_dict(servers.database_url)
    return f"postgresql://{OWNER}@/{NAME}?host={where['host']}&port={where['port']}"


@pytest.fixture(scope="module")
def running(site: HostProject, servers: Servers) -> Iterator[str]:
    """The engine's worker, and gunicorn with one process that was forked after the engine's use."""
    worker = ("-m", "celery", "-A", "worker", "worker", "-c", "1", "-l", "INFO", "-Q", QUEUES)
    gunicorn = ("-m", "gunicorn", "site_app.wsgi", "--preload", "-w", "1", "-b", "127.0.0.1:0")
    with ExitStack() as stack:
        own = {"CQRS_DATABASE_URL": url(servers)}
        stack.enter_context(site.running(*worker, log="worker.log", **own))
        until(lambda: " ready." in log(site, "worker.log"), 60, "the worker did not start")
        stack.enter_context(site.running(*gunicorn, log="gunicorn.log"))
        found = r"Listening at: (http://\S+)"
        until(lambda: re.search(found, log(site, "gunicorn.log")), 60, "gunicorn did not start")
        at = re.search(found, log(site, "gunicorn.log"))
        assert at is not None
        yield at[1]


def log(site: HostProject, name: str) -> str:
    return (site.folder / name).read_text()


def get(at: str, path: str, **parameters: Any) -> tuple[int, Any]:
    """The status of a page, and what it says."""
    address = f"{at}/{path}?{urlencode(parameters)}"
    try:
        with urllib.request.urlopen(address, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, None


@contextmanager
def looking(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def test_nothing_of_the_site_is_changed(site: HostProject) -> None:
    without, beside = (json.loads(site.run("facts.py", *more)) for more in ((), ("beside",)))
    assert beside == without
    assert without["current app"] == "site"
    assert "Decimal('0.10'), 12345678901234567890123" in without["json of psycopg"]


def test_its_migrations_are_as_without_us(site: HostProject) -> None:
    assert "No changes detected" in site.run("manage.py", "makemigrations", "--check", "--dry-run")
    assert "No migrations to apply" in site.run("manage.py", "migrate")
    assert "[ ]" not in site.run("manage.py", "showmigrations")


@pytest.mark.parametrize("processes", [1, 2])
def test_its_tests_are_run_by_its_runner(site: HostProject, database: str, processes: int) -> None:
    said = site.run("manage.py", "test", "site_app", "--parallel", str(processes), "-v", "2")
    assert "Found 4 test(s)" in said
    with looking(database) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test%'")
        assert rows.fetchall() == []


def test_a_request_enqueues_in_its_transaction(
    site: HostProject, database: str, running: str
) -> None:
    status, _ = get(running, "add", author="ada")
    assert status == 202
    until(lambda: get(running, "listed", author="ada")[1]["notes"] == ["was here"], 30)
    assert get(running, "listed", author="ada")[1]["visits"] == 1


def test_a_request_that_fails_has_enqueued_nothing(
    site: HostProject, database: str, running: str
) -> None:
    with looking(database) as connection:
        count = "SELECT count(*) FROM cqrs.receipts"
        before = connection.execute(count).fetchone()
        status, _ = get(running, "add", author="bob", fail=1)
        assert status == 500
        assert connection.execute(count).fetchone() == before
        waits = connection.execute("SELECT count(*) FROM cqrs.enqueued_commands").fetchone()
        assert waits == (0,)
    assert get(running, "listed", author="bob")[1] == {"notes": [], "visits": 0}


def test_a_forked_process_sends_waits_and_asks(running: str) -> None:
    for n in range(20):
        _, receipt = get(running, "wait", author=f"fork {n}")
        assert receipt["status"] == "succeeded"
        _, answer = get(running, "listed", author=f"fork {n}", after=receipt["position"])
        assert answer["notes"] == ["waited"]


def test_its_own_tasks_with_an_eta_are_delivered_once(
    site: HostProject, running: str, servers: Servers
) -> None:
    """Its own worker beside ours on one Redis: due later than our visibility timeout."""
    later = float(site.settings["CQRS_VISIBILITY_TIMEOUT"]) + 3
    assert deliveries(site, "site_app.celery", "greet", later) == 1
