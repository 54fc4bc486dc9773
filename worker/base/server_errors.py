"""What an error of Redis or of the broker means: away, full, or there and refusing.

Who reads "not reachable" looks at the network; a server that is full answers at once.
"""

from __future__ import annotations

from worker.base.errors import ServerUnavailable
from worker.base.urls import safe_url

_FULL = "Raise its `maxmemory`, or let what fills it be worked off or expire."


def server_errors() -> tuple[type[Exception], ...]:
    """What Redis, and kombu for any broker, raise when a server is away or refuses.

    ServerUnavailable is not among them. Asked for by those who catch something: importing a command
    does not load redis-py.
    """
    from kombu.exceptions import OperationalError
    from redis.exceptions import RedisError

    return OperationalError, RedisError, OSError


def unavailable(server: str, url: str, error: BaseException, advice: str) -> ServerUnavailable:
    """The error that says which server it is, what is wrong with it, and what to do."""
    reason = " ".join(str(error).split()) or type(error).__name__
    what, mend = _verdict(error, reason, advice)
    return ServerUnavailable(server, safe_url(url), reason, mend, what)


def _verdict(error: BaseException, reason: str, advice: str) -> tuple[str, str]:
    import redis.exceptions

    if isinstance(error, redis.exceptions.OutOfMemoryError) or "maxmemory" in reason:
        return "is full", _FULL
    if isinstance(error, redis.exceptions.ReadOnlyError):
        return "takes no writes (it is a replica)", advice
    if isinstance(error, redis.exceptions.ResponseError):
        return "refuses", "Look at its log."
    return "is not reachable", advice
