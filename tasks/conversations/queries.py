"""Questions about conversations. Each answers with rows of `models.conversations`.

A user asks for what names him (`user_id`), staff for everything; lists of all users and figures
over all of them are the admins'. Nothing found is None or an empty list. What is personal is opened
for whoever may ask, and `[erased]` of whoever was forgotten.
"""

from __future__ import annotations

from uuid import UUID

from models.conversations.answers import (
    DocumentSummary,
    ModelSummary,
    TierStatistics,
    UserProfile,
)
from models.conversations.events import DocumentStatus, Tier
from models.conversations.read import SessionSummary, Turn, UserAccount
from tasks.conversations.rights import admins, own
from worker import Conditions, Filters, Order, Page, Reader, query


@query("user.get_profile", views=("query.user_profile_view",), may_ask=own)
def get_profile(db: Reader, *, user_id: UUID) -> UserProfile | None:
    """A user with his active models and what he has used; None for one who is deleted."""
    return db.find(UserProfile, "user_profile_view", user_id=user_id, deleted_at=None)


@query(
    "user.list",
    reads=("conversations.user_accounts",),
    tags=lambda p: ("users",),
    may_ask=admins,
)
def list_users(
    db: Reader,
    *,
    subscription_tier: Tier | None = None,
    where: Conditions = (),
    order: Order = ("-created_at", "user_id"),
    limit: int = 100,
    offset: int = 0,
    cursor: str | None = None,
    total: bool = False,
) -> Page[UserAccount]:
    """Users, the latest first, the deleted ones too: of all tiers or of one."""
    users = Filters(UserAccount).matching(subscription_tier=subscription_tier).where(*where)
    page = users.order_by(*order).limit(limit).offset(offset)
    return db.page(UserAccount, "user_accounts", page, cursor=cursor, total=total)


@query("user.statistics", views=("query.user_statistics_view",), may_ask=admins)
def user_statistics(db: Reader) -> list[TierStatistics]:
    """What the users of each tier have used."""
    tiers = Filters(TierStatistics).order_by("subscription_tier")
    return db.select(TierStatistics, "user_statistics_view", tiers)


@query("document.list", views=("query.document_summary_view",), may_ask=own)
def list_documents(
    db: Reader, *, user_id: UUID, status: DocumentStatus | None = None, limit: int = 100
) -> list[DocumentSummary]:
    """A user's documents that are not deleted, the latest first: in any status or in one."""
    found = Filters(DocumentSummary).matching(user_id=user_id, status=status)
    page = found.eq("deleted_at", None).order_by("-uploaded_at", "document_id").limit(limit)
    return db.select(DocumentSummary, "document_summary_view", page)


@query(
    "conversation.list",
    reads=("conversations.session_summaries",),
    tags=lambda p: (f"sessions-of:{p.user_id}",),
    may_ask=own,
)
def list_conversations(
    db: Reader, *, user_id: UUID, limit: int = 100, cursor: str | None = None
) -> Page[SessionSummary]:
    """A user's sessions, the latest first."""
    found = Filters(SessionSummary).eq("user_id", user_id)
    page = found.order_by("-started_at", "session_id").limit(limit)
    return db.page(SessionSummary, "session_summaries", page, cursor=cursor)


@query(
    "conversation.session_summary",
    reads=("conversations.session_summaries",),
    tags=lambda p: (f"session:{p.session_id}",),
    may_ask=own,
)
def session_summary(db: Reader, *, session_id: UUID, user_id: UUID) -> SessionSummary | None:
    """One session of a user with its figures; None if it is not there, or another's."""
    return db.find(SessionSummary, "session_summaries", session_id=session_id, user_id=user_id)


@query(
    "conversation.history",
    reads=("conversations.session_turns",),
    tags=lambda p: (f"turns-of:{p.session_id}",),
    may_ask=own,
)
def conversation_history(
    db: Reader,
    *,
    session_id: UUID,
    user_id: UUID,
    limit: int = 50,
    cursor: str | None = None,
    total: bool = False,
) -> Page[Turn]:
    """The turns of a user's session, the first first, in pages; none if it is another's."""
    found = Filters(Turn).eq("session_id", session_id).eq("user_id", user_id)
    page = found.order_by("number").limit(limit)
    return db.page(Turn, "session_turns", page, cursor=cursor, total=total)


@query("voice_model.summaries", views=("query.voice_model_summary_view",), may_ask=own)
def voice_model_summaries(db: Reader, *, user_id: UUID) -> list[ModelSummary]:
    """A user's voice models and their use, the deleted ones too."""
    found = Filters(ModelSummary).eq("user_id", user_id).order_by("registered_at", "model_id")
    return db.select(ModelSummary, "voice_model_summary_view", found)


@query("face_model.summaries", views=("query.face_model_summary_view",), may_ask=own)
def face_model_summaries(db: Reader, *, user_id: UUID) -> list[ModelSummary]:
    """A user's face models and their use, the deleted ones too."""
    found = Filters(ModelSummary).eq("user_id", user_id).order_by("registered_at", "model_id")
    return db.select(ModelSummary, "face_model_summary_view", found)
