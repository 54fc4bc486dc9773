"""Cost limits: how much an actor may ask of the database in a while.

Every query has a cost, in tokens: the one that it declares, or else one for each hundred rows that
the database has to find for the page that is asked for. Each actor has a bucket of tokens in the
cache server that fills by itself. They are taken where the database is asked: an answer out of the
cache costs nothing.

The limit is that of the settings (`CQRS_QUERY_COST_PER_MINUTE`), the same for everybody but the
system itself; an application that knows its actors better says so at its start:

    costs.limit_by(lambda actor: None if "staff" in actor.roles else Limit(100, per_second=20))

With the cache server away nobody is limited: the limit protects the database from one greedy
actor, and is no right to be refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from worker.base.errors import Transient
from worker.base.settings import get_settings
from worker.cache import server
from worker.cache.server import CacheAway
from worker.contracts import SYSTEM_ACTOR, Actor
from worker.queries.errors import InvalidQuery

Cost: TypeAlias = float | Callable[[Any], float]
"""Tokens; or how many follow from a query's parameters."""

ROWS_A_TOKEN = 100
ROWS_OF_A_TOTAL = 1_000
"""What counting costs: nobody knows before how many rows match."""


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


Limits: TypeAlias = Callable[[Actor], Limit | None]


def by_settings(actor: Actor) -> Limit | None:
    """The limit that the settings give everybody but the system itself: the default."""
    settings = get_settings()
    a_minute = settings.query_cost_per_minute
    if not a_minute or SYSTEM_ACTOR in actor.roles:
        return None
    return Limit(settings.query_cost_burst or a_minute, a_minute / 60)


_limits: list[Limits] = [by_settings]


def limit_by(limits: Limits) -> None:
    """Say which limit each actor has, from now on in this process; None: no limit."""
    _limits[0] = limits


def by_page(parameters: Any) -> float:
    """What a query costs that does not say: a token for each hundred rows of the page and of those
    before it, and one at least; a `total` counts as a page of 1,000 rows."""
    rows = getattr(parameters, "limit", None) or 0
    if getattr(parameters, "total", False):
        rows += ROWS_OF_A_TOTAL
    return max(1.0, (rows + (getattr(parameters, "offset", None) or 0)) / ROWS_A_TOKEN)


def checked(query: str, cost: Cost) -> Cost:
    """A cost as a query declares it. Raises ValueError for one below 0."""
    if not callable(cost) and not cost >= 0:
        raise ValueError(f"a cost is 0 or more (query {query}, cost {cost})")
    return cost


def charge(actor: Actor, query: str, cost: Cost, parameters: Any = None) -> None:
    """Take what it costs to ask with these parameters out of the actor's bucket.

    Raises CostLimitReached; InvalidQuery if the bucket could never hold so much.
    """
    cost = cost(parameters) if callable(cost) else cost
    limit = _limits[0](actor) if cost > 0 else None
    if limit is None:
        return
    if cost > limit.burst:
        wrong = f"is {cost:g}, {actor.name} may spend {limit.burst:g} at once: ask for fewer rows"
        raise InvalidQuery(query, {"cost": wrong})
    try:
        bucket = f"cqrs:cost:{actor.name}"
        wait = server.run("charge", [bucket], [limit.burst, limit.per_second, cost])
    except CacheAway:
        return
    if wait:
        raise CostLimitReached(actor.name, query, cost, wait / 1000)
