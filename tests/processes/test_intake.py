"""What becomes of messages that are no commands: a receipt where there is an id, else a count."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
import redis as redis_py
from celery.contrib.testing.worker import start_worker
from typer.testing import CliRunner

from tests.conftest import Database
from tests.support.domains import import_like_a_worker
from tests.support.processes import children_of
from tests.support.things.commands import add_thing
from tests.support.workers import Workers, until
from worker.base.app import app
from worker.base.intake import checks
from worker.base.intake.channel import deliverable
from worker.base.intake.checks import DEEPEST, Fault, Letter, Reason
from worker.base.settings import get_settings
from worker.cli.root import app as cqrs
from worker.commands import batches, refused_messages
from worker.commands.command_result import CommandResult
from worker.contracts import Receipt, Status, uuid7
from worker.ops import status

pytestmark = pytest.mark.usefixtures("things", "redis")


@pytest.fixture
def worker(things: Database, redis: redis_py.Redis) -> Iterator[None]:
    """A worker thread that runs commands."""
    import_like_a_worker()
    with start_worker(
        app, pool="solo", queues=["commands"], perform_ping_check=False, shutdown_timeout=30
    ):
        yield
    logging.getLogger().handlers.clear()


def push(item: bytes | str) -> None:
    """Put bytes into the workers' queue."""
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        broker.lpush("commands", item)


def message(
    body: Any, *, task: str = "things.add", id_: str | None = None, **headers: Any
) -> dict[str, Any]:
    """A message as a client in another language may write it: no more than has to be."""
    return {
        "body": b64encode(json.dumps(body).encode()).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"task": task, "id": id_ or str(uuid7()), **headers},
        "properties": {"body_encoding": "base64"},
    }


def body(**fields: Any) -> list[Any]:
    """A command's body."""
    return [[], {"thing_id": str(uuid7()), "price": "1.00"} | fields, None]


def receipt(id_: str) -> Receipt:
    """What became of a command."""
    return CommandResult(id_, app=app).receipt(20)


def reasons() -> dict[str, int]:
    """How many messages were refused for which reason."""
    return {one.reason: one.count for one in refused_messages.refused_messages()}


NO_ID: list[tuple[str, bytes | str, Reason]] = [
    ("bytes", b"\xff\x00{", Reason.NOT_JSON),
    ("null", b"null", Reason.NO_ENVELOPE),
    ("deep", "[" * 5_000 + "]" * 5_000, Reason.TOO_DEEP),
    ("no body", json.dumps({"headers": {}, "properties": {}}), Reason.CONTENT),
    ("headers", json.dumps({"headers": [], "properties": [1]}), Reason.NO_ENVELOPE),
    ("no task", json.dumps(message(body()) | {"headers": {}}), Reason.BODY),
    ("large", json.dumps(message(body(note="x" * 5_000_000))), Reason.TOO_LARGE),
    ("no id", json.dumps(message(body()) | {"headers": {"task": "things.add"}}), Reason.BAD_ID),
    ("engine", json.dumps(message([[1, 2, 3], {}, None], task="cqrs.project")), Reason.ARGUMENTS),
    ("type", json.dumps(message([[1], {}, None], task="cqrs.project")), Reason.ARGUMENTS),
    ("unknown", json.dumps(message(body(), task="nobody", id_="x")), Reason.UNKNOWN_TASK),
]


@pytest.mark.parametrize(("item", "reason"), [row[1:] for row in NO_ID], ids=[r[0] for r in NO_ID])
def test_what_has_no_id_to_answer_is_counted(
    worker: None, item: bytes | str, reason: Reason
) -> None:
    push(item)
    good = add_thing.delay(price=Decimal("1.00"))

    assert good.receipt(20).succeeded
    until(reasons, 10)
    assert reasons() == {reason: 1}


def changed(headers: Any = None, *, content: Any = None, **parts: Any) -> dict[str, Any]:
    """A good message, but for these headers, its content, and these parts."""
    made = message(content or body())
    made["headers"] |= headers or {}
    return made | parts


