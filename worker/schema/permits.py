"""Schema commands are run if they were sent by somebody who may write the database.

    sender   a message with a schema command, or with one in what follows it
             ─▶ a row of cqrs.schema_permits for each, in the sender's name ─▶ the broker
    worker   the message ─▶ its row, with this payload ─┬─ none: `rejected`, whoever it names
                                                        └─ run, if the row's actor is an admin

A schema change is any SQL, with the owner's rights, and whoever reaches the broker may write any
message. What he cannot write is the row: for that he would need a login that is `cqrs_writer`, and
then he needs no message. A worker writes rows for what its own code sends, never for what goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from celery import signals

from worker.base import db
from worker.base.actor import current_actor
from worker.base.app import app
from worker.base.encoding import to_json
from worker.base.sql import blocks
from worker.commands.call_arguments import HEADER
from worker.commands.chain_continuation import signatures
from worker.commands.decoding import Decoded, decode
from worker.commands.errors import CommandIdReused
from worker.contracts import Actor, Envelope, Refusal, RefusalKind

_SQL = blocks("worker.schema")
_own: ContextVar[bool] = ContextVar("cqrs_permitted", default=False)
PREFIX = "schema."
_COUNTS = frozenset({"away", "bury", "tries", "waits"})
"""What a message's header has that was put off."""
NO_PERMIT = (
    "nobody who may write the database has sent this: a schema change is sent by a member of"
    " cqrs_writer, with this library"
)


@contextmanager
def sent_here() -> Iterator[None]:
    """What is sent in this block this process' own code sends: it does not go on with a chain."""
    token = _own.set(True)
    try:
        yield
    finally:
        _own.reset(token)


@signals.before_task_publish.connect
def _permit(sender: str = "", body: Any = None, headers: Any = None, **_: Any) -> None:
    """A message goes out: permit the schema commands in it. Raises ServerUnavailable."""
    sent_again = _COUNTS.intersection((headers or {}).get(HEADER) or {})
    if sent_again or (app.current_worker_task is not None and not _own.get()):
        return  # it follows what somebody sent, or is that: what is permitted of it is so already
    rows = [row for row in _schema_commands(sender, body, headers or {}) if row["command_id"]]
    if rows:
        actor = current_actor()
        told = {"commands": to_json(rows), "actor": actor.name, "roles": sorted(actor.roles)}
        with db.writer() as connection:
            connection.execute(_SQL["permit"], told)


def _schema_commands(name: str, body: Any, headers: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if not (isinstance(body, tuple) and len(body) == 3):
        return
    args, kwargs, embed = body
    if name.startswith(PREFIX) and not args:
        yield {"command_id": headers.get("id"), "name": name, "payload": kwargs}
    if not isinstance(embed, dict):
        return
    chord = [embed["chord"]] if embed.get("chord") else []
    links = [*(embed.get("callbacks") or ()), *(embed.get("errbacks") or ()), *chord]
    for sig in signatures({"chain": embed.get("chain") or (), "link": links}):
        if str(sig["task"]).startswith(PREFIX):
            id_ = (sig.get("options") or {}).get("task_id")
            yield {"command_id": id_, "name": sig["task"], "payload": sig.get("kwargs") or {}}


def names_sender(options: Mapping[str, Any]) -> bool:
    """Whether a call says who sends it: nobody's code does, but the body of a chord was sent so."""
    header = (options.get("headers") or {}).get(HEADER) or {}
    return bool(header.get("actor"))


def decode_permitted(envelope: Envelope) -> Decoded:
    """A command off the wire, in the name of whoever was permitted to send it; else refused.

    Raises CommandIdReused where it was another command that was permitted under this id.
    """
    wanted = {
        "id": envelope.id,
        "name": envelope.name,
        "payload": to_json(dict(envelope.payload)),
    }
    with db.writer() as connection:
        row = connection.execute(_SQL["permitted"], wanted).fetchone()
    if row is None:
        decoded = decode(envelope)
        nobody_may = Refusal(NO_PERMIT, kind=RefusalKind.NOT_ALLOWED)
        return replace(decoded, refusal=decoded.refusal or nobody_may)
    name, roles, is_this_one = row
    if not is_this_one:
        raise CommandIdReused(envelope.id, envelope.name)
    return decode(replace(envelope, actor=Actor(name, frozenset(roles))))
