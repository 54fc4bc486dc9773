"""Rolling deploys: commands of a newer release wait for a worker that knows them.

    a command whose name, or one of whose fields, this worker does not know
        enqueued     left where it waits; others claim it
        .delay()     written among the enqueued commands, and its message acknowledged
        a batch      that command alone, likewise
            ─▶ claimed by a worker that knows it ─▶ its receipt
            ─▶ after CQRS_UNKNOWN_PATIENCE none has come: a dead letter, which can be retried

How a newer sender is told from a wrong one: with each command travels the fingerprint of its
payload's schema (`schema` in the header, and in `cqrs.enqueued_commands`). Workers note which ones
they know, since when, and that they are there (`cqrs.command_schemas`). A payload that does not
validate here is refused for good, unless its sender has another schema that

- nobody has seen yet, or was first seen after this worker's own: the sender is newer; or
- a worker that has looked within the last minute knows: let that one decide. (So after a step back
  to an older release, its senders are answered by its workers.)

A sender that names no schema, such as SQL alone or a client in another language, is never newer: a
wrong field of his is refused at once. A model with `extra="ignore"` or `"allow"` takes unknown
fields as it says; nothing is put off.

The patience is a command's own, counted from when it was enqueued or handed over; it does not end
while a worker that knows the name is there, however far behind it is.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import psycopg
from celery import signals
from celery.exceptions import SoftTimeLimitExceeded

from worker.base import db
from worker.base.app import app
from worker.base.db_errors import message_of
from worker.base.encoding import canonical, to_json
from worker.base.errors import ServerUnavailable
from worker.base.logs import get_logger
from worker.base.validation_errors import shortened
from worker.commands import SQL, after_commit, settling
from worker.commands.decoding import CommandSpec, commands, validate
from worker.commands.enqueue import write_commands
from worker.commands.errors import CommandIdReused, InvalidCommand
from worker.commands.event_task import event_tasks
from worker.contracts import Command, Envelope

log = get_logger(__name__)

LOOK_AGAIN = 1.0
"""Seconds until a command that was put off to others is looked at again."""
TELL_EVERY = 20.0
"""Seconds after which a process says again which commands it knows."""
LATELY = 60.0
"""Seconds in which a worker that is there has said so."""


@cache
def schema_of(model: type[Command]) -> str:
    """The fingerprint of a payload's schema: it changes with its fields and what they may hold."""
    try:
        shape = canonical(model.model_json_schema())
    except Exception:  # a type of the application's own, or what stands beside one
        shape = canonical({name: repr(field) for name, field in model.model_fields.items()})
    return hashlib.blake2b(shape, digest_size=8).hexdigest()


def schema_named(name: str) -> str | None:
    """The schema of the command of this name, as far as there is one here."""
    spec = commands.get(name)
    return schema_of(spec.model) if spec else None


_UNWRITABLE = (psycopg.DataError, TypeError, ValueError)
"""What JSON, `cqrs.enqueue` or jsonb raise for what they can never take."""
_told = float("-inf")


def tell_what_we_know() -> None:
    """Note which commands this process knows, now and then."""
    global _told
    if time.monotonic() < _told + TELL_EVERY:
        return
    known = {spec.name: schema_of(spec.model) for spec in commands}
    told = {
        "names": list(known),
        "schemas": list(known.values()),
        "unstored": [",".join(sorted(spec.unstored)) for spec in commands],
        "seconds": TELL_EVERY / 2,
    }
    with db.writer() as connection:
        connection.execute(SQL["tell_schemas"], told)
    _told = time.monotonic()


@signals.worker_ready.connect
def _at_start(sender: Any = None, **_: Any) -> None:
    """SQL's door asks what may be stored of a command: before the first one waits."""
    try:
        if getattr(sender, "app", None) is app:
            tell_what_we_know()
    except (psycopg.Error, ServerUnavailable) as error:
        log.warning("not told which commands are known here; it will be", reason=str(error))