ANSWERED: list[tuple[str, dict[str, Any], str]] = [
    ("header text", changed({"cqrs": "x"}), "cqrs"),
    ("header list", changed({"cqrs": [1]}), "cqrs"),
    ("actor NUL", changed({"cqrs": {"actor": {"name": "a\0b"}}}), "cqrs.actor"),
    ("actor surrogate", changed({"cqrs": {"actor": {"name": "\ud800"}}}), "cqrs.actor"),
    ("after", changed({"cqrs": {"after": ["x"]}}), "cqrs.after"),
    ("after text", changed({"cqrs": {"after": "x"}}), "cqrs.after"),
    ("root", changed({"root_id": "x"}), "root_id"),
    ("retries", changed({"retries": "many"}), "retries"),
    ("endless limit", changed({"timelimit": [None, 10**400]}), "timelimit"),
    ("infinite limit", changed({"timelimit": [float("inf"), None]}), "timelimit"),
    ("limit that is no number", changed({"timelimit": [float("nan"), None]}), "timelimit"),
    ("negative limit", changed({"timelimit": [-1, None]}), "timelimit"),
    ("positional", changed(content=[[3], {}, None]), "payload"),
    ("self", changed(content=[[], {"self": 1}, None]), "kwargs"),
    ("deep", changed(content=[[], json.loads("[" * 300 + "]" * 300), None]), "body"),
    ("pickle", changed(**{"content-type": "application/x-python-serialize"}), "content-type"),
    ("latin", changed(**{"content-encoding": "latin-1"}), "content-encoding"),
    ("compressed", changed({"compression": "application/x-gzip"}), "compression"),
    (
        "link",
        changed(content=[*body()[:2], {"chain": [
            {"task": "things.bump", "args": [], "kwargs": {}, "options": {"task_id": "x"}}
        ]}]),
        "chain.things.bump",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "field"), [r[1:] for r in ANSWERED], ids=[r[0] for r in ANSWERED])
def test_a_malformed_command_gets_a_receipt_that_names_what_is_wrong(
    worker: None, bad: dict[str, Any], field: str
) -> None:
    id_ = str(uuid7())
    bad["headers"]["id"] = id_
    push(json.dumps(bad))

    refused = receipt(id_)

    assert refused.status is Status.REJECTED
    assert list(refused.errors) == [field]
    assert refused.name == "things.add"
    assert reasons() == {}


def test_a_command_of_another_release_waits_for_it_in_a_chain_too(
    worker: None, things: Database
) -> None:
    """Celery puts in front of it what the one before it came to; that is no payload."""
    before = Receipt(uuid7(), "things.add", Status.SUCCEEDED).to_json()
    id_ = str(uuid7())
    push(json.dumps(message([[before], {"n": 1}, None], task="things.newer", id_=id_)))
    with things.connect() as connection:
        row = until(
            lambda: connection.execute(
                "SELECT name, payload FROM cqrs.enqueued_commands WHERE command_id = %s", [id_]
            ).fetchone()
        )
    assert row == ("things.newer", {"n": 1})


def test_a_command_that_is_not_due_for_a_while_is_a_row(worker: None, things: Database) -> None:
    """No worker holds its message, which Redis would give out again and again."""
    handle = add_thing.apply_async(kwargs={"price": "1.00"}, countdown=3_600)
    with things.connect() as connection:
        connection.autocommit = True

        def kept() -> Any:
            return connection.execute(
                "SELECT extract(epoch FROM due_at - now()) FROM cqrs.enqueued_commands"
            ).fetchone()

        (seconds,) = until(kept)
        assert 3_500 < seconds < 3_601
        seen = status.gather().log
        assert seen is not None
        assert seen.enqueued_seconds == 0
        with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
            until(lambda: broker.hlen("cqrs.unacked") == 0)
        connection.execute("UPDATE cqrs.enqueued_commands SET due_at = now()")
    app.send_task("cqrs.drain")
    assert handle.receipt(20).succeeded


