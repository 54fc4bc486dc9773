"""A command's message in a worker's main process (see celery_internals.py)."""

from __future__ import annotations

from celery.worker.request import Request


class CommandRequest(Request):  # type: ignore[misc]  # celery has no types
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
