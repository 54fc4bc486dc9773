"""`@command` makes a Celery task of a handler.

    create_order.delay(CreateOrder(...))            the same call as
    create_order.delay(customer_id=..., items=[...])
    create_order.apply_async(kwargs={...}, after=[handle_or_id])
    create_order.delay_many([...])                  one message, one transaction per batch
    create_order.enqueue(connection, ...)           in the caller's own transaction

A payload is validated before it is published, and every wrong field is named. On the wire it is
plain JSON keyword arguments under an explicit task name, so that any Celery client can send it.
The command id is the Celery task id.

    message ─▶ receipt there? ─yes─▶ that receipt
                 │no
                 ├─ `after=` not settled ─▶ the task is retried shortly, then refused by name
                 ├─ the database is away ─▶ tried again, with backoff, until it is there
                 ├─ the database is in conflict ─▶ tried again a few times, then dead
                 └─ run ─▶ succeeded: result is the receipt; the chain goes on
                         ├ rejected:  result is the receipt; the chain stops, its rest gets receipts
                         └ dead:      the task fails with CommandDead (red in Flower)
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import psycopg
from celery import Task, signals
from celery.exceptions import (
    Retry,
    SoftTimeLimitExceeded,
    TimeLimitExceeded,
    WorkerLostError,
)

from models.base import Command, Event, uuid7
from models.messages import Actor, Envelope, Receipt, Status
from worker import delivery
from worker.actor import anyone, current_actor, from_header, to_header
from worker.app import task_when_used
from worker.encoding import canonical, fingerprint
from worker.errors import CommandDead, CommandIdReused, NotReady, ServerUnavailable
from worker.settings import get_settings
from worker.writing.batches import send_batch
from worker.writing.calls import After, as_uuid, broker_errors, ids_of, no_positional, payload_of
from worker.writing.decoding import CommandSpec, Handler, MaySend, Needs, commands, prepare
from worker.writing.enqueue import Connectable, enqueue
from worker.writing.executor import bury, execute, refuse
from worker.writing.handle import CommandResult

C = TypeVar("C", bound=Command)
HEADER = "cqrs"
"""The message header that holds the actor, `after`, and how often the command was put off."""


class CommandTask(Task, Generic[C]):  # type: ignore[misc]  # celery has no types
    """A command as a Celery task."""

    spec: CommandSpec
    abstract = True
    max_retries = 3
    """How often a command is run again after its worker process died."""
    default_retry_delay = 1

    # ------------------------------------------------------------------ the producer's side
    def delay(self, *args: C, **fields: Any) -> CommandResult:
        """Send a command: its model, or the model's fields.

        Raises InvalidCommand before anything is published; ServerUnavailable if the broker is away.
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
        """Send a command with options: those of Celery, and `after`.

        `after` names commands (handles or ids) that must have a receipt before this one runs.
        """
        headers = dict(options.pop("headers", None) or {})
        if self._is_sent_again(task_id):
            wire = dict(kwargs or {})
        else:
            wire = prepare(self.spec, payload_of(self.name, args, kwargs))
            headers.setdefault(HEADER, self._header(after))
        options["kwargsrepr"] = self._shown(wire)
        command_id = str(as_uuid(task_id)) if task_id else str(uuid7())
        with broker_errors():
            sent = cast(
                "CommandResult",
                super().apply_async((), wire, command_id, headers=headers, **options),
            )
        if task_id:
            sent.fingerprint = fingerprint(canonical(wire)).hex()
        return sent

    def delay_many(self, payloads: Iterable[C | Mapping[str, Any]]) -> list[CommandResult]:
        """Send many commands of this kind as one message; each has its own id and receipt."""
        wires = [prepare(self.spec, payload) for payload in payloads]
        return send_batch([(self.name, wire) for wire in wires], current_actor())

    def enqueue(
        self,
        connection: Connectable,
        *args: C,
        after: After = (),
        key: str | None = None,
        command_id: UUID | None = None,
        **fields: Any,
    ) -> CommandResult:
        """Write the command inside the caller's own transaction; it is sent when that commits.

        `connection` is an SQLAlchemy connection or session, or a psycopg connection. Commands with
        one `key` run in the order in which they were enqueued.
        """
        envelope = Envelope(
            command_id or uuid7(),
            self.name,
            prepare(self.spec, payload_of(self.name, args, fields)),
            current_actor(),
            after=tuple(map(UUID, ids_of(after))),
            key=key,
        )
        return enqueue(connection, [envelope])[0]

    def enqueue_many(
        self, connection: Connectable, payloads: Iterable[C | Mapping[str, Any]]
    ) -> list[CommandResult]:
        """Write many commands inside the caller's own transaction, in one statement."""
        actor = current_actor()
        envelopes = [
            Envelope(uuid7(), self.name, prepare(self.spec, payload), actor) for payload in payloads
        ]
        return enqueue(connection, envelopes)

    def AsyncResult(self, task_id: str, **options: Any) -> CommandResult:  # noqa: N802
        """The handle of a command that was sent before, by its id."""
        return CommandResult(task_id, backend=self.backend, task_name=self.name, app=self.app)

    def signature(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        *rest: Any,
        **options: Any,
    ) -> Any:
        """A signature for chains and groups; its payload is checked here already."""
        if "task_id" in options:  # a running task that puts itself off: its message as it was
            return super().signature((), kwargs, *rest, **options)
        if args or kwargs:
            kwargs = prepare(self.spec, payload_of(self.name, args, kwargs))
        made = super().signature((), kwargs, *rest, **options)
        return made.set(headers={HEADER: self._header(())})

    def _header(self, after: After) -> dict[str, Any]:
        header: dict[str, Any] = {"actor": to_header(current_actor())}
        if ids := ids_of(after):
            header["after"] = ids
        return header

    def _is_sent_again(self, task_id: UUID | str | None) -> bool:
        """Whether this call is a running task that puts itself off."""
        request = self.request
        return not request.called_directly and bool(task_id) and request.id == str(task_id)

    def _shown(self, wire: Mapping[str, Any]) -> str:
        """The payload as logs and Flower show it: on every sending, or a retry would tell all."""
        secret = self.spec.secret
        shown = {field: "***" if field in secret else value for field, value in wire.items()}
        text = repr(shown)
        return text if len(text) <= 1_024 else text[:1_021] + "..."

    # ------------------------------------------------------------------ the worker's side
    def run(self, *args: Any, **payload: Any) -> dict[str, Any]:
        """Run the command that this message holds."""
        envelope = self._envelope(args, payload)
        try:
            run = execute([envelope])
        except ServerUnavailable as error:
            raise self._put_off(self._backoff(), error, **self._tried()) from error
        except psycopg.OperationalError as error:
            return self._try_later(envelope, error)
        except SoftTimeLimitExceeded:
            limit = get_settings().task_soft_time_limit
            return self._answer(bury(envelope, f"it took longer than {limit} s"))
        delivery.wake_readers(run.event_types)
        (outcome,) = run.outcomes
        match outcome:
            case NotReady():
                return self._wait(envelope, outcome)
            case CommandIdReused():
                raise outcome
            case _:
                return self._answer(outcome)

    def _envelope(self, args: Sequence[Any], payload: Mapping[str, Any]) -> Envelope:
        request, header = self.request, self._sent_header()
        no_positional(self.name, args)
        return Envelope(
            as_uuid(request.id),
            self.name,
            payload,
            from_header(header.get("actor")),
            after=tuple(as_uuid(one, "after") for one in header.get("after", ())),
            correlation_id=as_uuid(request.root_id or request.id),
            causation_id=request.parent_id,
        )

    def _sent_header(self) -> dict[str, Any]:
        return cast("dict[str, Any]", (self.request.headers or {}).get(HEADER) or {})

    def _answer(self, receipt: Receipt) -> dict[str, Any]:
        if receipt.status is Status.DEAD:
            raise CommandDead(receipt)
        if receipt.status is Status.REJECTED:
            delivery.stop_chain(self.request, receipt)
        return receipt.to_json()

    def _wait(self, envelope: Envelope, waiting: NotReady) -> dict[str, Any]:
        """Come back shortly; the pauses grow to half a second and end at `after_timeout`."""
        limit, waits = get_settings().after_timeout, self._sent_header().get("waits", 0)
        if sum(map(_pause, range(waits))) >= limit:
            missing = ", ".join(map(str, waiting.missing))
            reason = f"waited {limit:g} s for commands without a receipt ({missing})"
            return self._answer(refuse(envelope, reason))
        raise self._put_off(_pause(waits), waiting, waits=waits + 1)

    def _try_later(self, envelope: Envelope, error: psycopg.Error) -> dict[str, Any]:
        """Come back with backoff and jitter; after `command_attempts` it is a dead letter."""
        tries = self._tried()["tries"]
        if tries >= get_settings().command_attempts:
            return self._answer(bury(envelope, f"the database could not run it in {tries} tries"))
        raise self._put_off(self._backoff(), error, tries=tries)

    def _tried(self) -> dict[str, int]:
        return {"tries": self._sent_header().get("tries", 0) + 1}

    def _backoff(self) -> float:
        """Seconds until the next try: doubled each time, half a minute at most, with jitter."""
        doubled = 0.25 * float(2 ** min(self._tried()["tries"], 7))
        return min(30.0, doubled) * random.uniform(0.5, 1.5)  # noqa: S311

    def _put_off(self, seconds: float, why: Exception, **counts: int) -> Retry:
        """Send this very message again, later.

        Not by `Task.retry`: its counter is kept for worker processes that die, and waiting for
        another command is no failure.
        """
        again = self.signature_from_request(
            self.request, countdown=seconds, retries=self.request.retries
        )
        again.set(headers={**(self.request.headers or {}), HEADER: self._sent_header() | counts})
        again.apply_async()
        return Retry(exc=why, when=seconds)


