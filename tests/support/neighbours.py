"""Another Celery app and its worker on the same Redis, as many an application has."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.workers import environment, until
from worker.base.settings import get_settings

APP = """
import json
import os
import redis
from celery import Celery, shared_task

app = Celery("shop", broker=os.environ["CQRS_BROKER_URL"])
app.conf.beat_schedule = {"tick": {"task": "shop.count", "schedule": 1.0}}
app.conf.redbeat_redis_url = os.environ["CQRS_CACHE_URL"]
store = redis.Redis.from_url(os.environ["CQRS_CACHE_URL"])

@app.task(name="shop.count")
def count():
    store.incr("shop:runs")

@app.task(name="shop.print_label")
def print_label(before=None, text=""):
    store.rpush("shop:labels", json.dumps([before, text]))

@shared_task(name="shop.greet")
def greet(before=None):
    store.rpush("shop:greeted_by", os.environ["GREETER"])
"""


class Neighbour:
    """A folder with the app `shop`, and its own worker while this is entered."""

    def __init__(self, folder: Path, *queues: str) -> None:
        self.folder, self.queues = folder, queues or ("celery",)
        (folder / "shop.py").write_text(APP)
        self.log = folder / "shop.log"
        self.name = f"{folder.name}@{os.getpid()}"

    def environ(self) -> dict[str, str]:
        """In which environment its processes run: with our settings, so that it finds the Redis."""
        path = os.pathsep.join([str(self.folder), environment(get_settings())["PYTHONPATH"]])
        return environment(get_settings()) | {"PYTHONPATH": path, "GREETER": "the shop's worker"}

    def run(self, program: str, extra: Mapping[str, str] | None = None) -> str:
        """What a program in a process of the shop's own prints; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=self.folder,
            env=self.environ() | (dict(extra) if extra else {}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def beat(self, scheduler: str) -> Iterator[Path]:
        """Its own beat, while this is entered; gives its log."""
        log = self.folder / "shop-beat.log"
        process = self._started(log, "beat", "-S", scheduler, "-l", "INFO")
        try:
            yield log
        finally:
            _end(process)

    def _started(self, log: Path, *arguments: str) -> subprocess.Popen[bytes]:
        with log.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "shop", *arguments],
                cwd=self.folder,
                env=self.environ(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        self.process = self._started(
            self.log,
            *("worker", "-n", self.name, "-Q", ",".join(self.queues)),
            *("-c", "1", "-l", "INFO", "--without-mingle"),
        )
        try:
            until(lambda: b" ready." in self.log.read_bytes(), 30)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _end(self.process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
