"""A command's verbs for coroutines. Each is the one without the `a`, lent to an event loop.

    await create_order.adelay(...)                        await create_order.adelay_many([...])
    await create_order.aenqueue(session, ..., key="k")    await create_order.aenqueue_many(...)
    await handle.areceipt(timeout)                        command_result.py
    await orders_summary.aask(..., after=receipt)         worker/queries/query.py

What speaks to the broker runs in a thread of ours; what is enqueued is written by the caller's own
connection, in the event loop. `await session.run_sync(lambda s: create_order.enqueue(s, ...))` is
the same as `aenqueue`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload
from uuid import UUID

from typing_extensions import ParamSpec

from worker.base.awaiting import in_thread
from worker.commands.call_arguments import After, payload_of
from worker.commands.command_result import CommandResult
from worker.commands.enqueue import AsyncConnectable, aenqueue
from worker.contracts import Command, Envelope

C = TypeVar("C", bound=Command)
P = ParamSpec("P", default=...)
"""What the model's constructor takes: the fields by name, as type checkers know them."""


class AwaitableVerbs(Generic[C, P]):
    """What a command can be told from a coroutine."""

    if TYPE_CHECKING:
        name: str

        def delay(self, *args: Any, **fields: Any) -> CommandResult: ...
        def delay_many(self, payloads: Any) -> list[CommandResult]: ...
        def envelope(self, payload: Any, *options: Any) -> Envelope: ...

    @overload
    async def adelay(self, payload: C, /) -> CommandResult: ...
    @overload
    async def adelay(self, *args: P.args, **fields: P.kwargs) -> CommandResult: ...
    async def adelay(self, *args: Any, **fields: Any) -> CommandResult:
        """Send a command: `delay` for a coroutine. Cancelled, it may have been sent or not."""
        return await in_thread(self.delay, *args, **fields)

    async def adelay_many(self, payloads: Iterable[C | Mapping[str, Any]]) -> list[CommandResult]:
        """Send many commands of this kind as one message: `delay_many` for a coroutine."""
        return await in_thread(self.delay_many, payloads)

    @overload
    async def aenqueue(
        self,
        connection: AsyncConnectable,
        payload: C,
        /,
        *,
        after: After = (),
        key: str | None = None,
        command_id: UUID | None = None,
    ) -> CommandResult: ...
    @overload
    async def aenqueue(
        self, connection: AsyncConnectable, /, *args: P.args, **fields: P.kwargs
    ) -> CommandResult: ...
    @overload
    async def aenqueue(
        self,
        connection: AsyncConnectable,
        /,
        *,
        key: str | None,
        after: After = (),
        command_id: UUID | None = None,
        **fields: Any,
    ) -> CommandResult: ...
    @overload
    async def aenqueue(
        self,
        connection: AsyncConnectable,
        /,
        *,
        after: After,
        command_id: UUID | None = None,
        **fields: Any,
    ) -> CommandResult: ...
    @overload
    async def aenqueue(
        self, connection: AsyncConnectable, /, *, command_id: UUID | None, **fields: Any
    ) -> CommandResult: ...
    async def aenqueue(  # type: ignore[misc]  # no field has the name of an option
        self,
        connection: AsyncConnectable,
        /,
        *args: Any,
        after: After = (),
        key: str | None = None,
        command_id: UUID | None = None,
        **fields: Any,
    ) -> CommandResult:
        """Write the command inside the caller's own transaction: `enqueue` for a coroutine.

        `connection` is an AsyncSession or AsyncConnection of SQLAlchemy on psycopg, or psycopg's
        AsyncConnection. Raises as `enqueue` does.
        """
        payload = payload_of(self.name, args, fields)
        (handle,) = await aenqueue(connection, [self.envelope(payload, after, key, command_id)])
        return handle

    async def aenqueue_many(
        self, connection: AsyncConnectable, payloads: Iterable[C | Mapping[str, Any]]
    ) -> list[CommandResult]:
        """Write many commands in one statement: `enqueue_many` for a coroutine."""
        return await aenqueue(connection, [self.envelope(payload) for payload in payloads])
