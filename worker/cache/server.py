"""The cache server: Lua scripts by name, and what it means when it does not answer.

A cache is there to be faster than the database. One that does not answer within a second is left
alone for a second, so that a server that hangs slows down one call a second and not every one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeAlias

from worker.base import forks
from worker.base.db import safe_url
from worker.base.errors import ServerUnavailable
from worker.base.logs import get_logger
from worker.base.settings import get_settings

if TYPE_CHECKING:
    import redis
    from redis.commands.core import Script

log = get_logger(__name__)

Argument: TypeAlias = str | bytes | int | float

TIMEOUT = 1.0
"""Seconds after which a call to the cache counts as not answered."""
REST = 1.0
"""Seconds for which a cache that did not answer is not asked again."""


class CacheAway(ServerUnavailable):
    """The cache does not answer. Queries go on without it."""


class _Breaker:
    """Remembers, for this process, until when the cache is left alone."""

    until = 0.0
    reason = ""


def run(script: str, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
    """Run `lua/<script>.lua` in one round trip. Raises CacheAway."""
    import redis

    url = get_settings().servers.cache
    if time.monotonic() < _Breaker.until:
        raise _away(url, _Breaker.reason)
    try:
        return _script(url, script)(keys=list(keys), args=list(arguments))
    except (redis.RedisError, OSError) as error:
        _Breaker.until, _Breaker.reason = time.monotonic() + REST, str(error)
        log.warning("the cache does not answer", reason=str(error))
        raise _away(url, str(error)) from None


def ask_again() -> None:
    """Forget that the cache did not answer: the next call asks it."""
    _Breaker.until = 0.0


def _away(url: str, reason: str) -> CacheAway:
    advice = "Check CQRS_CACHE_URL, or start the embedded servers with `cqrs up`."
    return CacheAway("the cache", safe_url(url), reason, advice)


@lru_cache(maxsize=64)
def _script(url: str, name: str) -> Script:
    folder = resources.files("worker.cache").joinpath("lua")
    files = (folder.joinpath("_state.lua"), folder.joinpath(f"{name}.lua"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return _client(url).register_script(text)


@lru_cache(maxsize=8)
def _client(url: str) -> redis.Redis:
    """A pool of connections.

    One retry, at once: for a pooled connection that went stale, not for a server that is away.
    """
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    forks.in_child(_forget)
    return redis.Redis.from_url(
        url, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT, retry=Retry(NoBackoff(), 1)
    )


def _forget() -> None:
    """In a forked child: a pool whose lock another thread of the parent's may have held."""
    _script.cache_clear()
    _client.cache_clear()
