"""Handlers of users, documents and sessions: each loads, lets a rule decide, hands over changes.

The user's row is locked first, so that what is begun for him and his deletion come one after the
other. The models' commands stand in `model_commands.py`.
"""

from __future__ import annotations

from typing import Any

from models.conversations import rules
from models.conversations.commands import (
    ChangeTier,
    CreateUser,
    DeleteDocument,
    DeleteUser,
    EndConversation,
    EndIfSilent,
    EraseUser,
    MarkFailed,
    MarkProcessed,
    MarkProcessing,
    RecordTurn,
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
    UserCreated,
    UserDeleted,
    UserErased,
    UserTierChanged,
    UserUpdated,
)
from models.conversations.write import (
    conversation_sessions,
    conversation_turns,
    documents,
    face_models,
    users,
    voice_models,
)
from tasks.conversations import model_commands as model_commands
from tasks.conversations.passwords import hashed
from tasks.conversations.rights import admins, engine, own, processors, registers, staff
from worker import LoadRows, State, Work, command, lock, read
from worker.contracts.personal import digest
from worker.contracts.tables import named


# ---------------------------------------------------------------------------------- users
@command(
    "user.create",
    CreateUser,
    may_send=registers,
    emits=(UserCreated,),
    secret=("password",),
    prepare=hashed,
    needs=lambda c: (read(users, c.user_id), read(users, email_digest=digest(c.email))),
)
def create_user(c: CreateUser, state: State, work: Work) -> dict[str, Any]:
    """Registers a user."""
    event = rules.create_user(
        c,
        existing=state.get(users, c.user_id),
        same_email=state.first(users, email_digest=digest(c.email)),
        now=state.now,
    )
    work.insert(users, named(users, event, email_digest=digest(c.email), password_hash=c.password))
    work.emit(f"user-{c.user_id}", event)
    return {"user_id": c.user_id}


def _update_needs(c: UpdateUser) -> tuple[LoadRows, ...]:
    user = lock(users, c.user_id)
    return (user,) if c.email is None else (user, read(users, email_digest=digest(c.email)))


@command("user.update", UpdateUser, may_send=own, emits=(UserUpdated,), needs=_update_needs)
def update_user(c: UpdateUser, state: State, work: Work) -> dict[str, Any]:
    """Changes a user's name or e-mail address."""
    same_email = None if c.email is None else state.first(users, email_digest=digest(c.email))
    user = state.get(users, c.user_id)
    event = rules.update_user(c, user=user, same_email=same_email, now=state.now)
    changes = {"email": event.email, "name": event.name}
    if c.email is not None:
        changes["email_digest"] = digest(c.email)
    work.update(users, c.user_id, **changes)
    work.emit(f"user-{c.user_id}", event)
    return {"user_id": c.user_id}


@command(
    "user.change_tier",
    ChangeTier,
    may_send=staff,
    emits=(UserTierChanged,),
    needs=lambda c: (lock(users, c.user_id),),
)
def change_tier(c: ChangeTier, state: State, work: Work) -> dict[str, Any]:
    """Puts a user on another subscription tier."""
    event = rules.change_tier(c, user=state.get(users, c.user_id), now=state.now)
    work.update(users, c.user_id, subscription_tier=event.subscription_tier)
    work.emit(f"user-{c.user_id}", event)
    return {"user_id": c.user_id, "subscription_tier": event.subscription_tier}


@command(
    "user.delete",
    DeleteUser,
    may_send=own,
    emits=(UserDeleted,),
    needs=lambda c: (lock(users, c.user_id),),
)
def delete_user(c: DeleteUser, state: State, work: Work) -> dict[str, Any]:
    """Deletes a user; his row stays, with who did it and when."""
    by, user = work.actor.name, state.get(users, c.user_id)
    event = rules.delete_user(c, user=user, by=by, now=state.now)
    work.update(users, c.user_id, deleted_at=event.deleted_at, deleted_by=event.deleted_by)
    work.emit(f"user-{c.user_id}", event)
    return {"user_id": c.user_id, "deleted_at": event.deleted_at}


