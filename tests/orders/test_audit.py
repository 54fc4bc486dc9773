"""The audit trail of a trade: complete, attributed, and enough to rebuild any row of any time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors as pg

from models.orders import write
from tasks.orders import commands
from tests.support.shop import Shop, accepted, envelope, run, send
from worker.contracts import Actor

CLERK = Actor("user:42", frozenset({"clerk"}))


def state_at(shop: Shop, table: str, key: UUID, at: datetime) -> Any:
    """A row as the audit log remembers it; None where it was not there."""
    with shop.database.connect() as connection:
        row = connection.execute("SELECT cqrs.state_at(%s, %s, %s)", [table, str(key), at])
        return (row.fetchone() or (None,))[0]


def now(connection: psycopg.Connection) -> datetime:
    """The database's clock."""
    (time,) = connection.execute("SELECT clock_timestamp()").fetchone() or (None,)
    assert isinstance(time, datetime)
    return time


def test_every_row_is_what_its_trail_says(shop: Shop) -> None:
    pen = shop.product("2.35", 50)
    shipped, cancelled = shop.paid((pen, 2), (pen, 1)), shop.paid((pen, 4))
    shop.move(shipped, "processing", "shipped")
    accepted(shop.cancel(cancelled))
    shop.ordered((pen, 1))

    with shop.database.connect() as connection:
        for table in write.metadata.tables.values():
            (key,) = table.primary_key.columns
            found = connection.execute(
                f"SELECT count(*), count(*) FILTER (WHERE cqrs.state_at(%s, t.{key.name}::text,"
                f" clock_timestamp()) = to_jsonb(t)) FROM {table.fullname} AS t",
                [table.fullname],
            ).fetchone()
            assert found is not None
            assert found[0] == found[1] > 0, table.name


def test_an_order_can_be_seen_as_it_was(shop: Shop) -> None:
    with shop.database.connect() as connection:
        before = now(connection)
        order_id = shop.ordered((shop.product(), 1))
        pending = now(connection)
        accepted(shop.pay(order_id))
        paid = now(connection)

    def status(at: datetime) -> Any:
        state = state_at(shop, "command.orders", order_id, at)
        return state and (state["status"], state["version"])

    assert [status(before), status(pending), status(paid)] == [None, ("pending", 1), ("paid", 2)]


def test_a_change_names_its_command_and_its_sender(shop: Shop) -> None:
    pen = shop.product()

    receipt = send(commands.adjust_inventory, CLERK, product_id=pen, quantity_change=5)

    *_, change = shop.rows("cqrs.audit_log", entity_id=str(pen))
    assert (change["operation"], change["actor"]) == ("UPDATE", "user:42")
    assert change["command_id"] == receipt.command_id
    assert change["changed_fields"] == ["quantity_available"]


def test_in_a_batch_each_change_names_its_own_command(shop: Shop) -> None:
    pen = shop.product(pieces=100)
    clerks = {n: Actor(f"user:{n}", frozenset({"clerk"})) for n in (1, 2, 3)}
    sent = [
        envelope(commands.adjust_inventory, clerk, product_id=pen, quantity_change=n)
        for n, clerk in clerks.items()
    ]

    run(sent)

    changes = shop.rows("cqrs.audit_log", entity_id=str(pen), operation="UPDATE")
    assert [(one["command_id"], one["actor"], one["new_values"]) for one in changes] == [
        (sent[0].id, "user:1", {"quantity_available": 101}),
        (sent[1].id, "user:2", {"quantity_available": 103}),
        (sent[2].id, "user:3", {"quantity_available": 106}),
    ]


def test_a_refused_command_leaves_no_trace(shop: Shop) -> None:
    pen = shop.product(pieces=1)
    before = shop.rows("cqrs.audit_log")

    assert not shop.order((pen, 2)).succeeded

    assert shop.rows("cqrs.audit_log") == before


