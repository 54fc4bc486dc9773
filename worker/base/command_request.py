"""A message in a worker's main process (see celery_internals.py)."""

from __future__ import annotations

from celery.worker.request import Request
from celery.worker.state import task_ready

from worker.base.logs import get_logger

log = get_logger(__name__)


class EngineRequest(Request):  # type: ignore[misc]  # celery has no types
    """A message for a task of ours. Celery's own lines name it, and would quote its payload."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.name}[{self.id}]>"


class CommandRequest(EngineRequest):
    """A command's message in the worker's main process, laid open to those who hear of its failure.

    Celery itself does so for lost workers alone. Of a command that was killed by its time limit
    nobody could say who had sent it, or what follows it.
    """

    def on_timeout(self, soft: bool, timeout: float) -> None:
        """A time limit has passed."""
        self.task.request_stack.push(self._context)
        try:
            super().on_timeout(soft, timeout)
        finally:
            self.task.request_stack.pop()

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
