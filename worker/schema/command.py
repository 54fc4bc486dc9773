"""Schema changes as commands: sent, waited for and answered like any other, but done by themselves.

A command's handler runs inside the one transaction that writes its receipt as well. A changeset
cannot: it is recorded before anything runs, and has a transaction with limits of its own, or none.
So its receipt is written afterwards, and what makes it happen once is the history: a changeset is
recorded under the id of the command that tracks it, and bears the id of the one that executes it or
rolls it back, in the transaction that does so.

    message ─▶ receipt there? ─yes─▶ that receipt
                 │no
                 ├─ another changeset is being executed ─▶ comes back shortly
                 └─ done, unless the history says that this command has done so
                      ├ succeeded   `data`: the changeset in short (`plain.summary`); no position
                      ├ rejected    it cannot be done as it stands, or an operation failed: `error`
                      │             and, once it was recorded, `data` say which and why
                      └ dead        its process died every time, or it ran out of time

What happens on each failure:

- Nobody who may write the database has sent it: `rejected`, see permits.py. Nor is it run for
  anybody but an admin.
- The process is killed: the message is delivered again, a second later if a child died, after
  `visibility_timeout` if the whole worker did. Meanwhile, or then at the latest, the changeset is
  marked as failed (see `turn`); the message executes it once more, under the same id, up to three
  times after children that died. Then the command is a dead letter, the changeset stays failed, and
  `cqrs dead-letters retry` or `cqrs changeset execute` runs it again.
- It was done, but the process died before the receipt was written: found in the history.
- Two workers get the same message: one has the turn, the other one comes back and finds it done.

A worker may not be at it for longer than `visibility_timeout`, or the message would come back while
it runs. So a changeset that a worker runs has a share of that for all of its operations together; a
longer one is executed from a shell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, NoReturn, TypeVar, cast
from uuid import UUID

import psycopg
from celery.exceptions import SoftTimeLimitExceeded

from worker.base import db
from worker.base.actor import acting_as
from worker.base.app import app
from worker.base.db_errors import is_away, sentence
from worker.base.errors import ServerUnavailable
from worker.base.intake.checks import Fault, Letter, Reason
from worker.base.rights import only
from worker.base.settings import get_settings
from worker.commands.call_arguments import After, holds_receipts
from worker.commands.command import CommandTask
from worker.commands.command_result import CommandResult, EagerCommandResult
from worker.commands.decoding import CommandSpec, Decoded, commands, decode, prepare
from worker.commands.errors import CommandIdReused, InvalidCommand
from worker.commands.executor import BatchRun
from worker.commands.headers import follows
from worker.commands.receipts import Settled
from worker.commands.settling import ended, failed, settle_once
from worker.contracts import Command, Envelope, Refusal, Status
from worker.schema.catalogue.context import Context
from worker.schema.engine import engine_context
from worker.schema.errors import (
    ChangeFailed,
    ChangesetBusy,
    InvalidChange,
    SchemaError,
    VersionRefused,
)
from worker.schema.history.plain import summary
from worker.schema.history.records import load
from worker.schema.permits import decode_permitted, names_sender, sent_here

C = TypeVar("C", bound=Command)
Act = Callable[[C, Context, UUID], Any]
Check = Callable[[C], object]

OPERATIONS, SOFT, HARD = 0.8, 0.9, 0.95
"""Shares of `visibility_timeout`: for the operations, until told to stop, until killed."""
MOST_WAITING = 900.0
"""Seconds of pauses, after which a command has waited long enough for others' changesets."""
ADMINS = only("admin")
"""Who changes the schema: through a function's body that is any SQL, with the owner's rights."""
_NOTHING_FOLLOWS: Mapping[str, Any] = {"chain": [], "link": []}
_ALONE = "a schema change has transactions of its own: send it with .delay()"


