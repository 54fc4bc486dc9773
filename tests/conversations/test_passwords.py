"""A password is hashed before anything is published or stored, and stands nowhere in clear."""

from __future__ import annotations

import math
from types import SimpleNamespace
from uuid import UUID

import psycopg
import pytest

from models.conversations.commands import CreateUser
from tasks.conversations.commands import create_user
from tasks.conversations.passwords import hashed, is_right
from tests.conversations.support import HASH, PASSWORD, Service, run
from worker.base.encoding import to_json
from worker.commands import releases
from worker.commands.batch_message import BatchMessage
from worker.commands.decoding import prepare, ready
from worker.commands.errors import InvalidCommand
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, uuid7
from worker.testing import decide

USER = {"email": "ada@example.org", "name": "Ada"}


def test_what_is_published_holds_the_hash() -> None:
    wire = prepare(create_user.spec, {**USER, "password": PASSWORD}).wire

    assert wire["password"].startswith("$argon2id$")
    assert is_right(wire["password"], PASSWORD)
    assert not is_right(wire["password"], PASSWORD + "!")


def test_a_hash_of_ours_is_left_as_it_is_and_any_other_is_a_password() -> None:
    def made(password: str) -> str:
        wire = prepare(create_user.spec, {**USER, "password": password}).wire
        return str(wire["password"])

    weaker = HASH.replace("m=65536", "m=8")
    assert made(HASH) == HASH
    assert made(weaker) != weaker
    assert is_right(made(weaker), weaker)


def test_nobody_logs_in_as_who_was_forgotten() -> None:
    assert not is_right(None, PASSWORD)
    assert not is_right("no hash", PASSWORD)


def test_a_client_in_another_language_sends_it_plain_and_the_worker_hashes_it(
    service: Service,
) -> None:
    receipt = run("user.create", email="eve@example.org", password=PASSWORD, name="Eve")
    assert receipt.succeeded, receipt.error

    ((stored,),) = service.rows("SELECT password_hash FROM command.users")
    assert is_right(stored, PASSWORD)


def test_what_the_worker_sends_on_is_the_hash() -> None:
    plain = {**USER, "password": PASSWORD}

    again = ready(Envelope(uuid7(), "user.create", plain))

    request = SimpleNamespace(root_id=None, id=str(uuid7()), headers={})
    line = BatchMessage(request, None).read([str(uuid7()), "user.create", plain])

    assert is_right(again.payload["password"], PASSWORD)
    assert is_right(line.raw[2]["password"], PASSWORD)


def test_the_same_call_under_the_same_id_is_a_repeat_whatever_the_salt(service: Service) -> None:
    command_id, user_id = uuid7(), uuid7()
    payload = {**USER, "user_id": str(user_id), "password": PASSWORD}

    first, again = (
        execute([Envelope(command_id, "user.create", dict(payload))]).outcomes[0] for _ in range(2)
    )
    sent = [prepare(create_user.spec, payload, command_id) for _ in range(2)]

    assert isinstance(first, Receipt)
    assert isinstance(again, Receipt)
    assert (first.succeeded, first.position) == (True, again.position)
    assert sent[0].wire["password"] != sent[1].wire["password"]
    assert sent[0].fingerprint == sent[1].fingerprint == bytes.fromhex(first.fingerprint or "")


def test_it_is_not_enqueued_by_python_or_sql(service: Service) -> None:
    plain = {**USER, "password": PASSWORD}
    refused = pytest.raises(InvalidCommand, match="password")
    with service.system.connect() as connection, refused, connection.transaction():
        create_user.enqueue(connection, CreateUser.model_validate(plain))


def test_sql_refuses_it_by_name(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "_told", -math.inf)  # it may have told another test's database
    releases.tell_what_we_know()
    command = {"command_id": str(uuid7()), "name": "user.create"}
    given = to_json([{**command, "payload": {**USER, "password": PASSWORD}}])

    with service.system.connect() as connection, pytest.raises(psycopg.Error) as refused:
        connection.execute("SELECT * FROM cqrs.enqueue(%s::jsonb)", [given])

    assert "password is secret, and may not be stored" in str(refused.value)
    assert "user.create" in str(refused.value)
    assert PASSWORD not in str(refused.value)


def test_what_is_wrong_with_it_is_told_without_it() -> None:
    with pytest.raises(InvalidCommand) as error:
        prepare(create_user.spec, {**USER, "password": "secret!"})

    assert error.value.errors.keys() == {"password"}
    assert "secret!" not in str(error.value)


def test_a_handler_is_given_the_hash() -> None:
    user_id = uuid7()
    decided = decide(create_user, user_id=user_id, email="a@b.cd", name="Ada", password=PASSWORD)

    (insert,) = decided.changes
    assert decided.refusal is None
    assert decided.data == {"user_id": str(UUID(int=user_id.int))}
    assert is_right(insert.row["password_hash"], PASSWORD)  # type: ignore[union-attr]


@pytest.mark.parametrize("given", [PASSWORD, HASH], ids=["plain", "hash"])
def test_what_was_made_ready_is_left_as_it_is(given: str) -> None:
    once = hashed(CreateUser.model_validate({**USER, "password": given}))
    twice = hashed(CreateUser.model_validate({**USER, **once}))
    assert once == twice
