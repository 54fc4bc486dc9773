"""`cqrs up`: the whole system in the foreground, on embedded servers where none are named; and
`cqrs migrate`, which it begins with."""

from __future__ import annotations

import fcntl
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from worker import embedded
from worker.base import db, migrate
from worker.base.errors import Permanent, Transient
from worker.base.project import no_domains
from worker.base.settings import Settings, get_settings
from worker.cli.console import JsonFlag, explained, out, print_json, print_wide
from worker.commands.decoding import commands
from worker.embedded import watchdog
from worker.embedded.folders import make_home
from worker.event_log.subscribers import subscriptions
from worker.ops import declarations, schedule, servers
from worker.ops.celery_app import load_tasks
from worker.ops.supervisor import Flower, Supervisor, children, environment_of

_MOVED = (
    "port {port}, where broker, results and cache were the last time, is taken by another process:"
    " settings that name it have to follow"
)
LOOK_EVERY = 0.5
"""Seconds between two looks at the processes and servers."""


class AlreadyUp(Permanent):
    """Somebody else runs the system of this home."""

    def __init__(self, home: str) -> None:
        super().__init__(
            f"it is up already: end that one first, or name another folder in CQRS_HOME ({home})"
        )
        self.home = home


class HomeUnusable(Permanent):
    """The folder of a system's files cannot be written."""

    def __init__(self, home: str, reason: str) -> None:
        super().__init__(
            f"its folder cannot be written: name another in CQRS_HOME ({home}: {reason})"
        )
        self.home, self.reason = home, reason


class ServersEnded(Transient):
    """The embedded servers ended under the system."""

    def __init__(self, home: str) -> None:
        super().__init__(
            "the embedded servers ended: run `cqrs up` again, nothing is lost"
            f" (their logs: {home}/postgres.log, {home}/valkey.log)"
        )
        self.home = home


app = typer.Typer()


@app.command("migrate")
@explained
def migrate_(as_json: JsonFlag = False) -> None:
    """Bring the database to the version of this code. Safe to run again."""
    version = migrate.upgrade()
    if as_json:
        print_json({"version": version})
    else:
        out.print(f"the database is at {version}")


@app.command()
@explained
def up(
    concurrency: Annotated[int, typer.Option(min=1, help="Processes of each worker.")] = 2,
) -> None:
    """Run everything in the foreground: servers, workers, beat and Flower. Ctrl-C stops it."""
    settings = get_settings()
    load_tasks()
    declarations.require(by_files_alone=True)  # before anything is started
    for ending in (signal.SIGTERM, signal.SIGINT):  # a script's `cqrs up &` is born deaf to SIGINT
        signal.signal(ending, _as_interrupt)
    with _alone(settings.home) as lock, _servers_of(settings, lock) as own:
        servers.demand()
        migrate.upgrade()
        declarations.require()
        programs, flower = children(settings, concurrency=concurrency)
        supervisor = Supervisor(programs, settings.home / "log", environment_of(settings))
        try:
            supervisor.start()
            _print_banner(settings, flower)
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
    raise ServersEnded(str(home))


@contextmanager
def _alone(home: Path) -> Iterator[int]:
    """Nobody else runs this home's system meanwhile: two would stop each other's servers.

    Gives the descriptor that holds the lock.
    """
    with _lock_file(home) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyUp(str(home)) from None
        yield lock.fileno()


def _lock_file(home: Path) -> TextIO:
    try:
        make_home(home)
        return (home / "up.lock").open("w")
    except OSError as error:
        raise HomeUnusable(str(home), error.strerror or str(error)) from None


@contextmanager
def _servers_of(settings: Settings, lock: int) -> Iterator[bool]:
    """The embedded servers that stand for unset URLs: started here, stopped here. Whether any do.

    If we are killed the watchdog stops them and all children, and holds our lock until then.
    """
    if not settings.embedded_servers:
        with watchdog.watching(None, held=[lock]):
            yield False
        return
    with watchdog.watching(settings.home, held=[lock]):
        embedded.start(settings.home, wanted=settings.embedded_servers)
        try:
            yield True
        finally:
            embedded.stop(settings.home)


def _as_interrupt(_signal: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def _print_banner(settings: Settings, flower: Flower) -> None:
    """Print the start-up banner."""
    grid = Table.grid(padding=(0, 2))
    for what, told in (*_servers(settings, flower), *_system()):
        grid.add_row(Text(what, style="cyan"), Text(told, overflow="fold"))
    print_wide(Padding(grid, (1, 0)))
    out.print("Ctrl-C stops everything", style="bold")


def _servers(settings: Settings, flower: Flower) -> Iterator[tuple[str, str]]:
    urls = settings.servers
    yield "PostgreSQL", db.safe_url(urls.database)
    yield "broker", db.safe_url(urls.broker)
    own = embedded.find(settings.home)
    if own is not None and own.broker_url == urls.broker and own.taken_port is not None:
        yield "moved", _MOVED.format(port=own.taken_port)
    yield "results", db.safe_url(urls.result)
    yield "cache", db.safe_url(urls.cache)
    yield "Flower", f"{flower.url}  (user {flower.user}, password {flower.password})"
    yield "logs", str(settings.home / "log")


def _system() -> Iterator[tuple[str, str]]:
    positions = _positions()
    names = [subscriber.name for subscriber in subscriptions]
    at = (f"{name} at {positions.get(name, 0)}" for name in names)
    clock = (f"{name} {entry.when}" for name, entry in schedule.entries().items())
    if not get_settings().domains:
        yield "domains", no_domains()
    yield "commands", ", ".join(spec.name for spec in commands)
    yield "subscriptions", ", ".join(at)
    yield "by the clock", ", ".join(clock)


def _positions() -> dict[str, int]:
    with db.writer() as connection:
        return dict(connection.execute("SELECT name, position FROM query.checkpoints").fetchall())
