"""`cqrs sagas`: which are under way, what happened to one, and another chance for a stuck one."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.base.registry import load_domains
from worker.cli.console import JsonFlag, explained, out, print_json, print_table
from worker.reactions import saga_status
from worker.reactions.state_machine import SagaStatus

app = typer.Typer(name="sagas", no_args_is_help=True, help="Processes over several commands.")

Saga = Annotated[str, typer.Argument(metavar="SAGA", help="A saga's id, or its key.")]


@app.command("list")
@explained
def list_(
    saga_type: Annotated[str | None, typer.Option("--type", help="Only this kind of saga.")] = None,
    status: Annotated[SagaStatus | None, typer.Option(help="Only those of this status.")] = None,
    ended: Annotated[bool, typer.Option("--all", help="Ended ones as well.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    as_json: JsonFlag = False,
) -> None:
    """Sagas, the latest first: those under way, or those of one status, or all."""
    sagas = saga_status.list_sagas(saga_type=saga_type, status=status, ended=ended, limit=limit)
    if as_json:
        print_json([saga.to_json() for saga in sagas])
        return
    print_table(
        ("saga", "kind", "key", "status", "step", "waits for", "error", "since", "deadline"),
        (
            (s.saga_id, s.saga_type, s.key, s.status, s.step, s.sends, s.error, s.updated_at,
             s.due_at)
            for s in sagas
        ),
        "no such sagas" if ended or status or saga_type else "no sagas are under way",
    )  # fmt: skip


@app.command("show")
@explained
def show_saga(saga: Saga, as_json: JsonFlag = False) -> None:
    """One saga, and everything that has happened to it."""
    state, history = saga_status.with_history(saga)
    if as_json:
        print_json(state.to_json() | {"history": [line.to_json() for line in history]})
        return
    print_table(("field", "value"), state.to_json().items(), "")
    print_table(
        ("at", "position", "what", "details"),
        ((h.at, h.position, h.what, h.details) for h in history),
        "its history has been pruned",
    )


@app.command()
@explained
def retry(saga: Saga, as_json: JsonFlag = False) -> None:
    """Let a stuck saga send once more what was refused. Mend the cause first."""
    load_domains()
    state = saga_status.retry_stuck(saga)
    if as_json:
        print_json(state.to_json())
        return
    out.print(f"saga {state.saga_id} tries again what was refused", highlight=False)
