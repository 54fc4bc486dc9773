"""A pytest plugin for an application's tests of its domains, on real servers.

    # conftest.py
    pytest_plugins = ["worker.testing.fixtures"]

    def test_a_note_is_listed(cqrs: System) -> None:
        cqrs.run(write_note, author="ada", text="hello")
        cqrs.catch_up()
        assert [note.text for note in notes_of.ask(author="ada").data] == ["hello"]

| fixture | what it is |
|---|---|
| `cqrs` | the engine on a fresh database of this test's own: `worker.testing.System` |
| `cqrs_workers` | starts real prefork workers and beat on it: `cqrs_workers.start()` |
| `cqrs_settings` | settings that differ, for the whole run; override it in a `conftest.py` |

PostgreSQL is the server of `CQRS_DATABASE_URL`, of which no database that is there is touched, or
else an embedded one. Broker, results and cache are always an embedded Valkey of the run's own, so
that no test sends a message to a broker that others use. The domains are those of the settings:
`[tool.cqrs]` of the folder in which pytest runs, or `CQRS_DOMAINS`.

A test that is marked `@pytest.mark.cqrs(batch_size=1)` runs with these settings. After each test,
what its projections promise by `by_stream=True` is held against the log.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis

from worker.base import settings
from worker.base.errors import BadSettings
from worker.base.project import NO_DOMAINS, no_domains
from worker.base.settings import get_settings, read_settings
from worker.embedded import BOTH, VALKEY_ALONE, Servers
from worker.testing.databases import Template, template
from worker.testing.promises import broken
from worker.testing.servers import in_use, private_servers, settings_for
from worker.testing.system import System
from worker.testing.workers import Workers


def pytest_configure(config: pytest.Config) -> None:
    """Say which marker is ours."""
    config.addinivalue_line("markers", "cqrs(**settings): other settings of the engine for a test")


@pytest.fixture(scope="session")
def cqrs_settings() -> dict[str, Any]:
    """Settings that differ from those of the environment, by name. Override it."""
    return {}


@pytest.fixture(scope="session")
def cqrs_servers() -> Iterator[Servers]:
    """The servers of this run."""
    named = read_settings(os.environ).database_url
    with private_servers(VALKEY_ALONE if named else BOTH) as own:
        yield replace(own, database_url=named) if named else own


@pytest.fixture(scope="session")
def cqrs_template(
    cqrs_servers: Servers, cqrs_settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Template]:
    """The migrated database that every test gets a copy of.

    Fails where no domain runs, but in a folder above one would: pytest was started too deep.
    """
    if not get_settings().domains and (said := no_domains()) != NO_DOMAINS:
        raise BadSettings(said)
    url, home = cqrs_servers.database_url, tmp_path_factory.getbasetemp()
    durable = read_settings(os.environ).database_url is not None
    with (
        settings.using(settings_for(cqrs_servers, url, home, **cqrs_settings)),
        template(url, durable=durable) as made,
    ):
        yield made


@pytest.fixture
def cqrs(
    cqrs_servers: Servers,
    cqrs_template: Template,
    cqrs_settings: dict[str, Any],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[System]:
    """The engine on a fresh, migrated database, with empty queues and an empty cache."""
    marker = request.node.get_closest_marker("cqrs")
    changes = cqrs_settings | (marker.kwargs if marker else {})
    with redis.Redis.from_url(cqrs_servers.cache_url) as client:
        client.flushall()
    with cqrs_template.cloned() as database:
        chosen = settings_for(cqrs_servers, database.url, tmp_path / "cqrs", **changes)
        with in_use(chosen):
            yield System(database.name, database.url)
        shared = broken(database.url)
    assert shared == [], "declared by_stream=True, but not so"


@pytest.fixture
def cqrs_workers(cqrs: System) -> Iterator[Workers]:
    """Starts real prefork workers and beat on this test's database; ends them by their ids."""
    started = Workers(settings.get_settings())
    try:
        yield started
    finally:
        started.stop()
