"""A plan knows what operations do here: to what lies in a schema, to overloads, along types."""

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
from worker.schema.errors import ChangeFailed, InvalidChange, VersionRefused
from worker.schema.plan.plan import SchemaPlan

Connection = psycopg.Connection[Any]


def planned(context: Context, *command: str, query: tuple[str, ...] = ()) -> SchemaPlan:
    return plan_change(context, SchemaChange.of(command, query, "Planned", "1.0.1"))


@pytest.fixture
def countries(db: Connection, context: Context) -> None:
    """A schema between the two sides, and a first version."""
    db.execute(
        """CREATE SCHEMA reference;
        CREATE TABLE reference.countries (code text PRIMARY KEY);
        CREATE FUNCTION reference.known(text) RETURNS bool
            RETURN $1 IN (SELECT code FROM reference.countries);
        CREATE TABLE command.addresses (code text REFERENCES reference.countries);
        CREATE VIEW query.codes AS SELECT code FROM reference.countries"""
    )
    track_change(context, ["CREATE TABLE command.first (id int)"], [], "First", "1.0.0")


@pytest.mark.usefixtures("countries")
def test_a_dropped_schema_takes_along_what_lies_in_it(context: Context, db: Connection) -> None:
    found = planned(context, "DROP SCHEMA reference CASCADE")
    (operation,) = found.operations
    assert list(map(str, operation.effects.drops)) == [
        "schema reference",
        "table reference.countries",
        "function reference.known(text)",
    ]
    assert list(map(str, found.locks)) == [
        "ACCESS EXCLUSIVE on command.addresses",
        "ACCESS EXCLUSIVE on query.codes",
        "ACCESS EXCLUSIVE on reference.countries",
    ]
    assert found.breaking == ("drops table reference.countries, used by query.codes",)
    assert any("query.codes" in note for note in found.notes)
    with pytest.raises(VersionRefused, match=r"2\.0\.0, because it drops table reference"):
        track_change(context, ["DROP SCHEMA reference CASCADE"], [], "Drop", "1.0.1")
    assert db.execute("SELECT to_regclass('query.codes') IS NOT NULL").fetchone() == (True,)


@pytest.mark.usefixtures("countries")
def test_a_schema_that_is_not_empty_is_in_its_own_way(context: Context) -> None:
    (blocked,) = planned(context, "DROP SCHEMA reference").blockers
    assert blocked.dependents == ("table reference.countries", "function reference.known(text)")
    emptied = planned(
        context,
        "DROP FUNCTION reference.known",
        "DROP TABLE reference.countries CASCADE",
        "DROP SCHEMA reference",
    )
    assert emptied.blockers == ()


@pytest.mark.parametrize(
    "operation",
    [
        "ALTER VIEW query.sums RENAME TO totals",
        "ALTER VIEW query.sums SET SCHEMA public",
        "ALTER SCHEMA reference RENAME TO places",
        "ALTER TABLE reference.countries RENAME TO lands",
    ],
)
@pytest.mark.usefixtures("countries")
def test_to_take_a_name_away_that_the_registry_knows_breaks_it(
    context: Context, db: Connection, read_side: SmallReadSide, operation: str
) -> None:
    db.execute("CREATE VIEW query.sums AS SELECT 1 AS s")
    assert plan_change(context, SchemaChange.of([], [operation], "Quiet", "1.0.1")).breaking == ()
    read_side.hang(RegistryDependentKind.QUERY, "orders.ask", "query.sums", "reference.countries")
    (reason,) = plan_change(context, SchemaChange.of([], [operation], "Loud", "1.0.1")).breaking
    assert reason.startswith("takes its name from")
    assert reason.endswith("used by query orders.ask")


