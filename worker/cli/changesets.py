"""`cqrs changeset`, `cqrs deployment` and `cqrs deps`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from rich.console import RenderableType

from worker.base import migrate
from worker.base.db_errors import message_of
from worker.cli import changeset_view
from worker.cli.console import JsonFlag, explained, print_json, print_wide
from worker.schema.catalogue.context import Context
from worker.schema.catalogue.dependencies import (
    Dependency,
    analyze_dependencies,
    registry_dependents,
)
from worker.schema.catalogue.read_side import RegistryDependent
from worker.schema.change.change import AsGiven, SchemaChange, Schemas
from worker.schema.change.files import read_file
from worker.schema.changesets import execute_changeset, plan_change, refuse, track
from worker.schema.engine import engine_context
from worker.schema.errors import CannotTry, InvalidChange, UnknownObject
from worker.schema.execute.changeset_lock import recover
from worker.schema.execute.rollback import rollback_changeset
from worker.schema.history import plain as plain_data
from worker.schema.history.deployments import begin_deployment, deployments, end_deployment
from worker.schema.history.records import Changeset, ChangesetStatus, history, load
from worker.schema.pictures.around import around
from worker.schema.pictures.graph import Graph, dependency_graph
from worker.schema.pictures.svg import svg
from worker.schema.pictures.text import dot, mermaid
from worker.schema.trial.trial import Trial, try_change

FileArgument = Annotated[Path, typer.Argument(help="A .toml or .sql changeset.", dir_okay=False)]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The changeset's id.")]
VersionOption = Annotated[
    str | None, typer.Option("--set-version", help="Instead of the version in the file.")
]
ForceFlag = Annotated[bool, typer.Option("--force", help="Overrule the rule that says no.")]

app = typer.Typer()
changesets = typer.Typer(no_args_is_help=True, help="Schema changes that span both sides.")
deployment = typer.Typer(no_args_is_help=True, help="Groups of changesets and refreshes.")
app.add_typer(changesets, name="changeset")
app.add_typer(deployment, name="deployment")
_CLEAN_UP_WAIT = 0.1
"""Seconds that a clean-up of an interrupted changeset may keep those waiting who only look."""


class Format(StrEnum):
    """How dependencies are shown."""

    TABLE = "table"
    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"


def context(ctx: typer.Context) -> Context:
    """The engine's context, or the one that `cqrs` was called with as `obj`."""
    given = ctx.find_object(Context)
    if given is not None:
        return given
    migrate.require()
    return engine_context()


