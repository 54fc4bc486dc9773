"""What a producer holds: an AsyncResult that also knows receipts.

Whoever waits for a receipt, in a thread (`.receipt()`) or a coroutine (`await .areceipt()`), hears
of it from the watcher of this process (receipt_watcher.py). When the time has ended, one more look
into PostgreSQL says for certain.

    succeeded, rejected, dead        that receipt
    revoked, expired, terminated     a `rejected` receipt that says so
    behind a command that is dead    CommandDead with that one's receipt, unless it is retried
    failed in any other way          its receipt if one comes within PATIENCE, else its error
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

from celery.exceptions import TaskRevokedError
from celery.result import EagerResult

from worker.base import db
from worker.base.app import app as cqrs_app
from worker.base.awaiting import atake, in_thread
from worker.base.backoff import Steps, take
from worker.base.celery_internals import EngineResult, ResultsLost
from worker.base.errors import ServerUnavailable
from worker.base.settings import get_settings
from worker.base.urls import safe_url
from worker.commands import SQL, receipt_watcher, receipts
from worker.commands.call_arguments import broker_errors
from worker.commands.errors import CommandDead, CommandIdReused, ReceiptTimeout
from worker.commands.receipt_watcher import TaskFailed
from worker.commands.silence import why_silent
from worker.contracts import Receipt, is_receipt

_ADVICE = "Check CQRS_RESULT_URL, or start the embedded servers with `cqrs up`."
REST = 0.5
"""Seconds between two tries on a server that is away, and the longest between two looks."""
PATIENCE = 5.0
"""Seconds for a receipt to come after its task has failed: who buries a command may be slower."""


class CommandHandle:
    """What every handle of a command knows, however the command is run."""

    id: str
    command: str | None = None
    """The command's name, where the handle was made by sending it."""
    payload: Mapping[str, Any] | None = None
    """The payload as it was sent, with the ids that were derived; None on a handle made by id."""
    fingerprint: str | None = None
    """What this handle stands for, where its id was chosen by the caller."""

    @property
    def command_id(self) -> UUID:
        """The command's id, the Celery task's. Raises ValueError for one that is no UUID."""
        return receipt_watcher.uuid_of(self.id)

    def stored_receipt(self) -> Receipt | None:
        """The final receipt in PostgreSQL, if there is one yet. Raises ServerUnavailable."""
        receipt = _stored(self.command_id)
        return receipt if receipt is not None and receipt.status.final else None

    def _check(self, name: str | None, fingerprint: str | None) -> None:
        """Raise CommandIdReused if a receipt is that of another command under the same id."""
        ours = self.fingerprint
        if not ours or not fingerprint:
            return
        comparable = len(ours) == len(fingerprint)  # else it was made by an earlier release
        if (comparable and ours != fingerprint) or (self.command and name != self.command):
            raise CommandIdReused(self.command_id, self.command or "?")


