"""Rights: who may send, who may ask; by role, by what is given, by what is there; and who says so.

What a foreign client sends goes through a real worker: it reaches the broker, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import redis as redis_py
from celery import Celery

from tests.conftest import Database
from tests.support.things.commands import drop_thing
from tests.support.things.history import Things
from tests.support.things.models import DropThing
from tests.support.things.models import things as things_table
from tests.support.workers import Workers, until
from worker import Reader, State, Work, lock, query
from worker.base import actor as actors
from worker.base.actor import acting_as, current_actor
from worker.base.app import app
from worker.base.settings import get_settings
from worker.commands.command import command
from worker.commands.decoding import commands
from worker.commands.executor import execute
from worker.contracts import Actor, Envelope, Receipt, Status, uuid7
from worker.event_log.sources import queries
from worker.queries.errors import NotAllowed
from worker.schema.permits import NO_PERMIT
from worker.schema.tasks import track_change

GUEST, SYSTEM = Actor("guest", frozenset()), Actor()
GUESTS = "guest may not send {} (roles none)"


@pytest.fixture
def foreign(redis: redis_py.Redis) -> Iterator[Celery]:
    """A client that has the broker's address and nothing of ours."""
    servers = get_settings().servers
    with Celery("foreign", broker=servers.broker, set_as_current=False) as client:
        client.conf.task_default_queue = "commands"
        yield client


def receipts(database: Database, *ids: str) -> dict[str, tuple[str, str, str | None]]:
    """Whoever sent each of these commands, what became of it, and why."""
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT command_id::text, actor, status, error FROM cqrs.receipts"
            " WHERE command_id = ANY (%s::uuid[]) AND completed_at IS NOT NULL",
            [list(ids)],
        ).fetchall()
    return {id_: tuple(rest) for id_, *rest in rows}


def change(table: str) -> dict[str, Any]:
    """A schema change that makes a table, and can do anything else besides."""
    return {
        "command_operations": [f"CREATE TABLE command.{table} (id int)"],
        "query_operations": [],
        "description": table,
        "version": "1.0.0",
    }


def test_a_foreign_clients_schema_change_is_refused_by_a_real_worker(
    things: Things, workers: Workers, foreign: Celery
) -> None:
    workers.start()
    ids = {name: str(uuid7()) for name in ("bare", "forged", "first", "linked", "plain")}

    def link(id_: str, task: str, kwargs: Any, queue: str) -> Any:
        return foreign.signature(task, kwargs=kwargs).set(task_id=id_, queue=queue)

    def send(task: str, id_: str, queue: str, kwargs: Any, header: Any = None, **more: Any) -> None:
        """As a process does in which nothing of ours listens to what Celery sends."""
        message = foreign.amqp.as_task_v2(id_, task, kwargs=kwargs, **more)
        headers = message.headers | ({"cqrs": header} if header else {})
        with foreign.producer_pool.acquire() as producer:
            producer.publish(
                message.body, routing_key=queue, exchange=queue, headers=headers,
                serializer="json", **message.properties,
            )  # fmt: skip

    send("schema.track_change", ids["bare"], "maintenance", change("bare"))
    for_system = {"actor": {"name": "system", "roles": ["system", "admin"]}}
    send(
        "schema.track_change", ids["forged"], "maintenance", change("forged"),
        for_system,
    )  # fmt: skip
    schema = link(ids["linked"], "schema.track_change", change("linked"), "maintenance")
    send("things.add", ids["first"], "commands", {"price": "1.00"}, chain=[schema])
    drop = link(ids["plain"], "things.drop", {"thing_id": str(uuid7())}, "commands")
    send("cqrs.sweep", str(uuid7()), "maintenance", {}, chain=[drop])
    with acting_as("user:1", roles=["admin"]):
        mine = track_change.delay(**change("mine")).receipt(30)
    until(lambda: len(receipts(things, *ids.values())) == 5, 30)

    assert (mine.actor, mine.status, mine.error) == ("user:1", Status.SUCCEEDED, None)
    assert receipts(things, *ids.values()) == {
        ids["bare"]: ("guest", "rejected", GUESTS.format("schema.track_change")),
        ids["forged"]: ("system", "rejected", NO_PERMIT),
        ids["first"]: ("guest", "succeeded", None),
        ids["linked"]: ("guest", "rejected", GUESTS.format("schema.track_change")),
        ids["plain"]: ("guest", "rejected", GUESTS.format("things.drop")),
    }
    with things.connect() as connection:
        made = connection.execute(
            "SELECT relname::text FROM pg_class WHERE relname IN"
            " ('bare', 'forged', 'linked', 'mine')"
        ).fetchall()
    assert made == [("mine",)]


# --- what a right looks at ------------------------------------------------------------------------


