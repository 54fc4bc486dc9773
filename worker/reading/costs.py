"""Cost limits: how much an actor may ask of the database in a while.

A query declares what it costs; each actor has a bucket of tokens in the cache server that fills by
itself. The tokens are taken where the database is asked: an answer out of the cache costs nothing.

    costs.limit_by(lambda actor: None if "system" in actor.roles else Limit(100, per_second=20))

With the cache server away nobody is limited: the limit protects the database from one greedy
actor, and is no right to be refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from models.messages import Actor
from worker.errors import InvalidQuery, Transient
from worker.reading import cache_server
from worker.reading.cache_server import CacheAway


@dataclass(frozen=True, slots=True)
class Limit:
    """A bucket: how many tokens it holds, how many it gains a second."""

    burst: float
    per_second: float

    def __post_init__(self) -> None:
        if self.burst <= 0 or self.per_second <= 0:
            raise ValueError(f"a limit needs both above 0 ({self})")


class CostLimitReached(Transient):
    """An actor asked for more than its limit allows. Worth retrying in `seconds`."""

    def __init__(self, actor: str, query: str, cost: float, seconds: float) -> None:
        super().__init__(
            f"asked too much: try again in {seconds:.1f} s (actor {actor}, query {query},"
            f" cost {cost:g})"
        )
        self.actor, self.query, self.cost, self.seconds = actor, query, cost, seconds

    def __reduce__(self) -> tuple[type[CostLimitReached], tuple[str, str, float, float]]:
        """Rebuild from the fields: an exception's default pickle would pass the message."""
        return type(self), (self.actor, self.query, self.cost, self.seconds)


Limits: TypeAlias = Callable[[Actor], Limit | None]


def unlimited(_actor: Actor) -> None:
    """No limit: the default."""
    return


_limits: list[Limits] = [unlimited]


def limit_by(limits: Limits) -> None:
    """Say which limit each actor has, from now on in this process; None: no limit."""
    _limits[0] = limits


def charge(actor: Actor, query: str, cost: float) -> None:
    """Take a query's cost out of the actor's bucket.

    Raises CostLimitReached; InvalidQuery if the bucket could never hold so much.
    """
    limit = _limits[0](actor) if cost > 0 else None
    if limit is None:
        return
    if cost > limit.burst:
        raise InvalidQuery(query, {"cost": f"is {cost:g}; {actor.name} may ask {limit.burst:g}"})
    try:
        bucket = f"cqrs:cost:{actor.name}"
        wait = cache_server.run("charge", [bucket], [limit.burst, limit.per_second, cost])
    except CacheAway:
        return
    if wait:
        raise CostLimitReached(actor.name, query, cost, wait / 1000)
