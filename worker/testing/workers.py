"""Real worker processes for tests: started, waited for by a signal, ended by their ids."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from worker.base.settings import PREFIX, Settings
from worker.ops.supervisor import variables_of
from worker.testing.fork_server import Process, start_celery

QUICKLY = ("--without-mingle",)
"""A worker that asks its neighbours first what they know waits a second for their answers."""


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which a child process finds these settings, and what we can import."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    path = os.pathsep.join(filter(None, sys.path))
    return {**others, **variables_of(settings), "PYTHONPATH": path}


def until(condition: Callable[[], Any], seconds: float = 30.0, what: str = "") -> Any:
    """Wait for a condition, looking often; returns its value. Raises TimeoutError.

    The seconds are those of a machine that has nothing else to do.
    """
    began = time.monotonic()
    while not (value := condition()):
        if time.monotonic() - began > seconds * slowness():
            raise TimeoutError(what or f"waited {seconds} s for {condition}")
        time.sleep(0.01)
    return value


def slowness() -> float:
    """How many times as long as alone a program takes now, judged by who wants the processors."""
    return min(5.0, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


class Worker:
    """One `celery worker` process and its children."""

    def __init__(self, process: Process, name: str, log: Path) -> None:
        self.process, self.name, self.log = process, name, log

    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.poll() is not None

    def kill(self) -> None:
        """SIGKILL the whole group: parent and children, with no chance to say goodbye."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Warm shutdown, then SIGKILL after a bound."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()


class Workers:
    """The worker processes of one test, started in a folder (default: the working folder)."""

    def __init__(self, settings: Settings, folder: Path | None = None) -> None:
        self.settings = settings
        self.folder = folder or Path.cwd()
        self._started: list[Worker] = []

    def start(
        self,
        queues: Sequence[str] = ("commands", "projections", "reactions", "maintenance"),
        *,
        concurrency: int = 2,
        app_module: str = "worker",
        extra: Sequence[str] = (),
        environ: dict[str, str] | None = None,
    ) -> Worker:
        """Start a prefork worker and wait until it is ready to take tasks."""
        name = f"w{len(self._started)}@{os.getpid()}"
        arguments = ["-A", app_module, "worker", "-n", name, "-Q", ",".join(queues)]
        arguments += ["-c", str(concurrency), "-l", "INFO", *QUICKLY, *extra]
        worker = self._spawn(arguments, name, environ)
        until(lambda: self._ready(worker), 30, f"{name} did not start: see {worker.log}")
        return worker

    def start_beat(self) -> Worker:
        """Start beat, with a home of its own: it keeps its schedule there."""
        arguments = ["-A", "worker", "beat", "-l", "INFO"]
        name = f"beat{len(self._started)}"
        home = Path(self.settings.home) / name
        home.mkdir(parents=True)
        return self._spawn(arguments, name, {f"{PREFIX}HOME": str(home)})

    def stop(self) -> None:
        """End every process that was started here: at once, nobody looks at them any more."""
        for worker in self._started:
            if not worker.ended():
                worker.kill()

    def _spawn(self, arguments: list[str], name: str, environ: dict[str, str] | None) -> Worker:
        home = Path(self.settings.home)
        home.mkdir(parents=True, exist_ok=True)
        log = home / f"{name}.log"
        with log.open("wb") as output:
            process = start_celery(
                arguments,
                self.folder,
                environment(self.settings) | (environ or {}),
                output.fileno(),
            )
        worker = Worker(process, name, log)
        self._started.append(worker)
        return worker

    @staticmethod
    def _ready(worker: Worker) -> bool:
        if worker.process.poll() is not None:
            raise RuntimeError(f"{worker.name} ended: {worker.log.read_text()[-3000:]}")
        return b" ready." in worker.log.read_bytes()
