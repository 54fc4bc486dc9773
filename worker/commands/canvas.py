"""Canvas: chains, groups and chords of commands, as they are sent.

A signature says what is to be done; who wants it and under which id is settled when it is sent, for
all that its message carries: the rest of its chain, what is linked to it, the body of its chord.
What the worker sends on from there goes out in the name of that sender.

    made        add.s(price="1.00")                 the payload, checked; no actor, no ids
    sent        chain(add.s(...), ...).delay()      ids for all; the actor of that place for all
    in worker   what follows a command              sent once it has succeeded; else told why not

    what follows          a refused, dead or revoked command before it
    next in its chain     is not run, nor what follows that: `rejected` receipts say why; behind a
                          dead one they wait for its retry
    body of its chord     is not run, nor what follows it: `rejected` receipts
    member of its group   is run: it depends on nobody

What Celery puts in front of a payload, the receipts of those before it, is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from celery import signals

from worker.base.actor import current_actor, to_header
from worker.base.app import app
from worker.base.chain_parts import TASK, is_part, sealed, unsealed
from worker.commands.call_arguments import HEADER
from worker.commands.chain_continuation import flat
from worker.commands.decoding import commands
from worker.commands.releases import schema_named

Signature = Mapping[str, Any]


@signals.before_task_publish.connect
def _sent(
    sender: str = "",
    body: Any = None,
    properties: MutableMapping[str, Any] | None = None,
    **_: Any,
) -> None:
    """A message goes out, of whichever app: settle who sends the commands that it carries."""
    if sender in commands and properties is not None:
        # A broker that drops what has expired would tell nobody; the worker gives it a receipt.
        properties.pop("expiration", None)
    carried = body[2] if isinstance(body, tuple) and len(body) == 3 else body
    if not isinstance(carried, dict):
        return
    for key in ("callbacks", "errbacks"):
        if carried.get(key):
            carried[key] = _all_stamped(carried[key])
    if carried.get("chain"):
        carried["chain"] = _rest(carried["chain"])
    if carried.get("chord"):
        carried["chord"] = _stamped(carried["chord"])


def _stamped(sig: Signature) -> dict[str, Any]:
    """A copy of a signature whose commands name their sender, those inside it too."""
    options, kwargs = dict(sig.get("options") or {}), dict(sig.get("kwargs") or {})
    for key in ("link", "link_error"):
        if options.get(key):
            options[key] = _all_stamped(options[key])
    if options.get("chain"):
        options["chain"] = _rest(options["chain"])
    if options.get("chord"):
        options["chord"] = _stamped(options["chord"])
    match sig.get("subtask_type"):
        case "chain" | "group":
            kwargs["tasks"] = _all_stamped(kwargs["tasks"])
        case "chord":
            header, body = kwargs["header"], kwargs.get("body")
            kwargs["header"] = _stamped(header) if _is_one(header) else _all_stamped(header)
            kwargs["body"] = _stamped(body) if body else body
        case _ if str(sig.get("task")) in commands:
            headers = dict(options.get("headers") or {})
            headers[HEADER] = _header(str(sig["task"])) | (headers.get(HEADER) or {})
            options["headers"] = headers
    return {**sig, "kwargs": kwargs, "options": options}


def _header(name: str) -> dict[str, Any]:
    return {"actor": to_header(current_actor()), "schema": schema_named(name)}


def _all_stamped(sigs: Signature | Iterable[Signature]) -> list[dict[str, Any]]:
    return [_stamped(sig) for sig in ([sigs] if isinstance(sigs, Mapping) else sigs)]


def _rest(chain: Iterable[Signature]) -> list[Signature]:
    """The rest of a chain, stamped; a long one of commands sealed."""
    links = [link if is_part(link) else _stamped(link) for link in chain]
    ours = all(sig["task"] in commands for link in links if not is_part(link) for sig in flat(link))
    return sealed(links) if ours else links


def _is_one(header: object) -> bool:
    return isinstance(header, Mapping)


@app.task(name=TASK, bind=True, ignore_result=True)
def open_chain_part(self: Any, before: Any = None, *, links: str) -> Any:
    """Go on with a chain at a sealed part of it.

    A command opens the next part itself. This is for what knows nothing of parts: a worker of an
    earlier release that finds one where it looks for the next link sends it here.
    """
    self.request.chain = [*(self.request.chain or ()), *unsealed(links)]
    return before
