"""`cqrs events`: what the log holds, and whether today's code can read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from worker.base import db, migrate
from worker.base.registry import load_domains
from worker.cli.console import JsonFlag, bars, explained, print_json, print_table
from worker.event_log.check import StoredKind
from worker.event_log.check import check as check_log

app = typer.Typer(
    name="events",
    no_args_is_help=True,
    help="What the log holds, and whether today's code can read it.",
)


@app.callback()
def _group() -> None:
    """What the log holds, and whether today's code can read it."""


@app.command()
@explained
def check(
    every: Annotated[
        bool, typer.Option("--all", help="Read every event, not a hundred of each kind.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Read what is stored of every type and version against today's models; exit code 1 if any
    cannot be read."""
    migrate.require()
    load_domains()
    with db.owner() as connection, bars(as_json or not every) as progress:
        task = progress.add_task("reading the log", total=None, rate="")
        kinds = check_log(
            connection,
            every=every,
            tell=lambda done, total: progress.update(task, completed=done, total=total),
        )
    _print(kinds, as_json)
    if any(kind.unreadable for kind in kinds):
        raise typer.Exit(1)


def _print(kinds: Sequence[StoredKind], as_json: bool) -> None:
    if as_json:
        print_json([kind.to_json() for kind in kinds])
        return
    print_table(
        ("event", "version", "stored", "read", "unreadable", "first", "why"),
        ((k.type, k.version, k.events, k.read, k.unreadable, k.position, k.problem) for k in kinds),
        "the log is empty",
    )
