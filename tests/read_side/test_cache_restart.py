"""A cache server that dies and comes back with what it had saved a while ago."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import redis as redis_py

from tests.conftest import test_settings
from tests.support.workers import until
from worker import cache
from worker.base import settings
from worker.cache import invalidate, look, store
from worker.cache.entries import CacheKey, Snapshot
from worker.embedded import Servers, valkey
from worker.embedded.folders import Folders
from worker.embedded.watchdog import watching

HERE = CacheKey.of("orders.summary:1", ["order:1"])


class OwnServer:
    """A cache server of this test's own, to be killed."""

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        self.pid, self.port, _ = valkey.start(folders, durable=True)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/2"

    def save(self) -> None:
        """Write the snapshot that it starts from."""
        with redis_py.Redis.from_url(self.url) as client:
            client.save()

    def kill_and_start(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        until(lambda: valkey.running_pid(self.folders) is None, 10)
        self.pid, self.port, _ = valkey.start(self.folders, durable=True)


@pytest.fixture
def own_server() -> Iterator[OwnServer]:
    with tempfile.TemporaryDirectory(prefix="cqrs-restart-") as home, watching(Path(home)):
        folders = Folders.make(Path(home))
        try:
            yield OwnServer(folders)
        finally:
            valkey.stop(folders)
            Folders.remove(Path(home))


def test_a_server_that_forgets_an_invalidation_forgets_the_answers_too(
    own_server: OwnServer, servers: Servers, tmp_path: Path
) -> None:
    with _using(own_server, servers, tmp_path):
        fill = cache.begin(HERE, lifetime=60)
        assert store(fill, Snapshot({"s": 7}), b"old", lifetime=60) == "stored"
        slow = cache.begin(HERE, lifetime=60)
        own_server.save()
        invalidate(["order:1"], 8)

    own_server.kill_and_start()

    with _using(own_server, servers, tmp_path):
        seen = look(HERE)
        assert seen.entry is not None, "the answer has come back"
        assert seen.entry.generations == seen.generations, "and its generation with it"
        assert seen.fresh() is None, "but the server is another one"
        assert store(slow, Snapshot({"s": 7}), b"old", lifetime=60) == "restarted"
        cache.begin(HERE, lifetime=60)
        assert look(HERE).fresh() is None


def _using(
    server: OwnServer, servers: Servers, home: Path
) -> AbstractContextManager[settings.Settings]:
    return settings.using(test_settings(servers, servers.database_url, home, cache_url=server.url))
