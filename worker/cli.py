"""`cqrs`: start the system, send it commands, see what it does.

Every table has a `--json` form. Errors that a user can make are one sentence that says what to do.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from worker import embedded, logs, migrate
from worker.embedded import ServerDidNotStart
from worker.errors import CqrsError, NotMigrated
from worker.schema import cli as schema_cli
from worker.settings import Settings, get_settings

P = ParamSpec("P")
R = TypeVar("R")
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Commands in, events logged in order, read models out.",
)
out = Console()
err = Console(stderr=True)


def explained(function: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that a user can make into one sentence and exit code 1."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (CqrsError, ServerDidNotStart) as error:
            err.print(f"cqrs: {error}", style="red", markup=False, highlight=False)
            raise typer.Exit(1) from None
        except psycopg.Error as error:
            if migrate.is_missing_object(error):
                reason = str(NotMigrated(migrate.current(), migrate.head()))
                err.print(f"cqrs: {reason}", style="red", markup=False, highlight=False)
                raise typer.Exit(1) from None
            raise

    return run


@contextmanager
def servers_of(settings: Settings) -> Iterator[None]:
    """The embedded servers, if any URL is unset: started here, and stopped here."""
    named = (
        settings.database_url,
        settings.broker_url,
        settings.result_url,
        settings.cache_url,
    )
    if all(named):
        yield
        return
    embedded.start(settings.home)
    try:
        yield
    finally:
        embedded.stop(settings.home)


@app.command()
@explained
def up(
    concurrency: Annotated[int, typer.Option(help="Processes of each worker.")] = 2,
) -> None:
    """Run everything in the foreground: servers, workers, beat and Flower. Ctrl-C stops it."""
    from worker import banner
    from worker.supervisor import Supervisor, children, environment_of

    settings = get_settings()
    signal.signal(signal.SIGTERM, _as_interrupt)
    with servers_of(settings):
        migrate.upgrade()
        programs, flower = children(settings, concurrency=concurrency)
        supervisor = Supervisor(programs, settings.home / "log", environment_of(settings))
        try:
            supervisor.start()
            banner.show(out, settings, flower)
            while True:
                supervisor.tend()
                time.sleep(0.5)
        except KeyboardInterrupt:
            out.print("\nstopping")
        finally:
            supervisor.stop()


def _as_interrupt(_signal: int, _frame: Any) -> None:
    raise KeyboardInterrupt


@app.command()
@explained
def demo(
    orders: Annotated[int, typer.Option(min=10, help="How many orders to place.")] = 120,
) -> None:
    """The main job, end to end, with a worker killed half way; exit code 0 if every total holds."""
    # A demo shows a domain, and this floor knows none: it is looked up by name.
    if not import_module("tasks.demo").run(out, orders=orders):
        raise typer.Exit(1)


@app.command("migrate")
@explained
def migrate_() -> None:
    """Bring the database to the version of this code. Safe to run again."""
    out.print(f"the database is at {migrate.upgrade()}")


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
    from worker.actor import acting_as
    from worker.registry import load_domains
    from worker.submit import Submission

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
        _print_json(
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


@app.command("map")
@explained
def map_(as_json: JsonFlag = False) -> None:
    """Every command, the events it emits, who reads them, and which queries ask those."""
    from worker import system_map

    paths = system_map.paths()
    if as_json:
        _print_json([path.to_json() for path in paths])
        return
    table = Table("command", "events", "projections and reactions", "queries", show_lines=True)
    for path in paths:
        table.add_row(
            path.command, *("\n".join(c) for c in (path.events, path.subscriptions, path.queries))
        )
    out.print(table)


@contextmanager
def _progress(what: str, total: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    started = time.monotonic()
    with Progress(*columns, console=err, disable=quiet) as progress:
        task = progress.add_task(what, total=total, rate="")

        def advance(count: int) -> None:
            done = progress.tasks[task].completed + count
            rate = done / max(0.001, time.monotonic() - started)
            progress.update(task, advance=count, rate=f"{rate:,.0f}/s")

        yield advance


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def _schema_context() -> Any:
    from worker.schema.engine import engine_context

    migrate.require()
    return engine_context()


schema_cli.mount(app, _schema_context)


def main() -> None:
    """The `cqrs` program."""
    logs.configure()
    app()


if __name__ == "__main__":
    main()
