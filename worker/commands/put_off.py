"""Putting off: the message of a command that could not be run comes again, later.

    the database is away, or in conflict; `after=` has no receipt
       ─▶ the same message goes out again with a countdown, and is noted for `cqrs status`
            └ the broker does not take it ─▶ the message is given back as it is (Reject, requeue)

So no message is acknowledged before its command has a receipt, or another message stands for it.

What is put off is noted in the cache server: while the database is away it cannot be noted there.
A note ends by itself, shortly after the time at which the message comes again, by that server's
clock.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from celery.exceptions import Reject, Retry

from worker.base import wake_ups
from worker.base.backoff import rest
from worker.base.celery_internals import PAUSE
from worker.base.errors import ServerUnavailable
from worker.base.logs import get_logger
from worker.base.server_errors import unavailable
from worker.base.settings import get_settings
from worker.commands.errors import DatabaseAway, DatabaseInConflict
from worker.contracts import Envelope

log = get_logger(__name__)

GRACE = 20.0
"""Seconds that a note outlives the time at which its message comes again."""
MOST_NOTES = 10_000
_KEY = "cqrs:put_off"
_ADVICE = "Check CQRS_BROKER_URL."


@dataclass(frozen=True, slots=True)
class PutOffCommands:
    """Commands of one name that were put off for one reason."""

    name: str
    reason: str
    count: int


def backoff(tries: int) -> float:
    """Seconds until the next try: doubled each time, half a minute at most, with jitter."""
    return min(30.0, 0.25 * 2.0 ** min(tries, 7)) * random.uniform(0.5, 1.5)  # noqa: S311


def in_vain(tries: int, why: DatabaseInConflict) -> str:
    """Why a command is dead that the database did not take in so many tries."""
    return f"the database could not run it in {tries} tries ({why.reason})"


def too_long() -> str:
    """Why a command is dead that did not end in time."""
    return f"it took longer than {get_settings().task_soft_time_limit} s"


def killed(error: BaseException) -> str:
    """Why a command is dead that ended its worker process each time."""
    return f"its worker process ended every time ({type(error).__name__})"


def send_again(send: Callable[[], Any], why: Exception, seconds: float) -> Retry:
    """Send a message again; the exception to raise says that this one is done.

    Raises Reject, which gives this message back, if the broker does not take the other.
    """
    try:
        send()
    except Exception as error:
        raise give_back(error) from error
    return Retry(exc=why, when=seconds)


def give_back(error: Exception) -> Reject:
    """The exception to raise, after a pause, if the broker does not take what has to be sent."""
    told = (
        error
        if isinstance(error, ServerUnavailable)
        else unavailable("the broker", get_settings().servers.broker, error, _ADVICE)
    )
    log.warning("message given back", reason=str(told))
    rest(PAUSE)
    return Reject(str(told), requeue=True)


def note(commands: Iterable[tuple[Envelope, Exception]], seconds: float) -> None:
    """Note commands that wait for the database, for `cqrs status`. Best effort."""
    reasons = [
        json.dumps([str(envelope.id), envelope.name, why.reason])
        for envelope, why in commands
        if isinstance(why, DatabaseAway)
    ]
    if not reasons:
        return
    import redis

    try:
        now = _now()
        notes = dict.fromkeys(reasons, now + seconds + GRACE)
        with wake_ups.client().pipeline(transaction=False) as pipe:
            pipe.zremrangebyscore(_KEY, "-inf", now)
            pipe.zadd(_KEY, notes)
            pipe.execute()
    except redis.RedisError as error:
        log.warning("not noted that commands are put off", reason=str(error))


def _now() -> float:
    """The time by the one clock that all who note here share."""
    seconds, microseconds = wake_ups.client().time()
    return seconds + microseconds / 1e6


def noted() -> list[PutOffCommands]:
    """What is put off now, by name and reason, the most first. Raises redis.RedisError."""
    rows: Any = wake_ups.client().zrange(
        _KEY,
        _now(),
        "inf",
        byscore=True,
        offset=0,
        num=MOST_NOTES,
    )
    latest = {id_: (name, reason) for id_, name, reason in map(json.loads, rows)}
    return [
        PutOffCommands(name, reason, count)
        for (name, reason), count in Counter(latest.values()).most_common()
    ]
