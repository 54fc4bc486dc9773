"""Wake-ups: one message for all that happened since the last one.

A signal is a key in Redis. Who has work for a group of subscriptions sets it (`SET NX`) and sends
one Celery message if it was not set; the runner deletes it **before** it reads, so whatever commits
after that sends the next message. However many commands commit, at most one wake-up waits in the
queue. Nothing depends on it: a lost signal or message costs one beat of the sweep.

No message of ours expires by the clock of whoever takes it: a worker whose clock is ahead would
throw away every one, and all that is to be woken would stand still. What bounds a queue that nobody
takes from is counted here instead, where there is one clock: MOST messages that nobody has taken,
then one in LATER_MS. That one is for the broker that was emptied meanwhile.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from worker.base import forks
from worker.base.logs import get_logger
from worker.base.settings import get_settings

if TYPE_CHECKING:
    import redis

log = get_logger(__name__)

PREFIX = "cqrs:wake:"
EXPIRES_MS = 15_000
"""A signal whose message was lost stops holding back the next one after this long."""
MOST = 10
"""Messages of a signal that may wait although nobody takes them."""
LATER_MS = 60_000
"""How far apart those come that are sent all the same."""


@cache
def client() -> redis.Redis:
    """This process's connection pool to the cache server."""
    import redis

    settings = get_settings()
    forks.in_child(forget)
    return redis.Redis.from_url(
        settings.servers.cache,
        socket_connect_timeout=settings.connect_timeout,
        socket_timeout=settings.connect_timeout,
    )


def forget() -> None:
    """Start afresh: with other settings, or in a forked child. redis-py closes no socket of the
    parent's."""
    client.cache_clear()
    _raise.cache_clear()


def raise_signal(name: str, *, again: bool = False) -> bool:
    """Say that there is work; True when nobody said so before: then send the message.

    `again`: send it although somebody said so, his message may be lost; unless many wait already.
    With Redis away it is always True: one message too many beats one too few.
    """
    import redis

    try:
        return bool(_raise()(_keys(name), [EXPIRES_MS, MOST, LATER_MS, int(again)]))
    except redis.RedisError as error:
        log.warning("signal not stored", signal=name, reason=str(error))
        return True


def lower_signal(name: str) -> None:
    """Say that somebody is looking: call this before reading what there is to do."""
    import redis

    try:
        client().delete(*_keys(name))
    except redis.RedisError as error:
        log.warning("signal not cleared", signal=name, reason=str(error))


def _keys(name: str) -> list[str]:
    return [PREFIX + name, f"{PREFIX}{name}:sent", f"{PREFIX}{name}:many"]


@cache
def _raise() -> Any:
    file = resources.files("worker.base").joinpath("raise_signal.lua")
    return client().register_script(file.read_text(encoding="utf-8"))
