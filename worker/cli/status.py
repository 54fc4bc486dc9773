"""`cqrs status`, and how it looks to people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from worker.base.settings import get_settings
from worker.cli.console import JsonFlag, cell, explained, print_json, print_wide
from worker.ops import status as system_status
from worker.ops.status import (
    ChangesetStatus,
    LogStatus,
    ReadModelStatus,
    Status,
    SubscriptionStatus,
)

app = typer.Typer()


@app.command("status")
@explained
def status_(as_json: JsonFlag = False) -> None:
    """Servers, workers, positions and lag, dead letters, and who holds what up.

    Exit code 1 if a server does not answer, or the database is not migrated.
    """
    _ = get_settings().servers  # says what to do if there are no servers at all
    status = system_status.gather()
    if as_json:
        print_json(status.to_json())
    else:
        print_wide(render(status))
    if not status.whole:
        raise typer.Exit(1)


def render(status: Status) -> Group:
    """Everything, trouble in red."""
    parts: list[RenderableType] = [_servers(status), _workers(status)]
    if status.log is not None:
        parts += [
            subscriptions_table(status.log.subscriptions),
            _read_models(status.log.read_models),
            *_sentences(status.log),
        ]
    if status.problem:
        parts.append(f"[red]{escape(status.problem)}[/]")
    return Group(*parts)


def _servers(status: Status) -> Table:
    table = Table("server", "where", "version")
    for server in status.servers:
        told = server.version or f"[red]{escape(server.problem or 'no answer')}[/]"
        table.add_row(server.name, escape(server.url), told)
    return table


def _workers(status: Status) -> Table:
    table = Table("queue", "waiting", "workers")
    for queue in status.queues:
        taking = [one.name for one in status.workers if queue.name in one.queues]
        nobody = "[red]none answers[/]" if queue.length else "none answers"
        length = "?" if queue.length is None else cell(queue.length)
        table.add_row(queue.name, length, "\n".join(map(escape, taking)) or nobody)
    return table


def subscriptions_table(found: Iterable[SubscriptionStatus]) -> Table:
    """How far each subscription has come."""
    table = Table("subscription", "kind", "position", "lag", "age", "state")
    for one in found:
        table.add_row(
            escape(one.name),
            one.kind,
            cell(one.position),
            _lag(one),
            "" if not one.lag_seconds else seconds(one.lag_seconds),
            _state(one),
        )
    return table


def _lag(one: SubscriptionStatus) -> str:
    if one.lag_events is None:
        return "?"
    return f"{'' if one.lag_is_exact else 'over '}{one.lag_events:,}"


def _state(one: SubscriptionStatus) -> str:
    told = [] if one.partitions == 1 else [f"{one.partitions} partitions"]
    if not one.declared:
        told.append("[yellow]no domain declares it[/]")
    if one.paused:
        told.append("[yellow]paused[/]")
    if one.dead_letters:
        told.append(f"[red]{one.dead_letters:,} dead letters[/]")
    if one.deaths:
        told.append(f"[red]{one.deaths} processes died over it[/]")
    if one.error:
        told.append(f"[red]{escape(one.error)}[/]")
    return "\n".join(told) or "runs"


def _read_models(found: Iterable[ReadModelStatus]) -> Table:
    table = Table("read model", "table", "verified", "rebuilt", "state")
    for one in found:
        state = _read_model_state(one)
        table.add_row(escape(one.name), one.table, _verified(one), _rebuilt(one), state)
    return table


def _verified(one: ReadModelStatus) -> str:
    if (last := one.verified) is None:
        return "never"
    rows = f"all {last.checked:,} rows" if last.complete else f"{last.checked:,} rows"
    return f"{_ago(last.at)}: {rows}, {last.differing or 'none'} differed"


def _rebuilt(one: ReadModelStatus) -> str:
    if (last := one.rebuilt) is None:
        return "never"
    if last.differing is None:
        return f"{_ago(last.at)}: not compared"
    return f"{_ago(last.at)}: {last.differing or 'none'} differed"


def _read_model_state(one: ReadModelStatus) -> str:
    if one.needs_rebuild:
        return f"[red]{escape(one.needs_rebuild)}[/] (cqrs rebuild)"
    if one.drifted:
        return "[red]rows drifted[/] (cqrs rebuild)"
    return "has not run yet" if one.table is None else "as declared"


def _ago(at: datetime) -> str:
    return f"{seconds(max(0.0, (datetime.now(UTC) - at).total_seconds()))} ago"


def _sentences(log: LogStatus) -> Iterator[str]:
    yield f"log: readable up to {log.horizon:,} of {log.last_position:,}"
    for holder in log.holders:
        who = f"prepared {holder.prepared}" if holder.prepared else f"process {holder.pid}"
        yield escape(
            f"  held at {holder.fence:,} by {who}"
            f" ({holder.application_name or '?'}, {holder.state or '?'},"
            f" {seconds(holder.seconds or 0)})"
        )
    if log.enqueued:
        age = seconds(log.enqueued_seconds or 0)
        yield f"enqueued commands: {log.enqueued:,}, {log.enqueued_due:,} due, the oldest {age} old"
    if log.dead_commands:
        yield f"[red]dead commands: {log.dead_commands:,}[/] (cqrs dead-letters list)"
    if log.waiting_tags:
        yield f"batches whose tags the cache has not heard of: {log.waiting_tags:,}"
    for stuck in log.stuck_sagas:
        yield f"[red]stuck sagas of {escape(stuck.saga_type)}: {stuck.count:,}[/] (cqrs sagas list)"
    yield from _under_way(log)


def _under_way(log: LogStatus) -> Iterator[str]:
    for rebuild in log.rebuilds:
        share = rebuild.position / rebuild.upto if rebuild.upto else 1.0
        yield escape(
            f"rebuild of {rebuild.name}: {rebuild.state}, {share:.0%},"
            f" {rebuild.events:,} events in {seconds(rebuild.seconds)}"
        )
    for change in log.changesets:
        yield _changeset(change)
    for deployment in log.deployments:
        yield escape(
            f"deployment {deployment.name}: begun by {deployment.begun_by}"
            f" {seconds(deployment.seconds)} ago, not ended"
        )


def _changeset(change: ChangesetStatus) -> str:
    doing = "rolled back" if change.undoing else "executed"
    told = escape(
        f"changeset {change.description}, version {change.version or '-'}: being {doing} by"
        f" {change.by} since {seconds(change.seconds)} ({change.id})"
    )
    return f"{told}, [red]whose process has ended[/]; beat settles it" if change.orphaned else told


def seconds(value: float) -> str:
    """A time as people read it: 0.4 s, 12 s, 3 min, 2.5 h."""
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 7_200 else f"{value / 3_600:.1f} h"
