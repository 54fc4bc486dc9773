"""Where tests ask a worker to kill itself, and the Redis keys that say so."""

from __future__ import annotations

POINTS = ("before begin", "in the handler", "before commit", "after commit", "before ack")


def flag(kind: str, point: str) -> str:
    """The Redis key that asks for a crash."""
    return f"crash:{kind}:{point}"
