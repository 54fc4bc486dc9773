"""Plans, changesets and dependencies for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from worker.schema.catalogue.dependencies import Dependency
from worker.schema.catalogue.read_side import RegistryDependent
from worker.schema.history.deployments import Deployment
from worker.schema.history.plain import EFFECT_NAMES, summary
from worker.schema.history.records import Changeset, ChangesetHistoryEntry
from worker.schema.pictures.around import Around
from worker.schema.plan.plan import SchemaPlan
from worker.schema.statements.effects import LockMode
from worker.schema.trial.trial import Trial


def render_plan(plan: SchemaPlan) -> Iterator[RenderableType]:
    """A plan: operations, locks, what depends on it, what follows, what blocks it."""
    yield _operations_of(plan)
    yield _locks_of(plan)
    yield from _paragraph("Depends on it, by the catalogue", _dependents(plan))
    yield from _paragraph(
        "Depends on it, by the registry",
        (f"{dependent} (on {dependent.object})" for dependent in plan.registry_dependents),
    )
    yield from _paragraph("Rebuilt afterwards, by estimate", plan.follow_up.rebuilds)
    yield from _paragraph("Refreshed afterwards, by estimate", map(str, plan.follow_up.refreshes))
    yield from _paragraph("Purged afterwards, by estimate", plan.follow_up.purges)
    yield from _paragraph("Needs a new major version, because it", plan.breaking)
    yield from _paragraph("Worth knowing", plan.notes)
    yield from _paragraph(
        "Blocked by", (f"operation {blocker.number}: {blocker}" for blocker in plan.blockers), "red"
    )
    yield from _paragraph("Version", filter(None, [plan.version_problem]), "red")
    yield Text("\n" + _verdict(plan), style="green" if plan.is_possible else "red")


def _verdict(plan: SchemaPlan) -> str:
    if not plan.is_possible:
        return "This cannot be applied as it is."
    if plan.step is not None:
        return f"Runs as a step of its own, outside a transaction ({plan.step.value})."
    return f"Runs in one transaction: {len(plan.operations)} operation(s)."


def render_trial(trial: Trial) -> Iterator[RenderableType]:
    """What came of a change on a copy of the schema, beside what the plan estimates."""
    done = trial.changeset
    if trial.succeeded:
        yield Text("\nOn a copy of the schema, without rows: it succeeds.", style="green")
    else:
        yield Text(f"\nOn a copy of the schema, without rows: {trial.error}", style="red")
    yield from _paragraph("Of that failure", filter(None, [trial.hint]))
    if done is not None and trial.succeeded:
        yield from _paragraph("Rebuilt, as seen there", done.follow_up.rebuilds)
        yield from _paragraph("Refreshed, as seen there", map(str, done.follow_up.refreshes))
        yield from _paragraph("Purged, as seen there", done.follow_up.purges)
        yield from _paragraph("Locked, as seen there", map(str, done.locks))


def trial_to_json(trial: Trial) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "succeeded": trial.succeeded,
        "error": trial.error,
        "hint": trial.hint,
        "changeset": None if trial.changeset is None else summary(trial.changeset),
    }


def _operations_of(plan: SchemaPlan) -> Table:
    table = Table("#", "side", "statement", "what it does", "undo", title="Operations")
    for operation in plan.operations:
        done = [
            f"{effect} {target}"
            for effect in EFFECT_NAMES
            for target in getattr(operation.effects, effect)
        ]
        done += [str(column) for column in operation.effects.columns]
        undo = operation.undo.statement if operation.undo else "none"
        table.add_row(
            str(operation.number),
            operation.side.value,
            operation.effects.statement,
            Text("\n".join(done)),
            undo,
        )
    return table


def _locks_of(plan: SchemaPlan) -> Table:
    table = Table("relation", "lock", "makes wait", title="Locks on what exists")
    for lock in plan.locks:
        table.add_row(Text(str(lock.name)), str(lock.mode), _waiting(lock.mode))
    return table


def _waiting(mode: LockMode) -> str:
    if mode.stops_readers:
        return "readers and writers"
    if mode.stops_writers:
        return "writers"
    return "other schema changes" if mode >= LockMode.SHARE_UPDATE_EXCLUSIVE else "hardly anyone"


def _dependents(plan: SchemaPlan) -> Iterator[str]:
    for dependent in plan.dependents:
        yield f"{dependent.kind} {dependent.name} ({' → '.join(dependent.path)})"


def _paragraph(title: str, lines: Iterable[str], style: str = "") -> Iterator[RenderableType]:
    listed = list(lines)
    if listed:
        yield Text(f"\n{title}", style=f"bold {style}".strip())
        yield from (Text(f"  {line}", style=style) for line in listed)


def render_history(lines: Sequence[ChangesetHistoryEntry]) -> Table:
    """The history. An id is never cut, however narrow the terminal is: it is there to be copied."""
    table = Table(show_lines=True)
    table.add_column("changeset", no_wrap=True, overflow="ignore")
    table.add_column("status", no_wrap=True)
    table.add_column("what", overflow="fold")
    for line in lines:
        made = f"{_time(line.created_at)} by {line.created_by}"
        sides = f"{line.command_ops_count} command, {line.query_ops_count} query"
        status = Text.assemble(_status(line.status), "\n", line.version or "")
        error = (f"\n{line.error}", "red") if line.error else ""
        table.add_row(
            Text(f"{line.changeset_id}\n{_shortened(made, 36)}"),
            status,
            Text.assemble(line.description, f" ({sides})", error),
        )
    return table


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _status(status: str, *, undoing: bool = False) -> Text:
    colours = {"completed": "green", "failed": "red", "refused": "red", "in_progress": "yellow"}
    backwards = " (being rolled back)" if undoing else ""
    return Text(status + backwards, style=colours.get(status, ""))


def _time(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}" if value else ""


def render_changeset(changeset: Changeset) -> Iterator[RenderableType]:
    """One changeset with its operations."""
    yield Text.assemble(
        (changeset.description, "bold"),
        f"  {changeset.version or ''}  ",
        _status(changeset.status, undoing=changeset.undoing),
    )
    yield Text(
        f"{changeset.id}, created {_time(changeset.created_at)} by {changeset.created_by}"
        + (f", in deployment {changeset.deployment!r}" if changeset.deployment else "")
    )
    if changeset.error:
        yield Text(changeset.error, style="red")
    if changeset.locks:
        taken = ", ".join(map(str, changeset.locks))
        yield Text(f"locked, of what stood before: {taken}")
    if changeset.follow_up and changeset.followed_up_at is None:
        yield Text(
            "the follow-up has not been dispatched yet; the sweep will dispatch it", style="yellow"
        )
    table = Table("#", "side", "kind", "object", "took", "success", "undo", "error")
    for operation in changeset.operations:
        took = f"{operation.duration.total_seconds() * 1000:.1f} ms" if operation.duration else ""
        success = {True: "yes", False: "no", None: ""}[operation.success]
        state = f" [{operation.sqlstate}]" if operation.sqlstate else ""
        table.add_row(
            str(operation.number),
            operation.side.value,
            operation.kind,
            Text(operation.object or ""),
            took,
            success,
            "yes" if operation.undo else "",
            Text((operation.error or "") + state),
        )
    yield table


def render_dependencies(
    dependencies: Sequence[Dependency], registered: dict[str, list[RegistryDependent]]
) -> Iterator[Table]:
    """Pairs with their paths, by the catalogue; what depends on each object by the registry."""
    table = Table("command object", "query object", "type", "path", title="By the catalogue")
    for dependency in dependencies:
        steps = zip(dependency.path[1:], dependency.links, strict=True)
        way = [dependency.path[0], *(f"{name} ({link})" for name, link in steps)]
        table.add_row(
            Text(dependency.command_object),
            Text(dependency.query_object),
            dependency.type,
            Text(" → ".join(way)),
        )
    yield table
    table = Table("object", "what depends on it", title="By the registry")
    for name, found in registered.items():
        table.add_row(Text(name), Text("\n".join(map(str, found))))
    yield table


def render_around(found: Around) -> Iterator[RenderableType]:
    """What an object needs, and what needs it, with the way to each."""
    yield Text.assemble((found.object, "bold"), f"  {found.kind}")
    for title, ways in (("What it needs", found.needs), ("What needs it", found.needed_by)):
        if not ways:
            yield Text(f"\n{title}: nothing")
            continue
        table = Table("kind", "object", "by way of", title=title)
        for way in ways:
            steps = zip(way.path[1:], way.links, strict=True)
            label = way.name.removeprefix(f"{way.kind} ")
            table.add_row(way.kind, Text(label), Text(_way(list(steps))))
        yield table


def _way(steps: list[tuple[str, str]]) -> str:
    *between, (_, last) = steps
    return " → ".join([*(f"{name} ({link})" for name, link in between), last])


def render_deployments(found: Sequence[Deployment]) -> Table:
    """Deployments, a line each."""
    table = Table("name", "begun", "by", "ended", "outcome", "changesets", "failed", "message")
    for each in found:
        table.add_row(
            Text(each.name),
            _time(each.begun_at),
            Text(each.begun_by),
            _time(each.ended_at),
            each.outcome or "open",
            str(each.changesets),
            str(each.failed),
            Text(each.message or ""),
        )
    return table
