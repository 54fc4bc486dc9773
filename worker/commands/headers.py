"""The header of a command's message: who sends it, what tells it from others, what it waits for.

actor         who sends: of what follows in a chain, whoever sent its first command
fingerprint   of the name and what the caller gave
after         the commands that must have a receipt before it runs
routed        it follows a command whose worker has seen that somebody takes all that follows
stopped       a command in front that did not succeed: this one is not run
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from worker.base.actor import GUEST, current_actor, to_header
from worker.base.app import app
from worker.commands.call_arguments import HEADER, After, ids_of, stopper
from worker.commands.decoding import Prepared


def follows(parent_id: str | None) -> Any:
    """The running task that a call follows in a chain or by a link; None for any other call."""
    task = app.current_worker_task
    return task if task is not None and parent_id and task.request.id == parent_id else None


def header_of(
    args: Sequence[Any] | None, ready: Prepared, after: After = (), *, before: Any = None
) -> dict[str, Any]:
    """The header of a command with these arguments; `before` is the task that it follows."""
    header: dict[str, Any] = {"actor": _sender(before), "fingerprint": ready.fingerprint.hex()}
    if ids := ids_of(after):
        header["after"] = ids
    if before is not None:
        header["routed"] = True
    if stopped := stopper(args):
        header["stopped"] = stopped
    return header


def _sender(before: Any) -> dict[str, Any]:
    """Who sends: this process' actor; or of what follows, whoever sent what it follows. Who did not
    say so is a guest there too: not the worker, in whose process it goes out."""
    if before is None:
        return to_header(current_actor())
    header = (before.request.headers or {}).get(HEADER) or {}
    return cast("dict[str, Any]", header.get("actor") or to_header(GUEST))
