"""What a command's message has to look like beyond what Celery asks of every message.

    id        a UUID: the receipt's key
    root_id   a UUID: what correlates the commands that one cause led to
    args      none, but for the receipt of the command before it in a chain
    headers   `cqrs`: who sends it, what it waits for, how often it was put off
    links     ids of commands that follow are UUIDs

Asked in the worker's main process, so that a malformed command gets a receipt that names each wrong
place, rather than an error somewhere inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from worker.base.chain_parts import UNREADABLE, is_part, opened
from worker.base.intake.checks import (
    Check,
    Fault,
    Faults,
    Letter,
    Reason,
    is_count,
    is_text,
    shown,
)
from worker.base.intake.substitute import as_uuid
from worker.commands.call_arguments import HEADER
from worker.commands.chain_continuation import signatures
from worker.commands.decoding import commands
from worker.contracts import GUEST_ACTOR, is_receipt

LONGEST = 255
"""Characters of an actor's name, and of a role."""


def command_fault(letter: Letter) -> Fault | None:
    """What is wrong with a command's message; None if nothing is."""
    faults = {
        **_ids(letter),
        **header_faults(letter.headers.get(HEADER)),
        **_arguments(letter.args),
        **_links(letter.embed),
    }
    return Fault(Reason.COMMAND, faults) if faults else None


def _ids(letter: Letter) -> Faults:
    root = letter.fields.get("root_id")
    given = {"id": letter.id} | ({"root_id": root} if root is not None else {})
    return {name: _wanted("a UUID", value) for name, value in given.items() if not as_uuid(value)}


def header_faults(header: Any) -> Faults:
    """What is wrong with the header that is ours, by its fields."""
    if header is None:
        return {}
    if not isinstance(header, dict):
        return {HEADER: _wanted("an object", header)}
    return {
        f"{HEADER}.{name}": _wanted(what, header[name])
        for name, (what, holds) in _HEADER.items()
        if header.get(name) is not None and not holds(header[name])
    }


def _arguments(args: Sequence[Any]) -> Faults:
    if all(map(is_receipt, args)):
        return {}
    return {"payload": "send the fields as keyword arguments"}


def _links(embed: Mapping[str, Any]) -> Faults:
    """Links that nobody could be told of: a command is known by its id.

    Of sealed parts the next one alone is opened: each is looked at before it is needed, and a link
    costs the same however many follow it.
    """
    try:
        chain = [link for link in opened(embed.get("chain") or ()) or () if not is_part(link)]
    except UNREADABLE as error:
        return {"chain": f"a sealed part of it cannot be read ({error})"}
    links = {"chain": chain, "link": embed.get("callbacks") or ()}
    ids = (
        (str(one["task"]), (one.get("options") or {}).get("task_id"))
        for one in signatures(links)
        if one["task"] in commands
    )
    return {
        f"chain.{name}": _wanted("a UUID as id", id_)
        for name, id_ in ids
        if id_ is not None and not as_uuid(id_)
    }


def _wanted(what: str, value: Any) -> str:
    return f"{what} is wanted (is {shown(value)})"


def _is_name(value: Any) -> bool:
    return is_text(value) and 0 < len(value) <= LONGEST


def _is_actor(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    name, roles = value.get("name", GUEST_ACTOR), value.get("roles", [])
    return _is_name(name) and isinstance(roles, list) and all(map(_is_name, roles))


def _are_ids(value: Any) -> bool:
    return isinstance(value, list) and all(map(as_uuid, value))


_HEADER: Mapping[str, Check] = {
    "actor": ("a name and a list of roles", _is_actor),
    "after": ("a list of UUIDs", _are_ids),
    "enqueued": ("true or false", lambda value: isinstance(value, bool)),
    "schema": ("a text", _is_name),
    "schemas": ("an object", lambda value: isinstance(value, dict)),
    "attempts": ("a whole number", is_count),
    "tries": ("a whole number", is_count),
    "waits": ("a whole number", is_count),
}
