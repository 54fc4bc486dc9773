"""Events of the engine's own: what drives a saga besides the events of its domain.

They stand in the log like all others, in the stream `saga-<id>`, so that a saga meets everything
that happens to it in one order.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from worker.contracts.messages import Event


class SagaEvent(Event):
    """Base of what happens to one saga."""

    saga_id: UUID


class SagaCommandSettled(SagaEvent):
    """A command that a saga sent has its receipt; written in that command's own transaction.

    `status` is `succeeded`, `rejected` or `dead`; `data` and `error` are the receipt's.
    """

    type: ClassVar[str] = "cqrs.SagaCommandSettled"

    command_id: UUID
    name: str
    status: str
    data: Any = None
    error: str | None = None


class SagaDeadlinePassed(SagaEvent):
    """A saga waited too long for an event, in this step."""

    type: ClassVar[str] = "cqrs.SagaDeadlinePassed"

    step: str


class SagaRetryAsked(SagaEvent):
    """Somebody looked at a stuck saga and wants its refused compensation tried again."""

    type: ClassVar[str] = "cqrs.SagaRetryAsked"


def saga_stream(saga_id: UUID) -> str:
    """The stream of one saga."""
    return f"saga-{saga_id}"
