"""`cqrs refused`: messages that no receipt could answer, by queue and reason."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.console import JsonFlag, explained, out, print_json, print_table
from worker.commands import refused_messages

app = typer.Typer(
    name="refused",
    no_args_is_help=True,
    help="Messages that were no commands, or had no id to answer.",
)


@app.command("list")
@explained
def list_(as_json: JsonFlag = False) -> None:
    """How many messages were refused and why, the latest first, with the latest of each kind."""
    found = refused_messages.refused_messages()
    if as_json:
        print_json([one.to_json() for one in found])
        return
    print_table(
        ("queue", "reason", "count", "last", "task", "what was wrong", "began with"),
        (
            (
                one.queue,
                one.reason,
                one.count,
                one.last_seen_at,
                one.task,
                "; ".join(f"{where}: {why}" for where, why in one.errors.items()),
                one.first_bytes[:60],
            )
            for one in found
        ),
        "no message was refused",
    )


@app.command()
@explained
def forget(
    queue: Annotated[str | None, typer.Option("--queue", help="Those of this queue alone.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Empty the list, once whoever sends such messages is found. They cannot be run again."""
    count = refused_messages.forget(queue)
    if as_json:
        print_json({"forgotten": count})
        return
    out.print(f"{count:,} refused messages forgotten")
