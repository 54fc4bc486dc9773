"""Every error of the engine. Two roots: worth retrying, never worth retrying.

    CqrsError
    ├── Transient                 worth retrying: the same call may succeed later
    │   ├── ServerUnavailable     a server does not answer (which, where, what to do)
    │   │   └── CacheAway         the cache cannot be told that answers are stale (cache_server.py)
    │   ├── CostLimitReached      an actor asks too much (costs.py)
    │   ├── QueryStopped          a query took too long, or waited too long for a lock
    │   ├── ReceiptTimeout        no receipt within the time that the caller gave
    │   ├── NotReady              a command's `after=` has no receipt yet
    │   ├── ReadModelBehind       a read model did not reach `after=` in time
    │   └── EventParked           the event at `after=` waits behind a dead letter
    └── Permanent                 the same call fails again
        ├── InvalidCommand        the payload is wrong; `errors` names every wrong field
        │   └── UnknownCommand    no command has this name
        ├── InvalidQuery          a query's parameter is wrong
        │   └── UnknownQuery      no query has this name
        ├── CommandIdReused       this id has a receipt for another payload
        ├── CommandDead           a command failed for good; carries its receipt
        ├── NotMigrated           the database is not at the version of this code
        ├── BadSettings           a setting is missing, unknown or out of range
        └── BadDeclarations       what the domains declare names what nobody declares

A business rule that says no raises `worker.contracts.Refusal`: an answer, no error of the engine.

A message is the fact first, then the identities in parentheses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from worker.contracts import Receipt


class CqrsError(Exception):
    """Root of the engine's errors."""


class Transient(CqrsError):
    """Worth retrying."""


class Permanent(CqrsError):
    """Never worth retrying."""


class ServerUnavailable(Transient):
    """A server does not answer."""

    def __init__(self, server: str, address: str, reason: str, advice: str) -> None:
        stop = "" if reason.endswith(("?", ".")) else "."
        super().__init__(f"{server} is not reachable at {address}: {reason}{stop} {advice}")
        self.server, self.address, self.reason, self.advice = server, address, reason, advice


class ReceiptTimeout(Transient):
    """No receipt within the time that the caller gave. The command may still run."""

    def __init__(self, command_id: UUID, seconds: float | None) -> None:
        super().__init__(f"no receipt after {seconds} s (command {command_id})")
        self.command_id, self.seconds = command_id, seconds


class NotReady(Transient):
    """Commands named in `after=` have no receipt yet."""

    def __init__(self, missing: tuple[UUID, ...]) -> None:
        ids = ", ".join(map(str, missing))
        super().__init__(f"waits for commands that have no receipt yet ({ids})")
        self.missing = missing


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

    def __reduce__(self) -> tuple[type[QueryStopped], tuple[str, str, str, float]]:
        """Rebuild from the fields: an exception's default pickle would pass the message."""
        return type(self), (self.query, self.reason, self.advice, self.seconds)


class InvalidCommand(Permanent):
    """A payload is wrong. `errors` maps each wrong field (dotted path) to what is wrong."""

    def __init__(self, name: str, errors: Mapping[str, str]) -> None:
        fields = "; ".join(f"{field}: {why}" for field, why in errors.items())
        super().__init__(f"{fields} (command {name})")
        self.name, self.errors = name, dict(errors)


class UnknownCommand(InvalidCommand):
    """No command has this name."""

    def __init__(self, name: str, suggestion: str | None = None) -> None:
        hint = f"; did you mean {suggestion}?" if suggestion else ""
        super().__init__(name, {"command": f"no command is called {name!r}{hint}"})


class InvalidQuery(Permanent):
    """A query's parameters are wrong. `errors` maps each wrong parameter to what is wrong."""

    def __init__(self, name: str, errors: Mapping[str, str]) -> None:
        fields = "; ".join(f"{field}: {why}" for field, why in errors.items())
        super().__init__(f"{fields} (query {name})")
        self.name, self.errors = name, dict(errors)


class UnknownQuery(InvalidQuery):
    """No query has this name."""

    def __init__(self, name: str, suggestion: str | None = None) -> None:
        hint = f"; did you mean {suggestion}?" if suggestion else ""
        super().__init__(name, {"query": f"no query is called {name!r}{hint}"})


class CommandIdReused(Permanent):
    """A command id came back with another payload."""

    def __init__(self, command_id: UUID | str, name: str) -> None:
        self.command_id, self.name = UUID(str(command_id)), name
        super().__init__(str(command_id), name)  # what a result backend rebuilds it from

    def __str__(self) -> str:
        return (
            "this command id was already used for another payload: a new command needs a new id"
            f" (command {self.command_id}, {self.name})"
        )


class CommandDead(Permanent):
    """A command failed for good. `receipt` says why; `cqrs dead-letters` shows and retries it."""

    def __init__(self, receipt: Receipt | Mapping[str, Any]) -> None:
        self.receipt = receipt if isinstance(receipt, Receipt) else Receipt.from_json(receipt)
        super().__init__(self.receipt.to_json())  # what a result backend rebuilds it from

    def __str__(self) -> str:
        receipt = self.receipt
        return f"{receipt.error} (command {receipt.command_id}, {receipt.name})"


class NotMigrated(Permanent):
    """The database is not at the version that this code needs."""

    def __init__(self, found: str | None, needed: str) -> None:
        at = f"it is at {found}" if found else "it has no tables of ours"
        super().__init__(
            f"the database is not migrated: {at}, {needed} is needed. Run `cqrs migrate`."
        )
        self.found, self.needed = found, needed


class BadSettings(Permanent):
    """A setting is missing, unknown or out of range."""


class BadDeclarations(Permanent, ValueError):
    """What the domains declare names what nobody declares; `problems` has a sentence for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)
