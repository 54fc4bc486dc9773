"""A system of its own for a measurement: embedded servers, a migrated database, real workers."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from worker import Settings, embedded
from worker.base import db, migrate, settings
from worker.base.registry import load_domains
from worker.ops.supervisor import celery, environment_of


@contextmanager
def system(**changes: Any) -> Iterator[Settings]:
    """Durable servers in a temporary home, migrated; settings installed for this process."""
    with tempfile.TemporaryDirectory(prefix="cqrs-bench-") as folder:
        home = Path(folder)
        servers = embedded.start(home, durable=True)
        chosen = Settings(
            home=home,
            database_url=servers.database_url,
            broker_url=servers.broker_url,
            result_url=servers.result_url,
            cache_url=servers.cache_url,
            **changes,
        )
        try:
            with settings.using(chosen):
                migrate.upgrade()
                load_domains()
                yield chosen
                db.close()
        finally:
            embedded.remove(home)


@contextmanager
def worker(
    chosen: Settings, queues: Sequence[str], concurrency: int, module: str = "bench.app"
) -> Iterator[None]:
    """A prefork worker on these queues, ready when the block begins."""
    name = "-".join(queues)
    log = chosen.home / f"bench-{name}.log"
    arguments = celery("worker", "-n", f"{name}@bench", "-Q", ",".join(queues), "-l", "INFO")
    arguments[arguments.index("-A") + 1] = module
    arguments += ["-c", str(concurrency), "--without-mingle", "--without-gossip"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments, env=environment_of(chosen), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_for(lambda: b" ready." in log.read_bytes(), 60)
        yield
    finally:
        process.terminate()
        process.wait(30)


def wait_for(condition: Callable[[], bool], seconds: float = 300.0) -> None:
    """Wait for a condition. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s")
        time.sleep(0.05)  # rarely: looking costs the machine that is measured


def scalar(sql: str) -> int:
    """The number that a query gives."""
    with db.owner() as connection:
        row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
