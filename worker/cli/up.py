"""`cqrs up`: the whole system in the foreground, on embedded servers where none are named."""

from __future__ import annotations

import fcntl
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from worker import embedded
from worker.base import migrate
from worker.base.errors import Permanent, Transient
from worker.base.settings import Settings, get_settings
from worker.cli import banner
from worker.cli.console import explained, out
from worker.embedded import watchdog
from worker.ops.supervisor import Supervisor, children, environment_of

LOOK_EVERY = 0.5
"""Seconds between two looks at the processes and servers."""


class AlreadyUp(Permanent):
    """Somebody else runs the system of this home."""

    def __init__(self, home: Path) -> None:
        super().__init__(
            f"it is up already: end that one first, or name another folder in CQRS_HOME ({home})"
        )
        self.home = home


class ServersEnded(Transient):
    """The embedded servers ended under the system."""

    def __init__(self, home: Path) -> None:
        super().__init__(
            "the embedded servers ended: run `cqrs up` again, nothing is lost"
            f" (their logs: {home / 'postgres.log'}, {home / 'valkey.log'})"
        )
        self.home = home


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(explained(up))


def up(
    concurrency: Annotated[int, typer.Option(min=1, help="Processes of each worker.")] = 2,
) -> None:
    """Run everything in the foreground: servers, workers, beat and Flower. Ctrl-C stops it."""
    settings = get_settings()
    signal.signal(signal.SIGTERM, _as_interrupt)
    with _alone(settings.home) as lock, _servers_of(settings, lock) as own:
        migrate.upgrade()
        programs, flower = children(settings, concurrency=concurrency)
        supervisor = Supervisor(programs, settings.home / "log", environment_of(settings))
        try:
            supervisor.start()
            banner.show(settings, flower)
            _tend(supervisor, settings.home if own else None)
        except KeyboardInterrupt:
            out.print("\nstopping")
        finally:
            supervisor.stop()


def _tend(supervisor: Supervisor, home: Path | None) -> None:
    """Start again what dies, until the embedded servers do."""
    while home is None or embedded.find(home) is not None:
        supervisor.tend()
        time.sleep(LOOK_EVERY)
    raise ServersEnded(home)


@contextmanager
def _alone(home: Path) -> Iterator[int]:
    """Nobody else runs this home's system meanwhile: two would stop each other's servers.

    Gives the descriptor that holds the lock.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyUp(home) from None
        yield lock.fileno()


@contextmanager
def _servers_of(settings: Settings, lock: int) -> Iterator[bool]:
    """The embedded servers, if any URL is unset: started here, stopped here. Whether they are.

    If we are killed the watchdog stops them and all children, and holds our lock until then.
    """
    named = (
        settings.database_url,
        settings.broker_url,
        settings.result_url,
        settings.cache_url,
    )
    if all(named):
        with watchdog.watching(None, held=[lock]):
            yield False
        return
    with watchdog.watching(settings.home, held=[lock]):
        embedded.start(settings.home)
        try:
            yield True
        finally:
            embedded.stop(settings.home)


def _as_interrupt(_signal: int, _frame: Any) -> None:
    raise KeyboardInterrupt
