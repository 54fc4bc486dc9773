"""What lies around one object: what it needs, what needs it, and the best way to each."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.schema.registry import SmallReadSide
from worker.schema import RegistryDependentKind
from worker.schema.change.change import Schemas
from worker.schema.errors import UnknownObject
from worker.schema.pictures.around import Around, DependencyPath, around
from worker.schema.pictures.graph import dependency_graph

Connection = psycopg.Connection[Any]


@pytest.fixture
def shop(db: Connection, read_side: SmallReadSide) -> None:
    """Orders, what they are tied to, and what is computed from them."""
    db.execute(
        """CREATE TABLE command.users (id int PRIMARY KEY);
        CREATE TABLE command.orders (id int PRIMARY KEY, by int REFERENCES command.users);
        CREATE VIEW query.orders AS SELECT o.id, u.id AS by
          FROM command.orders AS o JOIN command.users AS u ON u.id = o.by;
        CREATE MATERIALIZED VIEW query.count AS SELECT count(*) FROM query.orders"""
    )
    read_side.hang(RegistryDependentKind.QUERY, "how_many", "query.count")


def found(db: Connection, read_side: SmallReadSide, name: str) -> Around:
    graph = dependency_graph(db, read_side, object_name=name)
    return around(graph, str(graph.middle))


@pytest.mark.usefixtures("shop")
def test_both_directions_are_told_with_the_way_to_each(
    db: Connection, read_side: SmallReadSide
) -> None:
    here = found(db, read_side, "query.orders")
    assert (here.object, here.kind) == ("query.orders", "view")
    assert [(way.name, way.links) for way in here.needs] == [
        ("command.orders", ("view",)),
        ("command.users", ("view",)),
    ]
    assert here.needed_by == (
        DependencyPath(
            "query.count",
            "materialized view",
            ("query.orders", "query.count"),
            ("materialized view",),
        ),
        DependencyPath(
            "query how_many",
            "query",
            ("query.orders", "query.count", "query how_many"),
            ("materialized view", "query"),
        ),
    )


@pytest.mark.usefixtures("shop")
def test_a_foreign_key_is_a_way_only_where_there_is_no_other(
    db: Connection, read_side: SmallReadSide
) -> None:
    here = found(db, read_side, "command.users")
    assert here.needs == ()
    assert {way.name: way.links for way in here.needed_by} == {
        "command.orders": ("foreign key",),
        "query.orders": ("view",),
        "query.count": ("view", "materialized view"),
        "query how_many": ("view", "materialized view", "query"),
    }


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("orders", "did you mean command.orders or query.orders?"),
        ("query.order", "did you mean query.orders?"),
        ("how_many", "write it as schema.name"),
        ("nothing.at_all", "there is no such object"),
    ],
)
def test_a_name_that_leads_nowhere_is_answered_with_what_may_be_meant(
    db: Connection, read_side: SmallReadSide, name: str, advice: str
) -> None:
    with pytest.raises(UnknownObject) as refusal:
        dependency_graph(db, read_side, object_name=name)
    assert advice in str(refusal.value)


@pytest.mark.usefixtures("shop")
def test_a_projections_name_is_answered_with_what_it_hangs_on(
    db: Connection, read_side: SmallReadSide
) -> None:
    read_side.hang(RegistryDependentKind.PROJECTION, "shop.orders", "query.orders")
    with pytest.raises(
        UnknownObject, match=r"a projection: name what it depends on, query\.orders"
    ):
        dependency_graph(db, read_side, object_name="shop.orders")


def test_a_schema_that_is_not_there_is_no_empty_picture(
    db: Connection, read_side: SmallReadSide
) -> None:
    with pytest.raises(psycopg.errors.InvalidSchemaName):
        dependency_graph(db, read_side, Schemas("command", "nope"))