class SchemaCommand(CommandTask[C]):
    """A schema change as a Celery task."""

    abstract = True
    settles_with_its_effect = False
    rides = False
    act: Act[C]
    check: Check[C]

    is_kept_until_due = False  # it is never run in a batch

    @property
    def soft_time_limit(self) -> float:
        """Seconds until it is told to stop, by the settings of the worker that runs it."""
        return SOFT * get_settings().visibility_timeout

    @property
    def time_limit(self) -> float:
        """Seconds until its process is killed, likewise."""
        return HARD * get_settings().visibility_timeout

    # ------------------------------------------------------------------ the producer's side
    def delay(self, *args: Any, **fields: Any) -> CommandResult:
        """Send it: its model, or the model's fields, by name or in their order.

        Raises InvalidCommand and InvalidChange before anything is published.
        """
        return self.apply_async(args, fields)

    def apply_async(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        task_id: UUID | str | None = None,
        *,
        after: After = (),
        **options: Any,
    ) -> CommandResult:
        """The same, with the options of a command. Raises as `delay` does."""
        wire = self._fields(args, kwargs)
        if not self._is_sent_again(task_id):
            wire = prepare(self.spec, wire).wire
            self.check(cast("C", self.spec.model.model_validate(wire)))
        before = list(filter(holds_receipts, args or ()))
        goes_on = self._is_sent_again(task_id) or follows(options.get("parent_id")) is not None
        with nullcontext() if goes_on or names_sender(options) else sent_here():
            return super().apply_async(before, wire, task_id, after=after, **options)

    def apply(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        *rest: Any,
        **options: Any,
    ) -> EagerCommandResult:
        """Run it here and now, in this process. Raises InvalidCommand."""
        before = filter(holds_receipts, args or ())
        return super().apply(list(before), self._fields(args, kwargs), *rest, **options)

    def signature(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        *rest: Any,
        **options: Any,
    ) -> Any:
        """A signature for chains and groups."""
        return super().signature((), self._fields(args, kwargs), *rest, **options)

    def delay_many(self, payloads: Iterable[C | Mapping[str, Any]]) -> list[CommandResult]:
        """Send several, each as a message of its own."""
        return [self.apply_async((payload,)) for payload in payloads]

    def enqueue(self, *_: Any, **__: Any) -> NoReturn:
        """Not for schema changes. Raises InvalidCommand."""
        raise InvalidCommand(self.name, {"payload": _ALONE})

    async def aenqueue(self, *_: Any, **__: Any) -> NoReturn:
        """Not for schema changes. Raises InvalidCommand."""
        self.enqueue()

    enqueue_many, aenqueue_many = enqueue, aenqueue

    def _fields(
        self, args: Sequence[Any] | None, kwargs: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        """The payload by name; the receipt of the command before it in a chain is passed over."""
        values = [each for each in args or () if not holds_receipts(each)]
        if len(values) == 1 and not kwargs and isinstance(values[0], Command | Mapping):
            return values[0] if isinstance(values[0], Mapping) else values[0].model_dump()
        names = list(self.spec.model.model_fields)
        twice = set(names[: len(values)]).intersection(kwargs or ())
        if len(values) > len(names) or twice:
            what = f"takes {', '.join(names)}, in this order or by name, each once"
            raise InvalidCommand(self.name, {"payload": what})
        return {**dict(zip(names, values, strict=False)), **(kwargs or {})}

    # ------------------------------------------------------------------ the worker's side
    def fault(self, letter: Letter) -> Fault | None:
        """What is wrong with a message: fields may come in their order, too."""
        try:
            fields = self._fields(letter.args, letter.kwargs)
        except InvalidCommand as wrong:
            return Fault(Reason.COMMAND, wrong.errors)
        return super().fault(replace(letter, args=(), kwargs=fields))

    def _envelope(self, args: Sequence[Any], payload: Mapping[str, Any]) -> Envelope:
        """With links, empty ones if need be: what has links is sent again as a message, never run
        in a batch, when it is revived from the dead letters."""
        envelope = super()._envelope((), self._fields(args, payload))
        return replace(envelope, links=envelope.links or _NOTHING_FOLLOWS)

    def _execute(self, envelope: Envelope) -> BatchRun:
        enqueued = self._sent_header().get("enqueued", False)
        try:
            command = decode(envelope) if self.request.is_eager else decode_permitted(envelope)
            outcome = settle_once(command, self._act, enqueued=enqueued)
        except CommandIdReused as other:
            outcome = other
        return BatchRun([outcome], frozenset())

    def _act(self, command: Decoded) -> Settled:
        envelope = command.envelope
        try:
            with acting_as(envelope.actor.name, roles=envelope.actor.roles):
                data = self.act(cast("C", command.command), _context(), envelope.id)
        except ChangesetBusy as busy:
            return self._come_back(command, busy)
        except SchemaError as error:
            return _refused(command, error)
        except SoftTimeLimitExceeded:
            limit = f"it took longer than {self.soft_time_limit:g} s"
            return ended(command, Status.DEAD, error=limit)
        except (psycopg.OperationalError, ServerUnavailable, CommandIdReused):
            raise  # tried again later; or told as it is
        except psycopg.Error as error:
            if is_away(error):
                raise
            return ended(command, Status.DEAD, error=sentence(error))
        except Exception as error:
            return failed(command, error)
        return ended(command, Status.SUCCEEDED, data=data)

    def _come_back(self, command: Decoded, busy: ChangesetBusy) -> Settled:
        waits = self._sent_header().get("waits", 0)
        if sum(map(_pause, range(waits))) >= MOST_WAITING:
            reason = f"waited {MOST_WAITING:g} s: {busy}"
            return ended(command, Status.REJECTED, error=reason)
        raise self._reschedule(_pause(waits), busy, waits=waits + 1)


def _context() -> Context:
    return engine_context(within=OPERATIONS * get_settings().visibility_timeout)


def _refused(command: Decoded, error: SchemaError) -> Settled:
    data = _as_recorded(error.changeset_id) if isinstance(error, ChangeFailed) else None
    return ended(command, Status.REJECTED, data=data, error=str(error), errors=_errors(error))


def _as_recorded(changeset_id: UUID) -> dict[str, Any]:
    with db.owner() as connection:
        return summary(load(connection, changeset_id))


def _errors(error: SchemaError) -> dict[str, str]:
    """What is wrong, by operation or field."""
    if isinstance(error, VersionRefused):
        return {"version": str(error)}
    if not isinstance(error, InvalidChange):
        return {}
    return {
        f"operation {each.operation}" if each.operation else "change": each.message
        for each in error.problems
    }


def _pause(waits: int) -> float:
    """Seconds until it is looked again whether the other changeset is done."""
    return min(5.0, 0.25 * 2.0 ** min(waits, 5))


def _in_a_batch(*_: Any) -> NoReturn:
    raise Refusal(_ALONE)


def _anything(_: Any) -> None:
    """Nothing is checked beforehand."""


def schema_command(
    name: str, model: type[C], *, check: Check[C] = _anything
) -> Callable[[Act[C]], SchemaCommand[C]]:
    """Declare a schema command: `name` on the wire, its `model`, and what does it.

    That takes (command, context, command id) and returns the receipt's `data`, plain JSON; what it
    raises of SchemaError makes the receipt `rejected`. `check` looks at a command before it is sent
    and raises what is wrong with it.
    """

    def declare(act: Act[C]) -> SchemaCommand[C]:
        purpose = (act.__doc__ or "").strip().partition("\n")[0]
        spec = CommandSpec(name, model, _in_a_batch, lambda _: (), ADMINS, purpose)
        commands.add(name, spec)
        task = app.task(
            SchemaCommand.run,
            name=name,
            base=SchemaCommand,
            bind=True,
            spec=spec,
            act=staticmethod(act),
            check=staticmethod(check),
            __doc__=act.__doc__,
            __module__=act.__module__,
        )
        return cast("SchemaCommand[C]", task)

    return declare
