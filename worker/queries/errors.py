"""What can go wrong with a query (the whole tree: worker/base/errors.py)."""

from __future__ import annotations

from collections.abc import Mapping

from worker.base.errors import Permanent, Transient


class ReadModelBehind(Transient):
    """A read model did not reach the position that the reader asked for in time."""

    def __init__(self, subscription: str, position: int, wanted: int) -> None:
        lag = wanted - position
        super().__init__(
            f"the read model is {lag} positions behind what was asked for"
            f" (subscription {subscription}, position {position}, after {wanted})"
        )
        self.subscription, self.position, self.wanted = subscription, position, wanted


class EventParked(Transient):
    """The read model could not handle the event that the reader named with `after=`."""

    def __init__(self, subscription: str, position: int, letter_id: int) -> None:
        super().__init__(
            "the read model could not handle this event: mend the cause, then"
            f" `cqrs dead-letters retry {letter_id}`"
            f" (subscription {subscription}, position {position}, dead letter {letter_id})"
        )
        self.subscription, self.position, self.letter_id = subscription, position, letter_id


class QueryStopped(Transient):
    """The database stopped a query after `seconds`. A quieter moment may let it through."""

    def __init__(self, query: str, reason: str, advice: str, seconds: float) -> None:
        super().__init__(f"{reason}: {advice} (query {query}, limit {seconds:g} s)")
        self.query, self.reason, self.advice, self.seconds = query, reason, advice, seconds

    @classmethod
    def by_the_clock(cls, query: str, seconds: float) -> QueryStopped:
        """It took too long."""
        advice = "ask for less (fewer rows, a narrower filter), or raise CQRS_STATEMENT_TIMEOUT"
        return cls(query, "the query took too long and was stopped", advice, seconds)

    @classmethod
    def by_a_lock(cls, query: str, seconds: float) -> QueryStopped:
        """What it reads was locked for too long."""
        advice = (
            "ask again when the schema change that holds it is done, or raise CQRS_LOCK_TIMEOUT"
        )
        return cls(query, "what the query reads is locked", advice, seconds)


class UnreadableAnswer(Permanent):
    """What the database holds cannot be shown as the query says; who asks is not to blame."""

    def __init__(self, what: str, query: str = "") -> None:
        super().__init__(what + f" (query {query})" * bool(query))
        self.what, self.query = what, query


class UndeclaredInput(Permanent):
    """An answer that is kept for others depends on what they do not share."""

    def __init__(self, query: str, what: str, advice: str) -> None:
        super().__init__(f"a kept answer depends on {what}: {advice} (query {query})")
        self.query, self.what, self.advice = query, what, advice


class InvalidQuery(Permanent):
    """A query's parameters are wrong. `errors` maps each wrong parameter to what is wrong."""

    def __init__(self, name: str, errors: Mapping[str, str]) -> None:
        fields = "; ".join(f"{field}: {why}" for field, why in errors.items())
        super().__init__(f"{fields} (query {name})")
        self.name, self.errors = name, dict(errors)


class NotAllowed(Permanent):
    """An actor may not ask this query, or not with these parameters. It is recorded."""

    def __init__(self, actor: str, query: str, roles: str = "none", why: str = "") -> None:
        super().__init__(f"{actor} may not ask {query}{why} (roles {roles})")
        self.actor, self.query, self.roles = actor, query, roles


class UnknownQuery(InvalidQuery):
    """No query has this name."""

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__(name, {"query": f"no query is called {name!r}{hint}"})