def test_a_bad_message_answers_for_no_command_but_its_own(database: Database, worker: None) -> None:
    with psycopg.connect(database.url) as connection:
        waiting = add_thing.enqueue(connection, price=Decimal("1.00"))
        done = add_thing.delay(price=Decimal("2.00"))
        assert done.receipt(20).succeeded
        connection.commit()
        for id_ in (str(waiting.id), str(done.id)):
            push(json.dumps(changed({"id": id_, "cqrs": "x"})))
        until(lambda: reasons() == {Reason.COMMAND: 2}, 20)
    app.send_task("cqrs.drain")

    assert waiting.receipt(20).succeeded
    assert done.stored_receipt() == done.receipt(20)


def test_a_message_that_lacks_what_only_kombu_needs_is_run(worker: None) -> None:
    ids = [str(uuid7()) for _ in range(3)]
    short = message(body(), id_=ids[0]) | {"properties": None}
    short["body"] = json.dumps(body())
    push(json.dumps(short))
    push(json.dumps(message(body(), id_=ids[1])))
    first = {"task": "things.add", "id": ids[2], "args": [], "kwargs": body()[1]}
    push(json.dumps({"body": json.dumps(first), "content-type": "application/json"}))

    assert [receipt(id_).status for id_ in ids] == [Status.SUCCEEDED] * 3


def test_the_same_refused_message_twice_is_one_receipt(worker: None) -> None:
    id_ = str(uuid7())
    bad = json.dumps(changed({"id": id_, "cqrs": "x"}))
    push(bad)
    push(bad)
    assert add_thing.delay(price=Decimal("1.00")).receipt(20).succeeded

    assert receipt(id_).status is Status.REJECTED
    assert reasons() == {}


def test_what_was_refused_is_seen_and_forgotten(worker: None) -> None:
    for _ in range(3):
        push(b"null")
    until(lambda: sum(reasons().values()) == 3, 20)

    log = status.gather(timeout=0.01).log
    told = CliRunner().invoke(cqrs, ["refused", "list", "--json"])
    forgotten = CliRunner().invoke(cqrs, ["refused", "forget"])

    assert log is not None
    assert log.refused_messages == 3
    (row,) = json.loads(told.stdout)
    assert (row["queue"], row["count"], row["first_bytes"]) == ("commands", 3, "null")
    assert "3 refused messages forgotten" in forgotten.stdout
    assert reasons() == {}


def test_what_cannot_even_be_told_of_is_counted(worker: None) -> None:
    told: dict[str, Any] = {
        "queue": "q",
        "reason": "r",
        "errors": {},
        "first_bytes": "",
        "name": None,
    }
    app.send_task(
        "cqrs.set_aside", kwargs=told | {"payload_hash": "no hex", "command_id": str(uuid7())}
    )

    until(lambda: reasons() == {Reason.UNREADABLE: 1}, 20)


def test_the_list_stays_small_whatever_it_is_told() -> None:
    told: dict[str, Any] = {
        "queue": "q",
        "errors": {},
        "first_bytes": "",
        "task": None,
        "command_id": None,
    }
    for number in range(5):
        refused_messages.record(**told | {"reason": f"r{number}"})
    try:
        refused_messages.MOST, most = 5, refused_messages.MOST
        for number in range(10):
            refused_messages.record(**told | {"reason": f"r{number}"})
    finally:
        refused_messages.MOST = most

    assert reasons() == {f"r{number}": 2 for number in range(5)}