@pytest.mark.parametrize(
    ("operation", "does"),
    [
        ("ALTER TYPE command.pair DROP ATTRIBUTE b CASCADE", "drops attribute b"),
        ("ALTER TYPE command.pair ALTER ATTRIBUTE a TYPE bigint", "retypes attribute a"),
        ("ALTER TYPE command.pair RENAME ATTRIBUTE a TO c", "renames attribute a"),
    ],
)
@pytest.mark.usefixtures("countries")
def test_a_change_to_an_attribute_is_one_to_whatever_uses_the_type(
    context: Context, db: Connection, operation: str, does: str
) -> None:
    db.execute(
        """CREATE TYPE command.pair AS (a int, b text);
        CREATE VIEW query.pairs AS SELECT ROW(1, 'x')::command.pair AS p"""
    )
    found = planned(context, operation)
    assert found.breaking == (f"{does} of command.pair, used by query.pairs",)
    assert found.blockers == ()
    with pytest.raises(VersionRefused, match=does):
        track_change(context, [operation], [], "Attribute", "1.0.1")


@pytest.fixture
def overloads(db: Connection) -> None:
    """Functions of one name, of which a view uses one."""
    db.execute(
        """CREATE TYPE public.kind AS ENUM ('a');
        CREATE FUNCTION command.f(int) RETURNS int RETURN 1;
        CREATE FUNCTION command.f(text, VARIADIC timestamptz[]) RETURNS int RETURN 2;
        CREATE FUNCTION command.f(kind) RETURNS int RETURN 3;
        CREATE FUNCTION command.f() RETURNS int RETURN 4;
        CREATE PROCEDURE command.p(int, OUT int) LANGUAGE sql AS 'SELECT 1';
        CREATE AGGREGATE command.total (int) (SFUNC = int4pl, STYPE = int);
        CREATE VIEW query.uses_int AS SELECT command.f(1) AS x;
        CREATE VIEW query.uses_kind AS SELECT command.f('a'::kind) AS x"""
    )


@pytest.mark.parametrize(
    ("operation", "used_by"),
    [
        ("DROP FUNCTION command.f(text, VARIADIC timestamptz[])", None),
        ("DROP FUNCTION command.f(pg_catalog.text, timestamp with time zone[])", None),
        ("DROP FUNCTION command.f()", None),
        ("DROP FUNCTION IF EXISTS command.f(command.missing)", None),
        ("DROP FUNCTION IF EXISTS command.f(numeric(10, 2))", None),
        ("DROP PROCEDURE command.p(int, int)", None),
        ("DROP ROUTINE command.p", None),
        ("DROP AGGREGATE command.total(int)", None),
        ("DROP FUNCTION command.f(int)", "view query.uses_int"),
        ("DROP FUNCTION command.f(number integer)", "view query.uses_int"),
        ("DROP FUNCTION command.f(kind)", "view query.uses_kind"),
        ("DROP FUNCTION command.f(public.kind)", "view query.uses_kind"),
    ],
)
@pytest.mark.usefixtures("overloads")
def test_of_functions_of_one_name_the_one_that_is_dropped_counts(
    context: Context, db: Connection, operation: str, used_by: str | None
) -> None:
    blocked = planned(context, operation).blockers
    assert [each.dependents for each in blocked] == ([(used_by,)] if used_by else [])
    if used_by:
        with pytest.raises(ChangeFailed, match=used_by):
            track_change(context, [operation], [], "Drop", "1.0.0")
    else:
        assert track_change(context, [operation], [], "Drop", "1.0.0").status == "completed"


@pytest.fixture
def partitioned(db: Connection) -> None:
    """A table in parts, with an index in parts."""
    db.execute(
        """CREATE TABLE command.parts (id int) PARTITION BY RANGE (id);
        CREATE TABLE command.part PARTITION OF command.parts FOR VALUES FROM (0) TO (9);
        CREATE INDEX parts_id ON command.parts (id)"""
    )


