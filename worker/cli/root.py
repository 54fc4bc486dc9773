"""`cqrs`: start the system, send it commands, see what it does.

Every table has a `--json` form. Errors that a user can make are one sentence that says what to do.

A subcommand is a module, imported when it is called: `cqrs --help` needs neither Celery nor a
database's driver, and `cqrs map` does not wait for what `cqrs up` needs. Each module has a typer
application `app`, and in it a command, or a group, of the name that stands here; so have those that
an application names in `[tool.cqrs.cli]`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from worker.base import shadowing
from worker.base.errors import BadSettings
from worker.base.project import Subcommand, import_named, project

ENGINE: Mapping[str, Subcommand] = {
    name: Subcommand(module=f"worker.cli.{module}", help=line)
    for module, name, line in (
        ("up", "up", "Run everything in the foreground: servers, workers, beat and Flower."),
        ("up", "migrate", "Bring the database to the version of this code."),
        ("new", "new", "Write a new domain: a command, a read model, a query, a migration"),
        ("submit", "submit", "Submit a file of commands, one JSON object a line"),
        ("status", "status", "Servers, workers, positions and lag, dead letters"),
        ("system_map", "map", "Every command with its events, who reads them, which queries ask"),
        ("dead_letters", "dead-letters", "Events and commands that could not be handled."),
        (
            "failures",
            "failures",
            "Refreshes, rebuilds and scheduled tasks that failed.",
        ),
        ("refused", "refused", "Messages that were no commands, or had no id to answer."),
        ("subscriptions", "subscriptions", "Operate projections and reactions."),
        ("events", "events", "What the log holds, and whether today's code can read it."),
        ("sagas", "sagas", "Processes over several commands."),
        ("rebuild", "rebuild", "Build read tables anew from the log, beside the live ones"),
        ("rebuild", "verify", "Fold rows anew and compare them with the live ones"),
        ("refresh", "refresh", "Refresh materialized views, each after those that it reads"),
        ("changesets", "changeset", "Schema changes that span both sides."),
        ("changesets", "deployment", "Groups of changesets and refreshes."),
        ("changesets", "deps", "What on the query side depends on what on the command side."),
    )
}
"""The engine's subcommands as `cqrs --help` lists them, each with how its own help begins."""


def subcommands() -> dict[str, Subcommand]:
    """The engine's, then the application's. Raises BadSettings for one of the engine's names."""
    own = project().cli
    if taken := sorted(ENGINE.keys() & own.keys()):
        raise BadSettings(f"[tool.cqrs.cli]: `cqrs {taken[0]}` is the engine's, take another name")
    return {**ENGINE, **own}


def load(name: str, module: str) -> Any:
    """The click command of this name in the module's `app`.

    Raises BadSettings for a module that is not there, or has no such command.
    """
    imported = import_named(module, f"cqrs {name}")
    host = typer.Typer(add_completion=False)
    if isinstance(part := getattr(imported, "app", None), typer.Typer):
        host.add_typer(part)
    if (command := typer.main.get_group(host).commands.get(name)) is None:
        raise BadSettings(f"a typer application `app` with a command {name} is missing in {module}")
    return command


PROGRAM = object()
"""What `app` is called with by `cqrs` itself."""


class Subcommands(TyperGroup):
    """Lists subcommands without importing their modules, and imports the one that is called."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.modules = subcommands()
        for name, subcommand in self.modules.items():
            self.add_command(TyperCommand(name, help=subcommand.help))

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order of the table."""
        return list(self.modules)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The subcommand that was called; an unknown one is answered with those that look alike."""
        name, _, rest = super().resolve_command(ctx, args)
        assert name is not None
        return name, load(name, self.modules[name].module), rest


app = typer.Typer(
    cls=Subcommands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Commands in, events logged in order, read models out.",
)


@app.callback()
def _begin(ctx: typer.Context) -> None:
    """Logging belongs to the program: who calls `app` in a process of his own keeps his."""
    if ctx.obj is PROGRAM:
        from worker.base import actor, logs

        actor.this_process_is_ours()
        logs.configure()


def main() -> None:
    """The `cqrs` program."""
    try:
        with suppress(FileNotFoundError):  # the working folder was deleted: told of when it matters
            shadowing.refuse(Path.cwd())
        app(obj=PROGRAM)
    except BadSettings as wrong:
        from worker.cli.console import complain

        sys.exit(complain(str(wrong)))
