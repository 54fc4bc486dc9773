"""Chain continuation: what follows a command in its chain, kept when it dies for a retry.

    dead ─▶ its row keeps the links ─┬─ retried    its message goes out again with them, and
                                     │             Celery goes on from there if it succeeds
                                     └─ discarded  the commands among them are `rejected`

Links are what Celery sends when a task has succeeded, as signatures of plain JSON values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from celery import signature
from celery.utils.functional import maybe_list

from worker.base.actor import to_header
from worker.base.app import app
from worker.base.chain_parts import all_links, opened
from worker.commands.call_arguments import HEADER
from worker.commands.decoding import commands
from worker.contracts import Envelope

ChainContinuation: TypeAlias = Mapping[str, Any]
"""`chain`: the rest of a chain, its next link last; `link`: what was linked to this task alone. Of
a command that another worker is to run, `chord`, `group_id`, `group_index`, too: who counts it."""


def links_of(request: Any) -> ChainContinuation | None:
    """What follows the task of this request; None if nothing does."""
    chain, callbacks = request.chain, request.callbacks
    if not chain and not callbacks:
        return None
    return {"chain": list(chain or ()), "link": list(callbacks or ())}


def all_of(request: Any) -> ChainContinuation | None:
    """What follows the task of this request, and the chord that it is a member of."""
    return with_chord(links_of(request), request.chord, request.group, request.group_index)


def with_chord(
    links: ChainContinuation | None, chord: Any, group: Any, index: Any
) -> ChainContinuation | None:
    """These links, with the chord that counts the command, if one does."""
    if not chord:
        return links
    member = {"chord": chord, "group_id": group, "group_index": index}
    return {**(links or {"chain": [], "link": []}), **member}


def go_on(request: Any, result: Any) -> None:
    """Send what follows a task that has succeeded, as Celery does after it has returned.

    Here, because Celery takes a task for failed, and its message for done, whose broker is full or
    away at this moment: the rest of its chain would be lost. Raises what the broker raises, and
    what a link raises that cannot be sent; what was sent by then is taken off the request.
    """
    origin = {"parent_id": request.id, "root_id": request.root_id or request.id}
    request.callbacks = list(request.callbacks or ())
    while request.callbacks:
        signature(request.callbacks[0], app=app).apply_async((result,), **origin)
        del request.callbacks[0]
    if chain := opened(request.chain):
        *later, following = chain
        signature(following, app=app).apply_async((result,), chain=later, **origin)
    request.chain = request.callbacks = None


def signatures(links: ChainContinuation | None) -> Iterator[Mapping[str, Any]]:
    """Every task that follows, in order, those inside groups, chains and chords too."""
    for link in reversed(all_links(links["chain"]) if links else ()):
        yield from flat(link)
    for link in links["link"] if links else ():
        yield from flat(link)


def message(envelope: Envelope) -> dict[str, Any]:
    """How a command is sent that goes on with its chain: options of Celery's `send_task`.

    The header says that the command waits among the enqueued ones until it has its receipt.
    """
    spec = commands.get(envelope.name)
    header = {"actor": to_header(envelope.actor), "enqueued": True, "schema": envelope.schema}
    if envelope.fingerprint is not None:
        header["fingerprint"] = envelope.fingerprint.hex()
    return {
        **(envelope.links or {}),
        "root_id": str(envelope.correlation_id or envelope.id),
        "parent_id": envelope.causation_id,
        "headers": {HEADER: header},
        "kwargsrepr": spec.shown(envelope.payload) if spec else "...",
    }


def flat(link: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The tasks of a signature, in order: its own, or those inside it.

    Those of a chord's header do not name its body, which comes after them: none of it has begun.
    """
    kwargs = link.get("kwargs") or {}
    match link.get("subtask_type"):
        case "chain" | "group":
            for task in kwargs.get("tasks") or ():
                yield from flat(task)
        case "chord":
            header = kwargs.get("header") or ()
            for task in [header] if isinstance(header, Mapping) else header:
                yield from map(_without_body, flat(task))
            if kwargs.get("body"):
                yield from flat(kwargs["body"])
        case _:
            yield link
    yield from _rest(link)


def _rest(link: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What follows the body of a chord that is on its way: it carries the rest of the chain."""
    options = link.get("options") or {}
    for one in (*reversed(all_links(options.get("chain"))), *maybe_list(options.get("link") or ())):
        yield from flat(one)


def _without_body(member: Mapping[str, Any]) -> Mapping[str, Any]:
    options = {key: value for key, value in member["options"].items() if key != "chord"}
    return {**member, "options": options}
