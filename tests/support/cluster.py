"""A PostgreSQL of a test's own out of any folder of programs: another version's, or two as a pair.

    python -m tests.support.cluster /usr/lib/postgresql/15/bin -- pytest tests/orders

runs a command with such a server in CQRS_TEST_DATABASE_URL, and removes the server afterwards.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from worker.embedded.processes import server_account, wait_until

START = 60.0
SETTINGS = {"max_connections": "200", "fsync": "off", "unix_socket_directories": "", "jit": "off"}


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Cluster:
    """One server on 127.0.0.1, its superuser `postgres`, without a password."""

    programs: Path
    data: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its database `postgres`."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """An empty cluster."""
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                  "--locale=C", "--no-sync")  # fmt: skip

    def copy_of(self, primary: Cluster) -> None:
        """A standby that follows the primary."""
        self._run("pg_basebackup", "-R", "-D", self.data, "-d", f"{primary.url}?application_name=b",
                  "--no-sync", "-c", "fast")  # fmt: skip

    def start(self, **settings: str) -> None:
        """Start it; it answers when this returns."""
        said = SETTINGS | {"port": str(self.port), "listen_addresses": "127.0.0.1"} | settings
        options = [part for name, value in said.items() for part in ("-c", f"{name}={value}")]
        with (self.data.parent / f"{self.data.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data, *options],
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **_as_account(),
            )
        assert wait_until(self._answers, START), "PostgreSQL did not start"

    def kill(self) -> None:
        """As if its machine were gone: every process at once."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)

    def stop(self) -> None:
        """End it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)

    def promote(self) -> None:
        """A standby becomes a primary."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SELECT pg_promote(true, 60)")

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "PostgreSQL has ended"
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.url, connect_timeout=2).close()
            return True
        return False

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [self.programs / program, *arguments],
            check=True,
            capture_output=True,
            cwd="/",
            **_as_account(),
        )


def _as_account() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    account = server_account()
    return {"user": account.uid, "group": account.gid} if account else {}


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that the servers' account owns."""
    made = Path(tempfile.mkdtemp(prefix="cqrs-cluster-"))
    if (account := server_account()) is not None:
        os.chown(made, account.uid, account.gid)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def cluster(programs: Path, **settings: str) -> Iterator[Cluster]:
    """A server that ends with the block."""
    with folder() as made:
        one = Cluster(programs, made / "data")
        one.make()
        try:
            one.start(**settings)
            yield one
        finally:
            one.stop()


def main(arguments: Sequence[str]) -> int:
    """Run a command beside a server of its own."""
    programs, separator, *command = arguments
    assert separator == "--", __doc__
    with cluster(Path(programs), max_prepared_transactions="10") as one:
        environment = os.environ | {"CQRS_TEST_DATABASE_URL": one.url}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
