"""Real servers for every test: one PostgreSQL and one Valkey per run, a fresh database per test.

Each database is copied from a migrated template, which takes some tens of milliseconds. Servers
listen on a socket of ours and on a free port of 127.0.0.1; nothing of the machine's own is used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

_OURS = ("CQRS_TEST_DATA", "CQRS_TEST_DATABASE_URL")
for _name in [name for name in os.environ if name.startswith("CQRS_") and name not in _OURS]:
    del os.environ[_name]  # the tests choose every setting themselves

from tests.support.memory import keep_files_in_memory

keep_files_in_memory()

from tests.support import order
from tests.support.domains import see, see_all
from tests.support.parent import end_with_parent
from tests.support.things.history import DOMAIN as THINGS
from tests.support.things.history import Things
from tests.support.workers import ROOT, Workers
from worker.base import settings
from worker.base.registry import load_domains
from worker.base.settings import Settings
from worker.embedded import BOTH, VALKEY_ALONE, Servers
from worker.testing import promises
from worker.testing.databases import Database as Database
from worker.testing.databases import Template
from worker.testing.databases import in_database as in_database
from worker.testing.databases import template as template_on
from worker.testing.servers import in_use, private_servers


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


ELSEWHERE = frozenset(
    Path(__file__).parent / name for name in ("faults", "hosts", "long", "processes", "wheel")
)
"""What `make test` leaves out: it takes longer, or needs what no requirement brings."""


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey for this run; PostgreSQL is that of CQRS_TEST_DATABASE_URL, if set.

    There its user is to be a superuser; databases and roles of the tests' own come and go.
    """
    named = os.environ.get("CQRS_TEST_DATABASE_URL")
    with private_servers(wanted=VALKEY_ALONE if named else BOTH) as made:
        yield replace(made, database_url=named) if named else made


@pytest.fixture(scope="session")
def clones(servers: Servers) -> Iterator[Template]:
    """A migrated database that is never used itself, and the way to copies of it."""
    with template_on(servers.database_url, durable=False) as made:
        yield made


@pytest.fixture(scope="session")
def template(clones: Template) -> str:
    """The name of that database."""
    return clones.name


@pytest.fixture
def database(own_database: Database) -> Database:
    """A fresh, migrated database of this test's own, in use by the whole engine."""
    return own_database


@pytest.fixture
def own_database(
    servers: Servers, clones: Template, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """A fresh, migrated database; `worker.base.db`, Celery and child processes use it.

    `@pytest.mark.settings(batch_size=7)` changes settings for a test.
    """
    made = clones.clone()
    marker = request.node.get_closest_marker("settings")
    chosen = test_settings(servers, made.url, tmp_path, **(marker.kwargs if marker else {}))
    see_all()
    with in_use(chosen):
        yield made
    see_all()
    broken = promises.broken(made.url)
    clones.drop(made.name)
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
    see(chosen.domains)
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
    started = Workers(settings.get_settings(), ROOT)
    try:
        yield started
    finally:
        started.stop()
