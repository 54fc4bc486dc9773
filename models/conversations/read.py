"""The read models: each is the class of its rows, and the table that keeps them.

Each table lives as `query.<name>_v<version>` behind a plain view `query.<name>`. Profile and
session summary are here as projections, and once more as materialized views (`answers.py`); a test
holds the one against the other.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from models.conversations.events import Speaker, Tier
from worker.contracts import ReadRow
from worker.contracts.personal import Personal
from worker.contracts.tables import read_table

metadata = sa.MetaData(schema="query", info={"domain": "conversations"})

Mine = Personal("user_id")
Costs = Annotated[Decimal, sa.Numeric(14, 6)]
Seconds = Annotated[Decimal, sa.Numeric(16, 6)]
Milliseconds = Annotated[Decimal, sa.Numeric(12, 2)]
Bytes = Annotated[int, sa.BigInteger()]
Model = Annotated[dict[str, Any] | None, JSONB()]
"""An active model: `model_id`, `quality`."""


class UserAccount(ReadRow):
    """What a user is and has used; `session_days` counts his sessions by day of the last 30."""

    user_id: UUID
    email: Annotated[str, Mine]
    name: Annotated[str, Mine]
    subscription_tier: Tier
    created_at: datetime
    deleted_at: datetime | None
    deleted_by: str | None
    active_voice_model: Model
    voice_models: int
    active_face_model: Model
    face_models: int
    documents: int
    sessions: int
    turns: int
    total_cost: Costs
    last_activity_at: datetime | None
    session_days: dict[str, int]


user_accounts = read_table(
    UserAccount,
    metadata,
    "user_accounts",
    sa.Index("user_accounts_by_time", "created_at", "user_id"),
    key="user_id",
)


class SessionSummary(ReadRow, key="session_id"):
    """A session with the figures of its turns; latencies in milliseconds."""

    session_id: UUID
    user_id: UUID
    voice_model_id: UUID | None
    face_model_id: UUID | None
    started_at: datetime
    last_activity_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    duration_seconds: Seconds | None
    turns: int
    user_turns: int
    clone_turns: int
    latency_total_ms: Bytes
    average_latency_ms: Milliseconds | None
    longest_latency_ms: int | None
    total_cost: Costs


session_summaries = read_table(
    SessionSummary,
    metadata,
    "session_summaries",
    sa.Index("session_summaries_of_user", "user_id", "started_at"),
    key="session_id",
)


class Turn(ReadRow):
    """A turn of a session."""

    turn_id: UUID
    session_id: UUID
    user_id: UUID
    number: int
    speaker: Speaker
    text: Annotated[str, Mine]
    latency_ms: int
    cost: Costs
    recorded_at: datetime


session_turns = read_table(
    Turn,
    metadata,
    "session_turns",
    sa.Index("session_turns_in_order", "session_id", "number"),
    key="turn_id",
)
