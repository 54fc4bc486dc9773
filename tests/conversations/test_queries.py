"""Questions: own data only, kept until an event that matters, and never another user's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import redis as redis_py

from models.conversations.events import DocumentStatus
from tasks.conversations import queries
from tests.conversations.support import ADMIN, PROCESSOR, Service, as_, done, user
from worker import Answer, NotAllowed
from worker.contracts import uuid7

Asked = Callable[[], Answer[Any]]


@pytest.fixture
def ada(service: Service, redis: redis_py.Redis) -> UUID:
    """A user who has one of each."""
    user_id = service.user()
    service.model("voice", user_id)
    service.model("face", user_id)
    return user_id


def test_answers_are_kept_until_an_event_that_matters(service: Service, ada: UUID) -> None:
    session = service.session(ada, "hello")
    document = service.document(ada)
    mark = {"actor": PROCESSOR, "document_id": document}
    asked: list[tuple[Asked, Callable[[], Any]]] = [
        (
            lambda: queries.get_profile.ask(user_id=ada),
            lambda: done("user.update", user_id=ada, name="Countess"),
        ),
        (
            lambda: queries.list_users.ask(),
            lambda: done("user.change_tier", user_id=ada, subscription_tier="pro"),
        ),
        (
            lambda: queries.user_statistics.ask(),
            lambda: done("user.change_tier", user_id=ada, subscription_tier="enterprise"),
        ),
        (
            lambda: queries.list_documents.ask(user_id=ada, status=DocumentStatus.UPLOADED),
            lambda: done("document.mark_processing", PROCESSOR, document_id=mark["document_id"]),
        ),
        (
            lambda: queries.conversation_history.ask(session_id=session, user_id=ada),
            lambda: service.say(ada, session, "more"),
        ),
        (
            lambda: queries.session_summary.ask(session_id=session, user_id=ada),
            lambda: done("conversation.end", user_id=ada, session_id=session),
        ),
        (
            lambda: queries.list_conversations.ask(user_id=ada),
            lambda: service.session(ada),
        ),
        (
            lambda: queries.voice_model_summaries.ask(user_id=ada),
            lambda: service.model("voice", ada),
        ),
        (
            lambda: queries.face_model_summaries.ask(user_id=ada),
            lambda: service.model("face", ada),
        ),
    ]
    service.catch_up()
    with as_(ADMIN):
        for ask, matters in asked:
            first, second = ask(), ask()
            assert (first.from_cache, second.from_cache) == (False, True)
            assert first.data == second.data
            matters()
            service.catch_up()
            after = ask()
            assert not after.from_cache
            assert after.data != first.data


def test_what_does_not_matter_leaves_an_answer_where_it_is(service: Service, ada: UUID) -> None:
    session, other = service.session(ada, "hello"), service.user()
    service.catch_up()
    with as_(user(ada)):
        queries.conversation_history.ask(session_id=session, user_id=ada)
        service.session(other, "nothing of hers")
        service.catch_up()
        assert queries.conversation_history.ask(session_id=session, user_id=ada).from_cache


def test_nobody_is_shown_what_is_anothers(service: Service, ada: UUID) -> None:
    session, eve = service.session(ada, "a secret"), service.user()
    service.document(ada)
    service.catch_up()
    theirs: list[Asked] = [
        lambda: queries.get_profile.ask(user_id=ada),
        lambda: queries.list_documents.ask(user_id=ada),
        lambda: queries.list_conversations.ask(user_id=ada),
        lambda: queries.session_summary.ask(session_id=session, user_id=ada),
        lambda: queries.conversation_history.ask(session_id=session, user_id=ada),
        lambda: queries.voice_model_summaries.ask(user_id=ada),
        lambda: queries.face_model_summaries.ask(user_id=ada),
        lambda: queries.list_users.ask(),
        lambda: queries.user_statistics.ask(),
    ]
    with as_(user(ada)):
        for ask in theirs[:7]:
            assert ask().data
    with as_(user(eve)):
        for ask in theirs:
            with pytest.raises(NotAllowed):
                ask()
        # in her own name, she finds nothing of another's session
        assert queries.session_summary.ask(session_id=session, user_id=eve).data is None
        assert queries.conversation_history.ask(session_id=session, user_id=eve).data == []


def test_a_history_comes_in_pages(service: Service) -> None:
    ada = service.user()
    session = service.session(ada, *(f"line {n}" for n in range(5)))
    service.catch_up()
    told: list[str] = []
    cursor: str | None = None
    with as_(user(ada)):
        for _ in range(3):
            page = queries.conversation_history.ask(
                session_id=session, user_id=ada, limit=2, cursor=cursor, total=True
            ).data
            told += [turn.text for turn in page]
            cursor = page.next
            assert page.total == 5
    assert (told, cursor) == ([f"line {n}" for n in range(5)], None)


def test_who_is_not_there_is_none(service: Service, ada: UUID) -> None:
    nobody = uuid7()
    with as_(ADMIN):
        assert queries.get_profile.ask(user_id=nobody).data is None
        assert queries.list_documents.ask(user_id=nobody).data == []
        done("user.delete", user_id=ada)
        service.catch_up()
        assert queries.get_profile.ask(user_id=ada).data is None
    ((at, by),) = service.rows("SELECT deleted_at, deleted_by FROM command.users")
    assert (at is not None, by) == (True, "root")
