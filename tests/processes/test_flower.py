"""Flower as `cqrs up` starts it: behind a password, read-only, with our queues."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Database
from tests.support.workers import Workers, environment, until
from worker.base.app import QUEUES
from worker.base.settings import get_settings
from worker.ops.supervisor import Flower, Supervisor, children


@pytest.fixture
def flower(database: Database, workers: Workers, tmp_path: Path) -> Iterator[Flower]:
    """Flower on a free port, with one worker to look at."""
    workers.start(["commands"], concurrency=1)
    programs, page = children(get_settings())
    only = [child for child in programs if child.name == "flower"]
    supervisor = Supervisor(only, tmp_path / "log", environment(get_settings()))
    supervisor.start()
    try:
        until(lambda: _status(page, "/healthcheck") == 200, 30, "Flower did not start")
        yield page
    finally:
        supervisor.stop()


def _request(page: Flower, path: str, method: str, known: bool) -> urllib.request.Request:
    request = urllib.request.Request(page.url + path, method=method)
    if known:
        word = base64.b64encode(f"{page.user}:{page.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {word}")
    return request


def _status(page: Flower, path: str, method: str = "GET", known: bool = True) -> int:
    try:
        with urllib.request.urlopen(_request(page, path, method, known), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_flower_shows_queues_to_those_who_know_the_password_and_takes_no_orders(
    flower: Flower,
) -> None:
    assert flower.url.startswith("http://127.0.0.1:")
    assert _status(flower, "/api/workers", known=False) == 401
    assert _status(flower, "/api/workers") == 200
    assert _status(flower, "/api/worker/shutdown/w@x", method="POST") == 403

    def queues() -> set[str]:
        with urllib.request.urlopen(_request(flower, "/api/queues/length", "GET", True)) as page:
            return {queue["name"] for queue in json.load(page)["active_queues"]}

    assert until(lambda: set(QUEUES) <= queues() and queues(), 20) >= set(QUEUES)
