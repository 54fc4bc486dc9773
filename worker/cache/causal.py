"""The causal cache: answers that say how far they go, and that no slow reader can put back.

    look ──fresh?──▶ answer                          invalidate(tags, position)
      │no                                               │
      ▼                                                 ▼
    begin: generations, lock ─▶ database ─▶ store ──generations still the same?──▶ kept
                                                    └─no──────────────────────────▶ dropped

Terms. A *source* is a projection or a materialized view; its *position* says how much of the log it
holds. An answer carries the position of each of its sources, read in the same snapshot as its data;
`as_of` is the lowest. A *tag* names what an answer depends on (`order:17`); its record in the cache
holds a *generation*: 64 random bits, made when a reader finds none, taken away by an invalidation
and never used again. A missing generation is a miss, never a zero. An answer also carries the
generation of each of its tags, and the run of the cache server, all read **before** its snapshot
was taken.

What is promised, for an answer that is served as fresh:

1. `after=p` is honoured. The answer's positions were read in its snapshot, and a source at p or
   above holds the effect of p, since a checkpoint moves in the transaction that it stands for.
   An answer with `as_of < p` is passed over. This rests on nothing in the cache but the answer
   itself: no lost, late or repeated invalidation can break it.
2. No stale refill. Say an invalidation of tag t for position p is done. An answer is fresh only
   while t's generation is the one that the answer carries. The one of before is gone and never
   comes back, so the answer's filler read its generation after the invalidation, hence after the
   projection's commit; and it took its snapshot later still. On the primary that snapshot holds p.
3. The same on a replica, whose snapshots may be older than what was committed on the primary: there
   an invalidation also leaves its position in the tag's record, and an answer whose source is not
   that far is neither kept nor served. (On the primary this would say nothing new, so nothing is
   remembered there, and invalidating a tag that nobody has cached costs no memory.)

What happens when something fails:

- The cache is away. Readers go to the database; nothing is kept, nothing is served. An
  invalidation raises, and its tags stay in `cqrs.invalidations` until the cache has heard of them.
- Generations are evicted, expired, flushed: misses. New ones are random, so no old answer fits.
- The cache server restarts from its snapshot, or a replica of it takes over: answers *and*
  generations may come back as they were before an invalidation, and fit together. But every run of
  a server has an id of its own, an answer carries that of its filler, and the scripts compare it.
- A reader is slow or dies while it fills: its lock expires; whatever it stores late is checked
  against the generations like any other answer.
- An invalidation is late (its worker died: the sweep repeats it): until then answers are as old as
  they say in `as_of`, for readers without `after=`. Repeated: one miss too many.
- A replica lags by more than `REMEMBERED`, or the cache lost its records while it did: readers of
  that replica may keep what it shows until the next invalidation or the end of the TTL. `as_of`
  still says how old it is, and the first promise holds.
- The database is restored to an earlier time: empty the cache with it, since positions are used
  a second time.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from itertools import islice

import orjson

from worker.base.settings import get_settings
from worker.cache import server
from worker.cache.entries import ANY_SOURCE, CacheKey, Fill, Seen, Snapshot

LEASE = 10.0
"""Seconds after which the lock of a filler that died is free again."""
REMEMBERED = 3_600.0
"""Seconds for which a tag remembers the position of its last invalidation, for replicas."""
RECORD_SPARE = 60.0
"""Seconds that a tag's record lives longer than the answers that carry its generation."""
LARGEST = 1_000_000
"""Bytes; a larger answer is not kept."""
TAGS_AT_ONCE = 1_000
"""Tags in one call of the invalidation: a longer one would hold up every other client."""


def look(key: CacheKey) -> Seen:
    """What the cache has for a key, in one round trip. Raises CacheAway."""
    return Seen.of(server.run("look", key.look_keys, []))


def begin(key: CacheKey, *, lifetime: float) -> Fill:
    """Read the generations before the database is read, make missing ones, try for the lock.

    `lifetime`: seconds that the answer is going to be kept. Raises CacheAway.
    """
    token, generation = secrets.token_hex(8), secrets.token_hex(8)
    record = int((lifetime + RECORD_SPARE) * 1000)
    arguments = [token, str(int(LEASE * 1000)), generation, str(record)]
    mine, *seen = server.run("begin_fill", key.fill_keys, arguments)
    return Fill(key, Seen.of(seen), token if mine else None)


def store(fill: Fill, snapshot: Snapshot, body: bytes, *, lifetime: float) -> str:
    """Keep an answer for `lifetime` seconds, unless it might be stale; lets go of the lock.

    Says what became of it: stored, invalidated, restarted, newer (is there already), behind (a
    replica that lags), large. Raises CacheAway.
    """
    if refusal := _refusal(fill, snapshot, body):
        give_up(fill)
        return refusal
    fields: list[server.Argument] = [
        fill.token or "",
        int(lifetime * 1000),
        fill.seen.run,
        fill.seen.generations,
        orjson.dumps([dict(snapshot.positions), snapshot.gaps]),
        "" if snapshot.as_of is None else snapshot.as_of,
        body,
    ]
    return str(server.run("store", fill.key.fill_keys, fields).decode())


def _refusal(fill: Fill, snapshot: Snapshot, body: bytes) -> str | None:
    if not fill.seen.allows(snapshot):
        return "behind"
    return "large" if len(body) > LARGEST else None


def give_up(fill: Fill) -> None:
    """Let go of the lock without an answer: the next one may try. Raises CacheAway."""
    if fill.token:
        server.run("give_up", [fill.key.lock], [fill.token])


def invalidate(tags: Iterable[str], position: int = 0, source: str = ANY_SOURCE) -> None:
    """Make every answer that depends on one of these tags a miss, from now on.

    `source` has committed what changed, and was at `position` then. Call it after that commit.
    Repeating it is harmless. Raises CacheAway: then call it again until it does not.
    """
    remembered = int(REMEMBERED * 1000) if _has_replica() else 0
    for some in _chunks(set(tags)):
        keys = [f"cqrs:tag:{tag}" for tag in some]
        server.run("invalidate", keys, [source, position, remembered])


def source_tag(name: str) -> str:
    """The tag of every answer that reads this projection or materialized view.

    For changes of a source as a whole: a rebuilt table, a refreshed view.
    """
    return f"source:{name}"


def query_tag(name: str) -> str:
    """The tag of every answer of this query, for rules that name queries."""
    return f"query:{name}"


def _has_replica() -> bool:
    servers = get_settings().servers
    return servers.query_database != servers.database


def _chunks(tags: set[str]) -> Iterator[list[str]]:
    rest = iter(sorted(tags))
    while some := list(islice(rest, TAGS_AT_ONCE)):
        yield some
