"""The read models of conversations: accounts, session summaries, turns.

An account collects from all that its user does, so that no other stream's order is needed: its
figures are sums, and what must come one after the other (the active model) is decided while the
user's row is locked.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from models.conversations import read
from models.conversations.events import (
    ConversationEnded,
    ConversationStarted,
    ConversationTurnRecorded,
    DocumentDeleted,
    DocumentUploaded,
    FaceModelActivated,
    FaceModelDeleted,
    FaceModelRegistered,
    UserCreated,
    UserDeleted,
    UserErased,
    UserTierChanged,
    UserUpdated,
    VoiceModelActivated,
    VoiceModelDeleted,
    VoiceModelRegistered,
)
from worker import Row, StoredEvent, picked, projection, row_from, there

DAYS = 30
_CENT = Decimal("0.01")

user_accounts = projection(
    "conversations.user_accounts",
    read.user_accounts,
    tags=lambda row: ("users", f"user:{row['user_id']}"),
    purpose="one row a user: who he is, his active models, what he has used",
)
session_summaries = projection(
    "conversations.session_summaries",
    read.session_summaries,
    tags=lambda row: (f"session:{row['session_id']}", f"sessions-of:{row['user_id']}"),
    by_stream=True,
    purpose="one row a session: its turns, latencies and cost",
)
session_turns = projection(
    "conversations.session_turns",
    read.session_turns,
    tags=lambda row: (f"turns-of:{row['session_id']}",),
    by_stream=True,
    purpose="one row a turn: who said what",
)


# ---------------------------------------------------------------------------------- accounts
@user_accounts.on(UserCreated)
def _(row: Row | None, event: StoredEvent) -> Row:
    return row_from(
        read.user_accounts,
        event,
        voice_models=0,
        face_models=0,
        documents=0,
        sessions=0,
        turns=0,
        total_cost="0.000000",
        session_days={},
    )


@user_accounts.on(UserUpdated)
def _(row: Row | None, event: StoredEvent) -> Row:
    return there(row, event) | picked(event, "email", "name")


@user_accounts.on(UserTierChanged)
def _(row: Row | None, event: StoredEvent) -> Row:
    return there(row, event) | picked(event, "subscription_tier")


@user_accounts.on(UserDeleted, UserErased)
def _(row: Row | None, event: StoredEvent) -> Row:
    return there(row, event) | picked(event, "deleted_at", "deleted_by")


@user_accounts.on(VoiceModelRegistered)
def _(row: Row | None, event: StoredEvent) -> Row:
    return _counted(row, event, voice_models=1)


@user_accounts.on(FaceModelRegistered)
def _(row: Row | None, event: StoredEvent) -> Row:
    return _counted(row, event, face_models=1)


@user_accounts.on(VoiceModelActivated)
def _(row: Row | None, event: StoredEvent) -> Row:
    return there(row, event) | {"active_voice_model": _active(event)}


@user_accounts.on(FaceModelActivated)
def _(row: Row | None, event: StoredEvent) -> Row:
    return there(row, event) | {"active_face_model": _active(event)}


@user_accounts.on(VoiceModelDeleted)
def _(row: Row | None, event: StoredEvent) -> Row:
    row = _counted(row, event, voice_models=-1)
    return row | {"active_voice_model": None} if event.data["was_active"] else row


@user_accounts.on(FaceModelDeleted)
def _(row: Row | None, event: StoredEvent) -> Row:
    row = _counted(row, event, face_models=-1)
    return row | {"active_face_model": None} if event.data["was_active"] else row


@user_accounts.on(DocumentUploaded)
def _(row: Row | None, event: StoredEvent) -> Row:
    return _counted(row, event, documents=1)


@user_accounts.on(DocumentDeleted)
def _(row: Row | None, event: StoredEvent) -> Row:
    return _counted(row, event, documents=-1)


@user_accounts.on(ConversationStarted)
def _(row: Row | None, event: StoredEvent) -> Row:
    started = event.data["started_at"]
    row = _seen(_counted(row, event, sessions=1), started)
    day = datetime.fromisoformat(started).date()
    return row | {"session_days": _recent(row["session_days"], day)}


@user_accounts.on(ConversationTurnRecorded)
def _(row: Row | None, event: StoredEvent) -> Row:
    row = _seen(_counted(row, event, turns=1), event.data["recorded_at"])
    return row | {"total_cost": str(Decimal(row["total_cost"]) + Decimal(event.data["cost"]))}


def _active(event: StoredEvent) -> dict[str, str]:
    return picked(event, "model_id", "quality")


def _counted(row: Row | None, event: StoredEvent, **more: int) -> Row:
    row = there(row, event)
    return row | {name: row[name] + number for name, number in more.items()}


def _seen(row: Row, at: str) -> Row:
    """The row with its latest activity; times of one form, so that their texts compare."""
    last = row["last_activity_at"]
    if last is None or datetime.fromisoformat(last) < datetime.fromisoformat(at):
        return row | {"last_activity_at": at}
    return row


def _recent(days: dict[str, int], day: date) -> dict[str, int]:
    """The counts with one more, those of days that are past counting left out."""
    first = (day - timedelta(days=DAYS - 1)).isoformat()
    kept = {at: count for at, count in days.items() if at >= first}
    return kept | {day.isoformat(): kept.get(day.isoformat(), 0) + 1}


# ---------------------------------------------------------------------------------- sessions
@session_summaries.on(ConversationStarted)
def _(row: Row | None, event: StoredEvent) -> Row:
    return row_from(
        read.session_summaries,
        event,
        last_activity_at=event.data["started_at"],
        turns=0,
        user_turns=0,
        clone_turns=0,
        latency_total_ms=0,
        total_cost="0.000000",
    )


@session_summaries.on(ConversationTurnRecorded)
def _(row: Row | None, event: StoredEvent) -> Row:
    data = event.data
    row = _counted(row, event, turns=1, **{f"{data['speaker']}_turns": 1})
    total, longest = row["latency_total_ms"] + data["latency_ms"], row["longest_latency_ms"]
    average = (Decimal(total) / row["turns"]).quantize(_CENT, ROUND_HALF_UP)
    return row | {
        "last_activity_at": data["recorded_at"],
        "latency_total_ms": total,
        "average_latency_ms": str(average),
        "longest_latency_ms": max(longest or 0, data["latency_ms"]),
        "total_cost": str(Decimal(row["total_cost"]) + Decimal(data["cost"])),
    }


@session_summaries.on(ConversationEnded)
def _(row: Row | None, event: StoredEvent) -> Row:
    row, ended = there(row, event), event.data["ended_at"]
    lasted = datetime.fromisoformat(ended) - datetime.fromisoformat(row["started_at"])
    seconds = Decimal(lasted // timedelta(microseconds=1)) / 1_000_000
    return row | {
        "ended_at": ended,
        "end_reason": event.data["reason"],
        "duration_seconds": str(seconds.quantize(Decimal("0.000001"))),
    }


@session_turns.on(ConversationTurnRecorded)
def _(row: Row | None, event: StoredEvent) -> Row:
    return row_from(read.session_turns, event)
