"""What a producer holds: an AsyncResult that also knows receipts.

The result backend answers at once, while it has the result; PostgreSQL answers always. So
`.receipt()` listens to the first and looks into the second: a lost result loses no answer.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any
from uuid import UUID

import celery.exceptions
from celery.result import AsyncResult

from worker.base import db
from worker.commands import receipts
from worker.commands.errors import CommandDead, CommandIdReused, ReceiptTimeout
from worker.contracts import Receipt, is_receipt

LOOK_EVERY = 0.5
"""Seconds between two looks into PostgreSQL while the result backend is silent."""


class CommandResult(AsyncResult):  # type: ignore[misc]  # celery has no types
    """The handle of a command: `.get()` is the receipt as JSON, `.receipt()` the typed one."""

    fingerprint: str | None = None
    """The payload that this handle stands for, where its id was chosen by the caller."""

    def __del__(self) -> None:
        """Stop listening for the result. At the interpreter's end the connection may be gone
        before the handle: that is nothing to tell anybody."""
        with suppress(Exception):
            super().__del__()

    @property
    def command_id(self) -> UUID:
        """The command's id, which is the Celery task's."""
        return UUID(self.id)

    def receipt(self, timeout: float | None = 10.0) -> Receipt:
        """Wait for the receipt, `timeout` seconds at most (None: for ever).

        Raises ReceiptTimeout; CommandIdReused if this id stands for another payload.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            receipt = self._from_backend(_left(deadline)) or self.stored_receipt()
            if receipt is not None:
                self._check(receipt.fingerprint)
                return receipt
            if deadline is not None and time.monotonic() >= deadline:
                raise ReceiptTimeout(self.command_id, timeout)

    def get(self, *args: Any, **options: Any) -> Any:
        """The receipt as JSON, as Celery's result has it.

        Raises CommandIdReused if this id stands for another payload, CommandDead for a dead letter.
        """
        value = super().get(*args, **options)
        if is_receipt(value):
            self._check(value.get("fingerprint"))
        return value

    def _check(self, fingerprint: str | None) -> None:
        if self.fingerprint and fingerprint and self.fingerprint != fingerprint:
            raise CommandIdReused(self.command_id, self.name or "?")

    def stored_receipt(self) -> Receipt | None:
        """The final receipt in PostgreSQL, if there is one yet."""
        with db.sender() as connection:
            receipt = receipts.find(connection, [self.command_id]).get(self.command_id)
        return receipt if receipt is not None and receipt.status.final else None

    def _from_backend(self, timeout: float) -> Receipt | None:
        try:
            value: Any = super().get(timeout=timeout, disable_sync_subtasks=False)
        except celery.exceptions.TimeoutError:
            return None
        except CommandIdReused:
            raise
        except CommandDead as dead:
            return dead.receipt
        except Exception:
            # The task failed without us (its process was lost): the receipt is on its way.
            time.sleep(min(0.02, timeout))
            return None
        return Receipt.from_json(value) if is_receipt(value) else None


def _left(deadline: float | None) -> float:
    if deadline is None:
        return LOOK_EVERY
    return max(0.001, min(LOOK_EVERY, deadline - time.monotonic()))
