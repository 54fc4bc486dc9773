"""What a producer holds: an AsyncResult that also knows receipts.

The result backend answers at once, while it has the result; PostgreSQL answers always. So
`.receipt()` listens to the first and looks into the second: a lost result loses no answer.

    succeeded, rejected, dead        that receipt
    revoked, expired, terminated     a `rejected` receipt that says so
    behind a command that is dead    CommandDead with that one's receipt, unless it is retried
    failed in any other way          its receipt if one comes within PATIENCE, else its error
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import celery.exceptions
from celery.result import AsyncResult, EagerResult

from worker.base import db
from worker.base.app import app as cqrs_app
from worker.commands import receipts
from worker.commands.call_arguments import broker_errors
from worker.commands.errors import CommandDead, CommandIdReused, ReceiptTimeout
from worker.contracts import Receipt, is_receipt

LOOK_EVERY = 0.5
"""Seconds between two looks into PostgreSQL while the result backend is silent."""
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
        """The command's id, which is the Celery task's."""
        return UUID(self.id)

    def stored_receipt(self) -> Receipt | None:
        """The final receipt in PostgreSQL, if there is one yet."""
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


class CommandResult(CommandHandle, AsyncResult):  # type: ignore[misc]  # celery has no types
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

    def __del__(self) -> None:
        """Stop listening for the result. At the interpreter's end the connection may be gone
        before the handle: that is nothing to tell anybody."""
        with suppress(Exception):
            super().__del__()

    def receipt(self, timeout: float | None = 10.0) -> Receipt:
        """Wait for the receipt, `timeout` seconds at most (None: for ever).

        Raises ReceiptTimeout; CommandIdReused if this id stands for another payload; CommandDead
        of the command before it in its chain, if that one is dead; what its task failed with, if
        there is no receipt of that.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        failed = _Failure()
        while True:
            receipt = self._from_backend(_left(deadline), failed) or self.stored_receipt()
            if receipt is not None:
                self._check(receipt.name, receipt.fingerprint)
                return receipt
            if deadline is not None and time.monotonic() >= deadline:
                raise ReceiptTimeout(self.command_id, timeout)
            failed.pause(_left(deadline))

    def get(self, *args: Any, **options: Any) -> Any:
        """The receipt as JSON, as Celery's result has it.

        Raises CommandIdReused if this id stands for another payload, CommandDead for a dead letter.
        """
        value = super().get(*args, **options)
        if is_receipt(value):
            self._check(value.get("name"), value.get("fingerprint"))
        return value

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

    def _is_told(self) -> bool:
        return self._cache is not None

    def _from_backend(self, timeout: float, failed: _Failure) -> Receipt | None:
        self._cache = None  # a dead command may have been retried since the last look
        try:
            value: Any = super().get(
                timeout=timeout, follow_parents=False, disable_sync_subtasks=False
            )
        except celery.exceptions.TimeoutError:
            return None
        except CommandIdReused:
            raise
        except CommandDead as dead:
            if dead.receipt.command_id == self.command_id:
                return dead.receipt
            failed.is_final(dead)
            return None
        except celery.exceptions.TaskRevokedError as revoked:
            from worker.commands.revoking import end_revoked

            failed.is_final(revoked)
            return end_revoked(self, str(revoked))
        except Exception as error:
            if not self._is_told():  # not the task has failed but the look at it
                time.sleep(min(0.02, timeout))
                return None
            failed.is_final(error)  # its process was lost, say: the receipt is on its way
            return None
        return Receipt.from_json(value) if is_receipt(value) else None


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


class _Failure:
    """That a task has failed without a receipt: how long ago, and what it failed with."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self._since = 0.0
        self._pause = 0.0

    def is_final(self, error: Exception) -> None:
        """Remember the first look that found it so."""
        if self.error is None:
            self._since = time.monotonic()
        self.error = error

    def pause(self, most: float) -> None:
        """Wait until the next look. Raises the error when no receipt can be expected any more."""
        if self.error is None:
            return
        if isinstance(self.error, CommandDead):
            self._behind(self.error)
        if time.monotonic() - self._since > PATIENCE:
            raise self.error
        self._pause = min(LOOK_EVERY, max(0.02, 2 * self._pause), most)
        time.sleep(self._pause)

    def _behind(self, dead: CommandDead) -> None:
        """Raise it, unless the command that is dead in front of this one was retried meanwhile."""
        now = _stored(dead.receipt.command_id)
        if now is None or now.status is dead.receipt.status:
            raise dead
        self._since = time.monotonic()


def _stored(command_id: UUID) -> Receipt | None:
    with db.writer() as connection:
        return receipts.find(connection, [command_id]).get(command_id)


def _left(deadline: float | None) -> float:
    if deadline is None:
        return LOOK_EVERY
    return max(0.001, min(LOOK_EVERY, deadline - time.monotonic()))
