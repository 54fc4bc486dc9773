"""An answer's way: out of the cache if it is fresh, or else out of the database, and then kept.

    look ─fresh─▶ answer
      │
    begin ─fresh by now─▶ answer
      ├─ the lock is ours ──────────▶ database ─▶ store ─▶ answer
      └─ another one fills ─┬ stale_ok and there is an old answer ─▶ that one, marked stale
                            ├ rest, begin again
                            └ backoff ends ─▶ database ─▶ store ─▶ answer

One caller fills and the others wait, so that an answer that many ask for costs one query when it
goes. Nothing but that depends on the lock: an answer filled without it is right all the same. With
the cache away every answer comes from the database. With the database away, or too slow, a query
that allows it (`stale_ok`) is answered with what the cache still has, marked stale.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from worker import cache
from worker.base.backoff import Backoff, Steps
from worker.base.errors import ServerUnavailable
from worker.cache.entries import CacheKey, Entry, Fill, Snapshot
from worker.cache.server import CacheAway
from worker.queries.errors import QueryStopped
from worker.queries.exact import Looks

T = TypeVar("T")

FILL_TIMEOUT = 1.0
"""Seconds that a caller waits for another one to fill before it asks the database itself."""
_AWAY = (ServerUnavailable, QueryStopped)
"""A database that does not answer, or not in time."""
GRACE = 3_600.0
"""Seconds after its TTL for which an answer is still kept, to be served marked as stale."""
LONGEST_TTL = 7 * 86_400.0
"""Seconds; so that there is an end to what an invalidation can concern."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a query says: `data` holds everything up to the position `as_of`, and maybe more.

    `as_of` is None for a query that reads no read model: such an answer is current. `stale` says
    that the cache knows of a change that this answer may not show.
    """

    data: T
    as_of: int | None
    from_cache: bool = False
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """How long answers are kept: seconds, give or take a share of them, so that answers that were
    kept at one moment do not all go at one moment; and whether an old one is better than none."""

    ttl: float = 300.0
    jitter: float = 0.1
    stale_ok: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.ttl <= LONGEST_TTL or not 0 <= self.jitter < 1:
            raise ValueError(
                f"ttl is 0 to {LONGEST_TTL:.0f} seconds, jitter a share from 0 to 1 ({self})"
            )

    @property
    def grace(self) -> float:
        """Seconds for which an answer is kept although it is no longer fresh."""
        return GRACE if self.stale_ok else 0.0

    def lifetime(self) -> float:
        """Seconds to keep one answer, grace included; another number each time."""
        share = random.uniform(-self.jitter, self.jitter)  # noqa: S311  # nobody guesses it
        return self.ttl * (1 + share) + self.grace


@dataclass(frozen=True, slots=True)
class Lookup(Generic[T]):
    """A question on its way. `read(after)` asks the database, and raises Behind if that is not
    there yet; `key` is None for answers that are not kept. `looks` is what tells by an answer's
    classes that its JSON is exact; None where only a comparison can."""

    read: Callable[[int | None], tuple[T, Snapshot]]
    answer_type: TypeAdapter[T]
    policy: Policy
    key: CacheKey | None
    looks: Looks | None = None


def answer(lookup: Lookup[T], after: int | None) -> Steps[Answer[T]]:
    """An answer that holds everything up to `after`; it rests while another caller fills.

    Raises Behind, ServerUnavailable, and what the query itself raises.
    """
    if lookup.key is None:
        return _from_database(lookup, after)
    try:
        entry = cache.look(lookup.key).fresh(after, lookup.policy.grace)
        return _kept(lookup, entry) or (yield from _fill(lookup, lookup.key, after))
    except CacheAway:
        return _from_database(lookup, after)


def _fill(lookup: Lookup[T], key: CacheKey, after: int | None) -> Steps[Answer[T]]:
    backoff: Backoff | None = None
    while True:
        fill = cache.begin(key, lifetime=lookup.policy.lifetime())
        if kept := _kept(lookup, fill.seen.fresh(after, lookup.policy.grace)):
            _give_up(fill)
            return kept
        if fill.token:
            return _filled(lookup, fill, after)
        if kept := _stale(lookup, fill, after):
            return kept
        backoff = backoff or Backoff(FILL_TIMEOUT)
        if (pause := backoff.pause()) is None:
            return _filled(lookup, fill, after)
        yield pause


def _filled(lookup: Lookup[T], fill: Fill, after: int | None) -> Answer[T]:
    try:
        data, snapshot = lookup.read(after)
    except BaseException as error:
        _give_up(fill)
        if isinstance(error, _AWAY) and (kept := _stale(lookup, fill, after)):
            return kept
        raise
    body = _body(lookup, data)
    if body is None:
        _give_up(fill)
    else:
        with suppress(CacheAway):
            cache.store(fill, snapshot, body, lifetime=lookup.policy.lifetime())
    return Answer(data, snapshot.as_of)


def _body(lookup: Lookup[T], data: T) -> bytes | None:
    """An answer as JSON; None for one that would come back as another: `inf`, NaN, bytes, a
    subclass of what the query says it returns. Only where the type cannot tell, it is compared."""
    answer_type, looks = lookup.answer_type, lookup.looks
    try:
        if looks is not None and looks(data):
            with suppress(PydanticSerializationError):  # something is not what its field says
                return answer_type.dump_json(data, warnings="error")
        body = answer_type.dump_json(data, warnings="none")
        back = answer_type.validate_json(body)
        return body if type(back) is type(data) and back == data else None
    except (ValueError, TypeError, AttributeError):  # pydantic's errors are of the first
        return None


def _from_database(lookup: Lookup[T], after: int | None) -> Answer[T]:
    data, snapshot = lookup.read(after)
    return Answer(data, snapshot.as_of)


def _kept(lookup: Lookup[T], entry: Entry | None, *, stale: bool = False) -> Answer[T] | None:
    """An entry as an answer. One that an older or newer version of this code wrote is a miss."""
    if entry is None:
        return None
    try:
        data = lookup.answer_type.validate_json(entry.body)
    except ValidationError:
        return None
    return Answer(data, entry.snapshot.as_of, from_cache=True, stale=stale)


def _stale(lookup: Lookup[T], fill: Fill, after: int | None) -> Answer[T] | None:
    if not lookup.policy.stale_ok:
        return None
    return _kept(lookup, fill.seen.usable(after), stale=True)


def _give_up(fill: Fill) -> None:
    with suppress(CacheAway):
        cache.give_up(fill)