@command(
    "user.erase",
    EraseUser,
    may_send=lambda actor, c: admins(actor) or actor.name == f"user:{c.user_id}",
    emits=(UserErased,),
    needs=lambda c: (lock(users, c.user_id),),
)
def erase_user(c: EraseUser, state: State, work: Work) -> dict[str, Any]:
    """Forgets a user: throws the key away that what is personal of his was sealed by."""
    by, user = work.actor.name, state.get(users, c.user_id)
    event = rules.erase_user(c, user=user, by=by, now=state.now)
    work.update(
        users,
        c.user_id,
        email_digest=None,
        password_hash=None,
        erased_at=event.erased_at,
        deleted_at=event.deleted_at,
        deleted_by=event.deleted_by,
    )
    work.forget(c.user_id)
    work.emit(f"user-{c.user_id}", event)
    return {"user_id": c.user_id, "erased_at": event.erased_at}


# ---------------------------------------------------------------------------------- documents
@command(
    "document.upload",
    UploadDocument,
    may_send=own,
    emits=(DocumentUploaded,),
    needs=lambda c: (lock(users, c.user_id), read(documents, c.document_id)),
)
def upload_document(c: UploadDocument, state: State, work: Work) -> dict[str, Any]:
    """Takes a document in."""
    event = rules.upload_document(
        c,
        user=state.get(users, c.user_id),
        document=state.get(documents, c.document_id),
        now=state.now,
    )
    work.insert(documents, named(documents, event))
    work.emit(f"document-{c.document_id}", event)
    return {"document_id": c.document_id, "status": DocumentStatus.UPLOADED}


@command(
    "document.mark_processing",
    MarkProcessing,
    may_send=processors,
    emits=(DocumentProcessingStarted,),
    needs=lambda c: (lock(documents, c.document_id),),
)
def mark_processing(c: MarkProcessing, state: State, work: Work) -> dict[str, Any]:
    """Notes that a document is being processed."""
    event = rules.mark_processing(c, document=state.get(documents, c.document_id), now=state.now)
    return _moved(work, event, DocumentStatus.PROCESSING, processing_at=event.processing_at)


@command(
    "document.mark_processed",
    MarkProcessed,
    may_send=processors,
    emits=(DocumentProcessed,),
    needs=lambda c: (lock(documents, c.document_id),),
)
def mark_processed(c: MarkProcessed, state: State, work: Work) -> dict[str, Any]:
    """Notes that a document has been processed."""
    event = rules.mark_processed(c, document=state.get(documents, c.document_id), now=state.now)
    return _moved(work, event, DocumentStatus.PROCESSED, processed_at=event.processed_at)


@command(
    "document.mark_failed",
    MarkFailed,
    may_send=processors,
    emits=(DocumentFailed,),
    needs=lambda c: (lock(documents, c.document_id),),
)
def mark_failed(c: MarkFailed, state: State, work: Work) -> dict[str, Any]:
    """Notes that a document could not be processed, and why."""
    event = rules.mark_failed(c, document=state.get(documents, c.document_id), now=state.now)
    return _moved(work, event, DocumentStatus.FAILED, failed_at=event.failed_at, error=event.error)


@command(
    "document.delete",
    DeleteDocument,
    may_send=own,
    emits=(DocumentDeleted,),
    needs=lambda c: (lock(documents, c.document_id),),
)
def delete_document(c: DeleteDocument, state: State, work: Work) -> dict[str, Any]:
    """Deletes a document; its row stays."""
    by, document = work.actor.name, state.get(documents, c.document_id)
    event = rules.delete_document(c, document=document, by=by, now=state.now)
    work.update(documents, c.document_id, deleted_at=event.deleted_at, deleted_by=by)
    work.emit(f"document-{c.document_id}", event)
    return {"document_id": c.document_id, "deleted_at": event.deleted_at}


