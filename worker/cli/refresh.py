"""`cqrs refresh`: materialized views, computed anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from pydantic_core import to_jsonable_python

from worker import refresh
from worker.base import db, migrate
from worker.base.registry import load_domains
from worker.cli.console import JsonFlag, explained, print_json, print_table
from worker.refresh import Refreshed

LONGEST = 7 * 86_400.0
"""Seconds that a person may let one view take."""


app = typer.Typer()


@app.command("refresh")
@explained
def refresh_(
    views: Annotated[list[str] | None, typer.Argument(help="Materialized views by name.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every materialized view.")] = False,
    over: Annotated[
        list[str] | None,
        typer.Option("--over", help="Every one computed from this table or view; repeatable."),
    ] = None,
    if_stale: Annotated[
        bool, typer.Option("--if-stale", help="Only those under which something changed.")
    ] = False,
    concurrently: Annotated[
        bool | None,
        typer.Option(
            "--concurrently/--no-concurrently",
            help="While readers read it, or while they wait; default: the first where possible.",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            min=0.1, max=LONGEST, help="Seconds for each view; default: what a task may take."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Refresh materialized views, each after those that it reads; exit code 1 if one failed."""
    migrate.require()
    load_domains()
    if [everything, bool(views), bool(over)].count(True) != 1:
        raise typer.BadParameter("name views, or a table with --over, or say --all")
    how = {"if_stale": if_stale, "concurrently": concurrently, "timeout": timeout}
    _tell(_refresh(views, over, how), as_json)


def _refresh(
    views: list[str] | None, over: list[str] | None, how: dict[str, Any]
) -> list[Refreshed]:
    if over:
        return refresh.refresh_over(over, **how)
    if views:
        return refresh.refresh(views, **how)
    with db.owner() as connection:
        known = sorted(refresh.view_names(connection))
    return refresh.refresh(known, **how)


def _tell(done: Sequence[Refreshed], as_json: bool) -> None:
    if as_json:
        print_json([to_jsonable_python(refreshed) for refreshed in done])
    else:
        rows = [
            (
                refreshed.view,
                refreshed.outcome,
                refreshed.reason,
                refreshed.rows,
                f"{refreshed.seconds:.2f}",
                refreshed.concurrent,
            )
            for refreshed in done
        ]
        columns = ("view", "outcome", "why", "rows", "seconds", "read meanwhile")
        print_table(columns, rows, "no materialized view is computed from that")
    if any(refreshed.outcome == "failed" for refreshed in done):
        raise typer.Exit(1)