def test_a_change_by_hand_is_recorded_under_the_databases_user(shop: Shop) -> None:
    pen = shop.product()

    with shop.database.connect() as connection:
        connection.execute("UPDATE command.products SET name = 'By hand'")
        (user,) = connection.execute("SELECT session_user::text").fetchone() or (None,)

    *_, change = shop.rows("cqrs.audit_log", entity_id=str(pen))
    assert (change["actor"], change["command_id"]) == (user, None)
    assert change["new_values"] == {"name": "By hand"}


def test_a_row_that_went_and_came_back_is_seen_as_it_was_each_time(shop: Shop) -> None:
    customer = shop.register()
    change = {
        "UPDATE": "UPDATE command.customers SET phone = '1', city = 'Rome' WHERE customer_id = %s",
        "NULL": "UPDATE command.customers SET phone = NULL WHERE customer_id = %s",
        "DELETE": "DELETE FROM command.customers WHERE customer_id = %s",
        "INSERT": "INSERT INTO command.customers (customer_id, email, name, created_at)"
        " VALUES (%s, 'new@shop.example', 'New', now())",
    }
    with shop.database.connect() as connection:
        for statement in change.values():
            connection.execute(statement, [customer])
        (user,) = connection.execute("SELECT session_user::text").fetchone() or (None,)

    trail = shop.rows("cqrs.audit_log", entity_id=str(customer))
    # At the instant of each change the row is what that change has made of it.
    rows = [state_at(shop, "command.customers", customer, one["changed_at"]) for one in trail]
    assert [row and (row["phone"], row["city"]) for row in rows] == [
        (None, None),
        ("1", "Rome"),
        (None, "Rome"),
        None,
        (None, None),
    ]
    assert rows[-1]["name"] == "New"
    assert [one["actor"] for one in trail] == ["system", *[user] * 4]
    assert [one["operation"] for one in trail] == ["INSERT", "UPDATE", "UPDATE", "DELETE", "INSERT"]
    assert [one["changed_fields"] for one in trail[1:3]] == [["city", "phone"], ["phone"]]
    assert trail[3]["old_values"]["city"] == "Rome"


# --- what once left no row, or left too much ------------------------------------------------------


@pytest.fixture
def accounts(shop: Shop) -> Iterator[psycopg.Connection]:
    """Logins, whose passwords' hashes must not be copied, and sessions that hang on them."""
    with shop.database.connect() as connection:
        connection.execute(
            "CREATE TABLE command.logins (login text PRIMARY KEY, hash text, city text);"
            "CREATE TABLE command.sessions (id int PRIMARY KEY, login text NOT NULL"
            " REFERENCES command.logins ON UPDATE CASCADE);"
            "SELECT cqrs.audit('command.logins', 'login', 'hash'),"
            "       cqrs.audit('command.sessions', 'id');"
            "INSERT INTO command.logins VALUES ('ada', 'h4sh', 'Rome'), ('bob', 'h5sh', 'Bonn');"
            "INSERT INTO command.sessions VALUES (1, 'ada')"
        )
        yield connection


def trail_of(connection: psycopg.Connection, table: str) -> list[Any]:
    """What was recorded of a table since its rows were made, in order."""
    return connection.execute(
        "SELECT operation, entity_id, old_values, new_values, changed_fields FROM cqrs.audit_log"
        " WHERE entity_type = %s AND audit_id > (SELECT min(audit_id) FROM cqrs.audit_log"
        "       WHERE entity_type = 'command.sessions') ORDER BY operation, entity_id",
        [table],
    ).fetchall()


