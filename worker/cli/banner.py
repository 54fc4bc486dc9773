"""What `cqrs up` says when everything runs: where the servers are, and what the system does."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from worker import db
from worker.operating.supervisor import Flower
from worker.registry import load_domains
from worker.running.subscribers import subscriptions
from worker.settings import Settings
from worker.writing.decoding import commands


def show(out: Console, settings: Settings, flower: Flower) -> None:
    """Print the start-up banner."""
    load_domains()
    out.print(_servers(settings, flower))
    out.print(f"commands: {', '.join(spec.name for spec in commands)}", highlight=False)
    positions = _positions()
    at = ", ".join(f"{one.name} at {positions.get(one.name, 0)}" for one in subscriptions)
    out.print(f"subscriptions: {at}", highlight=False)
    out.print("Ctrl-C stops everything", style="bold")


def _servers(settings: Settings, flower: Flower) -> Table:
    table = Table("what", "where")
    servers = settings.servers
    table.add_row("PostgreSQL", db.safe_url(servers.database))
    table.add_row("broker", db.safe_url(servers.broker))
    table.add_row("results", db.safe_url(servers.result))
    table.add_row("cache", db.safe_url(servers.cache))
    table.add_row("Flower", f"{flower.url}  (user {flower.user}, password {flower.password})")
    table.add_row("logs", str(settings.home / "log"))
    return table


def _positions() -> dict[str, int]:
    with db.writer() as connection:
        return dict(connection.execute("SELECT name, position FROM query.checkpoints").fetchall())
