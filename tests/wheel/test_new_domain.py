"""New domains as a newcomer makes them: the tutorial, an installed engine, the test plugin."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis as redis_py

from tests.conftest import Database
from tests.processes.test_docs import follow_the_tutorial
from tests.processes.test_new import installed as installed  # a fixture
from tests.processes.test_new import pass_types_and_tests
from tests.processes.test_testing import serve_an_application
from worker.embedded import Servers


def test_the_tutorial_of_a_new_domain_is_followed_to_its_end(
    database: Database, redis: redis_py.Redis, tmp_path: Path
) -> None:
    follow_the_tutorial(tmp_path)


@pytest.mark.parametrize("into", ["", "my/domains"])
def test_a_new_domain_of_an_installed_engine_passes_its_types_and_its_tests(
    tmp_path: Path, installed: Path, into: str
) -> None:
    pass_types_and_tests(tmp_path, installed, into)


@pytest.mark.parametrize("named", [False, True], ids=["embedded", "CQRS_DATABASE_URL"])
def test_the_plugin_serves_an_application(
    tmp_path: Path, servers: Servers, redis: redis_py.Redis, named: bool
) -> None:
    serve_an_application(tmp_path, servers, named)
