"""What can be asked of the conversations domain: the payload of each command, as on the wire.

Ids are UUIDv7, made by the caller or, where left out, when the command is sent. Costs are decimal
strings with at most six decimals, latencies whole milliseconds.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from models.conversations.events import Speaker, Tier
from worker.contracts import Command, uuid7
from worker.contracts.personal import Personal

LARGEST_DOCUMENT = 10 * 1024**3
"""Bytes."""
LONGEST_LATENCY = 3_600_000
"""Milliseconds; a turn that takes longer is a mistake."""

Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
    ),
]
PersonName = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Password = Annotated[str, StringConstraints(min_length=8, max_length=200)]
"""As it is given 8 to 128 characters are enough; its hash has about 100."""
FileName = Annotated[str, StringConstraints(min_length=1, max_length=255, strip_whitespace=True)]
ContentType = Annotated[
    str, StringConstraints(max_length=100, to_lower=True, pattern=r"^[\w.+-]+/[\w.+-]+$")
]
Quality = Annotated[Decimal, Field(ge=0, le=1, max_digits=5, decimal_places=4, allow_inf_nan=False)]
Cost = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=6, allow_inf_nan=False)]
Said = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


class EndReason(StrEnum):
    """Why a session ended."""

    ASKED = "asked"
    SILENCE = "silence"


# ---------------------------------------------------------------------------------- users
class CreateUser(Command):
    """Register a user. The e-mail address must be new; of the password only a hash is kept."""

    user_id: UUID = Field(default_factory=uuid7)
    email: Annotated[Email, Personal("user_id")]
    name: Annotated[PersonName, Personal("user_id")]
    password: Password
    subscription_tier: Tier = Tier.FREE


class UpdateUser(Command):
    """Change a user's name, e-mail address, or both."""

    user_id: UUID
    email: Annotated[Email | None, Personal("user_id")] = None
    name: Annotated[PersonName | None, Personal("user_id")] = None

    @model_validator(mode="after")
    def _something(self) -> UpdateUser:
        if self.email is None and self.name is None:
            raise ValueError("an update changes something: give name, email or both")
        return self


class OfUser(Command):
    """Base of what concerns one user."""

    user_id: UUID


class ChangeTier(OfUser):
    """Put a user on another subscription tier."""

    subscription_tier: Tier


class DeleteUser(OfUser):
    """Delete a user; who did it, and when, is kept."""


class EraseUser(OfUser):
    """Forget a user: what is personal of his cannot be read by anybody any more."""


# ---------------------------------------------------------------------------------- models
class RegisterModel(OfUser):
    """Add a model that has been trained for a user; it is not active yet."""

    model_id: UUID = Field(default_factory=uuid7)
    quality: Quality


class ActivateModel(OfUser):
    """Let a user speak with this model; the one that was active is so no more."""

    model_id: UUID


class DeleteModel(OfUser):
    """Delete a model, active or not."""

    model_id: UUID


# ---------------------------------------------------------------------------------- documents
class UploadDocument(OfUser):
    """Add a document that a user's clone is to know."""

    document_id: UUID = Field(default_factory=uuid7)
    name: Annotated[FileName, Personal("user_id")]
    content_type: ContentType
    size_bytes: Annotated[int, Field(ge=1, le=LARGEST_DOCUMENT)]


class OfDocument(Command):
    """Base of what concerns one document."""

    document_id: UUID


class MarkProcessing(OfDocument):
    """Processing has begun; of one that failed, it begins again."""


class MarkProcessed(OfDocument):
    """A document has been processed."""


class MarkFailed(OfDocument):
    """A document could not be processed, and why."""

    error: Reason


class DeleteDocument(OfDocument):
    """Delete a document."""

    user_id: UUID


# ---------------------------------------------------------------------------------- sessions
class StartConversation(OfUser):
    """Begin a session, with the models that are active."""

    session_id: UUID = Field(default_factory=uuid7)


class RecordTurn(OfUser):
    """Add a turn to a session: who spoke, what, how long the answer took, what it cost."""

    session_id: UUID
    turn_id: UUID = Field(default_factory=uuid7)
    speaker: Speaker
    text: Annotated[Said, Personal("user_id")]
    latency_ms: Annotated[int, Field(ge=0, le=LONGEST_LATENCY)]
    cost: Cost = Decimal(0)


class EndConversation(OfUser):
    """End a session."""

    session_id: UUID


class EndIfSilent(Command):
    """End a session in which nobody has spoken for long; else go on watching it. Its saga sends
    it; nobody else may."""

    session_id: UUID
    watch_id: UUID = Field(default_factory=uuid7)
