"""A command's message in the worker's main process, where the end of a killed task is noticed."""

from __future__ import annotations

from celery.worker.request import Request


class CommandRequest(Request):  # type: ignore[misc]  # celery has no types
    """A request that is laid open to those who hear of its failure."""

    def on_timeout(self, soft: bool, timeout: float) -> None:
        """A time limit has passed. Celery itself lays requests open for lost workers alone, and
        nobody could say who sent a command that was killed by its limit, or what follows it."""
        self.task.request_stack.push(self._context)
        try:
            super().on_timeout(soft, timeout)
        finally:
            self.task.request_stack.pop()
