"""`cqrs changeset`, `cqrs deployment` and `cqrs deps`; `mount` puts them under `cqrs`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import psycopg
import typer
from rich.console import Console, RenderableType

from worker.base.db_errors import message_of, sentence
from worker.base.errors import CqrsError
from worker.cli import changeset_view
from worker.schema.catalogue.context import Context
from worker.schema.catalogue.dependencies import (
    Dependency,
    analyze_dependencies,
    registry_dependents,
)
from worker.schema.catalogue.read_side import RegistryDependent
from worker.schema.change.change import SchemaChange, Schemas
from worker.schema.change.files import read_file
from worker.schema.changesets import execute_changeset, plan_change, track
from worker.schema.execute.changeset_lock import recover
from worker.schema.execute.rollback import rollback_changeset
from worker.schema.history import plain as plain_data
from worker.schema.history.deployments import begin_deployment, deployments, end_deployment
from worker.schema.history.records import Changeset, ChangesetStatus, history, load
from worker.schema.pictures.around import around
from worker.schema.pictures.graph import Graph, dependency_graph
from worker.schema.pictures.svg import svg
from worker.schema.pictures.text import dot, mermaid

P = ParamSpec("P")
R = TypeVar("R")
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
FileArgument = Annotated[Path, typer.Argument(help="A .toml or .sql changeset.", dir_okay=False)]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The changeset's id.")]
VersionOption = Annotated[
    str | None, typer.Option("--set-version", help="Instead of the version in the file.")
]
ForceFlag = Annotated[bool, typer.Option("--force", help="Overrule the rule that says no.")]

changesets = typer.Typer(no_args_is_help=True, help="Schema changes that span both sides.")
deployment = typer.Typer(no_args_is_help=True, help="Groups of changesets and refreshes.")
_GLANCE = 0.1
"""Seconds that somebody who only looks may be kept waiting."""

out, err = Console(), Console(stderr=True)
_make_context: list[Callable[[], Context]] = []


class Format(StrEnum):
    """How dependencies are shown."""

    TABLE = "table"
    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"


def mount(app: typer.Typer, make_context: Callable[[], Context]) -> None:
    """Put the commands under `app`; `make_context` is called when one of them runs."""
    _make_context[:] = [make_context]
    app.add_typer(changesets, name="changeset")
    app.add_typer(deployment, name="deployment")
    app.command("deps")(deps)


def context() -> Context:
    """The context that the application was mounted with."""
    return _make_context[0]()


def explained(function: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that a user can make into one sentence and exit code 1."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (CqrsError, psycopg.errors.InvalidSchemaName) as error:
            _complain(message_of(error))
        except psycopg.Error as error:
            _complain(sentence(error))
        raise typer.Exit(1)

    return run


def _complain(reason: str) -> None:
    err.print(f"cqrs: {reason}", style="red", markup=False, highlight=False, soft_wrap=True)


@changesets.command("plan")
@explained
def plan_(file: FileArgument, version: VersionOption = None, as_json: JsonFlag = False) -> None:
    """Say what a changeset would do, and do nothing. Exit code 1 if it cannot be applied."""
    found = plan_change(context(), _read(file, version))
    _give(as_json, plain_data.plan_to_json(found), changeset_view.render_plan(found))
    if not found.is_possible:
        raise typer.Exit(1)


@changesets.command()
@explained
def apply(
    file: FileArgument,
    wait: Annotated[bool, typer.Option("--record-only", help="Record it, execute later.")] = False,
    version: VersionOption = None,
    force: ForceFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Record a changeset and execute it, in one transaction."""
    _show(track(context(), _read(file, version), atomic=not wait, force=force), as_json)


@changesets.command()
@explained
def execute(changeset: IdArgument, as_json: JsonFlag = False) -> None:
    """Execute a changeset that was recorded, or that failed, once more."""
    _show(execute_changeset(context(), changeset), as_json)


@changesets.command()
@explained
def rollback(changeset: IdArgument, force: ForceFlag = False, as_json: JsonFlag = False) -> None:
    """Take a completed changeset back, by the undos that it carries."""
    _show(rollback_changeset(context(), changeset, force=force), as_json)


