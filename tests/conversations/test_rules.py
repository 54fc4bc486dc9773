"""The rules and the rights without any server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from models.conversations import write
from models.conversations.events import ConversationEnded, ConversationWatched
from models.conversations.rules import MOST_TURNS, SILENCE
from tasks.conversations import commands, model_commands
from tests.conversations.support import HASH
from worker import acting_as
from worker.commands.command import CommandTask
from worker.contracts import uuid7
from worker.contracts.personal import digest
from worker.testing import decide
from worker.testing.rules import Decided

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
ADA, EVE, MODEL, OTHER, DOCUMENT, SESSION = (uuid7() for _ in range(6))
Rows = dict[sa.Table, list[Mapping[str, Any]]]


def a_user(user_id: UUID = ADA, **changes: Any) -> Rows:
    """A user who is there."""
    row = {
        "user_id": user_id,
        "email": "ada@example.org",
        "name": "Ada",
        "email_digest": "d",
        "subscription_tier": "free",
        "created_at": NOW,
    }
    return {write.users: [row | changes]}


def a_model(model_id: UUID = MODEL, **changes: Any) -> Mapping[str, Any]:
    row = {"model_id": model_id, "user_id": ADA, "quality": Decimal("0.9"), "registered_at": NOW}
    return row | changes


def a_document(**changes: Any) -> Rows:
    row = {"document_id": DOCUMENT, "user_id": ADA, "name": "a.txt", "uploaded_at": NOW}
    return {write.documents: [row | changes]}


def a_session(**changes: Any) -> Rows:
    row = {"session_id": SESSION, "user_id": ADA, "started_at": NOW, "last_activity_at": NOW}
    return {write.conversation_sessions: [row | changes]}


def refused(command: CommandTask[Any], rows: Rows | None = None, **fields: Any) -> str:
    """Why a command is refused."""
    decided = decide(command, rows=rows or {}, now=NOW, **fields)
    assert decided.refusal is not None
    return str(decided.refusal).partition(" (")[0]


def decided(command: CommandTask[Any], rows: Rows, **fields: Any) -> Decided:
    """What a command comes to that is not refused."""
    found = decide(command, rows=rows, **({"now": NOW} | fields))
    assert found.refusal is None, found.refusal
    return found


GONE = a_user(deleted_at=NOW, deleted_by="root")
OF_ADA = {"user_id": ADA}
A_MODEL = OF_ADA | {"model_id": MODEL}
A_TURN = OF_ADA | {"session_id": SESSION, "text": "hi", "speaker": "user", "latency_ms": 1}
A_FILE = OF_ADA | {"name": "a.txt", "content_type": "text/plain", "size_bytes": 1}


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        (commands.update_user, OF_ADA | {"name": "A"}),
        (commands.change_tier, OF_ADA | {"subscription_tier": "pro"}),
        (commands.delete_user, OF_ADA),
        (commands.upload_document, A_FILE),
        (commands.start_conversation, OF_ADA),
        (commands.record_turn, A_TURN),
        (model_commands.register_voice_model, OF_ADA | {"quality": "0.9"}),
        (model_commands.activate_voice_model, A_MODEL),
        (model_commands.delete_face_model, A_MODEL),
    ],
    ids=lambda value: value.name if isinstance(value, CommandTask) else "",
)
def test_nothing_is_done_for_nobody_and_for_who_is_deleted(
    command: CommandTask[Any], fields: dict[str, Any]
) -> None:
    assert refused(command, **fields) == "no such user"
    assert refused(command, GONE, **fields) == "the user is deleted"
    with acting_as(f"user:{EVE}"):
        assert refused(command, a_user(), **fields) == f"user:{EVE} may not send {command.name}"


def test_a_user_is_new_by_id_and_by_address() -> None:
    new = {"email": "ada@example.org", "name": "Ada", "password": HASH}
    assert refused(commands.create_user, a_user(), user_id=ADA, **new) == "this user exists already"
    taken = a_user(EVE, email_digest=digest("ada@example.org"))
    assert refused(commands.create_user, taken, **new) == "another user has this e-mail address"
    same = a_user(email_digest=digest("ada@example.org"))
    decided(commands.update_user, same, user_id=ADA, email="ada@example.org")


def test_a_tier_that_is_paid_for_is_given_by_staff() -> None:
    new = {"email": "ada@example.org", "name": "Ada", "password": HASH}
    with acting_as("guest"):
        decided(commands.create_user, {}, **new)
        told = refused(commands.create_user, {}, **new, subscription_tier="pro")
        assert told == "guest may not send user.create"
    with acting_as(f"user:{ADA}"):
        told = refused(commands.change_tier, a_user(), **OF_ADA, subscription_tier="pro")
        assert told == f"user:{ADA} may not send user.change_tier"
    with acting_as("clerk", roles=["support"]):
        decided(commands.create_user, {}, **new, subscription_tier="pro")
        decided(commands.change_tier, a_user(), **OF_ADA, subscription_tier="pro")


def test_one_model_is_active_and_the_other_gives_way() -> None:
    models = [a_model(), a_model(OTHER, active=True)]
    found = decided(
        model_commands.activate_voice_model, a_user() | {write.voice_models: models}, **A_MODEL
    )
    assert found.data["replaces"] == str(OTHER)
    (event,) = found.events
    assert event.type == "voice_model.activated"
    rows = a_user() | {write.voice_models: [a_model(active=True)]}
    assert refused(model_commands.activate_voice_model, rows, **A_MODEL) == (
        "the model is active already"
    )
    rows = a_user() | {write.voice_models: [a_model(status="deleted")]}
    assert refused(model_commands.activate_voice_model, rows, **A_MODEL) == "the model is deleted"
    rows = a_user() | {write.voice_models: [a_model(user_id=EVE)]}
    assert refused(model_commands.activate_voice_model, rows, **A_MODEL) == "no such model"


def test_a_document_goes_from_state_to_state() -> None:
    late = "the document is not so far, or further"
    of = {"document_id": DOCUMENT}
    decided(commands.mark_processing, a_document(), **of)
    decided(commands.mark_processing, a_document(status="failed"), **of)
    assert refused(commands.mark_processing, a_document(status="processing"), **of) == late
    assert refused(commands.mark_processed, a_document(), **of) == late
    decided(commands.mark_processed, a_document(status="processing"), **of)
    assert refused(commands.mark_failed, a_document(), **of, error="x") == late
    gone = a_document(deleted_at=NOW)
    assert refused(commands.mark_processing, gone, **of) == "the document is deleted"
    assert refused(commands.delete_document, a_document(), **of, user_id=EVE) == "no such document"
    with acting_as(f"user:{ADA}"):
        told = refused(commands.mark_processing, a_document(), **of)
    assert told == f"user:{ADA} may not send document.mark_processing"


def test_a_session_takes_turns_until_it_ends() -> None:
    found = decided(commands.record_turn, a_user() | a_session(turn_count=4), **A_TURN)
    assert found.data["number"] == 5
    over = a_user() | a_session(ended_at=NOW)
    assert refused(commands.record_turn, over, **A_TURN) == "the session has ended"
    others = a_user() | a_session(user_id=EVE)
    assert refused(commands.record_turn, others, **A_TURN) == "no such session"
    long = a_user() | a_session(turn_count=MOST_TURNS)
    assert refused(commands.record_turn, long, **A_TURN) == "the session is too long"


@pytest.mark.parametrize(
    ("passed", "kind"),
    [(timedelta(), ConversationEnded), (-timedelta(microseconds=1), ConversationWatched)],
)
def test_silence_ends_a_session_and_a_word_in_time_does_not(
    passed: timedelta, kind: type[Any]
) -> None:
    found = decided(
        commands.end_if_silent, a_session(), session_id=SESSION, now=NOW + SILENCE + passed
    )
    (event,) = found.events
    assert isinstance(event, kind)
    with acting_as("user:x", roles=["admin"]):
        told = refused(commands.end_if_silent, a_session(), session_id=SESSION)
    assert told == "user:x may not send conversation.end_if_silent"
