"""Rows of the materialized views."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from models.conversations.events import DocumentStatus, Tier
from models.conversations.read import Mine
from worker.contracts import ReadRow


class UserProfile(ReadRow, key="user_id"):
    """A user with his active models and what he has used."""

    user_id: UUID
    email: Annotated[str, Mine]
    name: Annotated[str, Mine]
    subscription_tier: Tier
    created_at: datetime
    deleted_at: datetime | None
    active_voice_model: dict[str, Any] | None
    voice_models: int
    active_face_model: dict[str, Any] | None
    face_models: int
    documents: int
    sessions: int
    turns: int
    total_cost: Decimal
    last_activity_at: datetime | None
    sessions_last_30_days: int


class DocumentSummary(ReadRow, key="document_id"):
    """A document; `processing_seconds` until it was processed, or had failed."""

    document_id: UUID
    user_id: UUID
    name: Annotated[str, Mine]
    content_type: str
    size_bytes: int
    status: DocumentStatus
    error: str | None
    uploaded_at: datetime
    processing_at: datetime | None
    processed_at: datetime | None
    failed_at: datetime | None
    deleted_at: datetime | None
    processing_seconds: Decimal | None


class TierStatistics(ReadRow, key="subscription_tier"):
    """What the users of a tier have used."""

    subscription_tier: Tier
    users: int
    sessions: int
    turns: int
    total_cost: Decimal
    documents: int
    document_bytes: int


class ModelSummary(ReadRow, key="model_id"):
    """A voice or face model and its use."""

    model_id: UUID
    user_id: UUID
    status: str
    active: bool
    quality: Decimal
    registered_at: datetime
    activated_at: datetime | None
    deleted_at: datetime | None
    sessions: int
    turns: int
    last_used_at: datetime | None