@signals.task_failure.connect
def _bury_what_kills(
    sender: Any, task_id: str, exception: BaseException, kwargs: Any, **_: Any
) -> None:
    """A command that killed its process too often, or ran out of time, gets a `dead` receipt."""
    if isinstance(sender, CommandTask) and isinstance(
        exception, WorkerLostError | TimeLimitExceeded
    ):
        reason = f"its worker process ended every time ({type(exception).__name__})"
        # Celery lays the request open for a lost worker, but not for a time limit: then nobody
        # can say who sent the command, and a retry must not run with the system's rights.
        lost = isinstance(exception, WorkerLostError)
        nobody = Envelope(
            as_uuid(task_id), sender.name, kwargs or {}, Actor("unknown", frozenset())
        )
        bury(sender._envelope((), kwargs or {}) if lost else nobody, reason)


def _pause(tries: int) -> float:
    return float(min(0.5, 0.01 * 2**tries))


def command(
    name: str,
    model: type[C],
    *,
    needs: Needs,
    may_send: MaySend = anyone,
    emits: Sequence[type[Event]] = (),
    secret: Iterable[str] = (),
) -> Callable[[Handler], CommandTask[C]]:
    """Declare a command: `name` on the wire, the payload's `model`, what its handler `needs`.

    The handler takes (command, state, work), decides by pure rules, and hands its changes and
    events to `work`; what it returns is the receipt's `data`. `may_send` says who may send it,
    `emits` which events it can append (for the map), `secret` which fields no log may show.
    """

    def declare(handler: Handler) -> CommandTask[C]:
        purpose = (handler.__doc__ or "").strip().splitlines()[0] if handler.__doc__ else ""
        spec = CommandSpec(
            name,
            model,
            handler,
            needs,
            may_send,
            purpose,
            tuple(event.type for event in emits),
            frozenset(secret),
        )
        commands.add(name, spec)
        attributes = {"name": name, "spec": spec, "__doc__": handler.__doc__}
        attributes["__module__"] = handler.__module__
        kind = type(handler.__name__, (CommandTask,), attributes)
        return cast("CommandTask[C]", task_when_used(kind))

    return declare