class CommandResult(CommandHandle, EngineResult):
    """The handle of a command: `.get()` is the receipt as JSON, `.receipt()` the typed one."""

    def __init__(
        self,
        id: str,  # Celery's name for it
        backend: Any = None,
        task_name: str | None = None,
        app: Any = None,
        parent: Any = None,
    ) -> None:
        super().__init__(id, backend, None, app or cqrs_app, parent)
        self.command = task_name

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled or copied, it is a handle of ours wherever it is read. Celery's would be one of
        the current app there, and carries the address of the result store, with its password."""
        return _handle, (self.id, self.parent, self.command, self.payload, self.fingerprint)

    def __copy__(self) -> CommandResult:
        return _handle(self.id, self.parent, self.command, self.payload, self.fingerprint)

    def receipt(self, timeout: float | None = 10.0) -> Receipt:
        """Wait for the receipt, `timeout` seconds at most (None: for ever).

        A server that is away is waited for as well. Raises ReceiptTimeout, or ServerUnavailable if
        PostgreSQL was away at the end; CommandIdReused if this id stands for another payload;
        CommandDead of the command before it in its chain, if that one is dead; what its task failed
        with, if there is no receipt of that; ValueError for an id that is no UUID.
        """
        until = math.inf if timeout is None else time.monotonic() + timeout
        with receipt_watcher.watcher.waiting(self.id) as future:
            try:
                return self._checked(future.result(timeout))
            except TimeoutError:
                return self._last_look(timeout)
            except TaskFailed as failed:
                error = failed.error
        return take(self._after_failure(error, until, timeout))

    async def areceipt(self, timeout: float | None = 10.0) -> Receipt:
        """The same for a coroutine: the event loop goes on meanwhile. Cancelled, it leaves nothing.

        Raises as `receipt` does.
        """
        until = math.inf if timeout is None else time.monotonic() + timeout
        future: Future[Receipt] = Future()
        watcher = receipt_watcher.watcher
        try:
            async with asyncio.timeout(timeout):
                await in_thread(watcher.watch, self.id, future)
                return self._checked(await asyncio.wrap_future(future))
        except TimeoutError:
            return await in_thread(self._last_look, timeout)
        except TaskFailed as failed:
            error = failed.error
        finally:
            watcher.forget(self.id, future)
        return await atake(self._after_failure(error, until, timeout))

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

    def revoke(
        self,
        connection: Any = None,
        terminate: bool = False,
        signal: str | None = None,
        wait: bool = False,
        timeout: float | None = None,
    ) -> None:
        """Keep the command from having effect: as Celery's, and for good.

        It gets a `rejected` receipt at once, unless it has its receipt already. Whoever runs it
        now changes nothing, and who finds its message later runs nothing. The workers are told
        too: they end a running one if they are to `terminate` it. Raises ServerUnavailable.
        """
        from worker.commands.revoking import end_revoked  # it needs handles too

        end_revoked(self, "terminated" if terminate else "revoked")
        with broker_errors():
            super().revoke(connection, terminate, signal, wait, timeout)

    def _after_failure(
        self, error: Exception, until: float, timeout: float | None
    ) -> Steps[Receipt]:
        """The receipt of a command whose task has ended without one, if it comes still."""
        if isinstance(error, TaskRevokedError):
            from worker.commands.revoking import end_revoked  # it needs handles too

            if (receipt := end_revoked(self, str(error))) is not None:
                return self._checked(receipt)
        since, pause = time.monotonic(), 0.01
        while True:
            receipt, away = self._look()
            if receipt is not None:
                return self._checked(receipt)
            now = time.monotonic()
            if now >= until:
                raise away or ReceiptTimeout(self.command_id, timeout)
            if isinstance(error, CommandDead) and away is None and _is_retried(error.receipt):
                since = now
            elif (isinstance(error, CommandDead) and away is None) or now - since > PATIENCE:
                raise error
            pause = min(2 * pause, REST)
            yield min(pause, until - now)

    def _look(self) -> tuple[Receipt | None, ServerUnavailable | None]:
        """The receipt that is stored by now, or why nobody can see."""
        try:
            return self.stored_receipt(), None
        except ServerUnavailable as away:
            return None, away

    def _checked_json(self, value: Any) -> Any:
        if is_receipt(value):
            self._check(value.get("name"), value.get("fingerprint"))
        return value

    def _checked(self, receipt: Receipt) -> Receipt:
        self._check(receipt.name, receipt.fingerprint)
        return receipt

    def _last_look(self, timeout: float | None) -> Receipt:
        """The receipt after all, for whoever's time has ended."""
        receipt = self.stored_receipt()
        if receipt is None:
            raise ReceiptTimeout(self.command_id, timeout, why_silent(timeout))
        return self._checked(receipt)


class EagerCommandResult(CommandHandle, EagerResult):  # type: ignore[misc]  # celery has no types
    """The handle of a command that has been run already, in this process."""

    def receipt(self, timeout: float | None = None) -> Receipt:
        """The receipt; nothing is waited for. Raises what the task failed with, if it is none."""
        result = self.result
        if isinstance(result, CommandDead):
            return result.receipt
        if is_receipt(result):
            return Receipt.from_json(result)
        if isinstance(result, Exception):
            raise result
        raise ReceiptTimeout(self.command_id, timeout)


HandleT = TypeVar("HandleT", bound=CommandHandle)


def unsettled(handles: Iterable[HandleT]) -> list[HandleT]:
    """Those of these commands that have no final receipt yet, in order; PostgreSQL is asked, once.

    For what `.delay()` sent: its broker may lose a message, and nobody else would notice. What is
    not settled after the visibility time-out is sent again **under the same id**, which has its
    effect once however often it comes. Raises ServerUnavailable.
    """
    held = list(handles)
    asked = {"ids": [handle.command_id for handle in held]}
    rows = db.read("sender", lambda found: found.execute(SQL["settled_ids"], asked).fetchall())
    settled = {command_id for (command_id,) in rows}
    return [handle for handle in held if handle.command_id not in settled]


def _is_retried(dead: Receipt) -> bool:
    """Whether a command that was dead is so no more."""
    now = _stored(dead.command_id)
    return now is not None and now.status is not dead.status


def _stored(command_id: UUID) -> Receipt | None:
    found = db.read("sender", lambda connection: receipts.find(connection, [command_id]))
    return found.get(command_id)


def _handle(
    command_id: str,
    parent: Any,
    command: str | None,
    payload: Mapping[str, Any] | None,
    fingerprint: str | None,
) -> CommandResult:
    handle = CommandResult(command_id, task_name=command, parent=parent)
    handle.payload, handle.fingerprint = payload, fingerprint
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
