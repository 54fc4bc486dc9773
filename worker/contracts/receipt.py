"""What passes between a producer, the worker and whoever asks afterwards: envelope and receipt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from worker.contracts.refusal import RefusalKind

SYSTEM_ACTOR = "system"
"""The engine's own name and role: what our own processes send, and nobody else's."""
GUEST_ACTOR = "guest"
"""Who sends a message that names nobody: he has no role."""


class Status(StrEnum):
    """Where a command stands. `submitted` is the only state that is not final."""

    SUBMITTED = "submitted"
    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    DEAD = "dead"

    @property
    def final(self) -> bool:
        """Whether this receipt will never change again (a dead one may be retried by hand)."""
        return self is not Status.SUBMITTED


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and as what: `Actor("user:42", frozenset({"clerk"}))`."""

    name: str = SYSTEM_ACTOR
    roles: frozenset[str] = frozenset({SYSTEM_ACTOR})


@dataclass(frozen=True, slots=True)
class Envelope:
    """One command on its way: the payload as it is on the wire, and what is known about it.

    `payload` holds plain JSON values. `after` names commands that must have a receipt before this
    one runs; commands with one `key` run in the order of their submission. `links` is what Celery
    sends once it has succeeded: the rest of its chain, if it came by one. `schema` is the
    fingerprint of the payload's schema as its sender knew it (see worker/commands/releases.py),
    `fingerprint` stands for the name and what the caller gave, where the sender has found it out.
    """

    id: UUID
    name: str
    payload: Mapping[str, Any]
    actor: Actor = field(default_factory=Actor)
    after: tuple[UUID, ...] = ()
    key: str | None = None
    correlation_id: UUID | None = None
    causation_id: str | None = None
    links: Mapping[str, Any] | None = None
    schema: str | None = None
    fingerprint: bytes | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a command.

    `data` is what the handler returned. `error` says why it was refused, in one sentence, and
    `errors` says it field by field. `position` is the place of the command's last event in the
    log: pass it as `after=` to a query to read your own write; None when no event was written.
    `kind` is which sort of refusal it is; None unless a rule, a right or the check of the payload
    refused it (a command that was revoked or waited in vain has none).
    """

    command_id: UUID
    name: str
    status: Status
    data: Any = None
    error: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    position: int | None = None
    actor: str = SYSTEM_ACTOR
    completed_at: datetime | None = None
    fingerprint: str | None = None
    """Which command this id stands for: a caller with another one is told so."""
    kind: RefusalKind | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the command took effect."""
        return self.status is Status.SUCCEEDED

    def to_json(self) -> dict[str, Any]:
        """The receipt as plain JSON values, as `.get()` returns it."""
        return {
            "command_id": str(self.command_id),
            "name": self.name,
            "status": str(self.status),
            "data": self.data,
            "error": self.error,
            "errors": dict(self.errors),
            "position": self.position,
            "actor": self.actor,
            "completed_at": self.completed_at.isoformat() if self.completed_at else None,
            "fingerprint": self.fingerprint,
            "kind": str(self.kind) if self.kind else None,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Receipt:
        """Read back what `to_json` wrote."""
        completed = value.get("completed_at")
        return cls(
            command_id=UUID(value["command_id"]),
            name=value["name"],
            status=Status(value["status"]),
            data=value.get("data"),
            error=value.get("error"),
            errors=value.get("errors") or {},
            position=value.get("position"),
            actor=value.get("actor") or SYSTEM_ACTOR,
            completed_at=datetime.fromisoformat(completed) if completed else None,
            fingerprint=value.get("fingerprint"),
            kind=RefusalKind(value["kind"]) if value.get("kind") else None,
        )


def is_receipt(value: object) -> bool:
    """Whether a JSON value is a receipt, as the task before this one in a chain passes it on."""
    return isinstance(value, dict) and "command_id" in value and "status" in value
