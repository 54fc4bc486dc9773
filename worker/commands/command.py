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

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from inspect import signature
from typing import Any, Generic, cast, overload
from uuid import UUID

from worker.base.actor import current_actor
from worker.base.app import app
from worker.base.errors import BadDeclarations
from worker.base.intake.substitute import as_uuid as is_uuid
from worker.base.rights import Right, as_declared
from worker.commands import canvas  # noqa: F401  # it looks at what is sent
from worker.commands.awaitable_verbs import AwaitableVerbs, C, P
from worker.commands.batches import send_batch
from worker.commands.call_arguments import (
    HEADER,
    After,
    as_uuid,
    broker_errors,
    ids_of,
    is_passed_on,
    payload_of,
)
from worker.commands.command_result import CommandResult, EagerCommandResult
from worker.commands.decoding import (
    CommandSpec,
    Handler,
    Prepared,
    commands,
    model_class,
    prepare,
)
from worker.commands.enqueue import Connectable, enqueue
from worker.commands.errors import InvalidCommand
from worker.commands.headers import follows, header_of
from worker.commands.load_plan import Load
from worker.commands.releases import schema_of
from worker.commands.routing import check as check_routes
from worker.commands.state import State, Work
from worker.commands.task import CommandRun
from worker.contracts import Command, Envelope, Event, uuid7


