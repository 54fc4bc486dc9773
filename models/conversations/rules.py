"""The rules of the conversations domain: `(command, what is known) -> event`, or a Refusal. Pure.

A deleted user does nothing any more; a deleted model or document is changed no more; of a user's
voice models one is active at most, and of his face models; a session that has ended takes no turn.
No refusal says what is personal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from models.conversations.commands import (
    ActivateModel,
    ChangeTier,
    CreateUser,
    DeleteDocument,
    DeleteModel,
    DeleteUser,
    EndConversation,
    EndIfSilent,
    EndReason,
    EraseUser,
    MarkFailed,
    MarkProcessed,
    MarkProcessing,
    OfDocument,
    RecordTurn,
    RegisterModel,
    StartConversation,
    UpdateUser,
    UploadDocument,
)
from models.conversations.events import (
    ConversationEnded,
    ConversationStarted,
    ConversationTurnRecorded,
    ConversationWatched,
    DocumentDeleted,
    DocumentFailed,
    DocumentProcessed,
    DocumentProcessingStarted,
    DocumentStatus,
    DocumentUploaded,
    ModelActivated,
    ModelDeleted,
    ModelRegistered,
    Tier,
    UserCreated,
    UserDeleted,
    UserErased,
    UserTierChanged,
    UserUpdated,
)
from worker.contracts import Refusal, RefusalKind

Row = Mapping[str, Any]
Registered = TypeVar("Registered", bound=ModelRegistered)
Activated = TypeVar("Activated", bound=ModelActivated)
Deleted = TypeVar("Deleted", bound=ModelDeleted)

SILENCE = timedelta(minutes=15)
"""A session in which nobody has spoken for so long is ended."""
MOST_TURNS = 10_000
"""Longest session, in turns."""
_QUALITY = Decimal("0.0001")


# ---------------------------------------------------------------------------------- users
def create_user(
    c: CreateUser, *, existing: Row | None, same_email: Row | None, now: datetime
) -> UserCreated:
    """A user is new by id and by e-mail address."""
    if existing is not None:
        raise Refusal("this user exists already", kind=RefusalKind.CONFLICT, user_id=c.user_id)
    _email_is_free(same_email, c.user_id)
    return UserCreated(
        user_id=c.user_id,
        email=c.email,
        name=c.name,
        subscription_tier=c.subscription_tier,
        created_at=now,
    )


def update_user(
    c: UpdateUser, *, user: Row | None, same_email: Row | None, now: datetime
) -> UserUpdated:
    """What is left out stays; the e-mail address must be nobody else's."""
    user = present(user, c.user_id)
    _email_is_free(same_email, c.user_id)
    return UserUpdated(
        user_id=c.user_id,
        email=user["email"] if c.email is None else c.email,
        name=user["name"] if c.name is None else c.name,
        updated_at=now,
    )


def change_tier(c: ChangeTier, *, user: Row | None, now: datetime) -> UserTierChanged:
    """Another tier than the one he has."""
    user = present(user, c.user_id)
    if user["subscription_tier"] == c.subscription_tier:
        raise Refusal(
            "the user has this tier already",
            errors={"subscription_tier": "is the user's already"},
            user_id=c.user_id,
            subscription_tier=c.subscription_tier.value,
        )
    return UserTierChanged(
        user_id=c.user_id,
        subscription_tier=c.subscription_tier,
        former_tier=Tier(user["subscription_tier"]),
        changed_at=now,
    )


def delete_user(c: DeleteUser, *, user: Row | None, by: str, now: datetime) -> UserDeleted:
    """A user is deleted once."""
    present(user, c.user_id)
    return UserDeleted(user_id=c.user_id, deleted_at=now, deleted_by=by)


def erase_user(c: EraseUser, *, user: Row | None, by: str, now: datetime) -> UserErased:
    """A user is forgotten once, whether he was deleted before or not."""
    if user is None:
        raise _unknown("user", "user_id", c.user_id)
    if user["erased_at"] is not None:
        raise Refusal("the user was erased before", user_id=c.user_id)
    return UserErased(
        user_id=c.user_id,
        erased_at=now,
        deleted_at=user["deleted_at"] or now,
        deleted_by=user["deleted_by"] or by,
    )