@pytest.mark.parametrize(
    ("operation", "way_out"),
    [
        ("REINDEX TABLE command.parts", "REINDEX … CONCURRENTLY in a changeset of its own"),
        ("REINDEX INDEX command.parts_id", "partitions: command.part_id_idx"),
        ("CLUSTER command.parts USING parts_id", "partitions: command.part"),
        ("CREATE INDEX CONCURRENTLY i ON command.parts (id)", "ON ONLY the table"),
        ("DROP INDEX CONCURRENTLY command.parts_id", "without CONCURRENTLY"),
    ],
)
@pytest.mark.usefixtures("partitioned")
def test_what_postgresql_does_to_no_partitioned_table_is_refused_with_the_way_out(
    context: Context, db: Connection, operation: str, way_out: str
) -> None:
    with pytest.raises(InvalidChange, match="is partitioned") as refusal:
        track_change(context, [operation], [], "Parts", "1.0.0")
    assert way_out in str(refusal.value)
    assert [line.status for line in history(db)] == ["refused"]


@pytest.mark.parametrize(
    "operation",
    [
        "REINDEX TABLE CONCURRENTLY command.parts",
        "REINDEX INDEX CONCURRENTLY command.parts_id",
        "REINDEX TABLE command.part",
        "CLUSTER command.part USING part_id_idx",
        "DROP INDEX command.parts_id",
    ],
)
@pytest.mark.usefixtures("partitioned")
def test_the_ways_out_lead_out(context: Context, operation: str) -> None:
    assert track_change(context, [operation], [], "Parts", "1.0.0").status == "completed"


ADD = "ALTER TYPE command.state ADD VALUE 'it''s done'"


@pytest.fixture
def states(db: Connection) -> None:
    """An enum, with a table and an array of it."""
    db.execute(
        """CREATE TYPE command.state AS ENUM ('open');
        CREATE TABLE command.orders (id int, state command.state, note text);
        CREATE TABLE command.lists (states command.state[]);
        CREATE TABLE command.texts (state text)"""
    )


@pytest.mark.parametrize(
    "operation",
    [
        "INSERT INTO command.orders VALUES (1, 'it''s done')",
        "UPDATE command.lists SET states = ARRAY['it''s done']::command.state[]",
        "ALTER TABLE command.orders ALTER COLUMN state SET DEFAULT 'it''s done'",
        "CREATE VIEW command.done AS SELECT id FROM command.orders WHERE state = 'it''s done'",
        "CREATE TABLE command.new (state command.state DEFAULT 'it''s done')",
        "DO $$ BEGIN INSERT INTO command.orders VALUES (1, 'it''s done'); END $$",
    ],
)
@pytest.mark.usefixtures("states")
def test_a_value_that_the_change_adds_to_an_enum_cannot_be_used_yet(
    context: Context, db: Connection, operation: str
) -> None:
    with pytest.raises(InvalidChange, match="which operation 1 adds to type") as no:
        track_change(context, [ADD, operation], [], "Both", "1.0.0")
    assert "Put operation 1 into a changeset of its own, before this one" in str(no.value)
    assert [problem.operation for problem in no.value.problems] == [2]
    track_change(context, [ADD], [], "Add", "1.0.0")
    track_change(context, [operation], [], "Use", "1.0.1")


@pytest.mark.parametrize(
    "operations",
    [
        [ADD, "INSERT INTO command.texts VALUES ('it''s done')"],
        [ADD, "ALTER TYPE command.state RENAME VALUE 'it''s done' TO 'done'"],
        [ADD, "ALTER TYPE command.state ADD VALUE 'new' BEFORE 'it''s done'"],
        [
            "CREATE TYPE command.new AS ENUM ('a')",
            "ALTER TYPE command.new ADD VALUE 'b'",
            "CREATE TABLE command.t (x command.new DEFAULT 'b')",
        ],
    ],
)
@pytest.mark.usefixtures("states")
def test_what_does_not_use_the_new_value_as_such_is_done(
    context: Context, operations: list[str]
) -> None:
    assert track_change(context, operations, [], "Fine", "1.0.0").status == "completed"
