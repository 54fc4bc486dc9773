"""`cqrs status`, and how it looks to people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from worker.base.standing_failures import StandingFailure
from worker.cli.console import JsonFlag, cell, explained, print_json, print_wide
from worker.ops import status as system_status
from worker.ops.status import (
    ChangesetStatus,
    LogStatus,
    ReadModelStatus,
    Status,
    SubscriptionStatus,
)
from worker.ops.troubles import Kind, Trouble, failure, troubles
from worker.rebuild.run import DRIFT
from worker.refresh.view_refresh import FAILING

app = typer.Typer()


@app.command("status")
@explained
def status_(
    as_json: JsonFlag = False,
    tolerate: Annotated[
        list[Kind] | None, typer.Option(help="A kind of trouble that is no failure; repeatable.")
    ] = None,
) -> None:
    """Servers, workers, positions and lag, dead letters, and who holds what up.

    Exit code 1 while something is wrong: a server that does not answer, a queue that no worker
    takes, a worker that throws away what it takes, a database that takes no writes, commands that
    are put off until something is mended, a subscription that failed, dead letters, drift, a
    refresh, a rebuild or a scheduled task that failed and has not succeeded since. What is wrong is
    listed at the end.
    """
    status = system_status.gather()
    wrong = [one for one in troubles(status) if one.kind not in (tolerate or ())]
    if as_json:
        print_json(status.to_json() | {"troubles": [asdict(one) for one in wrong]})
    else:
        print_wide(render(status, wrong))
    if wrong:
        raise typer.Exit(1)


def render(status: Status, wrong: Iterable[Trouble]) -> Group:
    """Everything, and at the end what is wrong, in red."""
    parts: list[RenderableType] = [_servers(status), _workers(status)]
    if status.log is not None:
        parts += [
            subscriptions_table(status.log.subscriptions),
            _read_models(status.log.read_models, status.log.failures),
            *_sentences(status.log),
        ]
    parts += [f"[red]{one.kind}: {escape(one.sentence)}[/]" for one in wrong]
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
        taking = [worker.name for worker in status.workers if queue.name in worker.queues]
        nobody = "[red]none answers[/]" if queue.length else "none answers"
        length = "?" if queue.length is None else cell(queue.length)
        table.add_row(queue.name, length, "\n".join(map(escape, taking)) or nobody)
    return table


def subscriptions_table(subscriptions: Iterable[SubscriptionStatus]) -> Table:
    """How far each subscription has come."""
    table = Table("subscription", "kind", "position", "lag", "age", "state")
    for subscription in subscriptions:
        table.add_row(
            escape(subscription.name),
            subscription.kind,
            cell(subscription.position),
            _lag(subscription),
            "" if not subscription.lag_seconds else seconds(subscription.lag_seconds),
            _state(subscription),
        )
    return table


def _lag(subscription: SubscriptionStatus) -> str:
    if subscription.lag_events is None:
        return "?"
    return f"{'' if subscription.lag_is_exact else 'over '}{subscription.lag_events:,}"


def _state(subscription: SubscriptionStatus) -> str:
    told = [] if subscription.partitions == 1 else [f"{subscription.partitions} partitions"]
    if not subscription.declared:
        told.append("[yellow]no domain declares it[/]")
    if subscription.paused:
        told.append("[yellow]paused[/]")
    if subscription.dead_letters:
        told.append(f"[red]{subscription.dead_letters:,} dead letters[/]")
    if subscription.deaths:
        told.append(f"[red]{subscription.deaths} processes died over it[/]")
    if subscription.error:
        told.append(f"[red]{escape(subscription.error)}[/]")
    return "\n".join(told) or "runs"


def _read_models(models: Iterable[ReadModelStatus], failures: Iterable[StandingFailure]) -> Table:
    table = Table("read model", "table", "verified", "rebuilt", "state")
    failed = {one.subject: one.task for one in failures if one.task != FAILING}
    for model in models:
        state = _read_model_state(model, failed.get(model.name))
        table.add_row(escape(model.name), model.table, _verified(model), _rebuilt(model), state)
    return table


def _verified(model: ReadModelStatus) -> str:
    if (last := model.verified) is None:
        return "never"
    rows = f"all {last.checked:,} rows" if last.complete else f"{last.checked:,} rows"
    return f"{_ago(last.at)}: {rows}, {last.differing or 'none'} differed"


def _rebuilt(model: ReadModelStatus) -> str:
    if (last := model.rebuilt) is None:
        return "never"
    if last.differing is None:
        return f"{_ago(last.at)}: not compared"
    return f"{_ago(last.at)}: {last.differing or 'none'} differed"


def _read_model_state(model: ReadModelStatus, failed: str | None) -> str:
    if model.needs_rebuild:
        return f"[red]{escape(model.needs_rebuild)}[/] (cqrs rebuild)"
    if model.drifted or failed == DRIFT:
        return "[red]rows drifted[/] (cqrs rebuild)"
    if failed:
        return f"[red]its last {failed.removeprefix('cqrs.')} failed[/] (cqrs failures list)"
    return "has not run yet" if model.table is None else "as declared"


def _ago(at: datetime) -> str:
    return f"{seconds(max(0.0, (datetime.now(UTC) - at).total_seconds()))} ago"


def _sentences(log: LogStatus) -> Iterator[str]:
    yield f"log: readable up to {log.horizon:,} of {log.last_position:,}"
    for holder in log.holders:
        who = f"prepared {holder.prepared}" if holder.prepared else f"process {holder.pid}"
        yield escape(
            f"  held at {holder.fence:,} by {who}"
            f" (user {holder.user or '?'}, {holder.application_name or '?'},"
            f" {holder.state or '?'}, {seconds(holder.seconds or 0)})"
        )
    if log.enqueued:
        age = seconds(log.enqueued_seconds or 0)
        yield f"enqueued commands: {log.enqueued:,}, {log.enqueued_due:,} due, the oldest {age} old"
    if log.dead_commands:
        yield f"[red]dead commands: {log.dead_commands:,}[/] (cqrs dead-letters list)"
    for unknown in log.unknown_commands:
        yield escape(
            f"commands that no domain here declares: {unknown.count:,} of {unknown.name},"
            f" the oldest {seconds(unknown.seconds)} old; they wait for a worker that does"
        )
    if log.refused_messages:
        yield f"[red]messages refused: {log.refused_messages:,}[/] (cqrs refused list)"
    if log.waiting_tags:
        yield f"batches whose tags the cache has not heard of: {log.waiting_tags:,}"
    for stuck in log.stuck_sagas:
        yield f"[red]stuck sagas of {escape(stuck.saga_type)}: {stuck.count:,}[/] (cqrs sagas list)"
    yield from _acknowledged(log)
    yield from _under_way(log)


def _acknowledged(log: LogStatus) -> Iterator[str]:
    for one in log.failures:
        if one.acknowledged_at is not None:
            yield escape(f"{failure(one).sentence}: acknowledged by {one.acknowledged_by}")


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
