"""Why no receipt has come: whether any worker answers that would give it."""

from __future__ import annotations

from worker.base.app import app

WORTH_ASKING = 1.0
"""Seconds: who waited less is told at once, without a look at the workers."""
ANSWER_WITHIN = 0.5
"""Seconds that workers have to answer."""
QUEUE = "commands"


def why_silent(waited: float | None) -> str:
    """What to say of the workers to somebody who has waited so many seconds; "" if too few."""
    if waited is None or waited < WORTH_ASKING:
        return ""
    try:
        answers = app.control.inspect(timeout=ANSWER_WITHIN).active_queues() or {}
    except Exception:  # whatever it is: the wait is over, and this is a hint
        return "the broker does not answer"
    takes = [any(queue["name"] == QUEUE for queue in queues) for queues in answers.values()]
    if not any(takes):
        return f"no worker answers that takes the queue {QUEUE}"
    workers = "1 worker takes" if sum(takes) == 1 else f"{sum(takes)} workers take"
    return f"{workers} the queue {QUEUE}; `cqrs status` says what is in the way"
