"""Where Celery comes in: its own strategy, which hands some requests to the waiting room.

What Celery does with a message before it goes to the pool (events, ETA, expiry, revocation) it does
itself. A rate-limited command goes through Celery's bucket, and so alone.
"""

from __future__ import annotations

from typing import Any

from celery.worker.state import task_reserved
from celery.worker.strategy import default

from worker.base.settings import get_settings
from worker.commands.riding.waiting import WaitingRoom


def command_strategy(task: Any, app: Any, consumer: Any) -> Any:
    """Celery's extension point: what is done with each message of a command."""
    if not (get_settings().delay_in_batches and task.rides and _has_loop(consumer)):
        return default(task, app, consumer)
    if not isinstance(consumer.waiting, WaitingRoom):
        consumer.waiting = WaitingRoom(consumer)
    return default(task, app, _Boarding(consumer, consumer.waiting))


def _has_loop(consumer: Any) -> bool:
    """Whether the pool tells this process, in its event loop, when one of its processes is idle."""
    controller = consumer.controller
    return bool(
        getattr(consumer, "hub", None)
        and hasattr(consumer, "waiting")
        and getattr(controller, "semaphore", None)
        and getattr(consumer.pool, "uses_semaphore", False)
        and controller.pool_putlocks
    )


class _Boarding:
    """The consumer as Celery's strategy sees it: a command whose turn has come may wait."""

    def __init__(self, consumer: Any, room: WaitingRoom) -> None:
        self._consumer, self._room = consumer, room

    def __getattr__(self, name: str) -> Any:
        return getattr(self._consumer, name)

    def on_task_request(self, request: Any) -> None:
        """A request goes to the pool."""
        if not self._room.take(request):
            self._consumer.on_task_request(request)

    def apply_eta_task(self, request: Any) -> None:
        """As Celery's: a request that had to wait for its time is due."""
        task_reserved(request)
        self.on_task_request(request)
        self._consumer.qos.decrement_eventually()
