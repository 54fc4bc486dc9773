"""Where tests ask a worker to kill itself, and the Redis keys that say so."""

from __future__ import annotations

from redis import Redis

POINTS = ("before begin", "in the handler", "before commit", "after commit", "before ack")


def fired(redis: Redis, kind: str) -> set[str]:
    """The points of a kind at which a process has killed itself, since Redis was emptied."""
    return {point for point in POINTS if redis.exists(mark(kind, point))}


def mark(kind: str, point: str) -> str:
    """The Redis key that says that there was a crash."""
    return f"crashed:{kind}:{point}"


def flag(kind: str, point: str) -> str:
    """The Redis key that asks for a crash."""
    return f"crash:{kind}:{point}"
