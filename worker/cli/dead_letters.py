"""`cqrs dead-letters`: what could not be handled, and how it gets another chance.

Events are named by the dead letter's number, commands by their id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import typer

from worker.base.registry import load_domains
from worker.cli.console import ByOption, JsonFlag, explained, out, print_json, print_table, whoever
from worker.commands import dead_commands
from worker.commands.dead_commands import DeadCommand, RetriedCommands
from worker.ops import subscription_admin
from worker.subscriptions import dead_letters
from worker.subscriptions.dead_letters import DeadLetter, Repair
from worker.subscriptions.errors import RetryFailed

app = typer.Typer(
    name="dead-letters", no_args_is_help=True, help="Events and commands that could not be handled."
)

SubscriptionOption = Annotated[
    str | None, typer.Option("--subscription", help="Only dead letters of this subscription.")
]
ClosedFlag = Annotated[bool, typer.Option("--all", help="Closed ones as well.")]
LetterArgument = Annotated[str, typer.Argument(help="A dead letter's number, or a command's id.")]


def parse(letter: str) -> int | UUID:
    """A dead letter's number, or a command's id. Raises typer.BadParameter."""
    try:
        return int(letter) if letter.isdecimal() else UUID(letter)
    except ValueError:
        wanted = "a dead letter's number or a command's id is wanted"
        raise typer.BadParameter(f"{wanted} (is {letter!r})") from None


@app.command("list")
@explained
def list_(
    subscription: SubscriptionOption = None,
    closed: ClosedFlag = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many of each kind.")] = 100,
    as_json: JsonFlag = False,
) -> None:
    """Dead letters, the latest first: parked events, and commands that failed for good."""
    load_domains()
    if subscription:
        subscription_admin.must_exist(subscription)
    events = dead_letters.find(subscription, closed=closed, limit=limit)
    commands = [] if subscription else dead_commands.commands(closed=closed, limit=limit)
    if as_json:
        print_json(
            {
                "events": [letter.to_json() for letter in events],
                "commands": [command.to_json() for command in commands],
            }
        )
        return
    _show_events(events)
    if not subscription:
        _show_commands(commands)


@app.command("show")
@explained
def show_dead_letter(letter: LetterArgument, as_json: JsonFlag = False) -> None:
    """One dead letter: the bad event and what is parked behind it, or a dead command's payload."""
    load_domains()
    which = parse(letter)
    if isinstance(which, int):
        contents = dead_letters.contents(which)
        told = contents.to_json()
    else:
        told = dead_commands.show(which).to_json()
    if as_json:
        print_json(told)
        return
    events = told.pop("events", None)
    print_table(("field", "value"), told.items(), "")
    if events is not None:
        _show_parked(events)


@app.command()
@explained
def retry(
    letter: Annotated[
        str | None, typer.Argument(help="A dead letter's number, or a command's id.")
    ] = None,
    subscription: Annotated[
        str | None, typer.Option("--subscription", help="Every open dead letter of this one.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Every open dead command or event task so named.")
    ] = None,
    by: ByOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Replay a parked stream in order, or let a dead command run again. Mend the cause first."""
    load_domains()
    if [letter, subscription, name].count(None) != 2:
        raise typer.BadParameter("name either one dead letter, a --subscription or a --name")
    if name is not None:
        _tell_retried(dead_commands.retry_all(name, by=whoever(by)), as_json)
        return
    if subscription is not None:
        subscription_admin.must_exist(subscription)
        _tell_all(dead_letters.retry_all(subscription, by=whoever(by)), as_json)
        return
    which = parse(letter or "")
    if isinstance(which, int):
        _tell(dead_letters.retry(which, by=whoever(by)), as_json)
    else:
        _tell_command(dead_commands.retry(which, by=whoever(by)), "waits to be run", as_json)


@app.command()
@explained
def discard(letter: LetterArgument, by: ByOption = None, as_json: JsonFlag = False) -> None:
    """Drop a bad event for good and replay what waits behind it; or give a dead command up."""
    load_domains()
    which = parse(letter)
    if isinstance(which, int):
        _tell(dead_letters.discard(which, by=whoever(by)), as_json)
    else:
        _tell_command(dead_commands.discard(which, by=whoever(by)), "stays dead", as_json)


def _show_events(events: Sequence[DeadLetter]) -> None:
    print_table(
        ("dead letter", "subscription", "stream", "position", "error", "tries", "since", "is"),
        (
            (e.id, e.subscription, e.stream, e.position, e.error, e.attempts, e.first_failed_at,
             e.state)
            for e in events
        ),
        "no parked events",
    )  # fmt: skip


def _show_commands(commands: Sequence[DeadCommand]) -> None:
    print_table(
        ("command", "name", "actor", "error", "tries", "since", "state"),
        (
            (c.command_id, c.name, c.actor, c.error, c.attempts, c.first_died_at, c.state)
            for c in commands
        ),
        "no dead commands",
    )


def _show_parked(events: Sequence[dict[str, Any]]) -> None:
    print_table(
        ("position", "version", "type", "data"),
        ((e["position"], e["version"], e["type"], e["data"]) for e in events),
        "its events are of no type that this code reads",
    )


def _tell(repair: Repair, as_json: bool) -> None:
    if as_json:
        print_json(repair.to_json())
        return
    out.print(_sentence(repair), markup=False)


def _sentence(repair: Repair) -> str:
    told = (
        f"dead letter {repair.letter.id} {repair.letter.state}, {repair.replayed} events replayed"
    )
    if repair.parked_again is not None:
        told += f"; parked again from position {repair.parked_again}"
    return told


def _tell_all(done: Sequence[Repair | RetryFailed], as_json: bool) -> None:
    failed = [repair for repair in done if isinstance(repair, RetryFailed)]
    if as_json:
        print_json([_outcome(repair) for repair in done])
    else:
        for repair in done:
            out.print(
                str(repair) if isinstance(repair, RetryFailed) else _sentence(repair), markup=False
            )
        out.print(f"{len(done) - len(failed)} of {len(done)} dead letters repaired")
    if failed:
        raise typer.Exit(1)


def _outcome(repair: Repair | RetryFailed) -> dict[str, Any]:
    if isinstance(repair, RetryFailed):
        return {"letter": repair.letter, "error": repair.error}
    return repair.to_json()


def _tell_retried(done: RetriedCommands, as_json: bool) -> None:
    if as_json:
        print_json(done.to_json())
        return
    out.print(f"{len(done.retried)} dead letters of {done.name} wait to be run", markup=False)
    if done.of_sagas:
        out.print(f"{done.of_sagas} were sent by sagas, which are what can be retried")


def _tell_command(command: DeadCommand, what: str, as_json: bool) -> None:
    if as_json:
        print_json(command.to_json())
        return
    out.print(f"command {command.command_id} {what}", markup=False, highlight=False)
