"""An application whose user is a sender and no more, beside real workers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from psycopg import errors as pg

from tests.support.things import queries
from tests.support.things.commands import add_thing, bump_thing
from tests.support.things.history import HERE, Things
from tests.support.users import connect_as, logins, process_of
from tests.support.workers import Workers
from tests.test_causal_end_to_end import thing
from worker.base import db
from worker.base.actor import acting_as
from worker.cache import server
from worker.contracts import uuid7

APP = "shop_app"


@pytest.fixture
def shop(things: Things, workers: Workers) -> Iterator[Things]:
    """Workers as the owner; this process is one of the application's."""
    things.connection.execute((HERE / "views.sql").read_text())
    workers.start()
    server.ask_again()
    with logins(things, **{APP: "cqrs_sender"}):
        things.connection.execute("INSERT INTO cqrs.sender_roles VALUES (%s, 'clerk')", [APP])
        with process_of(things, APP):
            yield things


def test_an_application_sends_reads_its_receipt_and_asks(shop: Things, workers: Workers) -> None:
    workers.start_beat()  # who enqueues from SQL wakes nobody: the sweep finds it
    thing_id = uuid7()
    with connect_as(shop, APP) as application:
        with application.transaction(), acting_as("boss", roles=["admin", "system"]):
            added = add_thing.enqueue(application, thing_id=thing_id, price=Decimal("2.50"))
        made = added.receipt(30)
        assert (made.status, made.actor) == ("succeeded", APP)

        assert thing.ask(thing_id=thing_id, after=made, timeout=30).data[0].n == 0
        bumped = bump_thing.delay(thing_id=thing_id).receipt(30)
        assert bumped.succeeded
        strong = thing.ask(thing_id=thing_id, consistency="strong", timeout=30)
        assert strong.data[0].n == 1  # the workers have caught up, this process may not

        by_hand = json.dumps({"thing_id": str(thing_id), "by": 2})
        row = application.execute("SELECT cqrs.enqueue('things.bump', %s)", [by_hand]).fetchone()
        assert row is not None
        assert bump_thing.AsyncResult(str(row[0])).receipt(30).data == {"n": 3}

        for forbidden in (
            "UPDATE query.things SET price = 0",
            "UPDATE query.things_v1 SET price = 0",
            "UPDATE command.things SET n = 0",
            "SELECT cqrs.enqueue('schema.execute_changeset', '{}')",
        ):
            with pytest.raises(pg.InsufficientPrivilege):
                application.execute(forbidden.encode())

    trail = "SELECT DISTINCT actor FROM cqrs.audit_log WHERE entity_id = %s ORDER BY 1"
    with shop.connect() as owner:
        actors = owner.execute(trail, [str(thing_id)]).fetchall()
    assert actors == [(APP,), ("system",)]  # `.delay` says who sends: the broker is its boundary


def test_an_audited_query_names_the_application_and_its_user(shop: Things) -> None:
    with acting_as("user:42"):
        queries.audited_thing.ask(name="pen")
    with shop.connect() as owner:
        asked = owner.execute("SELECT actor FROM cqrs.query_audit").fetchall()
    assert asked == [(f"{APP} (user:42)",)]


def test_an_application_that_waits_for_a_view_has_it_refreshed(shop: Things) -> None:
    made = add_thing.delay(price=Decimal("2.50")).receipt(30)
    assert made.position is not None
    answer = queries.totals.ask(after=made, timeout=30)
    assert answer.as_of is not None
    assert answer.as_of >= made.position


def test_connections_of_an_application_act_as_the_sender(shop: Things) -> None:
    with db.sender() as connection:
        assert connection.execute("SELECT current_user::text").fetchone() == ("cqrs_sender",)
        assert not db.is_writer(connection)
    with shop.connect() as owner:
        held = owner.execute(
            "SELECT DISTINCT usename::text FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'cqrs writer'"
        ).fetchall()
    assert (APP,) not in held
