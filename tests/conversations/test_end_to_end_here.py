"""A user's life, in this process."""

from __future__ import annotations

from tasks.conversations import queries
from tests.conversations.support import Service, as_, user


def test_what_was_done_is_shown(service: Service) -> None:
    ada = service.user()
    voice = service.model("voice", ada)
    session = service.session(ada, "hello", "good day")
    service.document(ada)
    service.catch_up()
    with as_(user(ada)):
        profile = queries.get_profile.ask(user_id=ada).data
        turns = queries.conversation_history.ask(session_id=session, user_id=ada).data
    assert profile is not None
    assert (profile.name, profile.email) == ("Ada Byron", f"{ada}@example.org")
    assert profile.active_voice_model == {"model_id": str(voice), "quality": "0.9000"}
    assert [turn.text for turn in turns] == ["hello", "good day"]
