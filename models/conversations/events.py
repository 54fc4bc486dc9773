"""What has happened in the conversations domain, one event a command, without secrets.

What is personal (`email`, `name`, `text`) is sealed. Streams: `user-<id>`, `voice_model-<id>`,
`face_model-<id>`, `document-<id>`, `conversation-<id>`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from worker.contracts import AsText, Event

Exact = Annotated[Decimal, AsText]


class Tier(StrEnum):
    """What a user has subscribed to."""

    FREE = "free"
    PRO = "pro"
    ENTERPRISE = "enterprise"


class Speaker(StrEnum):
    """Who speaks in a turn."""

    USER = "user"
    CLONE = "clone"


class DocumentStatus(StrEnum):
    """Where a document stands."""

    UPLOADED = "uploaded"
    PROCESSING = "processing"
    PROCESSED = "processed"
    FAILED = "failed"


class UserEvent(Event):
    """Base of what happened to a user."""

    user_id: UUID


class UserCreated(UserEvent):
    """A user was registered."""

    type: ClassVar[str] = "user.created"

    email: str
    name: str
    subscription_tier: Tier
    created_at: datetime


class UserUpdated(UserEvent):
    """A user's name and e-mail address, as they are now."""

    type: ClassVar[str] = "user.updated"

    email: str
    name: str
    updated_at: datetime


class UserTierChanged(UserEvent):
    """A user is on another subscription tier."""

    type: ClassVar[str] = "user.tier_changed"

    subscription_tier: Tier
    former_tier: Tier
    changed_at: datetime


class UserDeleted(UserEvent):
    """A user was deleted."""

    type: ClassVar[str] = "user.deleted"

    deleted_at: datetime
    deleted_by: str


class UserErased(UserEvent):
    """A user was forgotten; he is deleted as well, since `deleted_at`."""

    type: ClassVar[str] = "user.erased"

    erased_at: datetime
    deleted_at: datetime
    deleted_by: str


class ModelRegistered(UserEvent):
    """Base: a user has a further model."""

    model_id: UUID
    quality: Exact
    registered_at: datetime


class ModelActivated(UserEvent):
    """Base: a user speaks with this model; with `replaces` no more."""

    model_id: UUID
    quality: Exact
    replaces: UUID | None
    activated_at: datetime


class ModelDeleted(UserEvent):
    """Base: a model was deleted; it `was_active` or not."""

    model_id: UUID
    was_active: bool
    deleted_at: datetime
    deleted_by: str


class VoiceModelRegistered(ModelRegistered):
    """A user has a further voice model."""

    type: ClassVar[str] = "voice_model.registered"


class VoiceModelActivated(ModelActivated):
    """A user speaks with this voice."""

    type: ClassVar[str] = "voice_model.activated"


class VoiceModelDeleted(ModelDeleted):
    """A voice model was deleted."""

    type: ClassVar[str] = "voice_model.deleted"


class FaceModelRegistered(ModelRegistered):
    """A user has a further face model."""

    type: ClassVar[str] = "face_model.registered"


class FaceModelActivated(ModelActivated):
    """A user shows this face."""

    type: ClassVar[str] = "face_model.activated"


class FaceModelDeleted(ModelDeleted):
    """A face model was deleted."""

    type: ClassVar[str] = "face_model.deleted"


class DocumentEvent(UserEvent):
    """Base of what happened to a document."""

    document_id: UUID


class DocumentUploaded(DocumentEvent):
    """A document came in."""

    type: ClassVar[str] = "document.uploaded"

    name: str
    content_type: str
    size_bytes: int
    uploaded_at: datetime


class DocumentProcessingStarted(DocumentEvent):
    """A document is being processed."""

    type: ClassVar[str] = "document.processing_started"

    processing_at: datetime


class DocumentProcessed(DocumentEvent):
    """A document has been processed."""

    type: ClassVar[str] = "document.processed"

    processed_at: datetime


class DocumentFailed(DocumentEvent):
    """A document could not be processed."""

    type: ClassVar[str] = "document.failed"

    error: str
    failed_at: datetime


class DocumentDeleted(DocumentEvent):
    """A document was deleted."""

    type: ClassVar[str] = "document.deleted"

    deleted_at: datetime
    deleted_by: str


class ConversationEvent(UserEvent):
    """Base of what happened in a session."""

    session_id: UUID


class ConversationStarted(ConversationEvent):
    """A session began, with these models."""

    type: ClassVar[str] = "conversation.started"

    voice_model_id: UUID | None
    face_model_id: UUID | None
    started_at: datetime


class ConversationTurnRecorded(ConversationEvent):
    """Somebody spoke; `number` counts the turns of the session from 1."""

    type: ClassVar[str] = "conversation.turn_recorded"

    turn_id: UUID
    number: int
    speaker: Speaker
    text: str
    latency_ms: int
    cost: Exact
    recorded_at: datetime


class ConversationWatched(ConversationEvent):
    """A session was found to be alive, and is watched on."""

    type: ClassVar[str] = "conversation.watched"

    watch_id: UUID
    watched_at: datetime


class ConversationEnded(ConversationEvent):
    """A session ended; `watch_id` is the last watch over it."""

    type: ClassVar[str] = "conversation.ended"

    reason: str
    watch_id: UUID | None
    ended_at: datetime
