"""The write models, in the order in which every batch locks them: the user first.

`sql/command/` creates them, with the constraints that stand behind the rules.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(schema="command", info={"domain": "conversations"})

_time = sa.DateTime(timezone=True)


def _deleted() -> tuple[sa.Column[object], sa.Column[object]]:
    """Who deleted a row, and when."""
    return sa.Column("deleted_at", _time), sa.Column("deleted_by", sa.Text)


def _models(name: str) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("model_id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("command.users.user_id"), nullable=False),
        sa.Column("status", sa.Text, nullable=False, default="ready"),
        sa.Column("active", sa.Boolean, nullable=False, default=False),
        sa.Column("quality", sa.Numeric(5, 4), nullable=False),
        sa.Column("registered_at", _time, nullable=False),
        sa.Column("activated_at", _time),
        *_deleted(),
        sa.Index(f"{name}_of_user", "user_id"),
        sa.Index(f"{name}_one_active", "user_id", unique=True, postgresql_where=sa.text("active")),
    )


users = sa.Table(
    "users",
    metadata,
    sa.Column("user_id", sa.Uuid, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("email_digest", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text),
    sa.Column("subscription_tier", sa.Text, nullable=False),
    sa.Column("created_at", _time, nullable=False),
    sa.Column("erased_at", _time),
    *_deleted(),
    sa.UniqueConstraint("email_digest", name="users_email_once"),
)

voice_models = _models("voice_models")
face_models = _models("face_models")

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("document_id", sa.Uuid, primary_key=True),
    sa.Column("user_id", sa.Uuid, sa.ForeignKey(users.c.user_id), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("content_type", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False, default="uploaded"),
    sa.Column("error", sa.Text),
    sa.Column("uploaded_at", _time, nullable=False),
    sa.Column("processing_at", _time),
    sa.Column("processed_at", _time),
    sa.Column("failed_at", _time),
    *_deleted(),
    sa.Index("documents_of_user", "user_id"),
)

conversation_sessions = sa.Table(
    "conversation_sessions",
    metadata,
    sa.Column("session_id", sa.Uuid, primary_key=True),
    sa.Column("user_id", sa.Uuid, sa.ForeignKey(users.c.user_id), nullable=False),
    sa.Column("voice_model_id", sa.Uuid, sa.ForeignKey(voice_models.c.model_id)),
    sa.Column("face_model_id", sa.Uuid, sa.ForeignKey(face_models.c.model_id)),
    sa.Column("turn_count", sa.Integer, nullable=False, default=0),
    sa.Column("started_at", _time, nullable=False),
    sa.Column("last_activity_at", _time, nullable=False),
    sa.Column("watch_id", sa.Uuid),
    sa.Column("ended_at", _time),
    sa.Column("end_reason", sa.Text),
    sa.Index("conversation_sessions_of_user", "user_id"),
    sa.Index("conversation_sessions_of_voice", "voice_model_id"),
    sa.Index("conversation_sessions_of_face", "face_model_id"),
)

conversation_turns = sa.Table(
    "conversation_turns",
    metadata,
    sa.Column("turn_id", sa.Uuid, primary_key=True),
    sa.Column(
        "session_id", sa.Uuid, sa.ForeignKey(conversation_sessions.c.session_id), nullable=False
    ),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("speaker", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("latency_ms", sa.Integer, nullable=False),
    sa.Column("cost", sa.Numeric(14, 6), nullable=False),
    sa.Column("recorded_at", _time, nullable=False),
    sa.UniqueConstraint("session_id", "number", name="conversation_turns_number_once"),
)