@changesets.command("plan")
@explained
def plan_(
    ctx: typer.Context,
    file: FileArgument,
    version: VersionOption = None,
    try_: Annotated[
        bool, typer.Option("--try", help="Run it too, on a copy of the schema without rows.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Say what a changeset would do, and do nothing. Exit code 1 if it cannot be applied.

    With --try it is run as well, in a scratch database on the same server that is dropped
    afterwards; exit code 1 too if it fails there, or cannot be tried.
    """
    here, change = context(ctx), _read(file, version)
    found = plan_change(here, change)
    trial = _tried(here, change) if try_ else None
    data, lines = plain_data.plan_to_json(found), changeset_view.render_plan(found)
    if trial is not None:
        data |= {"trial": changeset_view.trial_to_json(trial)}
        lines = chain(lines, changeset_view.render_trial(trial))
    _give(as_json, data, lines)
    if not found.is_possible or (trial is not None and not trial.succeeded):
        raise typer.Exit(1)


def _tried(here: Context, change: SchemaChange) -> Trial:
    try:
        return try_change(here, change)
    except CannotTry as error:
        return Trial(None, str(error))


@changesets.command()
@explained
def apply(
    ctx: typer.Context,
    file: FileArgument,
    wait: Annotated[bool, typer.Option("--record-only", help="Record it, execute later.")] = False,
    version: VersionOption = None,
    force: ForceFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Record a changeset and execute it, in one transaction."""
    here = context(ctx)
    try:
        change = _read(file, version)
    except InvalidChange as refused:
        refuse(here, AsGiven(description=f"File {file.name}", version=version), refused)
        raise
    _give_changeset(track(here, change, atomic=not wait, force=force), as_json)


@changesets.command()
@explained
def execute(ctx: typer.Context, changeset: IdArgument, as_json: JsonFlag = False) -> None:
    """Execute a changeset that was recorded, or that failed, once more."""
    _give_changeset(execute_changeset(context(ctx), changeset), as_json)


@changesets.command()
@explained
def rollback(
    ctx: typer.Context, changeset: IdArgument, force: ForceFlag = False, as_json: JsonFlag = False
) -> None:
    """Take a completed changeset back, by the undos that it carries."""
    _give_changeset(rollback_changeset(context(ctx), changeset, force=force), as_json)


@changesets.command("list")
@explained
def list_(
    ctx: typer.Context,
    status: Annotated[
        str | None,
        typer.Option(help="pending, in_progress, completed, failed, rolled_back …"),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: JsonFlag = False,
) -> None:
    """The history, newest first, failed ones included."""
    here = context(ctx)
    _recover(here)
    with here.connection() as connection:
        found = history(connection, status=_status(status), limit=limit)
    _give(as_json, plain_data.plain(found), [changeset_view.render_history(found)])


@changesets.command("show")
@explained
def show_(ctx: typer.Context, changeset: IdArgument, as_json: JsonFlag = False) -> None:
    """One changeset with its operations."""
    here = context(ctx)
    _recover(here)
    with here.connection() as connection:
        found = load(connection, changeset)
    _give_changeset(found, as_json)


@deployment.command()
@explained
def begin(ctx: typer.Context, name: str, as_json: JsonFlag = False) -> None:
    """Open a deployment; changesets and refreshes belong to it until it ends."""
    found = begin_deployment(context(ctx), name)
    _give(as_json, plain_data.plain(found), [changeset_view.render_deployments([found])])


@deployment.command()
@explained
def end(
    ctx: typer.Context,
    message: Annotated[str, typer.Argument()] = "",
    failed: Annotated[bool, typer.Option("--failed", help="It did not succeed.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Close the open deployment."""
    found = end_deployment(context(ctx), message, outcome="failed" if failed else "succeeded")
    _give(as_json, plain_data.plain(found), [changeset_view.render_deployments([found])])


@deployment.command("list")
@explained
def deployments_(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """Deployments, newest first."""
    with context(ctx).connection() as connection:
        found = deployments(connection)
    _give(as_json, plain_data.plain(found), [changeset_view.render_deployments(found)])


@app.command()
@explained
def deps(
    ctx: typer.Context,
    object_name: Annotated[str | None, typer.Option("--object", help="Around this one.")] = None,
    format_: Annotated[Format, typer.Option("--format", help="How.")] = Format.TABLE,
    command_schema: str = "command",
    query_schema: str = "query",
    as_json: JsonFlag = False,
) -> None:
    """What on the query side depends on what on the command side."""
    here, schemas = context(ctx), Schemas(command_schema, query_schema)
    try:
        if format_ is Format.TABLE:
            _table_of_dependencies(here, schemas, object_name, as_json)
        else:
            _draw(here, schemas, object_name, format_)
    except psycopg.errors.InvalidSchemaName as error:  # of a name that was given to us
        raise UnknownObject(f"{command_schema}, {query_schema}", message_of(error)) from None


def _draw(here: Context, schemas: Schemas, object_name: str | None, format_: Format) -> None:
    with here.connection() as connection:
        graph = dependency_graph(connection, here.read_side, schemas, object_name)
    draw = {Format.MERMAID: mermaid, Format.DOT: dot, Format.SVG: svg}[format_]
    typer.echo(draw(graph), nl=False)


def _table_of_dependencies(
    here: Context, schemas: Schemas, object_name: str | None, as_json: bool
) -> None:
    with here.connection() as connection:
        found = analyze_dependencies(connection, schemas.command, schemas.query)
        registered = registry_dependents(connection, here.read_side, schemas.command, schemas.query)
        if object_name is not None:
            graph = dependency_graph(connection, here.read_side, schemas, object_name)
            _around(graph, found, registered, as_json)
            return
    data = {"dependencies": plain_data.plain(found), "hanging": plain_data.plain(registered)}
    _give(as_json, data, changeset_view.render_dependencies(found, registered))


def _around(
    graph: Graph,
    dependencies: Sequence[Dependency],
    registered: dict[str, list[RegistryDependent]],
    as_json: bool,
) -> None:
    found = around(graph, str(graph.middle))
    data = plain_data.plain(found) | {
        "dependencies": plain_data.plain(
            [dependency for dependency in dependencies if found.object in dependency.path]
        ),
        "hanging": plain_data.plain(
            {name: registered[name] for name in graph.nodes if name in registered}
        ),
    }
    _give(as_json, data, changeset_view.render_around(found))


def _recover(here: Context) -> None:
    """Recover interrupted changesets before they are shown, if that is quick and permitted."""
    with suppress(psycopg.Error):
        recover(here, wait=_CLEAN_UP_WAIT)


def _read(file: Path, version: str | None) -> SchemaChange:
    change = read_file(file)
    if version is None:
        return change
    return SchemaChange.of(
        change.command_operations, change.query_operations, change.description, version
    )


def _status(text: str | None) -> ChangesetStatus | None:
    known: tuple[ChangesetStatus, ...] = (
        "pending",
        "in_progress",
        "completed",
        "failed",
        "rolled_back",
        "refused",
    )
    found = next((each for each in known if each == text), None)
    if text is not None and found is None:
        raise typer.BadParameter(f"one of {', '.join(known)}")
    return found


def _give_changeset(changeset: Changeset, as_json: bool) -> None:
    _give(as_json, plain_data.plain(changeset), changeset_view.render_changeset(changeset))


def _give(as_json: bool, data: Any, lines: Iterable[RenderableType]) -> None:
    """Plain data as JSON, or tables and lines for people."""
    if as_json:
        print_json(data)
        return
    for line in lines:
        print_wide(line)
