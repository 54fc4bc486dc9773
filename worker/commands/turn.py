"""The time in which a batch may begin its commands."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Turn:
    """The time in which a batch may begin its commands; and how long deciding each name took.

    The first command is always begun. `longest`: by name, seconds of the slowest decision.
    """

    until: float = float("inf")
    longest: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, seconds: float) -> Turn:
        """A turn that begins now."""
        return cls(time.monotonic() + seconds)

    @property
    def over(self) -> bool:
        """Whether no other command may begin."""
        return time.monotonic() > self.until

    def note(self, name: str, began: float) -> None:
        """A command of this name was decided, since `began` by the monotonic clock."""
        seconds = time.monotonic() - began
        self.longest[name] = max(self.longest.get(name, 0.0), seconds)
