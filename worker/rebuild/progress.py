"""How far a rebuild is, and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from worker.rebuild.journal import Journal


@dataclass(frozen=True, slots=True)
class RebuildProgress:
    """A rebuild at this moment: positions done of how many, events folded, seconds it takes still.

    `eta` is None while nothing is known, and outside the state `building`.
    """

    name: str
    state: str
    done: int
    total: int
    events: int
    seconds: float
    eta: float | None

    @property
    def share(self) -> float:
        """How much of the log is folded, from 0 to 1."""
        return self.done / self.total if self.total else 1.0

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**asdict(self), "share": round(self.share, 4)}


ProgressCallback: TypeAlias = Callable[[RebuildProgress], None]
EVERY = 0.5
"""Seconds between two looks at the progress, at least."""
AFTERWARDS = ("indexing", "following", "comparing", "swapping")
"""States in which the log is folded, but for what comes in meanwhile."""


@dataclass(slots=True)
class Meter:
    """Counts what the parts do; writes it down and tells it, now and then."""

    journal: Journal
    callback: ProgressCallback | None
    parts: dict[int, int]
    events: int = 0
    _began: float = field(default_factory=time.monotonic)
    _before: int = 0
    _next: float = 0.0

    def __post_init__(self) -> None:
        self.events = self.journal.events
        self._before = self._done()

    def advance(self, part: int, position: int, events: int) -> None:
        """A part has come to a position. Raises RebuildCancelled."""
        if part >= 0:
            self.parts[part] = position
            self.events += events
        if time.monotonic() >= self._next:
            self.journal.note_progress(self._done(), self.events)
            self.tell()
            self._next = time.monotonic() + EVERY

    def tell(self) -> None:
        """Say how far the rebuild is."""
        if self.callback is None:
            return
        journal, seconds = self.journal, time.monotonic() - self._began
        total = journal.upto
        done = total if journal.state in AFTERWARDS else self._done()
        speed = (done - self._before) / seconds if seconds > 0 else 0
        eta = (total - done) / speed if speed and journal.state == "building" else None
        self.callback(
            RebuildProgress(journal.name, journal.state, done, total, self.events, seconds, eta)
        )

    def _done(self) -> int:
        positions = self.parts.values()
        return sum(positions) // len(positions) if positions else 0
