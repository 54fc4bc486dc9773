"""Threads that stop before every call to a server, and go on when they are told to.

Only one of them runs at any moment, so what happens between any two steps is up to who tells them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from worker.cache import server
from worker.queries import answers, consistency, query
from worker.queries.answers import Answer
from worker.queries.reader import Reader

MOST_RESTS = 6
"""How often a reader waits for another one, or for a projection, before its patience ends."""


class SteppedReader:
    """A question in a thread of its own, which runs until its next call to a server."""

    _current = threading.local()

    def __init__(self, name: str, ask: Callable[[], Answer[Any]]) -> None:
        self.name, self._ask = name, ask
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.outcome: Answer[Any] | BaseException | None = None

    def step(self) -> bool:
        """Run to the next call to a server; True when the question is answered."""
        self._go.release()
        if not self._stopped.acquire(timeout=60):
            raise TimeoutError(f"{self.name} does not come back")
        return self.outcome is not None

    @classmethod
    def pause(cls) -> None:
        """Called before every call to a server; stops readers, and nobody else."""
        reader: SteppedReader | None = getattr(cls._current, "reader", None)
        if reader is not None:
            reader._stopped.release()
            reader._go.acquire()

    def _run(self) -> None:
        self._current.reader = self
        self._go.acquire()
        try:
            self.outcome = self._ask()
        except BaseException as error:
            self.outcome = error
        self._stopped.release()


class CountedBackoff:
    """A backoff that ends after so many rests, whatever the clock says."""

    def __init__(self, _seconds: float, *, since: float = 0.0) -> None:
        self._rests = 0

    def pause(self) -> float | None:
        """Let the others go on."""
        self._rests += 1
        SteppedReader.pause()
        return 0.0 if self._rests < MOST_RESTS else None


@contextmanager
def stepped(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make readers stop before every call to a server."""
    with patch.context() as inside:
        inside.setattr(server, "run", _pausing(server.run))
        inside.setattr(Reader, "_begin", _pausing(Reader._begin))
        inside.setattr(Reader, "_execute", _pausing(Reader._execute))
        inside.setattr(consistency, "positions", _pausing(consistency.positions))
        inside.setattr(answers, "Backoff", CountedBackoff)
        inside.setattr(query, "Backoff", CountedBackoff)
        inside.setattr("worker.commands.after_commit.wake", lambda *_: None)
        inside.setattr(consistency, "ask_for_refresh", lambda *_, **__: None)
        yield


def _pausing(call: Callable[..., Any]) -> Callable[..., Any]:
    def paused(*args: Any, **kwargs: Any) -> Any:
        SteppedReader.pause()
        return call(*args, **kwargs)

    return paused
