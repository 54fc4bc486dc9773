"""Who may share a transaction, and how many do: pure functions of a message and of what is known.

Alone goes what was in trouble before (retried, redelivered, put off), what has time limits of its
own, and what declares so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

LONGEST = 0.1
"""Seconds that a batch is to run: none of its commands begins later."""
_IN_TROUBLE = ("tries", "away", "bury", "stopped", "enqueued", "routed")
"""What our header says of a command that has more to see to than to be run."""


def rides_along(header: Any) -> bool:
    """Whether our header in a message says nothing that keeps its command alone."""
    return not isinstance(header, dict) or not any(header.get(name) for name in _IN_TROUBLE)


def is_untroubled(request: Mapping[str, Any]) -> bool:
    """Whether a message comes for the first time, and has no time limits of its own.

    `request`: the headers of its message as Celery keeps them.
    """
    return not (
        request.get("retries")
        or any(request.get("timelimit") or ())
        or (request.get("delivery_info") or {}).get("redelivered")
    )


def how_many(names: Sequence[str], idle: int, most: int, pace: Callable[[str], float]) -> int:
    """How many of those that wait, in their order, go now; one at least, if any waits.

    `idle` processes wait besides the one that takes them: they get their share. `pace`: seconds
    that a command of this name takes.
    """
    share = min(most, -(-len(names) // (idle + 1)))
    seconds = 0.0
    for count, name in enumerate(names[:share]):
        seconds += pace(name)
        if count and seconds > LONGEST:
            return count
    return share
