"""`cqrs demo`: the main job on real servers, a worker killed half way, every total checked.

A few hundred commands of the orders domain go through `.delay()`. Half way one worker is killed
by SIGKILL with commands in its hands; it is started again, its messages come back, and each of its
commands takes effect exactly once. At the end the read models must say, to the cent, what the
receipts say, computed here from nothing but the commands and their receipts.

`script` says what is sent, `show` sends it and waits, `checks` says what must hold then.
"""

from __future__ import annotations

import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tasks.demo.checks import check
from tasks.demo.show import PATIENCE, Show
from worker import embedded
from worker.base import db, migrate, settings
from worker.base.registry import load_domains
from worker.cli.console import complain, explained, out
from worker.embedded import watchdog
from worker.ops.supervisor import Flower, Supervisor, children, environment_of
from worker.refresh import refresh_all

app = typer.Typer()  # `[tool.cqrs.cli]` names this module


@app.command("demo")
@explained
def demo(
    orders: Annotated[int, typer.Option(min=10, help="How many orders to place.")] = 120,
) -> None:
    """The main job, end to end, with a worker killed half way; exit code 0 if every total holds."""
    if not run(out, orders=orders):
        raise typer.Exit(1)


def run(out: Console, *, orders: int) -> bool:
    """Run the demo; True if every total holds."""
    home = settings.get_settings().home / "demo"
    with watchdog.watching(home), _system(out, home) as (supervisor, flower):
        started = time.monotonic()
        show = Show(out, supervisor, orders)
        sent = show.play()
        seconds = time.monotonic() - started
        if not show.finished:
            complain(_unfinished(show, home))
            return False
        refresh_all()
        checks = check(sent)
        checks.append(("Flower answers", _answers(flower), flower.url))
        _print_checks(out, checks)
        counts = Counter(str(one.receipt.status) for one in sent if one.receipt)
        out.print(f"{len(sent)} commands in {seconds:.1f} s: {dict(counts)}", highlight=False)
        return all(holds for _, holds, _ in checks)


def _unfinished(show: Show, home: Path) -> str:
    """Totals of half a run would only look wrong: what is told is how far it came."""
    of = len(show.sent)
    done = of - len(show.open)
    behind = " and the read models are behind," if not show.open else ""
    return (
        f"not finished, so there is no verdict: {done} of {of} commands have a receipt,{behind}"
        f" nothing has moved for {PATIENCE:.0f} s. The logs are in {home / 'log'}"
    )


@contextmanager
def _system(out: Console, home: Path) -> Iterator[tuple[Supervisor, Flower]]:
    """A whole system in a home of its own; limits are short, so lost messages come back soon."""
    embedded.remove(home)
    servers = embedded.start(home)
    chosen = settings.changed(
        settings.get_settings(),
        home=home,
        database_url=servers.database_url,
        query_database_url=servers.database_url,
        broker_url=servers.broker_url,
        result_url=servers.result_url,
        cache_url=servers.cache_url,
        task_soft_time_limit=4,
        task_time_limit=5,
        visibility_timeout=6,
    )
    settings.install(chosen)
    load_domains()
    out.print(f"PostgreSQL and Valkey are up; the database is at {migrate.upgrade()}")
    programs, flower = children(chosen)
    supervisor = Supervisor(programs, home / "log", environment_of(chosen))
    out.print(f"worker, beat and Flower start ({flower.url}, user {flower.user})")
    try:
        supervisor.start()
        yield supervisor, flower
    finally:
        supervisor.stop()
        db.close()
        embedded.stop(home)


def _answers(flower: Flower) -> bool:
    """Whether Flower answers, asked directly: a proxy of the environment knows no such host."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with direct.open(f"{flower.url}/healthcheck", timeout=2) as page:
                return bool(page.status == 200)
        except OSError:
            time.sleep(0.2)
    return False


def _print_checks(out: Console, checks: list[tuple[str, bool, str]]) -> None:
    table = Table("what must hold", "holds", "figure")
    for what, holds, figure in checks:
        table.add_row(what, "[green]yes" if holds else "[bold red]NO", figure)
    out.print(table)
