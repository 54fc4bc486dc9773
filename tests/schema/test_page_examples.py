"""Every example of the page that this learns from, as a changeset file of ours, gives what the
page says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from worker.schema import (
    Context,
    analyze_dependencies,
    deployment,
    execute_changeset,
    history,
    load,
    read_file,
    refresh_query_side,
    track,
    track_change,
)
from worker.schema.errors import ChangeFailed

Connection = psycopg.Connection[Any]
EXAMPLES = Path(__file__).parent / "examples"
ONE, TWO = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"


def rows(db: Connection, query: str) -> list[tuple[Any, ...]]:
    return db.execute(query.encode()).fetchall()


def test_the_order_summary_counts_and_sums_each_users_orders(
    context: Context, db: Connection
) -> None:
    done = track(context, read_file(EXAMPLES / "order_summary.sql"))
    assert (done.status, done.version) == ("completed", "1.0.0")
    db.execute("INSERT INTO command.orders VALUES (%s, 1, 10.50), (%s, 1, 4.50)", [ONE, TWO])
    assert rows(db, "SELECT * FROM query.order_summary") == []
    refresh_query_side(context, "query.order_summary", skip_tracking=True)
    assert rows(db, "SELECT user_id, order_count, total_spent::text FROM query.order_summary") == [
        (1, 2, "15.00")
    ]


def test_a_change_that_is_not_atomic_waits_until_it_is_executed(
    context: Context, db: Connection
) -> None:
    waiting = track(context, read_file(EXAMPLES / "order_summary.sql"), atomic=False)
    assert waiting.status == "pending"
    assert rows(db, "SELECT to_regclass('command.orders')") == [(None,)]
    assert execute_changeset(context, waiting.id).status == "completed"
    assert rows(db, "SELECT to_regclass('command.orders') IS NOT NULL") == [(True,)]


def test_the_event_store_feeds_a_profile_per_user(context: Context, db: Connection) -> None:
    track(context, read_file(EXAMPLES / "event_store.toml"))
    db.execute(
        """INSERT INTO command.events (aggregate_id, event_type, event_data, event_version) VALUES
           (%(one)s, 'UserUpdated', '{"name": "Ada", "email": "ada@example.org"}', 1),
           (%(two)s, 'UserUpdated', '{"name": "Bob"}', 1), (%(two)s, 'UserSeen', '{}', 2)""",
        {"one": ONE, "two": TWO},
    )
    refresh_query_side(context, "query.user_profile")
    assert rows(db, "SELECT user_id::text, name, email FROM query.user_profile ORDER BY 1") == [
        (ONE, "Ada", "ada@example.org"),
        (TWO, "Bob", None),
    ]


def test_countries_join_the_users_on_both_sides(context: Context, db: Connection) -> None:
    db.execute("CREATE SCHEMA reference; CREATE TABLE command.users (id int, name text)")
    track(context, read_file(EXAMPLES / "countries.sql"))
    db.execute("INSERT INTO command.users VALUES (1, 'Ada', 'UK'), (2, 'Bob', NULL)")
    assert rows(
        db, "SELECT id, name, country_code, country_name FROM query.users_with_country ORDER BY id"
    ) == [(1, "Ada", "UK", "United Kingdom"), (2, "Bob", None, None)]
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        db.execute("INSERT INTO command.users VALUES (3, 'Eve', 'XX')")


def test_the_outbox_hands_each_published_event_over_once(context: Context, db: Connection) -> None:
    track(context, read_file(EXAMPLES / "outbox.sql"))
    for name in ("OrderCreated", "OrderPaid"):
        db.execute("SELECT command.publish_event(%s, %s, '{}')", [ONE, name])
    db.execute("SELECT query.process_events()")
    assert rows(db, "SELECT count(*) FROM query.processed_events") == [(0,)]
    db.execute("UPDATE command.outbox SET published = true WHERE event_type = 'OrderCreated'")
    for _ in range(2):
        db.execute("SELECT query.process_events()")
        assert rows(db, "SELECT event_id FROM query.processed_events") == [(1,)]


def test_the_saga_shows_how_many_are_in_each_state_and_which_are_active(
    context: Context, db: Connection
) -> None:
    track(context, read_file(EXAMPLES / "saga.sql"))
    db.execute(
        """INSERT INTO command.sagas (saga_id, saga_type, state) VALUES
           (%s, 'checkout', '{"status": "running"}'),
           (%s, 'checkout', '{"status": "completed"}')""",
        [ONE, TWO],
    )
    refresh_query_side(context, "query.saga_status")
    assert rows(db, "SELECT saga_type, status, count FROM query.saga_status ORDER BY status") == [
        ("checkout", "completed", 1),
        ("checkout", "running", 1),
    ]
    assert rows(db, "SELECT saga_id::text FROM query.active_sagas") == [(ONE,)]


def test_all_examples_follow_one_another_by_their_versions(
    context: Context, db: Connection
) -> None:
    db.execute("CREATE SCHEMA reference; CREATE TABLE command.users (id int, name text)")
    for name in (
        "order_summary.sql",
        "countries.sql",
        "event_store.toml",
        "outbox.sql",
        "saga.sql",
    ):
        track(context, read_file(EXAMPLES / name))
    assert [line.version for line in history(db)] == ["3.1.0", "3.0.0", "2.0.0", "1.1.0", "1.0.0"]


def test_many_views_are_refreshed_within_one_deployment(context: Context, db: Connection) -> None:
    db.execute(
        """CREATE TABLE command.t (id int);
        CREATE MATERIALIZED VIEW query.user_summary AS SELECT count(*) AS n FROM command.t;
        CREATE MATERIALIZED VIEW query.order_summary AS SELECT n FROM query.user_summary;
        CREATE MATERIALIZED VIEW query.product_stats AS SELECT n FROM query.order_summary;
        INSERT INTO command.t VALUES (1)"""
    )
    views = ["query.product_stats", "query.order_summary", "query.user_summary"]
    with deployment(context, "Query Model Refresh", "Refreshed all query models"):
        refresh_query_side(context, views, skip_tracking=True)
    assert rows(db, "SELECT n FROM query.product_stats") == [(1,)]
    assert rows(db, "SELECT name, outcome, message FROM cqrs.deployments") == [
        ("Query Model Refresh", "succeeded", "Refreshed all query models")
    ]


def test_the_dependencies_are_those_of_the_pages_table(db: Connection) -> None:
    db.execute(
        """CREATE TABLE command.users (id int PRIMARY KEY);
        CREATE TABLE command.orders (id int, user_id int REFERENCES command.users);
        CREATE VIEW query.order_summary AS SELECT user_id, count(*) FROM command.orders GROUP BY 1;
        CREATE VIEW query.user_order_stats AS SELECT user_id FROM command.orders"""
    )
    found = {
        (each.command_object, each.query_object): (each.type, list(each.path))
        for each in analyze_dependencies(db)
    }
    assert found["command.orders", "query.order_summary"] == (
        "direct",
        ["command.orders", "query.order_summary"],
    )
    assert found["command.users", "query.user_order_stats"] == (
        "indirect",
        ["command.users", "command.orders", "query.user_order_stats"],
    )
    assert rows(
        db,
        """SELECT command_object, string_agg(query_object, ', '), count(*)
             FROM cqrs.analyze_dependencies() GROUP BY 1 ORDER BY 1""",
    ) == [
        ("command.orders", "query.order_summary, query.user_order_stats", 2),
        ("command.users", "query.order_summary, query.user_order_stats", 2),
    ]


def test_the_history_and_the_failed_operations_are_found_as_the_page_asks_for_them(
    context: Context, db: Connection
) -> None:
    track(context, read_file(EXAMPLES / "order_summary.sql"))
    with pytest.raises(ChangeFailed) as failed:
        track_change(
            context,
            ["CREATE TABLE command.other (id int)"],
            ["CREATE VIEW query.broken AS SELECT nothing FROM command.other"],
            "Broken",
            "1.1.0",
        )
    assert rows(
        db,
        """SELECT description, version, status, command_ops_count, query_ops_count
             FROM cqrs.changeset_history WHERE created_at > now() - interval '7 days'
            ORDER BY created_at DESC""",
    ) == [
        ("Broken", "1.1.0", "failed", 1, 1),
        ("Add order management system", "1.0.0", "completed", 2, 1),
    ]
    assert rows(db, "SELECT id FROM cqrs.changesets WHERE status = 'failed'") == [
        (failed.value.changeset_id,)
    ]
    assert rows(db, "SELECT number, sqlstate FROM cqrs.changeset_operations WHERE NOT success") == [
        (2, "42703")
    ]
    assert load(db, failed.value.changeset_id).operations[1].error is not None
