"""The conversation service through real workers; and a password that is looked for everywhere."""

from __future__ import annotations

import base64
import json
import re
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import redis as redis_py

from models.conversations.events import Speaker
from tasks.conversations import commands as c
from tasks.conversations import model_commands as m
from tasks.conversations import queries
from tests.conftest import Database
from tests.conversations.agreement import agree
from tests.conversations.support import ADMIN, PROCESSOR, as_, user
from tests.processes.test_flower import _request
from tests.processes.test_flower import flower as flower  # a fixture
from tests.support.workers import Workers, until
from worker import CommandResult, Receipt, app, get_settings
from worker.commands.settling import mark_dead
from worker.contracts import Envelope, uuid7
from worker.contracts.personal import ERASED
from worker.ops.supervisor import Flower
from worker.testing import System

PASSWORD = "open-sesame-1001-nights"


def settled(handle: CommandResult) -> Receipt:
    """The receipt of what took effect."""
    receipt = handle.receipt(timeout=30)
    assert receipt.succeeded, receipt.error
    return receipt


def test_a_users_life_through_workers(database: Database, workers: Workers) -> None:
    workers.start()
    workers.start_beat()  # it wakes who runs what SQL has enqueued
    ada = uuid7()
    settled(
        c.create_user.delay(
            user_id=ada, name="Ada Byron", email="ada@example.org", password=PASSWORD
        )
    )
    with as_(user(ada)):
        model = settled(m.register_voice_model.delay(user_id=ada, quality=Decimal("0.9"))).data[
            "model_id"
        ]
        settled(m.activate_voice_model.delay(user_id=ada, model_id=UUID(model)))
        uploaded = c.upload_document.delay(
            user_id=ada, name="a.txt", content_type="text/plain", size_bytes=10
        )
        document = UUID(settled(uploaded).data["document_id"])
        session = UUID(settled(c.start_conversation.delay(user_id=ada)).data["session_id"])
        turn = settled(
            c.record_turn.delay(
                user_id=ada, session_id=session, speaker=Speaker.USER, text="hi", latency_ms=20
            )
        )
        end = settled(c.end_conversation.delay(user_id=ada, session_id=session))
        profile = queries.get_profile.ask(user_id=ada, after=turn, timeout=20).data
        assert profile is not None
        assert (profile.name, profile.turns) == ("Ada Byron", 1)
        assert profile.active_voice_model == {"model_id": model, "quality": "0.9000"}
        summary = queries.session_summary.ask(session_id=session, user_id=ada, after=end).data
        assert summary is not None
        assert (summary.turns, summary.end_reason) == (1, "asked")
    with as_(PROCESSOR):
        settled(c.mark_processing.delay(document_id=document))
        settled(c.mark_processed.delay(document_id=document))
    system = System(database.name, database.url)
    ((refresh,),) = system.rows("SELECT cqrs.refresh_all_materialized_views()")
    settled(CommandResult(str(refresh)))
    agree(system)
    with as_(ADMIN):
        gone = settled(c.erase_user.delay(user_id=ada))
        (row,) = queries.list_users.ask(after=gone, timeout=20).data
        assert (row.name, row.email) == (ERASED, ERASED)


def test_a_password_is_in_no_message_table_log_or_page_of_ours(
    database: Database, workers: Workers, redis: redis_py.Redis, flower: Flower
) -> None:
    system = System(database.name, database.url)
    app.control.cancel_consumer("commands")  # so that messages can be looked at while they wait
    until(lambda: "commands" not in _consumed(), 20)
    who = {"name": "Ali", "password": PASSWORD}
    ours = [
        c.create_user.delay(email="1@example.org", name="Ali", password=PASSWORD),
        *c.create_user.delay_many([{"email": "2@example.org", **who}]),
        c.create_user.delay(email="3@example.org", name="Ali", password=PASSWORD),
    ]
    broker = redis_py.Redis.from_url(get_settings().servers.broker)
    until(lambda: len(broker.lrange("commands", 0, -1)) >= 3, 20)
    assert _messages(broker)
    assert not [text for text in _messages(broker) if PASSWORD in text]
    foreign = [str(uuid7()), str(uuid7())]  # the named exception: it comes in plain
    app.send_task("user.create", kwargs={"email": "4@example.org", **who}, task_id=foreign[0])
    app.send_task("user.create", kwargs={"email": "wrong", **who}, task_id=foreign[1])
    app.control.add_consumer("commands")
    handles = [*ours, *map(CommandResult, foreign)]
    ends = [handle.receipt(timeout=30).status for handle in handles]
    assert ends == ["succeeded"] * 4 + ["rejected"]
    dead = Envelope(uuid7(), "user.create", {"email": "5@example.org", **who})
    assert mark_dead(dead, "it failed for good").status == "dead"

    def tasks() -> str:
        with urllib.request.urlopen(_request(flower, "/api/tasks", "GET", True)) as page:
            return str(page.read(), "utf-8")

    until(lambda: all(id_ in tasks() for id_ in foreign), 20)
    places = {
        "flower": [tasks()],
        "tables": list(_rows(system)),
        "redis": [text for url in _urls() for text in _messages(redis_py.Redis.from_url(url))],
        "logs": [worker.log.read_text() for worker in workers._started],
        "receipts": [json.dumps(handle.receipt(timeout=5).to_json()) for handle in handles],
    }
    for place, texts in places.items():
        assert any(texts), place
        assert not [text[:300] for text in texts if PASSWORD in text], place
    hashes = system.rows("SELECT password_hash FROM command.users")
    assert len({hash_ for (hash_,) in hashes}) == 4
    kept = system.rows("SELECT payload::text FROM cqrs.dead_commands")
    assert "was not kept" in str(kept)


def _consumed() -> str:
    return json.dumps(app.control.inspect(timeout=2).active_queues() or {})


def _urls() -> list[str]:
    servers = get_settings().servers
    return [servers.broker, servers.result, servers.cache]


def _messages(client: redis_py.Redis) -> list[str]:
    """All that a server of messages or answers holds, bodies decoded."""
    found: list[str] = []
    for key in client.scan_iter():
        match client.type(key):
            case b"list":
                found += map(_text, client.lrange(key, 0, -1))
            case b"hash":
                found += map(_text, client.hgetall(key).values())
            case b"string":
                found.append(_text(client.get(key) or b""))
    return found + [decoded for text in found for decoded in _bodies(text)]


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _bodies(text: str) -> Iterator[str]:
    for body in re.findall(r'"body": ?"([\w+/=]+)"', text):
        yield str(base64.b64decode(body), "utf-8", "replace")


def _rows(system: System) -> Iterator[str]:
    tables = system.rows(
        "SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_class AS c"
        "  JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'm') AND n.nspname IN ('command', 'query', 'cqrs')",
        {},
    )
    for (table,) in tables:
        for (row,) in system.rows(f"SELECT t::text FROM {table} AS t"):
            yield row