@pytest.fixture
def owned(things: Things) -> Iterator[Any]:
    """A command for whoever a thing's price says, and a question for whoever is asked about."""

    @command(
        "things.own",
        DropThing,
        needs=lambda c: (lock(things_table, c.thing_id),),
        may_send=lambda actor, c, state: (
            actor.name == f"user:{(state.get(things_table, c.thing_id) or {'n': None})['n']}"
        ),
    )
    def own(c: DropThing, state: State, work: Work) -> None:
        """Removes one's own thing."""
        work.delete(things_table, c.thing_id)

    @command(
        "things.give",
        DropThing,
        needs=lambda c: (),
        may_send=lambda actor, c: actor.name == f"user:{c.thing_id}",
    )
    def give(c: DropThing, state: State, work: Work) -> None:
        """Does nothing, but by whom it names."""

    @query("things.mine", may_ask=lambda actor, p: actor.name == p.owner)
    def mine(db: Reader, *, owner: str) -> list[str]:
        """What is said of an owner."""
        return [owner]

    @query("things.nobodys")
    def nobodys(db: Reader) -> list[str]:
        """A question that says nothing of who may ask."""
        return []

    yield own, give, mine, nobodys
    for name in ("things.own", "things.give"):
        del commands._items[name]
        app.tasks.pop(name, None)
    for name in ("things.mine", "things.nobodys"):
        del queries._items[name]


def run(actor: Actor, name: str, thing: UUID) -> Receipt:
    """The receipt of a command off the wire, by this actor."""
    (receipt,) = execute([Envelope(uuid7(), name, {"thing_id": str(thing)}, actor)]).outcomes
    assert isinstance(receipt, Receipt)
    return receipt


def test_a_right_looks_at_the_payload_and_at_what_was_loaded(things: Things, owned: Any) -> None:
    thing = uuid7()
    with things.connect() as connection:
        connection.execute("INSERT INTO command.things VALUES (%s, 7, 1)", [thing])
    his, hers = Actor("user:7", frozenset()), Actor("user:8", frozenset())

    refused = run(hers, "things.own", thing)
    assert refused.error == "user:8 may not send things.own (roles none)"
    assert run(his, "things.own", thing).succeeded
    assert run(his, "things.own", thing).status is Status.REJECTED  # it is nobody's now

    assert run(Actor(f"user:{thing}", frozenset()), "things.give", thing).succeeded
    assert not run(his, "things.give", thing).succeeded


def test_who_may_not_ask_is_told_so_by_name_and_it_is_recorded(
    things: Things, redis: redis_py.Redis, owned: Any
) -> None:
    *_, mine, nobodys = owned
    with acting_as("ada", roles=["clerk"]):
        assert mine.ask(owner="ada").data == ["ada"]
        with pytest.raises(NotAllowed, match=r"ada may not ask things.mine \(roles clerk\)"):
            mine.ask(owner="bob")
        assert nobodys.ask().data == []

    with things.connect() as connection:
        kept = connection.execute(
            "SELECT query, actor, parameters, refused, rows FROM cqrs.query_audit"
        ).fetchall()
    assert kept == [("things.mine", "ada", {"owner": "bob"}, True, 0)]


@pytest.mark.settings(deny_by_default=True)
def test_what_declares_no_right_is_the_systems_alone_where_that_is_set(
    things: Things, redis: redis_py.Redis, owned: Any
) -> None:
    *_, nobodys = owned
    clerk = Actor("ada", frozenset({"clerk"}))

    refused = run(clerk, "things.bump", uuid7())
    assert refused.error == (
        "ada may not send things.bump: it declares no `may_send=`, and CQRS_DENY_BY_DEFAULT is on"
        " (roles clerk)"
    )
    assert run(SYSTEM, "things.bump", uuid7()).error != refused.error
    with acting_as("ada"), pytest.raises(NotAllowed, match="CQRS_DENY_BY_DEFAULT is on"):
        nobodys.ask()


@pytest.mark.settings(deny_by_default=True)
def test_who_forgets_to_say_who_he_is_has_no_rights_where_that_is_set(
    things: Things, redis: redis_py.Redis, owned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actors, "_ours", False)
    assert current_actor() == GUEST
    receipt = drop_thing.apply(kwargs={"thing_id": uuid7()}).receipt()
    assert receipt.error == GUESTS.format("things.drop")

    actors.this_process_is_ours()
    assert current_actor() == SYSTEM


@pytest.mark.parametrize(
    "wrong",
    [lambda: True, lambda a, c, s, more: True, lambda a, *, c: True],
    ids=["none", "four", "by name"],
)
def test_a_right_that_could_not_be_asked_is_refused_when_it_is_declared(wrong: Any) -> None:
    with pytest.raises(TypeError, match="actor"):
        command("things.wrong", DropThing, needs=lambda c: (), may_send=wrong)(lambda c, s, w: None)
    with pytest.raises(TypeError, match="actor"):
        query("things.wrong", may_ask=lambda actor, p, state: True)(_question)


def _question(db: Reader) -> list[str]:
    return []
