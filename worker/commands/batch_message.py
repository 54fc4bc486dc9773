"""A `delay_many` message in the worker: its lines, and what becomes of those without a receipt.

line ─▶ a command ─▶ receipt
  │         ├ the database is away, or in conflict ─▶ put off: another message with what is left
  │         └ too long, or it killed its process   ─▶ split: a message for each, so that the
  │                                                   one that does it is found, and is dead
  └ no command at all ─▶ a dead letter with the line in it, under an id derived from the two
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, UUID, uuid5

import psycopg
from celery.exceptions import Retry

from worker.base import db
from worker.base.actor import from_header
from worker.base.app import app
from worker.base.db_errors import message_of
from worker.base.errors import ServerUnavailable
from worker.base.intake.checks import is_count
from worker.base.intake.substitute import as_uuid as is_uuid
from worker.base.settings import get_settings
from worker.commands import after_commit, put_off, receipts, releases
from worker.commands.call_arguments import HEADER, as_uuid
from worker.commands.decoding import ready, undeclared
from worker.commands.errors import DatabaseAway, DatabaseInConflict, InvalidCommand
from worker.commands.executor import because, end, execute
from worker.commands.message_checks import header_faults
from worker.commands.receipts import Outcome, PutOff
from worker.commands.releases import schema_named
from worker.commands.secrets import kept_payload
from worker.commands.settling import dead, ended, settle
from worker.contracts import Envelope, Receipt, Status

NAME = "cqrs.run_batch"


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it came, and the command that it is; `malformed` says why it is none."""

    raw: Any
    envelope: Envelope
    malformed: str | None = None


class Left(NamedTuple):
    """A line without a receipt, and why it has none yet."""

    line: Line
    why: PutOff


def send(
    lines: Sequence[Any],
    actor: Any,
    seconds: float = 0.0,
    schemas: Mapping[str, str | None] | None = None,
    **counts: int,
) -> None:
    """Send lines as one message, to be run after a while.

    `schemas` are those of the lines' commands as their sender knows them; by default, as we do.
    """
    if schemas is None:
        names = sorted({name for _, name, _ in lines})
        schemas = {name: schema_named(name) for name in names}
    app.send_task(
        NAME,
        kwargs={"commands": list(lines), "actor": actor},
        kwargsrepr=f"<{len(lines)} commands>",
        ignore_result=True,
        countdown=seconds or None,
        headers={HEADER: {**counts, "schemas": schemas}},
    )


