"""What the database refuses, whatever a handler does; and races that only it can decide."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

from models.conversations import read, write
from tests.conftest import Database
from tests.conversations.support import HASH, Service, run
from tests.support.tables import connected, differences, physical
from worker.contracts import Receipt


def test_the_tables_are_as_described(database: Database) -> None:
    with connected(database.url) as connection:
        assert differences(connection, write.metadata) == []
        assert differences(connection, physical(read.metadata)) == []


REFUSED = {
    "UPDATE command.voice_models SET activated_at = now(), active = true": "models_one_active",
    "UPDATE command.voice_models SET quality = 1.5": "voice_models_quality_is_a_share",
    "UPDATE command.users SET password_hash = 'plain'": "users_password_hashed",
    "UPDATE command.users SET erased_at = now()": "users_erased_without_traces",
    "UPDATE command.users SET deleted_at = now()": "users_deleted_by_somebody",
    "UPDATE command.documents SET status = 'processed'": "documents_status_with_its_times",
    "UPDATE command.conversation_sessions SET ended_at = now()": "sessions_ended_for_a_reason",
    "UPDATE command.conversation_turns SET number = 1": "conversation_turns_number_once",
}


def test_the_database_says_no(service: Service) -> None:
    ada = service.user()
    service.model("voice", ada)
    service.model("voice", ada, active=False)
    service.document(ada)
    service.session(ada, "one", "two")
    for change, constraint in REFUSED.items():
        with service.system.connect() as connection, pytest.raises(psycopg.IntegrityError) as no:
            connection.execute(change)
        assert constraint in (no.value.diag.constraint_name or "")


def at_once(calls: list[Any]) -> list[Receipt]:
    """Calls at the same time."""
    gate, receipts = threading.Barrier(len(calls)), list[Receipt]()

    def go(call: Any) -> None:
        gate.wait(10)
        receipts.append(call())

    threads = [threading.Thread(target=go, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return receipts


def test_of_those_who_want_one_address_at_once_one_has_it(service: Service) -> None:
    one = {"email": "ada@example.org", "password": HASH}
    receipts = at_once([lambda: run("user.create", **one, name="Ada")] * 6)
    assert sorted(r.status for r in receipts) == ["rejected"] * 5 + ["succeeded"]
    assert service.rows("SELECT count(*) FROM cqrs.subject_keys") == [(1,)]


def test_of_models_that_are_activated_at_once_one_is_active(service: Service) -> None:
    ada = service.user()
    models = [service.model("voice", ada, active=False) for _ in range(6)]

    def activate(model: Any) -> Any:
        return lambda: run("voice_model.activate", user_id=ada, model_id=model)

    receipts = at_once([activate(model) for model in models])
    assert all(receipt.succeeded for receipt in receipts)
    assert service.rows("SELECT count(*) FROM command.voice_models WHERE active") == [(1,)]
