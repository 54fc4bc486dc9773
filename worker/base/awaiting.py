"""How a coroutine calls what blocks: in a few threads of our own, under its own actor.

    await in_thread(create_order.delay, ...)     a call that is short: a message, a statement
    await atake(steps)                           one that waits: its steps in threads, rests awaited

Everything that speaks to a server is written once, for threads; these two lend it to event loops.
So a loop never stands still, and a thousand callers wait with THREADS threads and as many
connections: a rest occupies no thread.

    the coroutine is cancelled    a call that has not begun is not made; one that runs is run to its
                                  end in its thread, and what it says is dropped
    the process is forked         the child makes threads of its own
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, partial
from typing import ParamSpec, TypeVar

from worker.base import forks
from worker.base.backoff import Steps

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 8
"""How many calls of coroutines run at a time in a process; each uses one connection at most."""


async def in_thread(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """What this call returns, made in one of our threads, as this coroutine's actor."""
    running = _threads().submit(copy_context().run, partial(call, *args, **kwargs))
    return await asyncio.wrap_future(running)


async def atake(steps: Steps[T]) -> T:
    """Take the steps without blocking the event loop; what they come to.

    Cancelled, it forgets them at their next rest, where they hold nothing.
    """
    while True:
        pause, value = await in_thread(_next, steps)
        if pause is None:
            return value[0]
        await asyncio.sleep(pause)


def _next(steps: Steps[T]) -> tuple[float | None, list[T]]:
    """The next rest; or None, and what they came to. StopIteration would pass through no future."""
    try:
        return next(steps), []
    except StopIteration as end:
        return None, [end.value]


@cache
def _threads() -> ThreadPoolExecutor:
    forks.in_child(_threads.cache_clear)
    return ThreadPoolExecutor(THREADS, thread_name_prefix="cqrs-awaited")
