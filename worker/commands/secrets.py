"""Secret fields: no log shows them, and no table holds them in clear, unless they are `storable`.

    .delay(), delay_many, apply_async   they travel in the message, and stand nowhere else
    enqueue, cqrs submit, SQL, a saga   refused, by the field's name: a row would hold them in clear
                                        until it is run, and in every backup
    dead                                kept without them: it can be seen, and not be retried
    refused, malformed                  what is wrong is told, and not the value
    of a release not known here         refused: it cannot wait among the enqueued
    what `prepare` makes of them        is what travels: a hash, say; a client in another language
                                        sends them as they are, and the worker makes them ready

Personal fields (worker/base/personal.py) are hidden and not kept in the same way; but they may be
enqueued, since a row of those goes when its command has run.

There is no cipher among what the engine needs, and a key beside the rows it locks is little help;
so what may be stored is for the application to say, of one that it has encrypted itself, perhaps:
`@command(..., secret=["pin"], storable=["pin"])`. A secret that holds nothing (null, "") is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.base import secrets
from worker.base.chain_parts import UNREADABLE, is_part, links_in
from worker.commands.decoding import commands
from worker.commands.errors import InvalidCommand
from worker.contracts import Envelope

_ADVICE = (
    "is secret, and may not be stored in clear: send the command with .delay(), or declare the"
    " field `storable`"
)


def must_be_storable(envelope: Envelope) -> None:
    """Raises InvalidCommand for a command whose row would hold a secret in clear."""
    spec = commands.get(envelope.name)
    if spec is not None and (fields := spec.unstorable(envelope.payload)):
        raise InvalidCommand(envelope.name, dict.fromkeys(fields, _ADVICE))


def has_secrets(name: str | None) -> bool:
    """Whether a command of this name may hold what no table keeps: secrets, or what is personal."""
    spec = commands.get(name) if name else None
    return bool(spec and spec.not_kept)


def kept_payload(name: str, payload: Any) -> Any:
    """A payload as it may be kept."""
    spec = commands.get(name)
    if spec is None or not spec.not_kept or not isinstance(payload, Mapping):
        return payload
    return secrets.without(payload, spec.not_kept)


def kept_links(links: Mapping[str, Any] | None) -> Any:
    """What follows a command, as it may be kept: the rest of its chain carries payloads too."""
    if links is None or not any(spec.not_kept for spec in commands):
        return links
    return _kept(links)


def _kept(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_kept(one) for link in value for one in _in_the_clear(link)]
    if not isinstance(value, Mapping):
        return value
    kept = {key: _kept(inner) for key, inner in value.items()}
    if isinstance(value.get("task"), str) and "kwargs" in value:
        kept["kwargs"] = kept_payload(value["task"], kept["kwargs"])
    return kept


def _in_the_clear(link: Any) -> list[Any]:
    """A link; of a sealed part those that are in it, unless nobody can read it."""
    try:
        return list(links_in(link)) if isinstance(link, Mapping) and is_part(link) else [link]
    except UNREADABLE:
        return [link]