class CommandTask(AwaitableVerbs[C, P], CommandRun, Generic[C, P]):
    """A command as a Celery task: here the producer's side, `CommandRun` is the worker's."""

    spec: CommandSpec
    abstract = True

    @overload
    def delay(self, payload: C, /) -> CommandResult: ...
    @overload
    def delay(self, *args: P.args, **fields: P.kwargs) -> CommandResult: ...
    def delay(self, *args: Any, **fields: Any) -> CommandResult:
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
        Raises Unroutable, too, if nobody would take it or what follows it in its chain.
        """
        headers = dict(options.pop("headers", None) or {})
        command_id = as_uuid(task_id) if task_id else uuid7()
        if self._is_sent_again(task_id):
            wire = dict(kwargs or {})
        else:
            before = follows(options.get("parent_id"))
            if before is None:  # what follows was looked at with what it follows
                check_routes(self.name, options)
            if before is not None and kwargs:  # a plain task's result, or the id of what has failed
                args = list(filter(is_passed_on, args or ()))
            ready = self._prepared(args, kwargs, command_id, sure=before is None)
            wire = ready.wire
            header = self._header(args, ready, after, before=before)
            headers[HEADER] = header | headers.get(HEADER, {})
        # On every sending, or a retry would tell all.
        options["kwargsrepr"] = self.spec.shown(wire)
        if not self._is_correlated(options.get("root_id")):
            options["root_id"] = str(command_id)
        with broker_errors():
            sent = cast(
                "CommandResult",
                super().apply_async((), wire, str(command_id), headers=headers, **options),
            )
        sent.payload = wire
        if task_id:
            sent.fingerprint = headers.get(HEADER, {}).get("fingerprint")
        return sent

    def apply(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        task_id: UUID | str | None = None,
        *,
        after: After = (),
        **options: Any,
    ) -> EagerCommandResult:
        """Run the command here and now, in this process; the handle has its receipt.

        Raises InvalidCommand before anything is run. `after` is waited for.
        """
        headers = dict(options.pop("headers", None) or {})
        command_id = as_uuid(task_id) if task_id else uuid7()
        wire = kwargs
        if "fingerprint" not in headers.get(HEADER, {}):
            ready = self._prepared(args, kwargs, command_id)
            wire = ready.wire
            headers[HEADER] = self._header(args, ready, after) | headers.get(HEADER, {})
        done = super().apply((), wire, task_id=str(command_id), headers=headers, **options)
        if isinstance(done, EagerCommandResult):
            return done  # it had to wait, and has been run again
        handle = EagerCommandResult(done.id, done.result, done.state, done.traceback, self.name)
        handle.command, handle.payload = self.name, wire
        return handle

    def delay_many(self, payloads: Iterable[C | Mapping[str, Any]]) -> list[CommandResult]:
        """Send many commands of this kind as one message; each has its own id and receipt."""
        given = [(uuid7(), payload) for payload in payloads]
        lines = [(id_, self.name, prepare(self.spec, payload, id_).wire) for id_, payload in given]
        return send_batch(lines, current_actor())

    @overload
    def enqueue(
        self,
        connection: Connectable,
        payload: C,
        /,
        *,
        after: After = (),
        key: str | None = None,
        command_id: UUID | None = None,
    ) -> CommandResult: ...
    @overload
    def enqueue(
        self, connection: Connectable, /, *args: P.args, **fields: P.kwargs
    ) -> CommandResult: ...
    @overload
    def enqueue(
        self,
        connection: Connectable,
        /,
        *,
        key: str | None,
        after: After = (),
        command_id: UUID | None = None,
        **fields: Any,
    ) -> CommandResult: ...
    @overload
    def enqueue(
        self,
        connection: Connectable,
        /,
        *,
        after: After,
        command_id: UUID | None = None,
        **fields: Any,
    ) -> CommandResult: ...
    @overload
    def enqueue(
        self, connection: Connectable, /, *, command_id: UUID | None, **fields: Any
    ) -> CommandResult: ...
    def enqueue(  # type: ignore[misc]  # no field has the name of an option
        self,
        connection: Connectable,
        /,
        *args: Any,
        after: After = (),
        key: str | None = None,
        command_id: UUID | None = None,
        **fields: Any,
    ) -> CommandResult:
        """Write the command inside the caller's own transaction; it is sent when that commits.

        `connection` is an SQLAlchemy connection or session, Django's connection, or psycopg's.
        Commands with one `key` run in the order in which they were enqueued. Raises NoTransaction
        for a connection in autocommit, CommandIdReused.
        """
        payload = payload_of(self.name, args, fields)
        return enqueue(connection, [self.envelope(payload, after, key, command_id)])[0]

    def enqueue_many(
        self, connection: Connectable, payloads: Iterable[C | Mapping[str, Any]]
    ) -> list[CommandResult]:
        """Write many commands inside the caller's own transaction, in one statement."""
        return enqueue(connection, [self.envelope(payload) for payload in payloads])

    def envelope(
        self,
        payload: Command | Mapping[str, Any],
        after: After = (),
        key: str | None = None,
        command_id: UUID | None = None,
    ) -> Envelope:
        """A command of this actor's, checked, as it is enqueued. Raises InvalidCommand."""
        id_ = command_id or uuid7()
        ready = prepare(self.spec, payload, id_)
        return Envelope(
            id_,
            self.name,
            ready.wire,
            current_actor(),
            after=tuple(map(UUID, ids_of(after))),
            key=key,
            schema=schema_of(self.spec.model),
            fingerprint=ready.fingerprint,
        )

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
        """A signature for chains and groups; its payload is checked here already.

        Who sends it, and the ids that are left out, are those of the place and time of sending.
        `.s()` and `.si()` say the same with the fields by name, known to type checkers.
        """
        if "task_id" not in options and (args or kwargs):  # with one, it is a message sent again
            kwargs = prepare(self.spec, payload_of(self.name, args, kwargs)).wire
        return super().signature((), kwargs, *rest, **options)

    @overload
    def s(self, payload: C, /) -> Any: ...
    @overload
    def s(self, *args: P.args, **fields: P.kwargs) -> Any: ...
    def s(self, *args: Any, **fields: Any) -> Any:
        """A signature; the receipt of the command before it in a chain is passed over."""
        return super().s(*args, **fields)

    @overload
    def si(self, payload: C, /) -> Any: ...
    @overload
    def si(self, *args: P.args, **fields: P.kwargs) -> Any: ...
    def si(self, *args: Any, **fields: Any) -> Any:
        """A signature that takes nothing of the command before it."""
        return super().si(*args, **fields)

    def _prepared(
        self,
        args: Sequence[Any] | None,
        kwargs: Mapping[str, Any] | None,
        command_id: UUID,
        *,
        sure: bool = True,
    ) -> Prepared:
        """The payload of a call, checked. Raises InvalidCommand, but where it is not `sure`.

        What a worker sends on was checked where it was made; if it is wrong for this release, it
        goes as it is: nobody could hear of it here, and who runs it says so in a receipt.
        """
        try:
            return prepare(self.spec, payload_of(self.name, args, kwargs), command_id)
        except InvalidCommand:
            if sure:
                raise
            return Prepared(dict(kwargs or {}), self.spec.fingerprint(kwargs or {}))

    def _header(self, *args: Any, **named: Any) -> dict[str, Any]:
        return {"schema": schema_of(self.spec.model), **header_of(*args, **named)}

    def _is_correlated(self, root_id: str | None) -> bool:
        """Whether what Celery would write as the root, that of the task we are in, is a UUID.

        A task of the application may have any id; a command's correlation has to be a UUID.
        """
        caller = self.app.current_worker_task
        root = root_id or (caller and (caller.request.root_id or caller.request.id))
        return root is None or is_uuid(root) is not None

    def _is_sent_again(self, task_id: UUID | str | None) -> bool:
        """Whether this call is a running task that reschedules itself."""
        request = self.request
        return not request.called_directly and bool(task_id) and request.id == str(task_id)


