"""What becomes of messages that this worker cannot run: the tasks that take their place.

    cqrs.set_aside   a bad message: a `rejected` receipt where there is an id, else counted
    cqrs.hand_over   a command that is not known here, or not due for a while: written among the
                     enqueued ones, for others or for later
    cqrs.skip        what would have followed one that did not succeed, where that is told later

Each runs in the pool under the acknowledgement of the message it stands for (worker/base/intake),
so that one is acknowledged when this is committed, and not before. While the database is away the
substitute, which is small and well formed, is sent again, with backoff.

An id that has a receipt already, or waits among the enqueued commands, is not answered: it is
another command's, and a bad message must not settle that one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from worker.base import db
from worker.base.actor import from_header
from worker.base.app import app
from worker.base.encoding import fingerprint_in
from worker.base.errors import ServerUnavailable
from worker.base.intake.checks import Fault, Letter, Reason
from worker.base.intake.due import seconds_until
from worker.base.intake.substitute import HAND_OVER, SET_ASIDE, as_uuid, told_of
from worker.base.logs import get_logger
from worker.commands import after_commit, receipts, refused_messages, releases
from worker.commands.call_arguments import HEADER
from worker.commands.chain_continuation import with_chord
from worker.commands.decoding import commands
from worker.commands.executor import because
from worker.commands.message_checks import command_fault
from worker.commands.receipts import Settled
from worker.commands.secrets import has_secrets
from worker.commands.settling import settle
from worker.contracts import Actor, Envelope, Receipt, RefusalKind, Status

log = get_logger(__name__)
_NOBODY = "unknown"
"""Whom a receipt names when the message could not be read so far."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is not run: where it was, what is wrong with it, and whose id it bears."""

    queue: str
    reason: str
    errors: Mapping[str, str]
    first_bytes: str
    payload_hash: str
    name: str | None
    command_id: UUID | None
    actor: str
    links: Mapping[str, Any] | None

    @classmethod
    def of(cls, letter: Letter, queue: str, fault: Fault) -> Refused:
        """A message that was understood, but is no command."""
        told = told_of(
            queue,
            fault,
            None,
            {**letter.fields, **letter.headers},
            [[], letter.kwargs, letter.embed],
        )
        id_ = told.pop("command_id")
        return cls(
            **told | {"actor": told["actor"] or _NOBODY}, command_id=UUID(id_) if id_ else None
        )


@app.task(name=SET_ASIDE, bind=True, ignore_result=True, max_retries=None)
def set_aside(
    self: Any,
    queue: str,
    reason: str,
    errors: Mapping[str, str],
    first_bytes: str,
    payload_hash: str,
    name: str | None = None,
    command_id: str | None = None,
    actor: str | None = None,
    links: Mapping[str, Any] | None = None,
) -> None:
    """Give a refused message its receipt, or count it."""
    given = Refused(
        queue,
        reason,
        errors,
        first_bytes,
        payload_hash,
        name,
        UUID(id_) if (id_ := as_uuid(command_id)) else None,
        actor or _NOBODY,
        links,
    )
    with _sent_again_while_away(self):
        try:
            refuse(given)
        except (psycopg.DataError, ValueError, TypeError) as error:  # it is counted all the same
            log.error("a refused message cannot be told of", queue=queue, exc_info=error)
            refuse(Refused(queue, str(Reason.UNREADABLE), {}, "", "", None, None, _NOBODY, None))


@app.task(name=HAND_OVER, bind=True, ignore_result=True, max_retries=None)
def hand_over(
    self: Any,
    queue: str,
    name: str,
    command_id: str,
    payload: Mapping[str, Any],
    header: Any = None,
    root_id: str | None = None,
    parent_id: str | None = None,
    chain: Sequence[Any] | None = None,
    callbacks: Sequence[Any] | None = None,
    chord: Mapping[str, Any] | None = None,
    group: str | None = None,
    group_index: int | None = None,
    due: str | None = None,
) -> None:
    """Let a command that is not known here wait for a worker that knows it; or until it is due."""
    fields: dict[str, Any] = {
        "task": name,
        "id": command_id,
        "root_id": root_id,
        "parent_id": parent_id,
        "group": group,
        "group_index": group_index,
    }
    embed = {"chain": chain, "callbacks": callbacks, "chord": chord}
    letter = Letter(name, command_id, (), payload, fields, {HEADER: header}, embed)
    fault = command_fault(letter)
    with _sent_again_while_away(self):
        seconds = seconds_until(due) if due else None
        for _, why in releases.hand_over([envelope_of(letter)], seconds) if fault is None else ():
            fault = Fault(Reason.COMMAND, {"payload": why})
        if fault is not None:
            refuse(Refused.of(letter, queue, fault))


