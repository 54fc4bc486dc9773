"""The message that takes the place of a bad one, or of one for another release: small, well formed.

It names a task of `worker.commands.set_aside`, and what that has to know: where the message was,
what is wrong with it, and of its contents no more than its first bytes and whose receipt it asks
for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from worker.base.encoding import is_fingerprint, to_json
from worker.base.intake.checks import Fault, Letter, Reason, is_text

SET_ASIDE = "cqrs.set_aside"
HAND_OVER = "cqrs.hand_over"
FIRST_BYTES = 256
"""Bytes of a message that are kept, to see whose it may be."""


class Substitute(NamedTuple):
    """A message of ours: headers and body as they go to Celery."""

    headers: dict[str, Any]
    body: bytes


def set_aside(
    queue: str, fault: Fault, item: bytes | str | None, headers: Any = None, payload: Any = None
) -> Substitute:
    """What says that a message was refused, with as much of it as could be understood."""
    return _message(SET_ASIDE, told_of(queue, fault, item, headers, payload))


def told_of(
    queue: str, fault: Fault, item: bytes | str | None, headers: Any, payload: Any
) -> dict[str, Any]:
    """What is told of a message that is refused: plain values."""
    fields = _fields(headers, payload)
    return {
        "queue": queue,
        "reason": str(fault.reason),
        "errors": {_plain(where): _plain(why) for where, why in list(fault.errors.items())[:20]},
        "first_bytes": first_bytes(item),
        "name": fields.get("task") if is_text(fields.get("task")) else None,
        "command_id": as_uuid(fields.get("id")),
        "payload_hash": _fingerprint(headers),
        "actor": _actor(headers),
        "links": _links(fault, payload),
    }


def hand_over(queue: str, letter: Letter, due: str | None = None) -> Substitute:
    """What gives a command that this worker does not know to those that may know it; or keeps one
    until it is due."""
    told = {
        "queue": queue,
        "name": letter.task,
        "command_id": letter.id,
        "payload": letter.kwargs,
        "header": letter.headers.get("cqrs") or {},
        "root_id": letter.fields.get("root_id"),
        "parent_id": letter.fields.get("parent_id"),
        "chain": letter.embed.get("chain"),
        "callbacks": letter.embed.get("callbacks"),
        "chord": letter.embed.get("chord"),
        "group": letter.fields.get("group"),
        "group_index": letter.fields.get("group_index"),
        "due": due,
    }
    return _message(HAND_OVER, told)


def first_bytes(item: bytes | str | None) -> str:
    """The beginning of a message as text that can be stored: what is no ASCII is escaped."""
    if item is None:
        return ""
    start = item[:FIRST_BYTES]
    data = start.encode("utf-8", "surrogatepass") if isinstance(start, str) else start
    return data[:FIRST_BYTES].decode("ascii", "backslashreplace").replace("\0", "\\x00")


def _plain(text: str) -> str:
    """A text of any origin as one that every server takes."""
    return text[:500].encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def as_uuid(value: Any) -> str | None:
    """A command's id in its usual form; None if it is none."""
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def _fields(headers: Any, payload: Any) -> Mapping[str, Any]:
    for one in (headers, payload):
        if isinstance(one, dict) and "task" in one:
            return one
    return headers if isinstance(headers, dict) else {}


def _fingerprint(headers: Any) -> str:
    """The fingerprint that the sender gave; none stands for whatever has this id."""
    ours = headers.get("cqrs") if isinstance(headers, dict) else None
    given = ours.get("fingerprint") if isinstance(ours, dict) else None
    try:
        return given if isinstance(given, str) and is_fingerprint(bytes.fromhex(given)) else ""
    except ValueError:
        return ""


def _links(fault: Fault, payload: Any) -> dict[str, Any] | None:
    """What would have followed the command, where that could be read."""
    if fault.reason is not Reason.COMMAND or not isinstance(payload, list):
        return None
    embed = payload[2] or {}
    chain, callbacks = embed.get("chain"), embed.get("callbacks")
    links = {"chain": chain or [], "link": callbacks or []}
    return links if (chain or callbacks) and _is_json(links) else None


def _is_json(value: Any) -> bool:
    try:
        to_json(value)
    except TypeError:
        return False
    return True


def _actor(headers: Any) -> str | None:
    """Whom the message names as its sender, if it can be read."""
    header = headers.get("cqrs") if isinstance(headers, dict) else None
    actor = header.get("actor") if isinstance(header, dict) else None
    name = actor.get("name") if isinstance(actor, dict) else None
    return name if is_text(name) else None


def _message(task: str, kwargs: Mapping[str, Any]) -> Substitute:
    id_ = str(uuid4())
    headers = {
        "lang": "py",
        "task": task,
        "id": id_,
        "root_id": id_,
        "parent_id": None,
        "retries": 0,
        "eta": None,
        "expires": None,
        "argsrepr": "()",
        "kwargsrepr": "...",
        "ignore_result": True,
    }
    embed = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    return Substitute(headers, to_json([[], kwargs, embed]).encode())


__all__ = ["HAND_OVER", "SET_ASIDE", "Substitute", "as_uuid", "hand_over", "set_aside"]
