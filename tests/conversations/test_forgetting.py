"""Forgotten: what was personal of a user is readable nowhere, and everything else goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import redis as redis_py

from models.conversations.read import Turn
from tasks.conversations import queries
from tests.conversations.agreement import PROJECTIONS, agree, shown, unchanged_by_a_rebuild
from tests.conversations.support import ADMIN, Service, as_, done, run, user
from worker import Answer, Page
from worker.commands.secrets import has_secrets
from worker.commands.settling import mark_dead
from worker.contracts import Envelope, uuid7
from worker.contracts.personal import ERASED
from worker.rebuild import rebuild

NAME, EMAIL, SAID, FILE = "Grace Hopper", "grace@navy.example", "my dog is Rex", "diary.txt"
TELLING = (NAME, EMAIL, SAID, FILE)


def everything(service: Service, redis: redis_py.Redis) -> Iterator[tuple[str, str]]:
    """Every row of every table and view, and every value in the cache, as text."""
    tables = service.rows(
        "SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_class AS c"
        "  JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'm') AND n.nspname IN ('command', 'query', 'cqrs')"
    )
    for (table,) in tables:
        for (row,) in service.rows(f"SELECT t::text FROM {table} AS t"):
            yield table, row
    for key in redis.scan_iter():
        value = redis.dump(key) or b""
        yield "cache", value.decode("utf-8", "replace")


def history(session: UUID, user_id: UUID) -> Answer[Page[Turn]]:
    """What was said in a session."""
    return queries.conversation_history.ask(session_id=session, user_id=user_id)


def test_what_is_personal_stands_nowhere_in_clear_and_is_gone_with_its_key(
    service: Service, redis: redis_py.Redis
) -> None:
    grace = service.user(name=NAME, email=EMAIL)
    other = service.user(name="Alan Turing", email="alan@example.org")
    service.document(grace, name=FILE)
    service.document(other, name="apple.txt")
    session = service.session(grace, SAID)
    run("user.update", user_id=grace, email="alan@example.org")  # refused: it is another's
    run("user.create", email="not an address", password="x" * 9, name=NAME)
    service.catch_up()
    with as_(user(grace)):
        assert queries.get_profile.ask(user_id=grace).data.name == NAME  # type: ignore[union-attr]
        assert [t.text for t in history(session, grace).data] == [SAID]
        assert history(session, grace).from_cache
        (document,) = queries.list_documents.ask(user_id=grace).data
        assert document.name == FILE
    told = [(where, word) for where, row in everything(service, redis)
            for word in TELLING if word in row]  # fmt: skip
    assert told == []

    done("user.erase", user(grace), user_id=grace)

    with as_(user(grace)):
        (said,) = history(session, grace).data  # kept, and opened by nobody
        assert said.text == ERASED
    service.catch_up()
    with as_(ADMIN):
        people = {row.user_id: row for row in queries.list_users.ask().data}
        assert (people[grace].name, people[grace].email) == (ERASED, ERASED)
        assert people[other].name == "Alan Turing"
        assert queries.get_profile.ask(user_id=grace).data is None
        (document,) = queries.list_documents.ask(user_id=grace).data
        assert document.name == ERASED
    assert service.rows(
        "SELECT key FROM cqrs.subject_keys WHERE subject = %(s)s", s=str(grace)
    ) == [(None,)]


def test_a_dead_command_and_a_message_that_cannot_be_read_keep_nothing_personal(
    service: Service,
) -> None:
    turn = {"user_id": str(uuid7()), "session_id": str(uuid7()), "text": SAID}
    assert mark_dead(Envelope(uuid7(), "conversation.record_turn", turn), "?").status == "dead"
    ((kept,),) = service.rows("SELECT payload::text FROM cqrs.dead_commands")
    assert "was not kept" in kept
    assert turn["user_id"] in kept
    assert SAID not in kept
    assert has_secrets("conversation.record_turn")  # else its first bytes would be kept


def test_rebuilds_after_it_work_and_find_nothing_changed(service: Service) -> None:
    grace = service.user(name=NAME)
    service.session(grace, SAID)
    done("user.erase", user_id=grace)
    service.catch_up()
    agree(service.system)
    unchanged_by_a_rebuild(service.system)
    before = {name: shown(service.system, name.split(".")[1]) for name in PROJECTIONS}
    for name in PROJECTIONS:
        rebuild(name)
    after = {name: shown(service.system, name.split(".")[1]) for name in PROJECTIONS}
    assert after == before


def test_who_was_forgotten_gets_no_key_again(service: Service) -> None:
    grace = service.user()
    done("user.erase", user_id=grace)
    again = run("user.create", user_id=grace, email=EMAIL, password="x" * 9, name=NAME)
    assert again.error == f"the personal data of this subject was erased (subject {grace})"
    assert run("user.erase", user_id=grace).status == "rejected"
    assert service.rows("SELECT count(key), count(*) FROM cqrs.subject_keys") == [(0, 1)]


def test_the_address_of_who_was_forgotten_is_free(service: Service) -> None:
    grace = service.user(email=EMAIL)
    taken = {"email": EMAIL, "password": "x" * 9, "name": NAME}
    refused = run("user.create", **taken)
    assert refused.errors == {"email": "is taken"}
    assert NAME not in str(refused)
    done("user.erase", user_id=grace)
    assert run("user.create", **taken).succeeded


def test_a_sealed_value_opens_for_its_own_subject_alone(service: Service) -> None:
    """Who puts another's sealed name into his own field sees what he has put there."""
    grace = service.user(name=NAME)
    ((sealed,),) = service.rows("SELECT name FROM command.users")
    assert re.fullmatch(r"sealed:1:[\w=-]+", sealed)
    eve = service.user(name=sealed[:200])
    with service.system.connect() as connection:
        connection.execute(
            "UPDATE query.user_accounts_v1 SET name = %s WHERE user_id = %s", [sealed, eve]
        )
    service.catch_up()
    with service.system.connect() as connection:
        connection.execute(
            "UPDATE query.user_accounts_v1 SET name = %s WHERE user_id = %s", [sealed, eve]
        )
    with as_(ADMIN):
        people = {row.user_id: row.name for row in queries.list_users.ask().data}
    assert people == {grace: NAME, eve: ERASED}


def test_a_refused_command_leaves_no_key(service: Service) -> None:
    turn = {"text": SAID, "speaker": "user", "latency_ms": 1}
    assert run("conversation.record_turn", user_id=uuid7(), session_id=uuid7(), **turn).errors == {
        "user_id": "is unknown"
    }
    assert service.rows("SELECT * FROM cqrs.subject_keys") == []