def _moved(
    work: Work,
    event: DocumentProcessingStarted | DocumentProcessed | DocumentFailed,
    status: DocumentStatus,
    **times: Any,
) -> dict[str, Any]:
    """A document one step on. What an attempt before it came to is over."""
    again = {"failed_at": None, "error": None} if status is DocumentStatus.PROCESSING else {}
    work.update(documents, event.document_id, status=status, **(again | times))
    work.emit(f"document-{event.document_id}", event)
    return {"document_id": event.document_id, "status": status}


# ---------------------------------------------------------------------------------- sessions
@command(
    "conversation.start",
    StartConversation,
    may_send=own,
    emits=(ConversationStarted,),
    needs=lambda c: (
        lock(users, c.user_id),
        read(voice_models, user_id=c.user_id),
        read(face_models, user_id=c.user_id),
        read(conversation_sessions, c.session_id),
    ),
)
def start_conversation(c: StartConversation, state: State, work: Work) -> dict[str, Any]:
    """Begins a session with the models that are active."""
    event = rules.start_conversation(
        c,
        user=state.get(users, c.user_id),
        session=state.get(conversation_sessions, c.session_id),
        voice_models=state.find(voice_models, user_id=c.user_id),
        face_models=state.find(face_models, user_id=c.user_id),
        now=state.now,
    )
    session = named(conversation_sessions, event, last_activity_at=event.started_at)
    work.insert(conversation_sessions, session)
    work.emit(f"conversation-{c.session_id}", event)
    return {"session_id": c.session_id}


@command(
    "conversation.record_turn",
    RecordTurn,
    may_send=own,
    emits=(ConversationTurnRecorded,),
    needs=lambda c: (
        read(users, c.user_id),
        lock(conversation_sessions, c.session_id),
        read(conversation_turns, c.turn_id),
    ),
)
def record_turn(c: RecordTurn, state: State, work: Work) -> dict[str, Any]:
    """Adds a turn to a session."""
    event = rules.record_turn(
        c,
        user=state.get(users, c.user_id),
        session=state.get(conversation_sessions, c.session_id),
        turn=state.get(conversation_turns, c.turn_id),
        now=state.now,
    )
    work.insert(conversation_turns, named(conversation_turns, event))
    counted = {"turn_count": event.number, "last_activity_at": event.recorded_at}
    work.update(conversation_sessions, c.session_id, **counted)
    work.emit(f"conversation-{c.session_id}", event)
    return {"session_id": c.session_id, "turn_id": c.turn_id, "number": event.number}


@command(
    "conversation.end",
    EndConversation,
    may_send=own,
    emits=(ConversationEnded,),
    needs=lambda c: (lock(conversation_sessions, c.session_id),),
)
def end_conversation(c: EndConversation, state: State, work: Work) -> dict[str, Any]:
    """Ends a session."""
    session = state.get(conversation_sessions, c.session_id)
    return _ended(work, rules.end_conversation(c, session=session, now=state.now))


@command(
    "conversation.end_if_silent",
    EndIfSilent,
    may_send=engine,
    emits=(ConversationEnded, ConversationWatched),
    needs=lambda c: (lock(conversation_sessions, c.session_id),),
)
def end_if_silent(c: EndIfSilent, state: State, work: Work) -> dict[str, Any]:
    """Ends a session in which nobody has spoken for long; else has it watched on."""
    session = state.get(conversation_sessions, c.session_id)
    event = rules.end_if_silent(c, session=session, now=state.now)
    if isinstance(event, ConversationEnded):
        return _ended(work, event)
    work.update(conversation_sessions, c.session_id, watch_id=event.watch_id)
    work.emit(f"conversation-{c.session_id}", event)
    return {"session_id": c.session_id, "watch_id": event.watch_id}


def _ended(work: Work, event: ConversationEnded) -> dict[str, Any]:
    ended = {"ended_at": event.ended_at, "end_reason": event.reason}
    work.update(conversation_sessions, event.session_id, **ended)
    work.emit(f"conversation-{event.session_id}", event)
    return {"session_id": event.session_id, "reason": event.reason}