# ---------------------------------------------------------------------------------- models
def register_model(
    c: RegisterModel, kind: type[Registered], *, user: Row | None, model: Row | None, now: datetime
) -> Registered:
    """A model is registered once, for a user who is there."""
    present(user, c.user_id)
    if model is not None:
        raise Refusal("this model exists already", kind=RefusalKind.CONFLICT, model_id=c.model_id)
    quality = c.quality.quantize(_QUALITY)
    return kind(user_id=c.user_id, model_id=c.model_id, quality=quality, registered_at=now)


def activate_model(
    c: ActivateModel,
    kind: type[Activated],
    *,
    user: Row | None,
    models: Iterable[Row],
    now: datetime,
) -> Activated:
    """One model of a kind is active a user: this one from now on."""
    present(user, c.user_id)
    models = list(models)
    model = _model_of(c, models)
    if model["active"]:
        raise Refusal("the model is active already", model_id=c.model_id)
    active = next((one["model_id"] for one in models if one["active"]), None)
    return kind(
        user_id=c.user_id,
        model_id=c.model_id,
        quality=model["quality"],
        replaces=active,
        activated_at=now,
    )


def delete_model(
    c: DeleteModel, kind: type[Deleted], *, user: Row | None, models: Iterable[Row], by: str,
    now: datetime,
) -> Deleted:  # fmt: skip
    """A model is deleted once; if it was active, none is."""
    present(user, c.user_id)
    was_active = _model_of(c, models)["active"]
    return kind(
        user_id=c.user_id,
        model_id=c.model_id,
        was_active=was_active,
        deleted_at=now,
        deleted_by=by,
    )


# ---------------------------------------------------------------------------------- documents
def upload_document(
    c: UploadDocument, *, user: Row | None, document: Row | None, now: datetime
) -> DocumentUploaded:
    """A document comes in once, for a user who is there."""
    present(user, c.user_id)
    if document is not None:
        raise Refusal(
            "this document exists already", kind=RefusalKind.CONFLICT, document_id=c.document_id
        )
    return DocumentUploaded(
        user_id=c.user_id,
        document_id=c.document_id,
        name=c.name,
        content_type=c.content_type,
        size_bytes=c.size_bytes,
        uploaded_at=now,
    )


def mark_processing(
    c: MarkProcessing, *, document: Row | None, now: datetime
) -> DocumentProcessingStarted:
    """Of a document that was uploaded, or that has failed."""
    document = _document(c, document, DocumentStatus.UPLOADED, DocumentStatus.FAILED)
    return DocumentProcessingStarted(
        user_id=document["user_id"], document_id=c.document_id, processing_at=now
    )


def mark_processed(c: MarkProcessed, *, document: Row | None, now: datetime) -> DocumentProcessed:
    """Of a document that is being processed."""
    document = _document(c, document, DocumentStatus.PROCESSING)
    return DocumentProcessed(
        user_id=document["user_id"], document_id=c.document_id, processed_at=now
    )


def mark_failed(c: MarkFailed, *, document: Row | None, now: datetime) -> DocumentFailed:
    """Of a document that is being processed."""
    document = _document(c, document, DocumentStatus.PROCESSING)
    return DocumentFailed(
        user_id=document["user_id"], document_id=c.document_id, error=c.error, failed_at=now
    )


def delete_document(
    c: DeleteDocument, *, document: Row | None, by: str, now: datetime
) -> DocumentDeleted:
    """A user's own document, once."""
    document = _document(c, document, *DocumentStatus)
    if document["user_id"] != c.user_id:
        raise _unknown("document", "document_id", c.document_id)
    return DocumentDeleted(
        user_id=c.user_id, document_id=c.document_id, deleted_at=now, deleted_by=by
    )


# ---------------------------------------------------------------------------------- sessions
def start_conversation(
    c: StartConversation,
    *,
    user: Row | None,
    session: Row | None,
    voice_models: Iterable[Row],
    face_models: Iterable[Row],
    now: datetime,
) -> ConversationStarted:
    """A session begins once, with the models that are active."""
    present(user, c.user_id)
    if session is not None:
        raise Refusal(
            "this session exists already", kind=RefusalKind.CONFLICT, session_id=c.session_id
        )
    return ConversationStarted(
        user_id=c.user_id,
        session_id=c.session_id,
        voice_model_id=_active(voice_models),
        face_model_id=_active(face_models),
        started_at=now,
    )


