"""What a producer holds: an AsyncResult that also knows receipts.

Whoever waits for a receipt, in a thread (`.receipt()`) or a coroutine (`await .areceipt()`), hears
of it from the watcher of this process (receipt_watcher.py). When the time has ended, one more look
into PostgreSQL says for certain.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from worker.base import db
from worker.base.app import app
from worker.base.awaiting import in_thread
from worker.base.celery_internals import EngineResult, ResultsLost
from worker.base.errors import ServerUnavailable
from worker.base.settings import get_settings
from worker.base.urls import safe_url
from worker.commands import receipt_watcher, receipts
from worker.commands.errors import CommandIdReused, ReceiptTimeout
from worker.contracts import Receipt, is_receipt

_ADVICE = "Check CQRS_RESULT_URL, or start the embedded servers with `cqrs up`."
REST = 0.5
"""Seconds between two tries on a result store that is away."""


class CommandResult(EngineResult):
    """The handle of a command: `.get()` is the receipt as JSON, `.receipt()` the typed one."""

    fingerprint: str | None = None
    """The payload that this handle stands for, where its id was chosen by the caller."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled or copied, it is a handle of ours wherever it is read. Celery's would be one of
        the current app there, and carries the address of the result store, with its password."""
        return _handle, (self.id, self.parent, self.fingerprint)

    def __copy__(self) -> CommandResult:
        return _handle(self.id, self.parent, self.fingerprint)

    @property
    def command_id(self) -> UUID:
        """The command's id, which is the Celery task's."""
        return UUID(self.id)

    def receipt(self, timeout: float | None = 10.0) -> Receipt:
        """Wait for the receipt, `timeout` seconds at most (None: for ever).

        A server that is away is waited for as well. Raises ReceiptTimeout, or ServerUnavailable if
        PostgreSQL was away at the end; CommandIdReused if this id stands for another payload.
        """
        with receipt_watcher.watcher.waiting(self.id) as future:
            try:
                return self._checked(future.result(timeout))
            except TimeoutError:
                return self._last_look(timeout)

    async def areceipt(self, timeout: float | None = 10.0) -> Receipt:
        """The same for a coroutine: the event loop goes on meanwhile. Cancelled, it leaves nothing.

        Raises as `receipt` does.
        """
        future: Future[Receipt] = Future()
        watcher = receipt_watcher.watcher
        try:
            async with asyncio.timeout(timeout):
                await in_thread(watcher.watch, self.id, future)
                return self._checked(await asyncio.wrap_future(future))
        except TimeoutError:
            return await in_thread(self._last_look, timeout)
        finally:
            watcher.forget(self.id, future)

    def get(self, timeout: float | None = None, *args: Any, **options: Any) -> Any:
        """The receipt as JSON, as Celery's result has it. It looks into the result store alone.

        Raises CommandIdReused if this id stands for another payload, CommandDead for a dead letter,
        ServerUnavailable if the result store was away when the time was up.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            left = None if timeout is None else max(0.001, deadline - time.monotonic())
            try:
                with result_store_errors():
                    return self._checked_json(super().get(left, *args, **options))
            except ServerUnavailable:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(min(REST, max(0.0, deadline - time.monotonic())))

    def _checked_json(self, value: Any) -> Any:
        if is_receipt(value):
            self._check(value.get("fingerprint"))
        return value

    def _check(self, fingerprint: str | None) -> None:
        if self.fingerprint and fingerprint and self.fingerprint != fingerprint:
            raise CommandIdReused(self.command_id, self.name or "?")

    def _checked(self, receipt: Receipt) -> Receipt:
        self._check(receipt.fingerprint)
        return receipt

    def _last_look(self, timeout: float | None) -> Receipt:
        """The receipt after all, for whoever's time has ended."""
        receipt = self.stored_receipt()
        if receipt is None:
            raise ReceiptTimeout(self.command_id, timeout)
        return self._checked(receipt)

    def stored_receipt(self) -> Receipt | None:
        """The final receipt in PostgreSQL, if there is one yet. Raises ServerUnavailable."""
        found = db.read("sender", lambda connection: receipts.find(connection, [self.command_id]))
        receipt = found.get(self.command_id)
        return receipt if receipt is not None and receipt.status.final else None


def _handle(command_id: str, parent: Any, fingerprint: str | None) -> CommandResult:
    handle = CommandResult(command_id, app=app, parent=parent)
    handle.fingerprint = fingerprint
    return handle


@contextmanager
def result_store_errors() -> Iterator[None]:
    """Say which result store is away, where Celery says that the application must be restarted."""
    import redis

    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError, ResultsLost) as error:
        reason = " ".join(str(error.__cause__ or error).split())
        address = safe_url(get_settings().servers.result)
        raise ServerUnavailable("the result store", address, reason, _ADVICE) from None
