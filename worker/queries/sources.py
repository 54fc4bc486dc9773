"""Who keeps what a query reads, in a process that has loaded nothing but queries.

    registry ─ not there ─▶ database: what the workers say ─ nothing ─▶ load the domains ─ still
                                                                         not there ─▶ refused

An application imports its commands and queries, not the projections. What an answer's promise needs
of these (which events they fold, which group is to be woken) is asked of the registry, then of the
database, where each worker says it when it begins to run them; only then are the domains of the
settings loaded. To fold here, for a strong answer, they are loaded at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from worker.base import db
from worker.base.errors import BadDeclarations, did_you_mean
from worker.base.registry import load_domains
from worker.base.sql import blocks
from worker.event_log import stored_types
from worker.event_log.subscribers import subscriptions

_SQL = blocks("worker.queries", "read_side.sql")


def load(names: Iterable[str]) -> None:
    """Load the domains, unless this process knows these subscriptions already."""
    if any(name not in subscriptions for name in names):
        load_domains()


def must_be_known(query: str, names: Iterable[str]) -> None:
    """Raise BadDeclarations for a subscription that no domain declares and no worker runs."""
    unknown = [name for name in names if name not in subscriptions]
    if not unknown or not (unknown := sorted(set(unknown) - _running(unknown).keys())):
        return
    load_domains()
    if problems := [_sentence(query, name) for name in unknown if name not in subscriptions]:
        raise BadDeclarations(problems)


def must_be_views(query: str, names: Iterable[str], there: Collection[str]) -> None:
    """Raise BadDeclarations for a name that is no materialized view's."""
    unknown = [name for name in names if name not in there]
    if unknown:
        raise BadDeclarations(
            [f"no materialized view is called {name!r} (query {query})" for name in unknown]
        )


def groups(names: Iterable[str]) -> set[str]:
    """The groups that keep these: those that are to be woken."""
    names = list(names)
    unknown = [name for name in names if name not in subscriptions]
    found = _running(unknown) if unknown else {}
    if len(found) < len(set(unknown)):
        load_domains()
    known = filter(None, map(subscriptions.get, names))
    return {*found.values(), *(subscriber.group for subscriber in known)}


def wants(name: str, event_type: str, said: bool | None) -> bool:
    """Whether a subscription folds events of this type. `said`: what the workers say of it, None
    if they say nothing. What nobody can tell counts as wanted."""
    if name not in subscriptions and said is None:
        load_domains()
    subscriber = subscriptions.get(name)
    if subscriber is not None:
        return event_type in stored_types(subscriber.event_types)
    return said is not False


def _running(names: Collection[str]) -> dict[str, str]:
    """What the workers say: the group of each of these that one has run."""
    reads = {"reads": list(names)}
    return dict(db.read("reader", lambda at: at.execute(_SQL["groups"], reads).fetchall()))


def _sentence(query: str, name: str) -> str:
    hint = did_you_mean(name, (one.name for one in subscriptions))
    why = "no domain of CQRS_DOMAINS or [tool.cqrs] declares it, and no worker has run it"
    return f"no projection is called {name!r}{hint or f': {why}'} (query {query})"
