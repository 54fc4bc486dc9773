"""The conversations domain as it is stored: users, their voice and face models and documents, and
the sessions in which they speak with their clone, turn by turn.

What says who somebody is, or what he has said, is personal: it is sealed in every table and event
(worker/base/personal.py) and opened for whoever may ask. `user.erase` throws the key away.
"""

WRITE_OBJECTS = (
    "users",
    "voice_models",
    "face_models",
    "documents",
    "conversation_sessions",
    "conversation_turns",
)
"""Files of `sql/command/`: one table each, with its indexes and its audit."""

MATERIALIZED_VIEWS = (
    "user_profile_view",
    "conversation_session_summary_view",
    "document_summary_view",
    "user_statistics_view",
    "voice_model_summary_view",
    "face_model_summary_view",
)
"""Files of `sql/query/`: one materialized view over the write tables each."""
