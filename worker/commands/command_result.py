"""What a producer holds: an AsyncResult that also knows receipts.

The result backend answers at once, while it has the result; PostgreSQL answers always. So
`.receipt()` listens to the first and looks into the second: a lost result loses no answer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import celery.exceptions
import redis
from celery.result import AsyncResult

from worker.base import db
from worker.base.celery_internals import ResultsLost
from worker.base.errors import ServerUnavailable
from worker.base.settings import get_settings
from worker.base.urls import safe_url
from worker.commands import receipts
from worker.commands.errors import CommandDead, CommandIdReused, ReceiptTimeout
from worker.contracts import Receipt, is_receipt

_ADVICE = "Check CQRS_RESULT_URL, or start the embedded servers with `cqrs up`."
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

        A server that is away is waited for as well. Raises ReceiptTimeout, or ServerUnavailable if
        PostgreSQL was away at the end; CommandIdReused if this id stands for another payload.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            look = min(time.monotonic() + LOOK_EVERY, deadline or math.inf)
            receipt, away = self._look(look)
            if receipt is not None:
                self._check(receipt.fingerprint)
                return receipt
            if deadline is not None and time.monotonic() >= deadline:
                raise away or ReceiptTimeout(self.command_id, timeout)
            if away:
                time.sleep(max(0.0, look - time.monotonic()))

    def _look(self, until: float) -> tuple[Receipt | None, ServerUnavailable | None]:
        """The receipt, if it comes before that moment or is there then; or why none can be seen."""
        try:
            return self._from_backend(until) or self.stored_receipt(), None
        except ServerUnavailable as away:
            return None, away

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
                    return self._checked(super().get(left, *args, **options))
            except ServerUnavailable:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(min(LOOK_EVERY, max(0.0, deadline - time.monotonic())))

    def _checked(self, value: Any) -> Any:
        if is_receipt(value):
            self._check(value.get("fingerprint"))
        return value

    def _check(self, fingerprint: str | None) -> None:
        if self.fingerprint and fingerprint and self.fingerprint != fingerprint:
            raise CommandIdReused(self.command_id, self.name or "?")

    def stored_receipt(self) -> Receipt | None:
        """The final receipt in PostgreSQL, if there is one yet. Raises ServerUnavailable."""
        found = db.read("sender", lambda connection: receipts.find(connection, [self.command_id]))
        receipt = found.get(self.command_id)
        return receipt if receipt is not None and receipt.status.final else None

    def _from_backend(self, until: float) -> Receipt | None:
        left = max(0.001, until - time.monotonic())
        try:
            with result_store_errors():
                value: Any = super().get(timeout=left, disable_sync_subtasks=False)
        except celery.exceptions.TimeoutError:
            return None
        except CommandIdReused:
            raise
        except CommandDead as dead:
            return dead.receipt
        except ServerUnavailable:
            time.sleep(max(0.0, until - time.monotonic()))  # PostgreSQL has it too
            return None
        except Exception:
            # The task failed without us (its process was lost): the receipt is on its way.
            time.sleep(min(0.02, left))
            return None
        return Receipt.from_json(value) if is_receipt(value) else None


@contextmanager
def result_store_errors() -> Iterator[None]:
    """Say which result store is away, where Celery says that the application must be restarted."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError, ResultsLost) as error:
        reason = " ".join(str(error.__cause__ or error).split())
        address = safe_url(get_settings().servers.result)
        raise ServerUnavailable("the result store", address, reason, _ADVICE) from None
