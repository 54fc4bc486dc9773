"""`cqrs failures`: what the engine does by itself and has failed to do."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic_core import to_jsonable_python

from worker.base import db, migrate, standing_failures
from worker.cli.console import ByOption, JsonFlag, explained, out, print_json, print_table, whoever

app = typer.Typer(
    name="failures",
    no_args_is_help=True,
    help="Refreshes, rebuilds and scheduled tasks that failed.",
)


@app.command("list")
@explained
def list_(as_json: JsonFlag = False) -> None:
    """Every failure that stands, acknowledged or not: what, why, how often, since when."""
    migrate.require()
    with db.owner() as connection:
        found = standing_failures.find(connection)
    if as_json:
        print_json([to_jsonable_python(one.to_json()) for one in found])
        return
    columns = ("task", "of", "why", "times", "first", "last", "acknowledged by")
    rows = (
        (
            one.task,
            one.subject,
            one.reason,
            one.times,
            one.first_at,
            one.last_at,
            one.acknowledged_by,
        )
        for one in found
    )
    print_table(columns, rows, "nothing has failed that has not succeeded since")


@app.command()
@explained
def acknowledge(
    task: Annotated[str, typer.Argument(help="The task, as the list has it: cqrs.refresh, …")],
    subject: Annotated[
        str | None, typer.Argument(help="The view or projection; default: all of that task.")
    ] = None,
    by: ByOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Take failures for known: `cqrs status` is content until they fail for another reason."""
    migrate.require()
    count = standing_failures.acknowledge(task, subject, whoever(by))
    if as_json:
        print_json({"acknowledged": count})
    else:
        out.print(f"{count:,} failures acknowledged")
    if not count:
        raise typer.Exit(1)
