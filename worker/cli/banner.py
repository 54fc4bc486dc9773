"""What `cqrs up` says when everything runs: where the servers are, and what the system does."""

from __future__ import annotations

from collections.abc import Iterator

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from worker.base import db
from worker.base.registry import load_domains
from worker.base.settings import Settings
from worker.cli import console
from worker.commands.decoding import commands
from worker.event_log.subscribers import subscriptions
from worker.ops import schedule
from worker.ops.supervisor import Flower


def show(settings: Settings, flower: Flower) -> None:
    """Print the start-up banner."""
    load_domains()
    grid = Table.grid(padding=(0, 2))
    for what, told in (*_servers(settings, flower), *_system()):
        grid.add_row(Text(what, style="cyan"), Text(told, overflow="fold"))
    console.show(Padding(grid, (1, 0)))
    console.out.print("Ctrl-C stops everything", style="bold")


def _servers(settings: Settings, flower: Flower) -> Iterator[tuple[str, str]]:
    servers = settings.servers
    yield "PostgreSQL", db.safe_url(servers.database)
    yield "broker", db.safe_url(servers.broker)
    yield "results", db.safe_url(servers.result)
    yield "cache", db.safe_url(servers.cache)
    yield "Flower", f"{flower.url}  (user {flower.user}, password {flower.password})"
    yield "logs", str(settings.home / "log")


def _system() -> Iterator[tuple[str, str]]:
    positions = _positions()
    at = (f"{one.name} at {positions.get(one.name, 0)}" for one in subscriptions)
    clock = (f"{name} {entry.when}" for name, entry in schedule.entries().items())
    yield "commands", ", ".join(spec.name for spec in commands)
    yield "subscriptions", ", ".join(at)
    yield "by the clock", ", ".join(clock)


def _positions() -> dict[str, int]:
    with db.writer() as connection:
        return dict(connection.execute("SELECT name, position FROM query.checkpoints").fetchall())
