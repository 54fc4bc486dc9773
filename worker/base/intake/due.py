"""Messages that are not due for a while: a command among them is kept in PostgreSQL until it is.

Celery takes such a message and holds it in the worker's memory. Redis takes one that is held for
longer than the visibility timeout for lost, and gives it out again, and again after that: the
longer it waits, the more copies of it wait with it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from worker.base.intake.checks import Letter

FAR = 60.0
"""Seconds ahead from which a message is not held in a worker's memory."""


def far_off(letter: Letter) -> str | None:
    """When this command is due, if it is to be kept until then; else None.

    Not kept is what a row could not hold: when it expires, what its failure calls, what came before
    it in a chain.
    """
    eta = letter.fields.get("eta")
    if eta is None or letter.args or letter.fields.get("expires") or letter.embed.get("errbacks"):
        return None
    seconds = seconds_until(eta)
    return eta if seconds is not None and seconds > FAR else None


def seconds_until(eta: str) -> float | None:
    """Seconds from now to a time as messages name it, by our own clock; None if it is no time."""
    try:
        due = datetime.fromisoformat(eta)
    except ValueError:
        return None
    due = due if due.tzinfo else due.replace(tzinfo=UTC)
    return (due - datetime.now(UTC)).total_seconds()
