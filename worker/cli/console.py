"""What every command of the CLI shares: where it prints, how errors read, tables or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar

import psycopg
import typer
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from worker.base import db_errors
from worker.base.actor import operator
from worker.base.errors import CqrsError
from worker.embedded import ServerDidNotStart

P = ParamSpec("P")
R = TypeVar("R")

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ByOption = Annotated[
    str | None, typer.Option("--by", help="Who does this, for the record; default: you.")
]

WIDE = 160
"""Columns of what is not printed on a terminal."""

out = Console()
err = Console(stderr=True)


def bars(quiet: bool) -> Progress:
    """A progress bar with the time that it takes still; tasks say their `rate` themselves."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=err,
        disable=quiet,
    )


def explained(function: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that a user can make into one sentence and exit code 1."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (CqrsError, ServerDidNotStart) as error:
            raise typer.Exit(complain(str(error))) from None
        except psycopg.Error as error:
            raise typer.Exit(complain(db_errors.sentence(error))) from None

    return run


def complain(sentence: str) -> int:
    """Print what went wrong, in red; the exit code."""
    err.print(f"cqrs: {sentence}", style="red", markup=False, highlight=False, soft_wrap=True)
    return 1


def whoever(by: str | None) -> str:
    """Who acts: as named, or else the user of this shell."""
    return by or operator()


def print_json(value: Any) -> None:
    """Print a value as JSON, for machines."""
    sys.stdout.write(json.dumps(value, indent=2, default=_plain) + "\n")


def print_table(columns: Iterable[str], rows: Iterable[Iterable[object]], empty: str) -> None:
    """Print a table, or a sentence if there is nothing to show in it."""
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(cell, row))
    print_wide(table if table.row_count else empty)


def print_wide(what: RenderableType) -> None:
    """Print for people: as wide as their terminal, or wide enough for a file or a pipe."""
    if not out.is_terminal:
        out.width = max(out.width, WIDE)
    out.print(what)


def cell(value: object) -> str:
    """A value as a table shows it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case datetime():
            return value.isoformat(" ", "seconds")
        case list() | tuple():
            return ", ".join(map(cell, value))
        case dict():
            return escape(json.dumps(value, ensure_ascii=False, default=_plain))
        case _:
            return escape(str(value))


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
