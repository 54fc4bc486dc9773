"""Chain continuation: what follows a command in its chain, kept when it dies for a retry.

    dead ─▶ its row keeps the links ─┬─ retried    its message goes out again with them, and
                                     │             Celery goes on from there if it succeeds
                                     └─ discarded  the commands among them are `rejected`

Links are what Celery sends when a task has succeeded, as signatures of plain JSON values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from celery.utils.functional import maybe_list

from worker.base.actor import to_header
from worker.commands.call_arguments import HEADER
from worker.commands.decoding import commands
from worker.contracts import Envelope

ChainContinuation: TypeAlias = Mapping[str, Any]
"""`chain`: the rest of a chain, its next link last; `link`: what was linked to this task alone."""


def links_of(request: Any) -> ChainContinuation | None:
    """What follows the task of this request; None if nothing does."""
    chain, callbacks = request.chain, request.callbacks
    if not chain and not callbacks:
        return None
    return {"chain": list(chain or ()), "link": list(callbacks or ())}


def signatures(links: ChainContinuation | None) -> Iterator[Mapping[str, Any]]:
    """Every task that follows, in order, those inside groups and chains too."""
    for link in reversed(links["chain"] if links else ()):
        yield from _flat(link)
    for link in links["link"] if links else ():
        yield from _flat(link)


def message(envelope: Envelope) -> dict[str, Any]:
    """How a command is sent that goes on with its chain: options of Celery's `send_task`.

    The header says that the command waits among the enqueued ones until it has its receipt.
    """
    spec = commands.get(envelope.name)
    header = {"actor": to_header(envelope.actor), "enqueued": True, "schema": envelope.schema}
    return {
        **(envelope.links or {}),
        "root_id": str(envelope.correlation_id or envelope.id),
        "parent_id": envelope.causation_id,
        "headers": {HEADER: header},
        "kwargsrepr": spec.shown(envelope.payload) if spec else "...",
    }


def _flat(link: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A link, or what a group, chain or chord in its place holds; then what hangs on it itself."""
    members = _members(link)
    if not members:
        yield link
    options = link.get("options") or {}
    followers = (*reversed(options.get("chain") or ()), *maybe_list(options.get("link") or ()))
    for part in (*members, *followers):
        yield from _flat(part)


def _members(link: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    kwargs = link.get("kwargs") or {}
    match link.get("subtask_type"):
        case "group" | "chain":
            return list(kwargs.get("tasks") or ())
        case "chord":
            header = kwargs.get("header") or ()
            tasks = header["kwargs"]["tasks"] if isinstance(header, Mapping) else header
            return [*tasks, *maybe_list(kwargs.get("body") or ())]
        case _:
            return []
