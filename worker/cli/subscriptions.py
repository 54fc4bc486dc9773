"""`cqrs subscriptions`: list, pause, resume, reset, batch sizes, partitions."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.base.registry import load_domains
from worker.cli.console import ByOption, JsonFlag, explained, out, print_json, print_wide, whoever
from worker.cli.status import subscriptions_table
from worker.ops import status, subscription_admin
from worker.ops.subscription_admin import Operated

app = typer.Typer(
    name="subscriptions", no_args_is_help=True, help="Operate projections and reactions."
)

Name = Annotated[str, typer.Argument(help="The subscription's name.")]


@app.command("list")
@explained
def list_(as_json: JsonFlag = False) -> None:
    """Every subscription: position, lag, partitions, dead letters, what is wrong with it."""
    load_domains()
    statuses = status.subscription_statuses()
    if as_json:
        print_json([subscription.to_json() for subscription in statuses])
        return
    print_wide(subscriptions_table(statuses))


@app.command()
@explained
def pause(name: Name, as_json: JsonFlag = False) -> None:
    """Let a subscription stand still until it is resumed."""
    load_domains()
    _tell(subscription_admin.pause(name), "is paused", as_json)


@app.command()
@explained
def resume(name: Name, as_json: JsonFlag = False) -> None:
    """Let a subscription go on."""
    load_domains()
    _tell(subscription_admin.resume(name), "goes on", as_json)


@app.command()
@explained
def reset(
    name: Name,
    position: Annotated[int, typer.Argument(min=0, help="Read on from the event after this.")],
    force: Annotated[
        bool, typer.Option("--force", help="Even if events count twice, or are left out.")
    ] = False,
    by: ByOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Put a subscription at a position. To build a projection anew, rebuild it instead.

    Back, a reaction answers again, which changes nothing while the receipts of what it started are
    kept; beyond that it would all happen again. A projection would count twice. Forward, events
    would be left out. These need --force.
    """
    load_domains()
    _tell(
        subscription_admin.reset(name, position, force=force, by=whoever(by)), "is reset", as_json
    )


@app.command("batch-size")
@explained
def batch_size(
    name: Name,
    size: Annotated[int, typer.Argument(min=0, help="Events in a batch; 0: as the settings say.")],
    as_json: JsonFlag = False,
) -> None:
    """Set how many events a subscription handles in one transaction."""
    load_domains()
    done = subscription_admin.set_batch_size(name, size or None)
    _tell(done, f"takes {done.batch_size or 'the usual number of'} events a batch", as_json)


@app.command()
@explained
def partition(
    name: Name,
    partitions: Annotated[int, typer.Argument(min=1, help="1: one whole.")],
    as_json: JsonFlag = False,
) -> None:
    """Split a projection, so that workers share it: one that says by_stream=True."""
    load_domains()
    done = subscription_admin.set_partitions(name, partitions)
    _tell(done, f"has {done.partitions} partitions", as_json)


def _tell(done: Operated, what: str, as_json: bool) -> None:
    if as_json:
        print_json(done.to_json())
        return
    out.print(f"{done.subscription} {what} (position {done.position:,})", markup=False)
