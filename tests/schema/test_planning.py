"""A plan says what each operation does, what depends on it, what follows, what is in the way."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.schema.registry import SmallReadSide
from worker.schema import (
    Context,
    RegistryDependentKind,
    SchemaChange,
    history,
    plan_change,
    track_change,
)
from worker.schema.errors import ChangeFailed
from worker.schema.plan.plan import SchemaPlan

Connection = psycopg.Connection[Any]


def planned(
    context: Context, command: list[str], query: list[str], version: str = "1.0.0"
) -> SchemaPlan:
    return plan_change(context, SchemaChange.of(command, query, "Planned", version))


@pytest.fixture
def shop(db: Connection) -> None:
    """A little of everything."""
    db.execute(
        """CREATE TABLE command.users (id int PRIMARY KEY, name text);
        CREATE TABLE command.orders (id int PRIMARY KEY, by int REFERENCES command.users,
                                     total int);
        CREATE VIEW command.big AS SELECT id, total FROM command.orders WHERE total > 100;
        CREATE VIEW query.big AS SELECT id FROM command.big;
        CREATE MATERIALIZED VIEW query.sums AS SELECT sum(total) AS s FROM command.orders;
        CREATE FUNCTION query.sum() RETURNS bigint BEGIN ATOMIC SELECT s FROM query.sums; END"""
    )


@pytest.mark.parametrize(
    ("operation", "row_effects"),
    [
        ("CREATE TABLE command.t (id int)", {"creates": ["table command.t"]}),
        (
            "CREATE TABLE command.t (id int REFERENCES command.users)",
            {"creates": ["table command.t"], "touches": ["table command.users"]},
        ),
        ("ALTER TABLE command.users ADD COLUMN age int", {"alters": ["table command.users"]}),
        ("ALTER TABLE command.users ADD CHECK (id > 0)", {"touches": ["table command.users"]}),
        ("DROP VIEW command.big", {"drops": ["view command.big"]}),
        ("DROP FUNCTION command.f(int)", {"drops": ["function command.f(integer)"]}),
        (
            'INSERT INTO command."Odd" SELECT id FROM command.users',
            {"writes": ['table command."Odd"'], "reads": ["relation command.users"]},
        ),
        (
            "CREATE INDEX i ON command.users (name)",
            {"creates": ["index command.i"], "touches": ["table command.users"]},
        ),
        (
            "WITH u AS (SELECT 1) UPDATE command.users SET name = '' FROM u",
            {"writes": ["table command.users"]},
        ),
        (
            "ALTER TABLE command.users SET SCHEMA other",
            {"alters": ["table command.users"], "becomes": ["table other.users"]},
        ),
    ],
)
def test_each_operation_says_what_it_does(
    context: Context, operation: str, row_effects: dict[str, list[str]]
) -> None:
    (only,) = planned(context, [operation], []).operations
    names = ("creates", "alters", "becomes", "drops", "writes", "refreshes", "touches", "reads")
    found = {name: [str(each) for each in getattr(only.effects, name)] for name in names}
    assert {name: each for name, each in found.items() if each} == row_effects


@pytest.mark.usefixtures("shop")
def test_planning_does_and_records_nothing(context: Context, db: Connection) -> None:
    planned(context, ["DROP TABLE command.users CASCADE"], ["DROP VIEW query.big"])
    assert history(db) == []
    assert db.execute("SELECT to_regclass('command.users') IS NOT NULL").fetchone() == (True,)


@pytest.mark.usefixtures("shop")
def test_what_depends_on_a_change_is_named_by_catalogue_and_registry(
    context: Context, read_side: SmallReadSide
) -> None:
    read_side.hang(RegistryDependentKind.QUERY, "big_orders", "query.big")
    read_side.hang(RegistryDependentKind.REFRESH_SCHEDULE, "every 900 s", "query.sums")
    read_side.hang(RegistryDependentKind.QUERY, "elsewhere", "query.other")
    found = planned(context, ["ALTER TABLE command.orders ADD COLUMN note text"], [])
    assert {each.name for each in found.dependents} == {
        "command.big",
        "query.big",
        "query.sums",
        "query.sum()",
    }
    assert [str(each) for each in found.registry_dependents] == [
        "query big_orders",
        "refresh schedule every 900 s",
    ]


@pytest.mark.usefixtures("shop")
def test_dropping_what_others_use_names_all_of_them_and_is_not_done(
    context: Context, db: Connection
) -> None:
    found = planned(context, ["DROP TABLE command.orders"], [])
    (blocked,) = found.blockers
    assert not found.is_possible
    assert set(blocked.dependents) == {
        "view command.big",
        "view query.big",
        "materialized view query.sums",
        "function query.sum()",
    }
    with pytest.raises(ChangeFailed) as failure:
        track_change(context, ["DROP TABLE command.orders"], [], "Drop", "1.0.0")
    assert failure.value.sqlstate == "2BP01"
    assert all(name in str(failure.value) for name in blocked.dependents)
    assert db.execute("SELECT to_regclass('command.orders') IS NOT NULL").fetchone() == (True,)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("command", "query"),
    [
        (["DROP TABLE command.users"], []),
        (["ALTER TABLE command.orders DROP COLUMN total"], []),
        (["ALTER TABLE command.orders ALTER COLUMN total TYPE bigint"], []),
        ([], ["DROP MATERIALIZED VIEW query.sums"]),
        (["DROP VIEW command.big"], []),
    ],
)
def test_whatever_the_plan_says_is_in_the_way_postgresql_refuses_too(
    context: Context, db: Connection, command: list[str], query: list[str]
) -> None:
    assert planned(context, command, query).blockers
    with pytest.raises(psycopg.Error) as refusal:
        db.execute((command + query)[0].encode())
    assert refusal.value.sqlstate in ("2BP01", "0A000")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("command", "query"),
    [
        (["DROP TABLE command.orders CASCADE"], []),
        (["ALTER TABLE command.orders DROP COLUMN total CASCADE"], []),
        (["ALTER TABLE command.users ALTER COLUMN name TYPE varchar"], []),
        ([], ["DROP FUNCTION query.sum()", "DROP MATERIALIZED VIEW query.sums"]),
        ([], ["DROP VIEW query.big"]),
        (["ALTER TABLE command.users RENAME COLUMN name TO called"], []),
        (
            [
                "ALTER TABLE command.orders DROP CONSTRAINT orders_by_fkey",
                "DROP TABLE command.users",
            ],
            [],
        ),
        (["ALTER TABLE command.users SET SCHEMA public"], []),
    ],
)
def test_whatever_the_plan_lets_pass_postgresql_does(
    context: Context, db: Connection, command: list[str], query: list[str]
) -> None:
    assert not planned(context, command, query).blockers
    with db.transaction(force_rollback=True):
        for operation in command + query:
            db.execute(operation.encode())


@pytest.mark.usefixtures("shop")
def test_a_cascade_is_worth_a_note_of_all_that_it_takes_along(context: Context) -> None:
    found = planned(context, ["DROP TABLE command.orders CASCADE"], [])
    (note,) = found.notes
    assert "CASCADE takes along" in note
    assert all(name in note for name in ("query.big", "query.sums", "query.sum()"))
    assert len(found.breaking) == 1


def test_what_is_not_there_is_worth_a_note_unless_the_change_makes_it(context: Context) -> None:
    found = planned(
        context,
        [
            "CREATE TABLE command.new (id int)",
            "ALTER TABLE command.new ADD COLUMN n int",
            "ALTER TABLE command.missing ADD COLUMN n int",
        ],
        [],
    )
    assert found.notes == ("operation 3: there is no table command.missing",)


def test_what_cannot_be_foreseen_is_worth_a_note(context: Context) -> None:
    notes = planned(context, ["DO 'BEGIN NULL; END'", "SELECT command.anything()"], []).notes
    assert [
        "operation 1: what a DO block does" in notes[0],
        "operation 2: what the functions" in notes[1],
    ] == [True, True]


@pytest.mark.usefixtures("shop")
def test_a_plan_of_a_version_that_cannot_follow_says_so(context: Context) -> None:
    track_change(context, ["CREATE TABLE command.first (id int)"], [], "First", "1.5.0")
    found = planned(context, ["ALTER TABLE command.orders DROP COLUMN total CASCADE"], [], "1.6.0")
    assert found.version_problem is not None
    assert "a new major version is needed, 2.0.0" in found.version_problem
    assert not found.is_possible


@pytest.mark.usefixtures("shop")
def test_a_view_that_is_replaced_has_what_is_computed_from_it_refreshed(
    context: Context, db: Connection
) -> None:
    db.execute("CREATE MATERIALIZED VIEW query.count AS SELECT count(*) FROM command.big")
    replaced = "CREATE OR REPLACE VIEW command.big AS SELECT id, total FROM command.orders"
    found = planned(context, [replaced], [])
    assert [str(view) for view in found.follow_up.refreshes] == ["query.count"]


@pytest.mark.usefixtures("shop")
def test_a_view_that_the_change_refreshes_itself_is_not_refreshed_again(context: Context) -> None:
    found = planned(
        context, ["DELETE FROM command.orders"], ["REFRESH MATERIALIZED VIEW query.sums"]
    )
    assert found.follow_up.refreshes == ()