@app.task(name=after_commit.SKIP, bind=True, ignore_result=True, max_retries=None)
def skip(self: Any, links: Mapping[str, Any], why: str) -> None:
    """Give commands that are not run their receipts."""
    with _sent_again_while_away(self):
        after_commit.skip(links, why)


def refuse(message: Refused) -> None:
    """Give a message its `rejected` receipt; or count it, where it can have none."""
    log.warning(
        "message refused",
        queue=message.queue,
        reason=message.reason,
        task=message.name,
        id=str(message.command_id),
    )
    if message.command_id is not None and _is_a_command(message.name):
        about = "; ".join(f"{where}: {why}" for where, why in message.errors.items())
        settled = Settled(
            Envelope(
                message.command_id, message.name or "?", {}, Actor(message.actor, frozenset())
            ),
            bytes.fromhex(message.payload_hash),
            Status.REJECTED,
            error=f"the message was refused: {message.reason} ({about})",
            errors=message.errors,
            kind=RefusalKind.VALIDATION,
        )
        if _answer(settled, message.links) is not None:
            return
    refused_messages.record(
        queue=message.queue,
        reason=message.reason,
        errors=message.errors,
        first_bytes="" if has_secrets(message.name) else message.first_bytes,
        task=message.name,
        command_id=message.command_id,
    )


def envelope_of(letter: Letter) -> Envelope:
    """The command in a message that was found to be in order."""
    header = letter.headers.get(HEADER) or {}
    chain, callbacks = letter.embed.get("chain"), letter.embed.get("callbacks")
    follows = {"chain": list(chain or ()), "link": list(callbacks or ())}
    group = (letter.fields.get("group"), letter.fields.get("group_index"))
    links = with_chord(follows if chain or callbacks else None, letter.embed.get("chord"), *group)
    return Envelope(
        UUID(letter.id),
        letter.task,
        letter.kwargs,
        from_header(header.get("actor")),
        after=tuple(map(UUID, header.get("after") or ())),
        correlation_id=UUID(letter.fields.get("root_id") or letter.id),
        causation_id=letter.fields.get("parent_id"),
        links=links,
        schema=header.get("schema"),
        fingerprint=fingerprint_in(header.get("fingerprint")),
    )


def _is_a_command(name: str | None) -> bool:
    """Whether a receipt under this name is somebody's to wait for: not that of another task."""
    return name is None or name in commands or name not in app.tasks


def _answer(settled: Settled, links: Mapping[str, Any] | None) -> Receipt | None:
    """Settle a refused command, and tell whoever waits; None if its id is another's."""
    id_ = settled.envelope.id
    with db.writer() as connection:
        known = receipts.known(connection, [id_]).get(id_)
    if known is not None and not _is_the_same(known, settled):
        return None
    receipt = settle(settled, dequeue=False)
    after_commit.publish_results([(id_, receipt)])
    after_commit.skip(links, after_commit.REFUSED_BEFORE.format(id_))
    return receipt


def _is_the_same(known: receipts.Known, settled: Settled) -> bool:
    """Whether this message was refused already, and comes again."""
    receipt = known.receipt
    return receipt.status is Status.REJECTED and (
        (receipt.name, receipt.error, known.payload_hash)
        == (settled.name, settled.error, settled.payload_hash)
    )


@contextmanager
def _sent_again_while_away(task: Any) -> Iterator[None]:
    try:
        yield
    except (ServerUnavailable, psycopg.Error) as error:
        if because(error) is None:
            raise
        pause = min(30.0, 0.5 * 2 ** min(task.request.retries, 6))
        raise task.retry(exc=error, countdown=pause, max_retries=None) from error
