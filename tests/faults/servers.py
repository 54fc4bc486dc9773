"""PostgreSQL and Valkey for a run of faults: killed without a goodbye, back on the same address."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import redis as redis_py

from tests.support.workers import until
from worker.embedded import postgres
from worker.embedded.folders import Folders
from worker.embedded.programs import valkey_server

SAVE = ("--save", "2", "1")
"""A snapshot when two seconds have passed and anything has changed: what it comes back with."""


class Postgres:
    """A durable PostgreSQL."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folders = Folders.make(folder)
        self._pid = 0
        self.url = postgres.url(self._folders)

    def start(self) -> None:
        """Start it; it answers when this returns, its crash recovery done."""
        self._pid = postgres.start(self._folders, durable=True)

    def kill(self, *, forget: bool = False) -> None:
        """End it as a power cut would; it forgets nothing."""
        assert not forget
        os.kill(self._pid, signal.SIGKILL)

    def remove(self) -> None:
        """Stop it and delete its data."""
        postgres.stop(self._folders)
        Folders.remove(self._folders.home)


class Valkey:
    """A Valkey on one port, whichever process serves it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it answers when this returns."""
        program = valkey_server(Folders.make(self._folder))
        options = ["--bind", "127.0.0.1", "--port", str(self._port), "--dir", str(self._folder)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([program, *options, *SAVE], stdout=log)
        with redis_py.Redis.from_url(self.url) as client:
            until(lambda: _answers(client), 30, "Valkey does not come back")

    def kill(self, *, forget: bool = False) -> None:
        """End it as a power cut would; to `forget`, with all that it has saved."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if forget:
            (self._folder / "dump.rdb").unlink(missing_ok=True)

    def remove(self) -> None:
        """End it; its folder is the caller's."""
        self.kill()
        Folders.remove(self._folder)


def _answers(client: redis_py.Redis) -> bool:
    with suppress(redis_py.RedisError):
        return bool(client.ping())
    return False
