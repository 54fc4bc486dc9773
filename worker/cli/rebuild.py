"""`cqrs rebuild` and `cqrs verify`: `register(app)` hangs both on the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.table import Table

from worker.base import migrate
from worker.base.registry import load_domains
from worker.cli.console import JsonFlag, bars, explained, out, print_json, show
from worker.rebuild import Drift, RebuildProgress, Rebuilt, cancel, rebuild, verify
from worker.rebuild.jobs import ProgressCallback
from worker.rebuild.tasks import projections
from worker.rebuild.verify import SAMPLE, Verified

Names = Annotated[list[str] | None, typer.Argument(help="Projections by name.")]
All = Annotated[bool, typer.Option("--all", help="Every projection.")]
Jobs = Annotated[int, typer.Option(min=1, max=64, help="Processes to fold with.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("rebuild")(explained(rebuild_command))
    app.command("verify")(explained(verify_command))


def rebuild_command(
    names: Names = None,
    everything: All = False,
    jobs: Jobs = 2,
    from_position: Annotated[
        int,
        typer.Option("--from", min=0, help="Keep rows that no event after this position touches."),
    ] = 0,
    stop: Annotated[
        bool, typer.Option("--cancel", help="Stop what is being rebuilt, and clear it away.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Build read tables anew from the log, beside the live ones, and swap them.

    A rebuild that was killed goes on where it was. Rows of the live table that differed are shown.
    With --from, rows are trusted as they were at that position, and only those that events have
    touched since are folded anew.
    """
    wanted = _wanted(names, everything)
    if stop:
        _cancel(wanted)
        return
    done = []
    for name in wanted:
        with _bar(name, as_json) as tell:
            done.append(rebuild(name, progress=tell, jobs=jobs, from_position=from_position))
    if as_json:
        print_json([one.to_json() for one in done])
        return
    show(_rebuilt(done))
    _show_drift([(one.name, one.drift) for one in done])


def verify_command(
    names: Names = None,
    sample: Annotated[int, typer.Option(min=2, help="Rows to look at, about.")] = SAMPLE,
    everything: Annotated[bool, typer.Option("--all", help="Every row, not a sample.")] = False,
    jobs: Jobs = 2,
    as_json: JsonFlag = False,
) -> None:
    """Fold rows anew and compare them with the live ones; exit code 1 if any differ.

    Without names, every projection is verified.
    """
    wanted = _wanted(names, everything=not names)
    found = [
        verify.verify_all(name, jobs=jobs) if everything else verify.verify(name, sample=sample)
        for name in wanted
    ]
    if as_json:
        print_json([one.to_json() for one in found])
    else:
        show(_verified(found))
        _show_drift([(one.name, one.drift) for one in found])
    if any(one.differing for one in found):
        raise typer.Exit(1)


def _wanted(names: Sequence[str] | None, everything: bool) -> list[str]:
    migrate.require()
    load_domains()
    if everything == bool(names):
        raise typer.BadParameter("name projections, or say --all")
    return list(names or projections())


def _cancel(names: Sequence[str]) -> None:
    for name in names:
        told = "is told to stop" if cancel(name) else "is not being rebuilt"
        out.print(f"{name} {told}", highlight=False)


@contextmanager
def _bar(name: str, quiet: bool) -> Iterator[ProgressCallback]:
    """A progress bar with the events per second and the time that it takes still."""
    with bars(quiet) as shown:
        task = shown.add_task(f"{name} building", total=None, rate="")

        def tell(progress: RebuildProgress) -> None:
            rate = f"{progress.events / progress.seconds:,.0f} events/s" if progress.seconds else ""
            text = f"{name} {progress.state}"
            shown.update(
                task, completed=progress.done, total=progress.total, rate=rate, description=text
            )

        yield tell


def _rebuilt(done: Sequence[Rebuilt]) -> Table:
    table = Table("projection", "table", "events", "rows", "differed", "seconds")
    for one in done:
        differed = "not compared" if one.differing is None else f"{one.differing:,}"
        counts = (f"{one.events:,}", f"{one.rows:,}", differed)
        table.add_row(one.name, one.table, *counts, f"{one.seconds:.1f}")
    return table


def _verified(found: Sequence[Verified]) -> Table:
    table = Table("projection", "position", "checked", "differ", "seconds")
    for one in found:
        checked = f"{one.checked:,} (all)" if one.complete else f"{one.checked:,}"
        counts = (f"{one.position:,}", checked, f"{one.differing:,}")
        table.add_row(one.name, *counts, f"{one.seconds:.1f}")
    return table


def _show_drift(found: Sequence[tuple[str, Sequence[Drift]]]) -> None:
    for name, drift in found:
        for one in drift:
            out.print(f"{name} {one}", markup=False, highlight=False)