def record_turn(
    c: RecordTurn, *, user: Row | None, session: Row | None, turn: Row | None, now: datetime
) -> ConversationTurnRecorded:
    """A session that goes on takes a turn, once."""
    present(user, c.user_id)
    session = _open(session, c.session_id, c.user_id)
    if turn is not None:
        raise Refusal("this turn was recorded before", kind=RefusalKind.CONFLICT, turn_id=c.turn_id)
    if session["turn_count"] >= MOST_TURNS:
        raise Refusal("the session is too long", session_id=c.session_id, most=MOST_TURNS)
    return ConversationTurnRecorded(
        user_id=c.user_id,
        session_id=c.session_id,
        turn_id=c.turn_id,
        number=session["turn_count"] + 1,
        speaker=c.speaker,
        text=c.text,
        latency_ms=c.latency_ms,
        cost=c.cost,
        recorded_at=max(now, session["last_activity_at"]),
    )


def end_conversation(
    c: EndConversation, *, session: Row | None, now: datetime
) -> ConversationEnded:
    """A session ends once; that of a deleted user too."""
    session = _open(session, c.session_id, c.user_id)
    return _ended(session, EndReason.ASKED, now)


def end_if_silent(
    c: EndIfSilent, *, session: Row | None, now: datetime
) -> ConversationEnded | ConversationWatched:
    """Nobody has spoken for long: the session ends. Somebody has: it is watched on."""
    if session is None or session["ended_at"] is not None:
        raise Refusal("the session has ended", session_id=c.session_id)
    if now - session["last_activity_at"] >= SILENCE:
        return _ended(session, EndReason.SILENCE, now)
    return ConversationWatched(
        user_id=session["user_id"],
        session_id=c.session_id,
        watch_id=c.watch_id,
        watched_at=now,
    )


# ---------------------------------------------------------------------------------- shared
def present(user: Row | None, user_id: UUID) -> Row:
    """A user who is there. Raises Refusal."""
    if user is None:
        raise _unknown("user", "user_id", user_id)
    if user["deleted_at"] is not None:
        raise Refusal("the user is deleted", errors={"user_id": "is deleted"}, user_id=user_id)
    return user


def _email_is_free(same_email: Row | None, user_id: UUID) -> None:
    if same_email is not None and same_email["user_id"] != user_id:
        raise Refusal(
            "another user has this e-mail address",
            errors={"email": "is taken"},
            kind=RefusalKind.CONFLICT,
        )


def _model_of(c: ActivateModel | DeleteModel, models: Iterable[Row]) -> Row:
    model = next((one for one in models if one["model_id"] == c.model_id), None)
    if model is None:
        raise _unknown("model", "model_id", c.model_id)
    if model["status"] == "deleted":
        raise Refusal(
            "the model is deleted", errors={"model_id": "is deleted"}, model_id=c.model_id
        )
    return model


def _document(c: OfDocument, document: Row | None, *statuses: DocumentStatus) -> Row:
    if document is None:
        raise _unknown("document", "document_id", c.document_id)
    if document["deleted_at"] is not None:
        raise Refusal(
            "the document is deleted",
            errors={"document_id": "is deleted"},
            document_id=c.document_id,
        )
    if document["status"] not in statuses:
        raise Refusal(
            "the document is not so far, or further",
            document_id=c.document_id,
            status=document["status"],
        )
    return document


def _open(session: Row | None, session_id: UUID, user_id: UUID) -> Row:
    if session is None or session["user_id"] != user_id:
        raise _unknown("session", "session_id", session_id)
    if session["ended_at"] is not None:
        raise Refusal("the session has ended", session_id=session_id)
    return session


def _ended(session: Row, reason: EndReason, now: datetime) -> ConversationEnded:
    return ConversationEnded(
        user_id=session["user_id"],
        session_id=session["session_id"],
        reason=reason,
        watch_id=session["watch_id"],
        ended_at=max(now, session["last_activity_at"]),
    )


def _active(models: Iterable[Row]) -> UUID | None:
    return next((model["model_id"] for model in models if model["active"]), None)


def _unknown(what: str, field: str, value: UUID) -> Refusal:
    """The same for what is not there and for what is another's."""
    facts: dict[str, Any] = {field: value}
    kind = RefusalKind.NOT_FOUND
    return Refusal(f"no such {what}", errors={field: "is unknown"}, kind=kind, **facts)
