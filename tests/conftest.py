"""Real servers for every test: one PostgreSQL and one Valkey per run, a fresh database per test.

Each database is copied from a migrated template, which takes some tens of milliseconds. Servers
listen on a socket of ours and on a free port of 127.0.0.1; nothing of the machine's own is used.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis as redis_py

for _name in [name for name in os.environ if name.startswith("CQRS_") and name != "CQRS_TEST_DATA"]:
    del os.environ[_name]  # the tests choose every setting themselves

from tests.support.memory import keep_files_in_memory

keep_files_in_memory()

from tests.support import order, promises
from tests.support.database import Database as Database
from tests.support.parent import end_with_parent
from tests.support.things.history import DOMAIN as THINGS
from tests.support.things.history import Things
from tests.support.workers import Workers
from worker import embedded
from worker.base import db, migrate, settings, wake_ups
from worker.base.registry import load_domains
from worker.base.settings import Settings
from worker.embedded import Servers
from worker.embedded.watchdog import watching


def pytest_configure(config: pytest.Config) -> None:
    """Say which markers are ours."""
    if hasattr(config, "workerinput"):
        end_with_parent()
    config.addinivalue_line("markers", "settings(**changes): other settings for this test")
    config.addinivalue_line("markers", "slow: starts processes or waits; not in `make test-fast`")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What lies elsewhere is collected by those alone who name it."""
    if collection_path not in ELSEWHERE:
        return None
    folder = f"tests/{collection_path.name}"
    return None if any(argument.startswith(folder) for argument in config.args) else True


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first."""
    order.arrange(items)


ELSEWHERE = frozenset(Path(__file__).parent / name for name in ("long", "hosts", "faults"))
"""What `make test` leaves out: it takes longer, or needs what no requirement brings."""
_numbers = itertools.count(1)


def in_database(url: str, name: str) -> str:
    """A server's URL, leading to another of its databases."""
    head, _, query = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey for this run."""
    with (
        tempfile.TemporaryDirectory(prefix="cqrs-tests-") as home,
        watching(Path(home), remove=True),
    ):
        try:
            yield embedded.start(Path(home), durable=False)
        finally:
            embedded.remove(Path(home))


@pytest.fixture(scope="session")
def template(servers: Servers) -> str:
    """The name of a migrated database that is never used itself."""
    name = "cqrs_template"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    migrate.upgrade(in_database(servers.database_url, name))
    return name


@pytest.fixture
def database(own_database: Database) -> Database:
    """A fresh, migrated database of this test's own, in use by the whole engine."""
    return own_database


@pytest.fixture
def own_database(
    servers: Servers, template: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """A fresh, migrated database; `worker.base.db`, Celery and child processes use it.

    `@pytest.mark.settings(batch_size=7)` changes settings for a test.
    """
    name = f"cqrs_test_{next(_numbers)}"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    made = Database(name, in_database(servers.database_url, name))
    marker = request.node.get_closest_marker("settings")
    chosen = test_settings(servers, made.url, tmp_path, **(marker.kwargs if marker else {}))
    with settings.using(chosen):
        load_domains()
        yield made
        db.close()
        wake_ups.forget()
    broken = promises.broken(made.url)
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    assert broken == [], "declared by_stream=True, but not so"


def test_settings(servers: Servers, url: str, home: Path, **changes: Any) -> Settings:
    """Settings of a test: its own database, short limits, so that lost messages come back soon."""
    values: dict[str, Any] = {
        "database_url": url,
        "broker_url": servers.broker_url,
        "result_url": servers.result_url,
        "cache_url": servers.cache_url,
        "home": home,
        "task_soft_time_limit": 4,
        "task_time_limit": 5,
        "visibility_timeout": 6,
    }
    return Settings(**(values | changes))


test_settings.__test__ = False  # type: ignore[attr-defined]  # not a test, in spite of its name


@pytest.fixture
def things(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Things]:
    """A database with the domain of `tests.support.things`, known to child processes too."""
    now = settings.get_settings()
    chosen = now.model_copy(update={"domains": (*now.domains, THINGS)})
    monkeypatch.setattr(settings, "_current", chosen)
    load_domains()
    made = Things(database.name, database.url)
    made.create()
    yield made
    made.close()


@pytest.fixture
def redis(servers: Servers) -> Iterator[redis_py.Redis]:
    """The cache database, empty; broker and results are emptied with it."""
    with redis_py.Redis.from_url(servers.cache_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def workers(database: Database, redis: redis_py.Redis) -> Iterator[Workers]:
    """Starts real prefork workers and beat on this test's database; ends them by their ids."""
    started = Workers(settings.get_settings())
    try:
        yield started
    finally:
        started.stop()
