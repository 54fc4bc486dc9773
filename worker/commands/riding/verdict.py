"""What was decided on a command in its batch, for its own task, which runs right after that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from worker.commands.receipts import Outcome

_current: tuple[UUID, Outcome] | None = None


@contextmanager
def given(command_id: UUID, outcome: Outcome) -> Iterator[None]:
    """Within this block the task of this command finds its outcome here."""
    global _current
    _current = command_id, outcome
    try:
        yield
    finally:
        _current = None


def of(command_id: UUID) -> Outcome | None:
    """What was decided on this command; None: it has to be run."""
    return _current[1] if _current is not None and _current[0] == command_id else None