def why_elsewhere(envelope: Envelope) -> str | None:
    """Why another release has to decide on this command; None if this one can.

    A command of the schema that is known here costs nothing.
    """
    spec = commands.get(envelope.name)
    if spec is None and envelope.name in event_tasks:
        return None
    if spec is None:
        return f"no command is called {envelope.name!r} here"
    if envelope.schema is None or envelope.schema == schema_of(spec.model):
        return None
    try:
        validate(spec, envelope.payload)
    except InvalidCommand as error:
        if _is_for_others(spec, envelope.schema):
            return f"no worker of its sender's release has come: {error}"
    except SoftTimeLimitExceeded:
        raise
    except Exception:  # a bug of the model's own check: the receipt will say so
        return None
    return None


def _is_for_others(spec: CommandSpec, theirs: str) -> bool:
    tell_what_we_know()
    asked = {
        "name": spec.name,
        "theirs": theirs,
        "ours": schema_of(spec.model),
        "lately": LATELY,
    }
    with db.writer() as connection:
        row = connection.execute(SQL["newer_schema"], asked).fetchone()
    return bool(row and row[0])


def sorted_out(envelopes: Sequence[Envelope]) -> tuple[list[Envelope], list[Envelope]]:
    """Those that this worker can decide on, and those for another release."""
    here: list[Envelope] = []
    elsewhere: list[Envelope] = []
    for envelope in envelopes:
        (elsewhere if why_elsewhere(envelope) else here).append(envelope)
    return here, elsewhere


class Unwritable(NamedTuple):
    """A command for others that no row can hold, and why: nobody will ever find it there."""

    envelope: Envelope
    why: str


def hand_over(envelopes: Sequence[Envelope], seconds: float | None = None) -> list[Unwritable]:
    """Give commands that came as messages to workers that know them: write them among the enqueued.

    `seconds`: until they are due, where they are only kept for that long. One that is there already
    stays as it is. One whose id is another command's is told so. What can never be written comes
    back; it costs the others nothing.
    """
    envelopes = [one for one in envelopes if not _refused_for_secrets(one)]
    try:
        if envelopes:
            _hand_over(envelopes, seconds)
    except _UNWRITABLE as error:
        if len(envelopes) > 1:
            return [one for envelope in envelopes for one in hand_over([envelope], seconds)]
        why = shortened(message_of(error))
        return [Unwritable(envelopes[0], f"it cannot be kept for a worker that knows it: {why}")]
    return []


def _hand_over(envelopes: Sequence[Envelope], seconds: float | None) -> None:
    rows = [{"command_id": one.id, "schema": one.schema, "links": one.links} for one in envelopes]
    due = {"seconds": max(seconds or 0.0, LOOK_AGAIN), "kept": seconds or 0.0}
    with db.writer() as connection, connection.transaction():
        reused = write_commands(connection, envelopes, of_others=True)
        connection.execute(SQL["put_off_to_others"], {"commands": to_json(rows), **due})
    _tell_of(envelopes, seconds)
    wrong = [one for one, is_reused in zip(envelopes, reused, strict=True) if is_reused]
    after_commit.publish_results([(one.id, CommandIdReused(one.id, one.name)) for one in wrong])
    after_commit.wake_queue_consumer()


def _refused_for_secrets(envelope: Envelope) -> bool:
    """Whether a command holds what may not be stored: it cannot wait here, and is told so."""
    spec = commands.get(envelope.name)
    if spec is None or not (fields := spec.unstorable(envelope.payload)):
        return False
    why = "it is of a release that is not known here, and may not wait: its secret fields would be"
    receipt = settling.refuse(envelope, f"{why} stored in clear ({', '.join(fields)})")
    after_commit.publish_results([(envelope.id, receipt)])
    return True


def _tell_of(envelopes: Sequence[Envelope], seconds: float | None) -> None:
    names = sorted({one.name for one in envelopes})
    if seconds is not None:
        log.info("kept until it is due", names=names, seconds=round(seconds))
        return
    log.warning(
        "commands that are not known here wait for a newer worker",
        commands=len(envelopes),
        names=names,
    )


def known_names() -> list[str]:
    """What this process knows of what can be enqueued: commands, and event tasks."""
    return [*(spec.name for spec in commands), *(task.name for task in event_tasks)]


def waited_in_vain(name: str, seconds: float) -> str:
    """What the dead letter of a command says that nobody knew."""
    return f"no worker knew a command {name!r} for {seconds:g} s{commands.hint(name)}"
