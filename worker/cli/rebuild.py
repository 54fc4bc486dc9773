"""`cqrs rebuild` and `cqrs verify`: read tables built anew from the log, or compared with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.table import Table

from worker.base import migrate
from worker.base.registry import load_domains
from worker.cli.console import JsonFlag, bars, explained, out, print_json, print_wide
from worker.rebuild import Drift, RebuildProgress, Rebuilt, cancel, rebuild, verify
from worker.rebuild.jobs import ProgressCallback
from worker.rebuild.tasks import projections
from worker.rebuild.verify import SAMPLE, Verified

Names = Annotated[list[str] | None, typer.Argument(help="Projections by name.")]
All = Annotated[bool, typer.Option("--all", help="Every projection.")]
Jobs = Annotated[int, typer.Option(min=1, max=64, help="Processes to fold with.")]


app = typer.Typer()


@app.command("rebuild")
@explained
def rebuild_(
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
    touched since are folded anew. It can be a position from where the live table was built to where
    it is; for any other, the answer says which these are.
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
        print_json([rebuilt.to_json() for rebuilt in done])
        return
    print_wide(_rebuilt(done))
    _print_drift([(rebuilt.name, rebuilt.drift) for rebuilt in done])


@app.command("verify")
@explained
def verify_(
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
    done = []
    for name in wanted:
        with _bar(name, as_json) as tell:
            done.append(
                verify.verify_all(name, jobs=jobs, progress=tell)
                if everything
                else verify.verify(name, sample=sample, progress=tell)
            )
    if as_json:
        print_json([verified.to_json() for verified in done])
    else:
        print_wide(_verified(done))
        _print_drift([(verified.name, verified.drift) for verified in done])
    if any(verified.differing for verified in done):
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
    with bars(quiet) as progress_bar:
        task = progress_bar.add_task(f"{name} building", total=None, rate="")

        def tell(progress: RebuildProgress) -> None:
            rate = f"{progress.events / progress.seconds:,.0f} events/s" if progress.seconds else ""
            text = f"{name} {progress.state}"
            progress_bar.update(
                task, completed=progress.done, total=progress.total, rate=rate, description=text
            )

        yield tell


def _rebuilt(done: Sequence[Rebuilt]) -> Table:
    table = Table("projection", "table", "events", "rows", "differed", "seconds")
    for rebuilt in done:
        differed = "not compared" if rebuilt.differing is None else f"{rebuilt.differing:,}"
        counts = (f"{rebuilt.events:,}", f"{rebuilt.rows:,}", differed)
        table.add_row(rebuilt.name, rebuilt.table, *counts, f"{rebuilt.seconds:.1f}")
    return table


def _verified(done: Sequence[Verified]) -> Table:
    table = Table("projection", "position", "checked", "differ", "seconds")
    for verified in done:
        checked = f"{verified.checked:,} (all)" if verified.complete else f"{verified.checked:,}"
        counts = (f"{verified.position:,}", checked, f"{verified.differing:,}")
        table.add_row(verified.name, *counts, f"{verified.seconds:.1f}")
    return table


def _print_drift(drifts: Sequence[tuple[str, Sequence[Drift]]]) -> None:
    for name, drift in drifts:
        for row in drift:
            out.print(f"{name} {row}", markup=False, highlight=False)