def test_no_message_ends_the_main_process_of_a_prefork_worker(workers: Workers) -> None:
    """Each of these ended it, or came back for ever: pickling on the way to the pool recurses."""
    worker = workers.start(concurrency=1)
    processes = children_of(worker.process.pid)
    ids = [str(uuid7()) for _ in range(3)]
    deep = json.loads("[" * 900 + "]" * 900)
    push(json.dumps(message([[], {"note": deep}, None], id_=ids[0])))
    push(json.dumps(message(body(), id_=ids[1]) | {"body": None}))
    push(json.dumps(message(body(), id_=ids[2]) | {"body": 5}))
    for item in (b"null", b"\xff\xfe", b"{", json.dumps(deep)):
        push(item)

    good = [add_thing.delay(price=Decimal("1.00")) for _ in range(3)]

    assert all(handle.receipt(30).succeeded for handle in good)
    assert [receipt(id_).status for id_ in ids] == [Status.REJECTED] * 3
    assert not worker.ended()
    assert children_of(worker.process.pid) == processes
    assert sum(reasons().values()) == 4


def test_a_message_is_refused_again_when_its_worker_died_before(
    database: Database, workers: Workers
) -> None:
    """Its place was taken in memory alone: the queue has it until the receipt is written."""
    first = workers.start(concurrency=1)
    with psycopg.connect(database.url) as held:
        held.execute("LOCK TABLE cqrs.receipts")
        id_ = str(uuid7())
        push(json.dumps(changed({"id": id_, "cqrs": "x"})))
        with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
            until(lambda: broker.hlen("cqrs.unacked") == 1, 20)
        first.kill()
    workers.start(concurrency=1)

    assert receipt(id_).status is Status.REJECTED


@pytest.mark.parametrize("wrong", [{"price": "x"}, {"tu": 1}, {"price": None}])
def test_a_wrong_payload_is_refused_at_once_whatever_it_waits_for(
    worker: None, wrong: dict[str, Any]
) -> None:
    id_ = str(uuid7())
    waits = {"id": id_, "cqrs": {"after": [str(uuid7())]}}
    push(json.dumps(changed(waits, content=body(**wrong))))

    refused = receipt(id_)

    assert refused.status is Status.REJECTED
    assert list(refused.errors) == list(wrong)


# --- pure -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [1, DEEPEST - 1, DEEPEST, DEEPEST + 1, 500])
@pytest.mark.parametrize("kind", [list, dict])
def test_levels_are_counted(levels: int, kind: type) -> None:
    value: Any = 1
    for _ in range(levels):
        value = [value, 2] if kind is list else {"a": value, "b": 2}

    assert checks.is_deeper(value) is (levels > DEEPEST)
    if levels > DEEPEST:
        assert checks.may_be_deep(json.dumps(value))


def test_a_good_message_is_handed_on_as_it_is() -> None:
    good = json.dumps(
        changed(properties={
            "delivery_tag": "t",
            "delivery_info": {"exchange": "commands", "routing_key": "commands"},
            "body_encoding": "base64",
        })
    )  # fmt: skip

    assert deliverable(good, "commands", 10_000) is good


def test_what_leads_elsewhere_comes_back_here_if_the_worker_dies() -> None:
    stray = changed(properties={"delivery_info": {"exchange": "x", "routing_key": "y"}})

    mended = json.loads(deliverable(json.dumps(stray), "commands", 10_000))

    info = {"exchange": "", "routing_key": "commands"}
    assert mended["properties"]["delivery_info"] == info
    assert UUID(mended["properties"]["delivery_tag"])


def test_protocol_1_is_read() -> None:
    letter = checks.read({}, {"task": "t", "id": "i", "args": [1], "kwargs": {"a": 2}})

    assert isinstance(letter, Letter)
    assert (letter.task, letter.id, letter.args, letter.kwargs) == ("t", "i", [1], {"a": 2})
    assert isinstance(checks.read({}, {"task": "t", "id": "i", "kwargs": 3}), Fault)


def test_many_are_sent_in_messages_that_a_worker_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    line = [str(uuid7()), "things.add", {"note": "x" * 200_000}]

    sizes = [len(part) for part in batches._messages([line] * 30)]

    most = get_settings().max_message_bytes
    assert sum(sizes) == 30
    assert all(len(json.dumps([line] * size)) * 4 / 3 < most for size in sizes)
    assert len(sizes) == 3
