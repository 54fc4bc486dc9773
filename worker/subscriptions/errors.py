"""What can go wrong with a subscription and with its dead letters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.base.errors import Permanent
from worker.event_log.subscribers import subscriptions

UNDECLARED = (
    "no domain that is loaded declares it, though it has a checkpoint: is its package missing in"
    " CQRS_DOMAINS?"
)


def in_one_line(error: BaseException) -> str:
    """An error as dead letters and `cqrs status` show it: its kind and its message."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")


class TooManyDeadLetters(Permanent):
    """So many events fail that the subscription must be at fault; its checkpoint stays."""

    def __init__(self, subscription: str, last: str) -> None:
        super().__init__(
            "too many dead letters: mend the subscription, then retry them or rebuild"
            f" (subscription {subscription}, last error {last})"
        )
        self.subscription = subscription


class InTransaction(Permanent):
    """A batch was begun inside a transaction: rolled back, that would look like a death."""

    def __init__(self, checkpoint: str) -> None:
        super().__init__(f"a batch begins its own transaction (checkpoint {checkpoint})")
        self.checkpoint = checkpoint


class NotRegistered(Permanent):
    """A subscription that must not run: another one keeps its read model, or it is on its way to a
    new name."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{reason} (subscription {name})")
        self.subscription, self.reason = name, reason


class TypeNotNamed(Permanent):
    """The next event is of a type that the subscription once named and its code does not any more:
    passed over, it would be lost in silence."""

    def __init__(self, name: str, type_: str, position: int) -> None:
        super().__init__(
            f"it handled {type_} once, and its code names that no longer: give the event"
            " `former_types` if it was renamed, load the domain that handles it, or declare"
            f" forgets=[{type_!r}] if it is to be passed over (subscription {name}, position"
            f" {position})"
        )
        self.subscription, self.type, self.position = name, type_, position


class CannotPartition(Permanent):
    """A subscription that cannot be split."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{reason} (subscription {name})")
        self.subscription = name


class UnknownDeadLetter(Permanent):
    """No dead letter has this number."""

    def __init__(self, letter: int) -> None:
        super().__init__(f"no such dead letter (letter {letter})")
        self.letter = letter


class DeadLetterIsClosed(Permanent):
    """A dead letter was retried, discarded or superseded already."""

    def __init__(self, letter: int, state: str, closed_by: str | None) -> None:
        super().__init__(f"the dead letter is closed: {state} by {closed_by} (letter {letter})")
        self.letter, self.state, self.closed_by = letter, state, closed_by


class RetryFailed(Permanent):
    """A parked event cannot be handled yet; nothing was changed but the dead letter's attempts."""

    def __init__(self, letter: Mapping[str, Any], position: int, error: str) -> None:
        super().__init__(
            f"the retry failed, nothing was changed: {error} (letter {letter['id']},"
            f" stream {letter['stream']}, position {position})"
        )
        self.letter, self.position, self.error = dict(letter), position, error


class OtherTableVersion(Permanent):
    """A dead letter's projection has another version in this code than its live table has."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "the live table has the shape of another version of the code: use that version,"
            f" or rebuild (subscription {name})"
        )
        self.subscription = name


class UndeclaredSubscription(Permanent):
    """A dead letter's subscription is not declared by any domain that is loaded."""

    def __init__(self, name: str) -> None:
        hint = subscriptions.hint(name)
        super().__init__(f"no domain declares this subscription{hint} (subscription {name})")
        self.subscription = name