class BatchMessage:
    """The message that is being worked off."""

    def __init__(self, request: Any, actor: Any) -> None:
        self.actor = actor
        self._wrong = str(header_faults({"actor": actor}).get(f"{HEADER}.actor", ""))
        self._sender = from_header(None if self._wrong else actor)
        self._root = _root(request.root_id or request.id)
        header = _object((request.headers or {}).get(HEADER))
        self.schemas: Mapping[str, str | None] = {
            name: schema
            for name, schema in _object(header.get("schemas")).items()
            if isinstance(schema, str)
        }
        self._counts = {
            name: int(header[name]) if is_count(header.get(name)) else 0
            for name in ("tries", "away")
        }

    def read(self, raw: Any) -> Line:
        """A line, whatever it is."""
        try:
            id_, name, payload = raw
            if self._wrong:
                raise TypeError(f"its sender: {self._wrong}")
            came = self._envelope(_text(id_), _text(name), payload)
            envelope = ready(came)
            if envelope is not came:  # as it is sent on, if it has to wait
                raw = [id_, name, envelope.payload]
            return Line(raw, envelope)
        except (TypeError, ValueError, InvalidCommand) as error:
            why = f"no command: a line of a batch is [id, name, payload], all of it given ({error})"
            return Line(raw, self._stand_in(raw), why)

    def run(self, lines: Sequence[Line]) -> list[Left]:
        """Run lines as one batch, and tell what came of them; those that have no receipt."""
        good, left = self._without_unknown([line for line in lines if line.malformed is None])
        left += _left(good, run_and_tell([line.envelope for line in good]))
        bad = [line for line in lines if line.malformed is not None]
        return left + _left(bad, [_set_aside(line) for line in bad])

    def _without_unknown(self, lines: Sequence[Line]) -> tuple[list[Line], list[Left]]:
        """Hand what another release has to decide over to it; the others, and what is left."""
        try:
            here, elsewhere = releases.sorted_out([line.envelope for line in lines])
            for unwritable in releases.hand_over(elsewhere):
                _refuse(*unwritable)
        except (psycopg.Error, ServerUnavailable) as error:
            why = because(error) or DatabaseAway(message_of(error), whole=False)
            return [], [Left(line, why) for line in lines]
        kept = {envelope.id for envelope in here}
        return [line for line in lines if line.envelope.id in kept], []

    def put_off(self, left: Sequence[Left]) -> None:
        """Send what is left again, later. Raises what says so, unless nothing is left."""
        kinds = {type(one.why) for one in left}
        if DatabaseInConflict in kinds:
            self._counts["tries"] += 1
            left = self._without_hopeless(left)
        if DatabaseAway in kinds:
            self._counts["away"] += 1
        if left:
            raise self._again(left)

    def split(self, lines: Sequence[Line], rest: Sequence[Line], why: Exception) -> Retry:
        """Send lines again, each in a message of its own, and the rest in one."""

        def messages() -> None:
            for line in lines:
                send([line.raw], self.actor, schemas=self.schemas)
            if rest:
                raws = [line.raw for line in rest]
                send(raws, self.actor, schemas=self.schemas, **self._counts)

        return put_off.send_again(messages, why, 0.0)

    def bury(self, line: Line, why: str) -> list[Left]:
        """Make a line a dead letter; it is left if that cannot be written."""
        return _left([line], [_bury(line, why)])

    def _again(self, left: Sequence[Left]) -> Retry:
        seconds = put_off.backoff(max(self._counts.values()))
        put_off.note([(one.line.envelope, one.why) for one in left], seconds)
        lines = [one.line.raw for one in left]
        why = left[-1].why
        return put_off.send_again(
            lambda: send(lines, self.actor, seconds, self.schemas, **self._counts), why, seconds
        )

    def _without_hopeless(self, left: Sequence[Left]) -> list[Left]:
        tries = self._counts["tries"]
        if tries < get_settings().command_attempts:
            return list(left)
        kept = [one for one in left if not isinstance(one.why, DatabaseInConflict)]
        for line, why in left:
            if isinstance(why, DatabaseInConflict):
                kept += self.bury(line, put_off.in_vain(tries, why))
        return kept

    def _envelope(self, id_: str, name: str, payload: Any) -> Envelope:
        return Envelope(
            as_uuid(id_),
            name,
            payload,
            self._sender,
            correlation_id=self._root,
            schema=self.schemas.get(name),
        )

    def _stand_in(self, raw: Any) -> Envelope:
        """What is kept of a line that is no command: under its id, if it has one."""
        values = list(raw) if isinstance(raw, list) else []
        name = next((value for value in values[1:2] if isinstance(value, str)), "?")
        try:
            id_ = as_uuid(values[0])
        except (IndexError, InvalidCommand):
            id_ = uuid5(self._root, repr(raw))
        kept = [*values[:2], *(kept_payload(name, value) for value in values[2:])]
        line = kept if values else raw
        return Envelope(id_, name, {"line": line}, self._sender, correlation_id=self._root)


def run_and_tell(envelopes: Sequence[Envelope], *, dequeue: bool = False) -> list[Outcome]:
    """Run a batch; then wake the readers and publish every command's result."""
    run = execute(envelopes, dequeue=dequeue)
    after_commit.wake_readers(run.event_types)
    ids = (envelope.id for envelope in envelopes)
    after_commit.publish_results(list(zip(ids, run.outcomes, strict=True)))
    return run.outcomes


def _set_aside(line: Line) -> Outcome:
    """Make a malformed line a dead letter: under an id of its own, if the one in it is that of a
    command which is nothing of this line's."""
    why = line.malformed or ""
    try:
        with db.writer() as connection:
            known = receipts.find(connection, [line.envelope.id]).get(line.envelope.id)
    except (psycopg.Error, ServerUnavailable) as error:
        return because(error) or DatabaseAway(message_of(error), whole=False)
    if known is None or known.error == why:
        return _bury(line, why)
    envelope = line.envelope
    own = uuid5(envelope.correlation_id or envelope.id, repr(line.raw))
    return _bury(replace(line, envelope=replace(envelope, id=own)), why)


def _refuse(envelope: Envelope, why: str) -> Receipt:
    """Refuse what no worker will ever find. Raises psycopg.Error, ServerUnavailable."""
    receipt = settle(ended(undeclared(envelope), Status.REJECTED, error=why))
    after_commit.publish_results([(envelope.id, receipt)])
    return receipt


def _root(sent: object) -> UUID:
    """What correlates the commands of a message, whatever id its sender gave it."""
    id_ = is_uuid(sent)
    return UUID(id_) if id_ else uuid5(NAMESPACE_OID, str(sent))


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _bury(line: Line, why: str) -> Outcome:
    outcome = end(dead(line.envelope, why))
    after_commit.publish_results([(line.envelope.id, outcome)])
    return outcome


def _left(lines: Sequence[Line], outcomes: Sequence[Outcome]) -> list[Left]:
    return [
        Left(line, outcome)
        for line, outcome in zip(lines, outcomes, strict=True)
        if isinstance(outcome, DatabaseAway | DatabaseInConflict)
    ]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


__all__ = ["NAME", "BatchMessage", "Left", "Line", "run_and_tell", "send"]
