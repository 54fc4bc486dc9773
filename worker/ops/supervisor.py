"""The child processes of `cqrs up`: workers, beat and Flower, started, watched and ended by id.

A child that dies is started again, after a pause that grows while it keeps dying. Ctrl-C and
SIGTERM end everything cleanly: workers finish what they run, then the servers stop.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from worker.base.logs import get_logger
from worker.base.settings import PREFIX, Settings
from worker.embedded import watchdog

GRACE = 20.0
"""Seconds that a child has to finish what it runs."""

log = get_logger(__name__)


@dataclass(slots=True)
class Child:
    """A process that is to run as long as we do."""

    name: str
    arguments: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    start_at: float = 0.0

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts children, starts them again, and ends them."""

    def __init__(self, children: Iterable[Child], logs: Path, environment: dict[str, str]) -> None:
        self.children = list(children)
        self.logs = logs
        self.environment = environment
        logs.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Start every child."""
        for child in self.children:
            self._start(child)

    def tend(self) -> None:
        """Start again what has died; call this now and then."""
        for child in self.children:
            if child.running:
                continue
            if child.start_at == 0.0:
                child.deaths += 1
                child.start_at = time.monotonic() + min(30.0, 0.5 * 2 ** min(child.deaths, 6))
                log.warning(
                    "child ended; it is started again",
                    child=child.name,
                    code=child.process.returncode if child.process else None,
                    log=str(self.logs / f"{child.name}.log"),
                )
            elif time.monotonic() >= child.start_at:
                self._start(child)

    def kill(self, name: str) -> None:
        """SIGKILL a child and its own children, as a crash would; it is started again at once."""
        for child in self.children:
            if child.name == name and child.process is not None:
                with suppress(ProcessLookupError):  # it may have ended by itself, and all with it
                    os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
                self._start(child)

    def stop(self, grace: float = GRACE) -> None:
        """End every child: first asked, and after `grace` seconds killed."""
        for child in self.children:
            if child.running and child.process is not None:
                child.process.terminate()
        deadline = time.monotonic() + grace
        for child in self.children:
            if child.process is not None:
                _wait(child.process, deadline - time.monotonic())

    def _start(self, child: Child) -> None:
        with (self.logs / f"{child.name}.log").open("ab") as output:
            child.process = subprocess.Popen(
                child.arguments,
                env=self.environment | child.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        watchdog.watch_group(child.process.pid, grace=GRACE)
        child.start_at = 0.0


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(max(0.1, seconds))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def variables_of(settings: Settings) -> dict[str, str]:
    """Settings as the environment variables that give them again."""
    return {
        PREFIX + name.upper(): ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in settings.model_dump(exclude_unset=True).items()
        if value is not None
    }


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment in which child processes find these settings."""
    return {**os.environ, **variables_of(settings)}


def celery(*arguments: str) -> list[str]:
    """The command line of a Celery program on our app, with this Python."""
    return [sys.executable, "-m", "celery", "-A", "worker", *arguments]


@dataclass(frozen=True, slots=True)
class Flower:
    """Where Flower is, and how to get in."""

    url: str
    user: str
    password: str


def children(settings: Settings, *, concurrency: int = 2) -> tuple[list[Child], Flower]:
    """The processes of a whole system on one machine: two workers, beat, and Flower."""
    flower = _flower(settings)
    limits = {"FLOWER_BASIC_AUTH": f"{flower.user}:{flower.password}", "FLOWER_READ_ONLY": "true"}
    page = f"--port={flower.url.rsplit(':', 1)[1]}"
    readers = "projections,reactions,maintenance"
    return [
        Child("commands", _worker("commands", "commands", concurrency)),
        Child("readers", _worker("readers", readers, concurrency)),
        Child("beat", celery("beat", "-l", "WARNING")),
        Child("flower", celery("flower", "--address=127.0.0.1", page), limits),
    ], flower


def _worker(name: str, queues: str, concurrency: int) -> list[str]:
    return celery(
        "worker", "-n", f"{name}@%h", "-Q", queues, "-c", str(concurrency), "-l", "WARNING"
    )


def _flower(settings: Settings) -> Flower:
    port = settings.flower_port or _free_port()
    password = settings.flower_password or secrets.token_urlsafe(12)
    return Flower(f"http://127.0.0.1:{port}", settings.flower_user, password)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