@changesets.command("list")
@explained
def list_(
    status: Annotated[
        str | None, typer.Option(help="pending, in_progress, completed, failed or rolled_back")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: JsonFlag = False,
) -> None:
    """The history, newest first, failed ones included."""
    here = context()
    _settle(here)
    with here.connection() as connection:
        found = history(connection, status=_status(status), limit=limit)
    _give(as_json, plain_data.plain(found), [changeset_view.render_history(found)])


@changesets.command()
@explained
def show(changeset: IdArgument, as_json: JsonFlag = False) -> None:
    """One changeset with its operations."""
    here = context()
    _settle(here)
    with here.connection() as connection:
        found = load(connection, changeset)
    _show(found, as_json)


@deployment.command()
@explained
def begin(name: str, as_json: JsonFlag = False) -> None:
    """Open a deployment; changesets and refreshes belong to it until it ends."""
    found = begin_deployment(context(), name)
    _give(as_json, plain_data.plain(found), [changeset_view.render_deployments([found])])


@deployment.command()
@explained
def end(
    message: Annotated[str, typer.Argument()] = "",
    failed: Annotated[bool, typer.Option("--failed", help="It did not succeed.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Close the open deployment."""
    found = end_deployment(context(), message, outcome="failed" if failed else "succeeded")
    _give(as_json, plain_data.plain(found), [changeset_view.render_deployments([found])])


@deployment.command("list")
@explained
def deployments_(as_json: JsonFlag = False) -> None:
    """Deployments, newest first."""
    with context().connection() as connection:
        found = deployments(connection)
    _give(as_json, plain_data.plain(found), [changeset_view.render_deployments(found)])


@explained
def deps(
    object_name: Annotated[str | None, typer.Option("--object", help="Around this one.")] = None,
    format_: Annotated[Format, typer.Option("--format", help="How.")] = Format.TABLE,
    command_schema: str = "command",
    query_schema: str = "query",
    as_json: JsonFlag = False,
) -> None:
    """What on the query side depends on what on the command side."""
    here, schemas = context(), Schemas(command_schema, query_schema)
    if format_ is Format.TABLE:
        _table_of_dependencies(here, schemas, object_name, as_json)
        return
    with here.connection() as connection:
        graph = dependency_graph(connection, here.read_side, schemas, object_name)
    draw = {Format.MERMAID: mermaid, Format.DOT: dot, Format.SVG: svg}[format_]
    typer.echo(draw(graph), nl=False)


def _table_of_dependencies(
    here: Context, schemas: Schemas, object_name: str | None, as_json: bool
) -> None:
    with here.connection() as connection:
        found = analyze_dependencies(connection, schemas.command, schemas.query)
        hanging = registry_dependents(connection, here.read_side, schemas.command, schemas.query)
        if object_name is not None:
            graph = dependency_graph(connection, here.read_side, schemas, object_name)
            _around(graph, found, hanging, as_json)
            return
    data = {"dependencies": plain_data.plain(found), "hanging": plain_data.plain(hanging)}
    _give(as_json, data, changeset_view.render_dependencies(found, hanging))


def _around(
    graph: Graph,
    dependencies: Sequence[Dependency],
    hanging: dict[str, list[RegistryDependent]],
    as_json: bool,
) -> None:
    found = around(graph, str(graph.middle))
    data = plain_data.plain(found) | {
        "dependencies": plain_data.plain(
            [each for each in dependencies if found.object in each.path]
        ),
        "hanging": plain_data.plain(
            {name: hanging[name] for name in graph.nodes if name in hanging}
        ),
    }
    _give(as_json, data, changeset_view.render_around(found))


def _settle(here: Context) -> None:
    """Dead ones are settled before they are shown, if that is done at a glance and may be done."""
    with suppress(psycopg.Error):
        recover(here, wait=_GLANCE)


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
    )
    found = next((each for each in known if each == text), None)
    if text is not None and found is None:
        raise typer.BadParameter(f"one of {', '.join(known)}")
    return found


def _show(changeset: Changeset, as_json: bool) -> None:
    _give(as_json, plain_data.plain(changeset), changeset_view.render_changeset(changeset))


def _give(as_json: bool, data: Any, lines: Iterable[RenderableType]) -> None:
    """Plain data as JSON, or tables and lines for people."""
    if as_json:
        typer.echo(json.dumps(data, indent=2))
        return
    for each in lines:
        out.print(each)
