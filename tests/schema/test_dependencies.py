"""What depends on what: against answers known beforehand, and against PostgreSQL's own conduct.

How long it takes: `python -m bench.dependencies`.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.errors import DependentObjectsStillExist, InvalidSchemaName

from tests.schema.generated import GeneratedSchema, generate
from tests.schema.registry import SmallReadSide
from worker.schema.catalogue.dependencies import (
    analyze_dependencies,
    column_users,
    registry_dependents,
)
from worker.schema.catalogue.read_side import RegistryDependentKind
from worker.schema.statements.effects import ColumnChange, ColumnEffect
from worker.schema.statements.names import ObjectName

Connection = psycopg.Connection[Any]


@pytest.fixture(params=[1, 2])
def generated(db: Connection, request: pytest.FixtureRequest) -> GeneratedSchema:
    """A generated schema, installed."""
    made = generate(request.param)
    with db.transaction():
        for statement in made.statements:
            db.execute(statement.encode())
    db.execute("ANALYZE")
    return made


def test_all_pairs_of_a_schema_of_300_objects_are_right(
    db: Connection, generated: GeneratedSchema
) -> None:
    assert generated.kinds.total() == 300
    analyzed = analyze_dependencies(db)
    found = {(each.command_object, each.query_object): each for each in analyzed}
    assert len(found) == len(analyzed), "each pair once"
    expected = generated.expected()
    assert len(expected) > 1_000
    assert found.keys() == expected.keys()
    assert {pair: (each.path, each.links, each.type) for pair, each in found.items()} == {
        pair: (each.path, each.links, each.type) for pair, each in expected.items()
    }


def test_dropping_a_command_object_takes_exactly_the_read_side_that_was_foretold(
    db: Connection, generated: GeneratedSchema
) -> None:
    """PostgreSQL itself is the judge: DROP … CASCADE, look what is gone, roll back.

    Partitions are left out: what shows their rows survives them.
    """
    partitions = {edge.on for edge in generated.edges if edge.turn == -1}
    foretold: dict[str, set[str]] = {}
    for each in analyze_dependencies(db):
        falls = foretold.setdefault(each.command_object, set())
        if "foreign key" not in each.links:
            falls.add(each.query_object)
    for name in sorted(foretold.keys() - partitions)[::3]:
        assert _gone_with(db, name) == foretold[name], name


def _gone_with(db: Connection, name: str) -> set[str]:
    kind = db.execute("SELECT kind FROM cqrs.catalogue_objects WHERE name = %s", [name]).fetchone()
    assert kind is not None
    before = _query_objects(db)
    with db.transaction(force_rollback=True):
        db.execute("SET LOCAL client_min_messages = error")
        db.execute(f"DROP {kind[0]} {name} CASCADE".encode())
        return before - _query_objects(db)


def _query_objects(db: Connection) -> set[str]:
    rows = db.execute("SELECT name FROM cqrs.catalogue_objects WHERE schema = 'query'")
    return {name for (name,) in rows}


@pytest.mark.parametrize(
    ("command", "query"),
    [
        ("pg_catalog", "information_schema"),
        ("information_schema", "pg_catalog"),
        ("pg_catalog", "pg_catalog"),
        ("information_schema", "information_schema"),
    ],
)
def test_the_system_schemas_are_analyzed_without_error(
    db: Connection, command: str, query: str
) -> None:
    found = analyze_dependencies(db, command, query)
    assert len(found) == len({(each.command_object, each.query_object) for each in found})
    assert all(each.path[0] == each.command_object for each in found)


def test_views_over_system_tables_are_found_although_pg_depend_does_not_know_them(
    db: Connection,
) -> None:
    pairs = {
        (each.command_object, each.query_object)
        for each in analyze_dependencies(db, "pg_catalog", "information_schema")
    }
    assert ("pg_catalog.pg_class", "information_schema.tables") in pairs
    assert ("pg_catalog.pg_proc", "information_schema.routines") in pairs


def test_a_misspelt_schema_is_an_error_and_not_an_empty_answer(db: Connection) -> None:
    with pytest.raises(InvalidSchemaName, match='"querry" does not exist'):
        analyze_dependencies(db, "command", "querry")
    with pytest.raises(InvalidSchemaName, match='"comand" does not exist'):
        analyze_dependencies(db, "comand", "query")


def test_any_schema_names_will_do_quoted_ones_too(db: Connection) -> None:
    db.execute('CREATE SCHEMA "Write Side"; CREATE SCHEMA "read.side"')
    db.execute('CREATE TABLE "Write Side"."Ord""ers" (id int)')
    db.execute('CREATE VIEW "read.side"."select" AS SELECT * FROM "Write Side"."Ord""ers"')
    (found,) = analyze_dependencies(db, "Write Side", "read.side")
    assert found.command_object == '"Write Side"."Ord""ers"'
    assert found.query_object == '"read.side"."select"'
    assert found.type == "direct"


def test_rows_of_one_partition_are_not_said_to_show_in_its_sister(db: Connection) -> None:
    db.execute(
        """CREATE TABLE command.t (id int) PARTITION BY RANGE (id);
        CREATE TABLE command.low PARTITION OF command.t FOR VALUES FROM (0) TO (9);
        CREATE TABLE command.high PARTITION OF command.t FOR VALUES FROM (9) TO (99);
        CREATE VIEW query.everything AS SELECT * FROM command.t;
        CREATE VIEW query.high AS SELECT * FROM command.high"""
    )
    assert {
        (each.command_object, each.query_object, each.links) for each in analyze_dependencies(db)
    } == {
        ("command.t", "query.everything", ("view",)),
        ("command.t", "query.high", ("partition", "view")),
        ("command.low", "query.everything", ("parent", "view")),
        ("command.high", "query.everything", ("parent", "view")),
        ("command.high", "query.high", ("view",)),
    }


def test_a_view_is_tied_to_what_it_is_computed_from_rather_than_by_a_shorter_foreign_key(
    db: Connection,
) -> None:
    db.execute(
        """CREATE TABLE command.users (id int PRIMARY KEY);
        CREATE TABLE command.orders (id int PRIMARY KEY, by int REFERENCES command.users);
        CREATE VIEW query.active AS SELECT id FROM command.users;
        CREATE VIEW query.very_active AS SELECT id FROM query.active;
        CREATE VIEW query.buyers AS
            SELECT o.id FROM command.orders AS o JOIN query.very_active AS u ON u.id = o.by;
        CREATE VIEW query.orders AS SELECT id FROM command.orders"""
    )
    links = {
        each.query_object: each.links
        for each in analyze_dependencies(db)
        if each.command_object == "command.users"
    }
    assert links["query.buyers"] == ("view", "view", "view")
    assert links["query.orders"] == ("foreign key", "view")


def test_functions_count_where_postgresql_records_what_they_read(db: Connection) -> None:
    db.execute(
        """CREATE TABLE command.orders (id int);
        CREATE FUNCTION command.parsed() RETURNS SETOF int
            BEGIN ATOMIC SELECT id FROM command.orders; END;
        CREATE FUNCTION command.text() RETURNS SETOF int
            LANGUAGE sql AS 'SELECT id FROM command.orders';
        CREATE FUNCTION command.rows() RETURNS SETOF command.orders
            LANGUAGE sql AS 'SELECT * FROM command.orders';
        CREATE VIEW query.by_parsed AS SELECT * FROM command.parsed() AS p (id);
        CREATE VIEW query.by_text AS SELECT * FROM command.text() AS t (id);
        CREATE MATERIALIZED VIEW query.by_rows AS SELECT 1 FROM command.rows()"""
    )
    pairs = {
        (each.command_object, each.query_object): each.path for each in analyze_dependencies(db)
    }
    assert pairs["command.orders", "query.by_parsed"] == (
        "command.orders",
        "command.parsed()",
        "query.by_parsed",
    )
    assert pairs["command.text()", "query.by_text"] == ("command.text()", "query.by_text")
    assert ("command.orders", "query.by_text") not in pairs
    assert pairs["command.orders", "query.by_rows"] == (
        "command.orders",
        "command.rows()",
        "query.by_rows",
    )


def test_a_default_or_trigger_ties_its_table_and_nothing_that_reads_it(db: Connection) -> None:
    db.execute(
        """CREATE FUNCTION command.next_number() RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE TABLE query.numbered (id int DEFAULT command.next_number());
        CREATE VIEW query.numbers AS SELECT * FROM query.numbered"""
    )
    assert [(each.query_object, each.links) for each in analyze_dependencies(db)] == [
        ("query.numbered", ("default",))
    ]


def test_types_domains_and_generated_columns_are_followed(db: Connection) -> None:
    db.execute(
        """CREATE DOMAIN command.money AS numeric;
        CREATE TYPE command.state AS ENUM ('open');
        CREATE TYPE command.pair AS (a int, b int);
        CREATE FUNCTION command.twice(n int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2 * n';
        CREATE TABLE query.sums (m command.money, s command.state[], p command.pair, n int,
                                 d int GENERATED ALWAYS AS (command.twice(n)) STORED);
        CREATE VIEW query.totals AS SELECT sum(m) FROM query.sums"""
    )
    found = {
        (each.command_object, each.query_object, each.links) for each in analyze_dependencies(db)
    }
    assert {
        ("command.money", "query.sums", ("type",)),
        ("command.state", "query.sums", ("type",)),
        ("command.pair", "query.sums", ("type",)),
        ("command.twice(integer)", "query.sums", ("generated column",)),
        ("command.money", "query.totals", ("type", "view")),
    } <= found


def test_a_cycle_of_foreign_keys_comes_to_an_end(db: Connection) -> None:
    db.execute(
        """CREATE TABLE command.a (id int PRIMARY KEY, b int);
        CREATE TABLE command.b (id int PRIMARY KEY, a int REFERENCES command.a);
        ALTER TABLE command.a ADD FOREIGN KEY (b) REFERENCES command.b;
        CREATE VIEW query.v AS SELECT * FROM command.b"""
    )
    assert [(each.command_object, each.path, each.links) for each in analyze_dependencies(db)] == [
        ("command.a", ("command.a", "command.b", "query.v"), ("foreign key", "view")),
        ("command.b", ("command.b", "query.v"), ("view",)),
    ]


def test_the_function_answers_in_psql_as_anyone_with_a_search_path_of_his_own(
    db: Connection,
) -> None:
    db.execute(
        """CREATE TABLE command.orders (id int);
        CREATE FUNCTION command.of_type(o command.orders) RETURNS int
            LANGUAGE sql AS 'SELECT 1';
        CREATE VIEW query.v AS SELECT command.of_type(o) FROM command.orders AS o;
        SET search_path = command, query"""
    )
    rows = db.execute("SELECT * FROM cqrs.analyze_dependencies('command', 'query')").fetchall()
    assert [row[0] for row in rows] == ["command.of_type(command.orders)", "command.orders"]


def test_what_hangs_on_each_object_comes_from_the_registry(
    db: Connection, read_side: SmallReadSide
) -> None:
    db.execute("CREATE TABLE command.t (id int); CREATE VIEW query.v AS SELECT * FROM command.t")
    read_side.hang(RegistryDependentKind.QUERY, "everything", "query.v")
    read_side.hang(RegistryDependentKind.CACHE_TAG, "t", "command.t", "query.v")
    found = registry_dependents(db, read_side, "command", "query")
    assert {name: list(map(str, each)) for name, each in found.items()} == {
        "command.t": ["cache tag t"],
        "query.v": ["cache tag t", "query everything"],
    }


@pytest.mark.parametrize(
    ("column", "users"),
    [
        ("total", {"query.sums", "query.doubled", "command.totals()"}),
        ("id", {"command.lines"}),
        ("note", set()),
    ],
)
def test_the_users_of_a_column_are_those_for_whom_postgresql_refuses_to_drop_it(
    db: Connection, column: str, users: set[str]
) -> None:
    db.execute(
        """CREATE TABLE command.orders (id int PRIMARY KEY, total int, note text) ;
        CREATE TABLE command.lines (id int REFERENCES command.orders);
        CREATE VIEW query.sums AS SELECT sum(total) FROM command.orders;
        CREATE VIEW query.doubled AS SELECT 2 * total AS d FROM command.orders;
        CREATE FUNCTION command.totals() RETURNS SETOF int
            BEGIN ATOMIC SELECT total FROM command.orders; END"""
    )
    change = ColumnChange(ObjectName("command", "orders"), column, ColumnEffect.DROP)
    assert {each.name for each in column_users(db, [change])[change]} == users
    drop = f"ALTER TABLE command.orders DROP COLUMN {column}".encode()
    if users:
        with pytest.raises(DependentObjectsStillExist) as refusal:
            db.execute(drop)
        detail = refusal.value.diag.message_detail or ""
        assert all(name.partition("(")[0] in detail for name in users)
    else:
        db.execute(drop)
