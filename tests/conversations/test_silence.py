"""A session ends by itself when nobody speaks, and not while somebody does."""

from __future__ import annotations

from uuid import UUID

from models.conversations.rules import SILENCE
from tests.conversations.support import Service, done
from worker.reactions import deadlines


def let_time_pass(service: Service, *, silent: bool) -> None:
    """Let the deadlines of watches pass; and, if nobody spoke, the silence."""
    with service.system.connect() as connection:
        connection.execute("UPDATE cqrs.sagas SET due_at = now() WHERE due_at IS NOT NULL")
        if silent:
            connection.execute(
                "UPDATE command.conversation_sessions SET started_at = started_at - %(s)s,"
                " last_activity_at = last_activity_at - %(s)s",
                {"s": SILENCE},
            )
    deadlines.notice()
    service.catch_up()


def ends(service: Service) -> list[tuple[UUID, str | None]]:
    """The sessions, and why they ended."""
    return service.rows(
        "SELECT session_id, end_reason FROM command.conversation_sessions ORDER BY 1"
    )


def test_a_silent_session_ends_at_the_first_look(service: Service) -> None:
    session = service.session(service.user(), "hello?")
    service.catch_up()
    assert service.rows("SELECT count(*) FROM cqrs.sagas WHERE due_at > now()") == [(1,)]
    let_time_pass(service, silent=True)
    assert ends(service) == [(session, "silence")]
    assert service.rows("SELECT end_reason FROM query.session_summaries") == [("silence",)]


def test_a_session_in_which_somebody_speaks_is_watched_on(service: Service) -> None:
    session = service.session(service.user(), "hello")
    service.catch_up()
    for _ in range(2):
        let_time_pass(service, silent=False)
        assert ends(service) == [(session, None)]
    let_time_pass(service, silent=True)
    assert ends(service) == [(session, "silence")]
    assert service.rows("SELECT count(*) FROM cqrs.sagas WHERE due_at IS NOT NULL") == [(0,)]


def test_a_session_that_was_ended_is_not_ended_again(service: Service) -> None:
    ada = service.user()
    session = service.session(ada, "bye")
    service.catch_up()
    done("conversation.end", user_id=ada, session_id=session)
    service.catch_up()
    assert service.rows("SELECT count(*) FROM cqrs.sagas WHERE due_at IS NOT NULL") == [(0,)]
    let_time_pass(service, silent=True)
    assert ends(service) == [(session, "asked")]