def test_a_key_that_changes_is_a_row_that_goes_and_one_that_comes(
    accounts: psycopg.Connection,
) -> None:
    before = now(accounts)
    accounts.execute(
        "UPDATE command.logins SET login = CASE login WHEN 'ada' THEN 'eve' ELSE login END,"
        " city = CASE login WHEN 'bob' THEN 'Oslo' ELSE city END"
    )

    assert trail_of(accounts, "command.logins") == [
        ("DELETE", "ada", {"login": "ada", "city": "Rome"}, None, None),
        ("INSERT", "eve", None, {"login": "eve", "city": "Rome"}, None),
        ("UPDATE", "bob", {"city": "Bonn"}, {"city": "Oslo"}, ["city"]),
    ]
    assert trail_of(accounts, "command.sessions") == [
        ("UPDATE", "1", {"login": "ada"}, {"login": "eve"}, ["login"])
    ]
    states = accounts.execute(
        "SELECT cqrs.state_at('command.logins', l, t) ->> 'city'"
        "  FROM (VALUES ('ada', %(before)s), ('ada', now()), ('eve', %(before)s), ('eve', now()))"
        " AS v (l, t)",
        {"before": before},
    ).fetchall()
    assert states == [("Rome",), (None,), (None,), ("Rome",)]


@pytest.mark.parametrize("emptied", ["command.logins, command.sessions", "command.logins CASCADE"])
def test_truncate_is_recorded_row_by_row_by_cascade_too(
    accounts: psycopg.Connection, emptied: str
) -> None:
    accounts.execute(f"TRUNCATE {emptied}".encode())

    assert trail_of(accounts, "command.logins") == [
        ("DELETE", "ada", {"login": "ada", "city": "Rome"}, None, None),
        ("DELETE", "bob", {"login": "bob", "city": "Bonn"}, None, None),
    ]
    assert trail_of(accounts, "command.sessions") == [
        ("DELETE", "1", {"id": 1, "login": "ada"}, None, None)
    ]


def test_every_audited_table_of_before_has_its_truncate_recorded(shop: Shop) -> None:
    pen = shop.product()
    with shop.database.connect() as connection:
        connection.execute("TRUNCATE command.products CASCADE")

    *_, last = shop.rows("cqrs.audit_log", entity_id=str(pen))
    assert (last["operation"], last["old_values"]["product_id"]) == ("DELETE", str(pen))


def test_of_a_secret_column_it_is_told_that_it_changed_and_not_what_it_held(
    accounts: psycopg.Connection,
) -> None:
    accounts.execute("UPDATE command.logins SET hash = 'n3w' WHERE login = 'ada'")
    accounts.execute("DELETE FROM command.sessions")
    accounts.execute("DELETE FROM command.logins WHERE login = 'bob'")

    *_, changed = trail_of(accounts, "command.logins")
    assert changed == ("UPDATE", "ada", {}, {}, ["hash"])
    held = "SELECT string_agg(a::text, ' ') FROM {} AS a WHERE entity_type = 'command.logins'"
    for place in ("cqrs.audit_log", "query.audit_log"):
        (everything,) = accounts.execute(held.format(place).encode()).fetchone() or ("",)
        assert "Bonn" in everything
        assert not {"h4sh", "h5sh", "n3w"} & set(everything.replace('"', " ").split())


def test_what_several_commands_of_a_batch_did_holds_no_secret_either(shop: Shop) -> None:
    pen = shop.product(pieces=100)
    with shop.database.connect() as connection:
        connection.execute(
            "SELECT cqrs.audit('command.products', 'product_id', 'quantity_available')"
        )

    run([envelope(commands.adjust_inventory, CLERK, product_id=pen, quantity_change=1)])
    run(
        [
            envelope(commands.adjust_inventory, CLERK, product_id=pen, quantity_change=n)
            for n in (1, 2)
        ]
    )

    trail = shop.rows("cqrs.audit_log", entity_id=str(pen))
    assert len(trail) == 4
    # Declared later: what was copied before is gone as well.
    assert all("quantity_available" not in (one["new_values"] or {}) for one in trail)
    assert [one["changed_fields"] for one in trail[1:]] == [["quantity_available"]] * 3


def test_what_is_no_column_cannot_be_audited(accounts: psycopg.Connection) -> None:
    with pytest.raises(pg.UndefinedColumn, match=r"table command.logins, column pasword"):
        accounts.execute("SELECT cqrs.audit('command.logins', 'login', 'pasword')")
