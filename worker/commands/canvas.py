"""Canvas: chains, groups and chords of commands, as they are sent.

A signature says what is to be done; who wants it and under which id is settled when it is sent, for
all that its message carries: the rest of its chain, what is linked to it, the body of its chord.
What the worker sends on from there goes out in the name of that sender.

    made        add.s(price="1.00")                 the payload, checked; no actor, no ids
    sent        chain(add.s(...), ...).delay()      ids for all; the actor of that place for all
    in worker   what follows a command              sent once it has succeeded; else told why not
                what names no sender                its sender is that of what it follows: a guest,
                                                    where a client of another kind named nobody

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

from worker.base.actor import GUEST, current_actor, to_header
from worker.base.app import app
from worker.base.chain_parts import TASK, is_part, sealed, unsealed
from worker.commands.call_arguments import HEADER
from worker.commands.chain_continuation import flat
from worker.commands.decoding import commands
from worker.commands.releases import schema_named

Signature = Mapping[str, Any]
Sender = Mapping[str, Any]
"""An actor as it travels."""


@signals.before_task_publish.connect
def _sent(
    sender: str = "",
    body: Any = None,
    properties: MutableMapping[str, Any] | None = None,
    headers: Mapping[str, Any] | None = None,
    **_: Any,
) -> None:
    """A message goes out, of whichever app: settle who sends the commands that it carries."""
    if sender in commands and properties is not None:
        # A broker that drops what has expired would tell nobody; the worker gives it a receipt.
        properties.pop("expiration", None)
    carried = body[2] if isinstance(body, tuple) and len(body) == 3 else body
    if isinstance(carried, dict):
        ours = (headers or {}).get(HEADER) if sender in commands else None
        _stamp(carried, (ours or {}).get("actor") or to_header(current_actor()))


@signals.task_prerun.connect
def _came(task: Any = None, **_: Any) -> None:
    """A message has come: whoever sent it sends what follows. It goes out in this process, but not
    in its name."""
    request = task.request
    if task.app is not app or request.is_eager:
        return
    carried = {key: getattr(request, key) for key in _CARRIED if getattr(request, key)}
    if carried:
        header = (request.headers or {}).get(HEADER) or {}
        _stamp(carried, header.get("actor") or to_header(GUEST))
        request.update(carried)


_CARRIED = ("callbacks", "errbacks", "chain", "chord")


def _stamp(carried: MutableMapping[str, Any], actor: Sender) -> None:
    """Let the commands that a message carries name their sender, where they name none."""
    for key in ("callbacks", "errbacks"):
        if carried.get(key):
            carried[key] = _all_stamped(carried[key], actor)
    if carried.get("chain"):
        carried["chain"] = _rest(carried["chain"], actor)
    if carried.get("chord"):
        carried["chord"] = _stamped(carried["chord"], actor)


def _stamped(sig: Signature, actor: Sender) -> dict[str, Any]:
    """A copy of a signature whose commands name their sender, those inside it too."""
    options, kwargs = dict(sig.get("options") or {}), dict(sig.get("kwargs") or {})
    for key in ("link", "link_error"):
        if options.get(key):
            options[key] = _all_stamped(options[key], actor)
    if options.get("chain"):
        options["chain"] = _rest(options["chain"], actor)
    if options.get("chord"):
        options["chord"] = _stamped(options["chord"], actor)
    match sig.get("subtask_type"):
        case "chain" | "group":
            kwargs["tasks"] = _all_stamped(kwargs["tasks"], actor)
        case "chord":
            header, body = kwargs["header"], kwargs.get("body")
            kwargs["header"] = (_stamped if _is_one(header) else _all_stamped)(header, actor)
            kwargs["body"] = _stamped(body, actor) if body else body
        case _ if str(sig.get("task")) in commands:
            headers = dict(options.get("headers") or {})
            own = {"actor": actor, "schema": schema_named(str(sig["task"]))}
            headers[HEADER] = own | (headers.get(HEADER) or {})
            options["headers"] = headers
    return {**sig, "kwargs": kwargs, "options": options}


def _all_stamped(sigs: Signature | Iterable[Signature], actor: Sender) -> list[dict[str, Any]]:
    return [_stamped(sig, actor) for sig in ([sigs] if isinstance(sigs, Mapping) else sigs)]


def _rest(chain: Iterable[Signature], actor: Sender) -> list[Signature]:
    """The rest of a chain, stamped; a long one of commands sealed."""
    links = [link if is_part(link) else _stamped(link, actor) for link in chain]
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
