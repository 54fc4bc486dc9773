"""`cqrs`: start the system, send it commands, see what it does.

Every table has a `--json` form. Errors that a user can make are one sentence that says what to do.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from worker.base import logs, migrate
from worker.base.actor import acting_as
from worker.base.errors import BadSettings
from worker.base.project import project
from worker.base.registry import load_domains
from worker.base.settings import get_settings
from worker.cli import changesets as schema_cli
from worker.cli import dead_letters as dead_letters_cli
from worker.cli import map_view, status_view
from worker.cli import rebuild as rebuild_cli
from worker.cli import refresh as refresh_cli
from worker.cli import sagas as sagas_cli
from worker.cli import subscriptions as subscriptions_cli
from worker.cli import up as up_cli
from worker.cli.console import JsonFlag, bars, complain, explained, out, print_json, show
from worker.cli.submit import Submission
from worker.ops import status as status_
from worker.ops import system_map

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Commands in, events logged in order, read models out.",
)
up_cli.register(app)
app.add_typer(dead_letters_cli.app, name="dead-letters")
app.add_typer(subscriptions_cli.app, name="subscriptions")
app.add_typer(sagas_cli.app, name="sagas")


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
def submit(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    window: Annotated[int, typer.Option(min=1, help="Most commands under way at a time.")] = 1_000,
    refused: Annotated[
        Path | None, typer.Option(help="Where the refused lines go; default: in CQRS_HOME.")
    ] = None,
    actor: Annotated[str, typer.Option(help="Who sends.")] = "system",
    role: Annotated[list[str] | None, typer.Option(help="A role of the actor; repeatable.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Submit a file of commands, one JSON object a line; see the README for its fields."""
    migrate.require()
    load_domains()
    path = refused or get_settings().home / f"{file.stem}-refused.jsonl"
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    roles = role or (["system"] if actor == "system" else [])
    with acting_as(actor, roles=roles), _progress("submitting", len(lines), as_json) as advance:
        submission = Submission(window=window, tell=lambda done, _: advance(done))
        report = submission.run(lines)
    report.write_refusals(path)
    _show_report(report, path, as_json)
    if report.outcomes["malformed"] or report.outcomes["invalid"]:
        raise typer.Exit(2)


def _show_report(report: Any, path: Path, as_json: bool) -> None:
    total = sum(report.outcomes.values())
    if as_json:
        print_json(
            {
                "outcomes": dict(report.outcomes),
                "lines": total,
                "seconds": round(report.seconds, 3),
                "refused_file": str(path),
            }
        )
        return
    table = Table("outcome", "commands")
    for outcome, count in sorted(report.outcomes.items()):
        table.add_row(outcome, f"{count:,}")
    out.print(table)
    out.print(f"{total:,} lines in {report.seconds:.1f} s ({total / report.seconds:,.0f} a second)")
    if report.refusals:
        out.print(f"refused lines and their reasons: {path}")


@app.command()
@explained
def status(as_json: JsonFlag = False) -> None:
    """Servers, workers, positions and lag, dead letters, and who holds what up.

    Exit code 1 if a server does not answer, or the database is not migrated.
    """
    _ = get_settings().servers  # says what to do if there are no servers at all
    found = status_.gather()
    if as_json:
        print_json(found.to_json())
    else:
        show(status_view.render(found))
    if not found.whole:
        raise typer.Exit(1)


@app.command("map")
@explained
def map_(as_json: JsonFlag = False) -> None:
    """Every command with its events, who reads them, which queries ask; rules; the schedule.

    Needs no server. Exit code 1 if a declaration names what does not exist.
    """
    found = system_map.draw()
    if as_json:
        print_json(found.to_json())
    else:
        show(map_view.render(found))
    if found.problems:
        raise typer.Exit(1)


@contextmanager
def _progress(what: str, total: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    started = time.monotonic()
    with bars(quiet) as progress:
        task = progress.add_task(what, total=total, rate="")

        def advance(count: int) -> None:
            done = progress.tasks[task].completed + count
            rate = done / max(0.001, time.monotonic() - started)
            progress.update(task, advance=count, rate=f"{rate:,.0f}/s")

        yield advance


app.add_typer(schema_cli.app)
rebuild_cli.register(app)
refresh_cli.register(app)


def main() -> None:
    """The `cqrs` program."""
    try:
        logs.configure()
        for module in project().cli:  # an application's own commands, such as a demo
            import_module(module).register(app)
    except BadSettings as wrong:
        sys.exit(complain(str(wrong)))
    app()