_VERBS = (CommandTask.delay, CommandTask.enqueue, CommandTask.aenqueue, CommandTask.adelay)
_LATER = frozenset({"timeout"})
"""Options of the handle's verbs, which are kept for them."""


def _swallowed(name: str, model: type[Command]) -> Iterator[str]:
    """Fields that a verb would take for an option of its own: the payload would never have them."""
    named = {
        option.name
        for verb in _VERBS
        for option in signature(verb).parameters.values()
        if option.kind not in (option.VAR_POSITIONAL, option.VAR_KEYWORD)
    }
    for field in sorted((named | _LATER).intersection(model.model_fields)):
        yield (
            f"`{field}` is an option of `enqueue` or `delay`, so that no payload could hold it:"
            f" give the field another name ({name}, {model.__name__}.{field})"
        )


def _unknown(name: str, model: type[Command], hidden: Iterable[str]) -> Iterator[str]:
    """Fields that are called secret and are none: what was meant would be shown."""
    for field in sorted(set(hidden).difference(model.model_fields)):
        yield f"no such field: mend `secret` or `storable` ({name}, {model.__name__}.{field})"


def command(
    name: str,
    model: Callable[P, C],
    *,
    needs: Callable[[C], Iterable[Load]],
    may_send: Right | None = None,
    emits: Sequence[type[Event]] = (),
    secret: Iterable[str] = (),
    storable: Iterable[str] = (),
    prepare: Callable[[C], Mapping[str, Any]] | None = None,
) -> Callable[[Callable[[C, State, Work], Any]], CommandTask[C, P]]:
    """Declare a command: `name` on the wire, the payload's `model`, what its handler `needs`.

    The handler takes (command, state, work), decides by pure rules, and hands its changes and
    events to `work`; what it returns is the receipt's `data`. `may_send` says who may send it, by
    actor, payload or loaded state (worker/base/rights.py), `emits` which events it can append (for
    the map), `secret` which fields no log may show, and no table hold in clear: a command that has
    them is not enqueued, and keeps them not when it is dead; but for those that are `storable`.
    `prepare` makes something else of secret fields (of a password its hash) before anything is
    published, and again in the worker before anything is stored: it leaves what it has made as it
    is.

    To type checkers the model is what its constructor takes: so they know the fields of `.delay()`.
    Raises TypeError for a model that is no class of commands, BadDeclarations for a field that no
    verb could be given, since it has an option so named.
    """
    payload = model_class(name, model, Command)
    hidden = {*secret} | {*storable}
    if problems := [*_swallowed(name, payload), *_unknown(name, payload, hidden)]:
        raise BadDeclarations(problems)

    def declare(handler: Handler) -> CommandTask[C, P]:
        purpose = (handler.__doc__ or "").strip().splitlines()[0] if handler.__doc__ else ""
        spec = CommandSpec(
            name,
            payload,
            handler,
            needs,
            as_declared("may_send", name, may_send, 3),
            purpose,
            tuple(event.type for event in emits),
            frozenset(secret),
            frozenset(storable),
            prepare,
        )
        commands.add(name, spec)
        task = app.task(  # made when it is first used: importing a domain needs no server
            CommandTask.run,
            name=name,
            base=CommandTask,
            bind=True,
            spec=spec,
            __doc__=handler.__doc__,
            __module__=handler.__module__,
        )
        return cast("CommandTask[C, P]", task)

    return declare
