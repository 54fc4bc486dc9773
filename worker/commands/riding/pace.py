"""How long commands of a name take, as they were seen to: slow ones do not ride with others.

A slow one counts at once and is forgotten slowly, so that a name of which one in twenty is slow
goes alone as well.
"""

from __future__ import annotations

from worker.commands.riding.companions import LONGEST

FORGOTTEN = 0.25
"""How much of what was seen before is forgotten with each time that was quicker."""


class Pace:
    """Seconds that commands take, by name."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}

    def __call__(self, name: str) -> float:
        """Seconds that a command of this name may take; of one that is new here, too many."""
        return self._seen.get(name, LONGEST)

    def note(self, name: str, seconds: float) -> None:
        """A command of this name has taken so long."""
        before = self._seen.get(name, 0.0)
        self._seen[name] = max(seconds, before + FORGOTTEN * (seconds - before))
