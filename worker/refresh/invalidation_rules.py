"""Invalidation rules: what an event means for answers and views, said beside the domain.

    invalidation_rule(
        "orders.revenue", on=(PaymentProcessed, OrderCancelled),
        affects=("orders.revenue_by_product",), refresh={"query.revenue_by_product": 1.0},
    )

"When one of these events is folded, these queries' answers are misses, and these materialized
views are refreshed within so many seconds." A projection's own tags say which answers depend on
which rows; a rule is for what they do not say: queries as a whole, and views. The runner of the
projections asks `due_after` inside its transaction and `refreshes_for` after it.

    invalidation_rule("orders.recent", every={"query.orders_of_30_days": 3_600.0})

"This view reads the clock (or what else changes without an event): it is out of date after so many
seconds." Without such a schedule of its own it is refreshed with all others, every
`CQRS_REFRESH_INTERVAL`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from worker.base.registry import Registry
from worker.cache import query_tag
from worker.contracts import Event
from worker.event_log.sources import named, named_views, queries


@dataclass(frozen=True, slots=True)
class InvalidationRule:
    """On these events, these queries change, and these views are refreshed, each after its wait.

    `every`: views that change with time, each with its period in seconds.
    """

    name: str
    events: frozenset[str]
    queries: tuple[str, ...] = ()
    refresh: Mapping[str, float] = field(default_factory=dict)
    every: Mapping[str, float] = field(default_factory=dict)


rules: Registry[InvalidationRule] = Registry("rule")


@dataclass(frozen=True, slots=True)
class Consequence:
    """One line of the map: what follows from an event. `refresh`: seconds by view."""

    event: str
    queries: tuple[str, ...]
    refresh: Mapping[str, float]

    def __str__(self) -> str:
        views = (f"refresh {view} after {wait:g} s" for view, wait in self.refresh.items())
        return f"{self.event} → {', '.join([*self.queries, *views])}"


def invalidation_rule(
    name: str,
    *,
    on: Iterable[type[Event]] = (),
    affects: Iterable[str] = (),
    refresh: Mapping[str, float] | None = None,
    every: Mapping[str, float] | None = None,
) -> InvalidationRule:
    """Declare an invalidation rule: waits (`refresh`) and periods (`every`) in seconds by view.

    Raises ValueError for an empty one, a wait that is none, and a period that is not above 0;
    BadDeclarations for a view without its schema, and for one name where several are meant.
    """
    waits = {view: float(wait) for view, wait in (refresh or {}).items()}
    periods = {view: float(period) for view, period in (every or {}).items()}
    affected = named("affects", affects, f"rule {name}")
    named_views([*waits, *periods], f"rule {name}")
    types = frozenset(event.type for event in on)
    rule = InvalidationRule(name, types, affected, waits, periods)
    follows = bool(rule.queries or waits)
    if bool(types) != follows or not (follows or periods) or not all(map(_is_wait, waits.values())):
        raise ValueError(f"a rule needs events, and queries or views with waits (rule {name})")
    if not all(period > 0 for period in periods.values()):
        raise ValueError(f"a period is more than 0 seconds (rule {name}, every {periods})")
    rules.add(name, rule)
    return rule


def periods() -> dict[str, float]:
    """The materialized views that have a schedule of their own, each with the shortest, seconds."""
    found: dict[str, float] = {}
    for rule in rules:
        for view, period in rule.every.items():
            found[view] = min(period, found.get(view, period))
    return found


def _is_wait(seconds: float) -> bool:
    return 0 <= seconds < inf  # NaN is not


def tags_for(subscription: str, event_types: Collection[str]) -> set[str]:
    """The tags to invalidate, beside those of its rows, once a projection has folded such events.

    A query that does not read this projection is left to those that it does read.
    """
    return _tags(_rules_on(event_types), subscription)


def refreshes_for(event_types: Collection[str]) -> dict[str, float]:
    """The materialized views to refresh after such events, each with the shortest wait, seconds."""
    return _refreshes(_rules_on(event_types))


def due_after(subscription: str, event_types: Collection[str]) -> tuple[set[str], dict[str, float]]:
    """What `tags_for` and `refreshes_for` say, in one look at the rules."""
    concerned = _rules_on(event_types)
    return _tags(concerned, subscription), _refreshes(concerned)


def consequences() -> list[Consequence]:
    """Every rule, event by event, for `cqrs map`."""
    events = sorted({event for rule in rules for event in rule.events})
    return [Consequence(event, _queries_on(event), refreshes_for([event])) for event in events]


def _rules_on(event_types: Collection[str]) -> list[InvalidationRule]:
    return [rule for rule in rules if not rule.events.isdisjoint(event_types)]


def _tags(concerned: Iterable[InvalidationRule], subscription: str) -> set[str]:
    named = {name for rule in concerned for name in rule.queries}
    return {query_tag(name) for name in named if _reads(name, subscription)}


def _refreshes(concerned: Iterable[InvalidationRule]) -> dict[str, float]:
    found: dict[str, float] = {}
    for rule in concerned:
        for view, wait in rule.refresh.items():
            found[view] = min(wait, found.get(view, wait))
    return found


def _queries_on(event: str) -> tuple[str, ...]:
    return tuple(sorted({name for rule in rules if event in rule.events for name in rule.queries}))


def _reads(name: str, subscription: str) -> bool:
    query = queries.get(name)
    return query is not None and (not query.sources.reads or subscription in query.sources.reads)
