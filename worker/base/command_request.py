"""A message in a worker's main process (see celery_internals.py)."""

from __future__ import annotations

from typing import Any

from billiard.einfo import ExceptionWithTraceback
from celery.exceptions import TimeLimitExceeded, WorkerLostError
from celery.worker.request import Request
from celery.worker.state import task_ready

from worker.base.logs import get_logger

log = get_logger(__name__)


class EngineRequest(Request):  # type: ignore[misc]  # celery has no types
    """A message for a task of ours. Celery's own lines name it, and would quote its payload.

    What its task writes down about its death is written before the message is done: Celery would
    acknowledge it first, and tell those who listen afterwards, when it is too late.
    """

    def on_failure(self, exc_info: Any, *args: Any, **options: Any) -> Any:
        """The task has failed, or its process has died."""
        error = exc_info.exception
        error = error.exc if isinstance(error, ExceptionWithTraceback) else error
        if self._is_its_end(error) and not self._is_written_down(error):
            return None
        return super().on_failure(exc_info, *args, **options)

    def on_timeout(self, soft: bool, timeout: float) -> None:
        """A time limit has passed."""
        if soft or self._is_written_down(TimeLimitExceeded(timeout)):
            super().on_timeout(soft, timeout)

    def _is_its_end(self, error: BaseException) -> bool:
        """Whether the task is not run again after the death of its process."""
        if isinstance(error, TimeLimitExceeded):
            return True
        if isinstance(error, SystemExit | KeyboardInterrupt):
            if self._already_cancelled or self._already_revoked:
                return False
        elif not isinstance(error, WorkerLostError):
            return False
        most = self.task.max_retries
        return most is not None and self._context.retries >= most

    def _is_written_down(self, error: BaseException) -> bool:
        """Let the task write down that it was killed; if it cannot, its message stays for another
        try."""
        self.task.request_stack.push(self._context)
        try:
            self.task.on_killed(self._context, error)
        except Exception as why:
            log.warning("killed, but nothing could be written", id=self.id, reason=str(why))
            task_ready(self)
            self.reject(requeue=True)
            return False
        finally:
            self.task.request_stack.pop()
        return True

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.name}[{self.id}]>"


class CommandRequest(EngineRequest):
    """A command's message in the worker's main process: not thrown away without a receipt."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """What Celery's events and its remote control tell of the payload is not left to whoever
        sent it: any Celery client quotes all of it, secrets too."""
        super().__init__(*args, **options)
        if (shown := self.task.concealed(self.kwargs)) is not None:
            self._argsrepr, self._kwargsrepr = "()", shown

    def _announce_revoked(
        self, reason: str, terminated: bool, signum: object, expired: bool
    ) -> None:
        """The task was revoked, expired or terminated: Celery throws its message away.

        Not before the command has its receipt. Without one the message stays, for another try.
        """
        try:
            self.task.on_revoked(self._context, reason)
        except Exception as error:
            log.warning("revoked, but no receipt could be written", id=self.id, reason=str(error))
            task_ready(self)
            self.reject(requeue=True)
            return
        super()._announce_revoked(reason, terminated, signum, expired)
