"""A process behind the interface of a Docker container, for pytest-celery without an engine.

pytest-celery's nodes and containers wrap what `docker.containers` gives and use these methods of
it alone; so its own `CeleryTestWorker`, `CeleryTestBroker` and `CeleryTestSetup` work unchanged on
processes of this machine.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from worker.testing.fork_server import Process

Start = Callable[[int], Process]
"""Starts the process in a session of its own, its output going to a descriptor."""


class ProcessContainer:
    """One process that can be killed and started again; its log goes on, as a container's does."""

    def __init__(
        self, name: str, start: Start, log: Path, environ: Mapping[str, str], ports: Sequence[int]
    ) -> None:
        self.name = name
        self.status = "created"
        self._start = start
        self._log = log
        self._environ = environ
        self._run()
        listened = ports if sys.platform == "linux" else ()  # the wrapper reads /proc/net
        self.attrs: dict[str, Any] = {
            "Config": {
                "Hostname": "127.0.0.1",
                "Env": [f"{name}={value}" for name, value in environ.items()],
            },
            "HostConfig": {"PortBindings": {}},
            "NetworkSettings": {
                "Networks": {},
                "Ports": {f"{port}/tcp": [{"HostPort": str(port)}] for port in listened},
            },
        }

    @property
    def id(self) -> str:
        """The id of the process that runs now."""
        return f"{self._process.pid:012x}"

    def reload(self) -> None:
        """Look whether it runs."""
        self.status = "running" if self._process.poll() is None else "exited"

    def kill(self, number: str | int | None = None) -> None:
        """Send a signal; SIGKILL takes the whole container, all its processes."""
        number = signal.Signals[number] if isinstance(number, str) else number or signal.SIGKILL
        if number == signal.SIGKILL:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            self._process.wait()
        else:
            self._process.send_signal(number)

    def restart(self, timeout: float = 10) -> None:
        """End it, by force after so many seconds, and start it again."""
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
        self.kill()
        self._run()

    def logs(self) -> bytes:
        """All that it has printed since it was made."""
        return self._log.read_bytes()

    def exec_run(self, command: str | Sequence[str]) -> tuple[int, bytes]:
        """Run a program beside it, in its environment: exit code and output."""
        arguments = shlex.split(command) if isinstance(command, str) else list(command)
        done = subprocess.run(
            arguments,
            env=dict(self._environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return done.returncode, done.stdout

    def _run(self) -> None:
        with self._log.open("ab") as output:
            self._process = self._start(output.fileno())
        self.status = "running"
